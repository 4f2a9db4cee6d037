//! Credit over a database, which is told what was settled and decided, and asked over gRPC.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Statement};
use yizhan_credit::figures::{self, FollowSettlements};
use yizhan_credit::proposals::FollowDecisions;
use yizhan_credit::{Credit, CreditConfig};
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::audit::v1::{CaseLine, CaseRecovery, DecidedLine, DecisionKind, WatchDecisionsResponse};
use yizhan_proto::credit::v1::figure_service_client::FigureServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_proto::settlement::v1::SettlementInfo;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_runtime::Caller;
use yizhan_runtime::client::channel;
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::db::begin_write;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::follow::Follower;
use yizhan_runtime::server::RunningServer;
use yizhan_testkit::TestDatabase;

use crate::feed::{AREA, HOSPITAL, event};

/// The agency of the area.
pub const AGENCY: &str = "agency:999900";

/// Credit, what follows for it, and a server over the same database.
pub struct Desk {
    credit: Credit,
    settlements: FollowSettlements,
    decisions: FollowDecisions,
    server: RunningServer,
}

impl Desk {
    /// Over this database. Nobody is at the other ends; the feeds count as followed.
    pub async fn open(db: &TestDatabase) -> Desk {
        let mut config = CreditConfig::embedded(db.url());
        config.server.trust_caller_header = true;
        let credit = yizhan_credit::open(&config).await.unwrap();
        let caller = Caller::Service { name: "credit".to_owned() };
        let nobody = channel(&PeerConfig::at("http://127.0.0.1:9".to_owned()), &caller).unwrap();
        let settlements = FollowSettlements::of(SettlementServiceClient::new(nobody.clone()));
        let decisions = FollowDecisions { credit: credit.clone(), feed: CaseServiceClient::new(nobody) };
        Desk { credit, settlements, decisions, server: yizhan_credit::serve(config).await.unwrap() }
    }

    /// As if these had been followed since ever.
    pub async fn follows(&self, feeds: &[&str]) {
        for feed in feeds {
            let sql = format!("INSERT INTO followed_feed (feed, resume_token) VALUES ('{feed}', '')");
            self.credit.db.execute_unprepared(&sql).await.unwrap();
        }
    }

    /// Tells settlements together; with `dies` the process is gone before the commit.
    pub async fn settled(&self, settlements: &[SettlementInfo], dies: bool) {
        let events = settlements.iter().cloned().map(|info| event(info, "")).collect();
        let work = self.settlements.prepare(events).await.unwrap();
        let tx = begin_write(&self.credit.db).await.unwrap();
        self.settlements.apply(&tx, &work).await.unwrap();
        match dies {
            true => tx.rollback().await.unwrap(),
            false => tx.commit().await.unwrap(),
        }
    }

    /// Tells decisions together.
    pub async fn decided(&self, events: Vec<WatchDecisionsResponse>) {
        let tx = begin_write(&self.credit.db).await.unwrap();
        self.decisions.apply(&tx, &events).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A page of the area's year.
    pub async fn page(
        &self,
        caller: &str,
        request: ListInstitutionFiguresRequest,
    ) -> Result<ListInstitutionFiguresResponse, Box<RemoteError>> {
        let caller = Caller::parse(caller).unwrap();
        let to = channel(&PeerConfig::at(self.server.url()), &caller).unwrap();
        let request = ListInstitutionFiguresRequest { poolarea_no: AREA.into(), ..request };
        let answer = FigureServiceClient::new(to).list_institution_figures(request).await;
        Ok(answer.map_err(|status| Box::new(RemoteError::from(status)))?.into_inner())
    }

    /// All of a year.
    pub async fn year(&self, year: i32) -> Vec<InstitutionFigures> {
        let request = ListInstitutionFiguresRequest {
            year,
            page_size: 500,
            ..ListInstitutionFiguresRequest::default()
        };
        self.page(AGENCY, request).await.unwrap().institutions
    }

    /// The hospital's year.
    pub async fn hospital(&self, year: i32) -> InstitutionFigures {
        let mut found = self.year(year).await.into_iter().filter(|one| one.fixmedins_code == HOSPITAL);
        found.next().unwrap_or_default()
    }

    /// What scorecards are told.
    pub async fn of_year(&self, year: i32) -> BTreeMap<String, BTreeMap<String, String>> {
        let told = figures::of_year(&self.credit.db, AREA, year).await.unwrap();
        let text = |(code, value): (String, rust_decimal::Decimal)| (code, value.to_string());
        told.into_iter().map(|(code, year)| (code, year.into_iter().map(text).collect())).collect()
    }

    /// A text in its database.
    pub async fn text(&self, sql: &str) -> Option<String> {
        let statement = Statement::from_string(self.credit.db.get_database_backend(), sql);
        let row = self.credit.db.query_one_raw(statement).await.unwrap()?;
        row.try_get_by_index(0).ok()
    }

    /// Changes its database behind its back.
    pub async fn change(&self, sql: &str) {
        self.credit.db.execute_unprepared(sql).await.unwrap();
    }
}

/// An indicator.
pub fn indicator<'f>(figures: &'f InstitutionFigures, code: &str) -> Option<&'f str> {
    figures.indicators.iter().find(|one| one.code == code).map(|one| one.value.as_str())
}

/// Decided, recovered or taken back on a day: lines, each with what was found and what was taken back.
pub fn decision(
    kind: DecisionKind,
    (case_id, decision_no): (&str, i32),
    decided_on: &str,
    lines: &[(&str, i64, Option<i64>)],
) -> WatchDecisionsResponse {
    let line = |&(feedetl_sn, vola_amt_fen, recovered): &(&str, i64, Option<i64>)| DecidedLine {
        line: Some(CaseLine {
            setl_id: "S1".into(),
            feedetl_sn: feedetl_sn.into(),
            vola_amt_fen,
            ..CaseLine::default()
        }),
        recovery: recovered.map(|recovered_fen| CaseRecovery {
            setl_id: "S1".into(),
            feedetl_sn: feedetl_sn.into(),
            recovered_fen,
            ..CaseRecovery::default()
        }),
        ..DecidedLine::default()
    };
    WatchDecisionsResponse {
        kind: kind.into(),
        case_id: case_id.into(),
        decision_no,
        poolarea_no: AREA.into(),
        fixmedins_code: HOSPITAL.into(),
        decided_on: decided_on.into(),
        lines: lines.iter().map(line).collect(),
        ..WatchDecisionsResponse::default()
    }
}
