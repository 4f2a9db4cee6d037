//! Credit over a database, which is told what audit decided, and asked over gRPC.

use sea_orm::{ConnectionTrait, Statement};
use tonic::Status;
use yizhan_credit::proposals::{self, FollowDecisions, Named};
use yizhan_credit::{Credit, CreditConfig};
use yizhan_proto::audit::v1::WatchDecisionsResponse;
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::credit::v1::ledger_service_client::LedgerServiceClient;
use yizhan_proto::credit::v1::proposal_service_client::ProposalServiceClient;
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::Caller;
use yizhan_runtime::client::{PeerChannel, channel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::db::begin_write;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::follow::Follower;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::server::RunningServer;
use yizhan_testkit::TestDatabase;

use crate::feed::AREA;

/// The agency of the area.
pub const AGENCY: &str = "agency:999900";

/// A proposal as tests compare them: who, by which decision, where it stands, and its acts.
pub type Told = (String, String, i32, ProposalState, Vec<(String, i64, usize)>);

/// Credit, what follows for it, and a server over the same database.
pub struct Desk {
    pub credit: Credit,
    follower: FollowDecisions,
    server: RunningServer,
}

impl Desk {
    /// Over this database. Nobody is at the other ends.
    pub async fn open(db: &TestDatabase) -> Desk {
        let mut config = CreditConfig::embedded(db.url());
        config.server.trust_caller_header = true;
        let credit = yizhan_credit::open(&config).await.unwrap();
        let caller = Caller::Service { name: "credit".to_owned() };
        let nobody = channel(&PeerConfig::at("http://127.0.0.1:9".to_owned()), &caller).unwrap();
        let follower = FollowDecisions { credit: credit.clone(), feed: CaseServiceClient::new(nobody) };
        Desk { credit, follower, server: yizhan_credit::serve(config).await.unwrap() }
    }

    fn to(&self, caller: &str) -> PeerChannel {
        channel(&PeerConfig::at(self.server.url()), &Caller::parse(caller).unwrap()).unwrap()
    }

    /// Tells these together; with `dies` the process is gone before the commit.
    pub async fn hear(&self, events: Vec<WatchDecisionsResponse>, dies: bool) {
        let work = self.follower.prepare(events).await.unwrap();
        let tx = begin_write(&self.credit.db).await.unwrap();
        self.follower.apply(&tx, &work).await.unwrap();
        match dies {
            true => tx.rollback().await.unwrap(),
            false => tx.commit().await.unwrap(),
        }
    }

    /// Everything that was proposed, however it stands.
    pub async fn proposals(&self) -> Vec<Told> {
        let mut all = Vec::new();
        for state in 1..=5 {
            all.extend(self.list(AGENCY, state).await.unwrap());
        }
        let act = |act: ProposedAct| (act.vola_bhvr_type, act.vola_amt_fen, act.lines.len());
        let told = |one: Proposal| {
            let state = one.state();
            (
                one.practitioner_code,
                one.case_id,
                one.decision_no,
                state,
                one.acts.into_iter().map(act).collect(),
            )
        };
        let mut all: Vec<Told> = all.into_iter().map(told).collect();
        all.sort_by(|a, b| (&a.0, &a.1, a.2).cmp(&(&b.0, &b.1, b.2)));
        all
    }

    /// Those that stand so; 0: those that wait.
    pub async fn list(&self, caller: &str, state: i32) -> Result<Vec<Proposal>, Box<RemoteError>> {
        let (mut page_token, mut all) = (String::new(), Vec::new());
        loop {
            let request = ListProposalsRequest {
                poolarea_no: AREA.into(),
                state,
                page_size: 500,
                page_token,
                ..ListProposalsRequest::default()
            };
            let page = ProposalServiceClient::new(self.to(caller)).list_proposals(request).await;
            let page = page.map_err(told)?.into_inner();
            all.extend(page.proposals);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }

    /// Closes one.
    pub async fn close(
        &self,
        caller: &str,
        proposal_id: &str,
        opter: &str,
    ) -> Result<Proposal, Box<RemoteError>> {
        let request = CloseProposalRequest {
            request_id: new_id(),
            proposal_id: proposal_id.into(),
            reason: "情节轻微".into(),
            opter: opter.into(),
        };
        let answer = ProposalServiceClient::new(self.to(caller)).close_proposal(request).await;
        Ok(answer.map_err(told)?.into_inner().proposal.unwrap())
    }

    /// Opens it again.
    pub async fn reopen(&self, proposal_id: &str) -> Result<Proposal, Box<RemoteError>> {
        let request = ReopenProposalRequest {
            request_id: new_id(),
            proposal_id: proposal_id.into(),
            reason: "误操作".into(),
            opter: "A".into(),
        };
        let answer = ProposalServiceClient::new(self.to(AGENCY)).reopen_proposal(request).await;
        Ok(answer.map_err(told)?.into_inner().proposal.unwrap())
    }

    /// Points are decided on all that was found of somebody, or taken back as a whole.
    pub async fn points(&self, practitioner: &str, decision: Option<(&str, i32)>, matter_id: &str) {
        let open = self.list(AGENCY, ProposalState::Open.into()).await.unwrap();
        let open = open.into_iter().find(|one| one.practitioner_code == practitioner);
        let acts = open.into_iter().flat_map(|one| one.acts).map(|act| act.act_id).collect();
        let named = Named { acts, dismissed: Vec::new() };
        let tx = begin_write(&self.credit.db).await.unwrap();
        match decision {
            Some(by) => {
                proposals::decided(&tx, practitioner, by, matter_id, named).await.unwrap();
            }
            None => proposals::undecided(&tx, matter_id).await.unwrap(),
        }
        tx.commit().await.unwrap();
    }

    /// An officer gives points for the acts of a proposal.
    pub async fn decide(&self, proposal: &Proposal) -> Result<PointsMatter, Box<RemoteError>> {
        Ok(self.decided(proposal).await?.matter.unwrap())
    }

    /// The same, with everything that is answered.
    pub async fn decided(&self, proposal: &Proposal) -> Result<DecidePointsResponse, Box<RemoteError>> {
        self.send(Desk::request(proposal)).await
    }

    /// Points for every act of a proposal, three for each.
    pub fn request(proposal: &Proposal) -> DecidePointsRequest {
        let act = |act: &ProposedAct| PointsAct {
            items: vec!["agreement".into()],
            responsibility: PointsResponsibility::Main.into(),
            act_id: act.act_id.clone(),
            occurred_on: "2026-03-01".into(),
            ..PointsAct::default()
        };
        DecidePointsRequest {
            request_id: new_id(),
            practitioner_code: proposal.practitioner_code.clone(),
            poolarea_no: AREA.into(),
            fixmedins_code: proposal.fixmedins_code.clone(),
            acts: proposal.acts.iter().map(act).collect(),
            basis: "医保协议处理决定".into(),
            decided_on: "2026-03-03".into(),
            case_id: proposal.case_id.clone(),
            decision_no: proposal.decision_no,
            opter: "A".into(),
            ..DecidePointsRequest::default()
        }
    }

    /// What an officer decides.
    pub async fn send(&self, request: DecidePointsRequest) -> Result<DecidePointsResponse, Box<RemoteError>> {
        self.send_as(AGENCY, request).await
    }

    /// What an officer of this agency decides.
    pub async fn send_as(
        &self,
        caller: &str,
        request: DecidePointsRequest,
    ) -> Result<DecidePointsResponse, Box<RemoteError>> {
        let answer = QualificationServiceClient::new(self.to(caller)).decide_points(request).await;
        Ok(answer.map_err(told)?.into_inner())
    }

    /// The points were a mistake.
    pub async fn take_back(&self, matter: &PointsMatter) {
        let request = AdvancePointsRequest {
            request_id: new_id(),
            matter_id: matter.matter_id.clone(),
            action: PointsAction::TakeBack.into(),
            version: matter.version,
            reason: "误操作".into(),
            opter: "A".into(),
            ..AdvancePointsRequest::default()
        };
        QualificationServiceClient::new(self.to(AGENCY)).advance_points(request).await.unwrap();
    }

    /// The entries about a practitioner, the first one first.
    pub async fn entries(&self, code: &str) -> Vec<Entry> {
        self.entries_to(AGENCY, code).await
    }

    /// As much of them as somebody sees.
    pub async fn entries_to(&self, caller: &str, code: &str) -> Vec<Entry> {
        let subject = Some(Subject { kind: SubjectKind::Practitioner.into(), code: code.into() });
        let request = ListEntriesRequest { subject, page_size: 500, ..ListEntriesRequest::default() };
        let answer = LedgerServiceClient::new(self.to(caller)).list_entries(request).await.unwrap();
        answer.into_inner().entries.into_iter().rev().collect()
    }

    /// Whether the ledger of the area is what was written, and how long it is.
    pub async fn verify(&self) -> (bool, i64) {
        let request = VerifyLedgerRequest { poolarea_no: AREA.into(), ..VerifyLedgerRequest::default() };
        let answer =
            LedgerServiceClient::new(self.to(AGENCY)).verify_ledger(request).await.unwrap().into_inner();
        (answer.intact && answer.complete, answer.entries)
    }

    /// A text in its database.
    pub async fn text(&self, sql: &str) -> Option<String> {
        let statement = Statement::from_string(self.credit.db.get_database_backend(), sql);
        let row = self.credit.db.query_one_raw(statement).await.unwrap()?;
        row.try_get_by_index(0).ok()
    }

    /// Changes its database behind its back.
    pub async fn tamper(&self, sql: &str) {
        self.credit.db.execute_unprepared(sql).await.unwrap();
    }
}

fn told(status: Status) -> Box<RemoteError> {
    Box::new(RemoteError::from(status))
}
