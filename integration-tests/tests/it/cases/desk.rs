//! Officers, an institution and the books, as the tests of cases call them.

use std::time::{Duration, Instant};

use futures::StreamExt;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::database::number;
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::audit::v1::finding_service_client::FindingServiceClient;
use yizhan_proto::audit::v1::rules_service_client::RulesServiceClient;
use yizhan_proto::audit::v1::*;
use yizhan_proto::settlement::v1::recovery_service_client::RecoveryServiceClient;
use yizhan_proto::settlement::v1::{ListRecoveriesRequest, Recovery, Settlement, WatchSettlementsRequest};
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::ids::new_id;

/// The institution of the visits.
pub const HOSPITAL: &str = "institution:H99990000003";
/// What it is owed.
pub const INSTITUTION: &str = "institution/H99990000003";

/// Somebody who works on cases.
#[derive(Clone)]
pub struct Office {
    client: Client,
}

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

fn paper() -> CasePaper {
    CasePaper { file_id: new_id(), note: "病历".into() }
}

impl Office {
    /// The agency of the area.
    pub fn of(client: &Client) -> Office {
        Office { client: client.as_caller("agency:999900") }
    }

    /// The institution.
    pub fn institution(&self) -> Office {
        Office { client: self.client.as_caller(HOSPITAL) }
    }

    fn cases(&self) -> CaseServiceClient<PeerChannel> {
        CaseServiceClient::new(self.client.to_audit())
    }

    /// Opened by A on every line of a settlement, all of each.
    pub async fn opened(&self, settled: &Settlement) -> Case {
        let line = |line: &yizhan_proto::settlement::v1::FeeLineResult| CaseLine {
            setl_id: info(settled).setl_id.clone(),
            feedetl_sn: line.feedetl_sn.clone(),
            vola_bhvr_type: "超标准收费".into(),
            vola_amt_fen: line.det_item_fee_sumamt_fen,
            ..CaseLine::default()
        };
        self.opened_with(settled.feedetail.iter().map(line).collect()).await
    }

    async fn opened_with(&self, lines: Vec<CaseLine>) -> Case {
        let request = OpenCaseRequest {
            request_id: new_id(),
            poolarea_no: COMPOSITE_AREA.into(),
            fixmedins_code: THIRD_LEVEL.into(),
            case_souc: "2".into(),
            title: "举报多收费".into(),
            lines,
            papers: vec![paper()],
            opter: "A".into(),
            ..OpenCaseRequest::default()
        };
        told(self.cases().open_case(request).await).unwrap().case.unwrap()
    }

    /// Opened by A on a finding.
    pub async fn opened_on(&self, jr_id: &str) -> Answer<Case> {
        self.opened_on_all(vec![jr_id.to_owned()]).await
    }

    /// Opened by A on several.
    pub async fn opened_on_all(&self, jr_ids: Vec<String>) -> Answer<Case> {
        let request = OpenCaseRequest {
            request_id: new_id(),
            poolarea_no: COMPOSITE_AREA.into(),
            fixmedins_code: THIRD_LEVEL.into(),
            case_souc: "1".into(),
            title: "事后筛查".into(),
            jr_ids,
            opter: "A".into(),
            ..OpenCaseRequest::default()
        };
        Ok(told(self.cases().open_case(request).await)?.case.unwrap())
    }

    /// What AdvanceCase is asked.
    pub fn request(&self, opter: &str, action: CaseAction, case: &Case) -> AdvanceCaseRequest {
        AdvanceCaseRequest {
            request_id: new_id(),
            case_id: case.case_id.clone(),
            action: action.into(),
            opter: opter.into(),
            ..AdvanceCaseRequest::default()
        }
    }

    /// Takes a step.
    pub async fn advance(&self, request: AdvanceCaseRequest) -> Answer<Case> {
        Ok(told(self.cases().advance_case(request).await)?.case.unwrap())
    }

    /// Takes one that needs nothing more; with a reason where it needs one.
    pub async fn step(&self, opter: &str, action: CaseAction, case: &Case) -> Answer<Case> {
        self.advance(AdvanceCaseRequest { reason: "经审核".into(), ..self.request(opter, action, case) })
            .await
    }

    /// 复审决定, by line.
    pub async fn decide(&self, opter: &str, case: &Case, amounts: &[i64]) -> Answer<Case> {
        let amount = |(amount, fen): (&CaseAmount, &i64)| CaseAmount { amount_fen: *fen, ..amount.clone() };
        let amounts = case.amounts.iter().zip(amounts).map(amount).collect();
        let request = self.request(opter, CaseAction::Decide, case);
        self.advance(AdvanceCaseRequest { reason: "部分采纳".into(), amounts, ..request }).await
    }

    /// A case that went its way without an appeal, up to what was told, with these amounts.
    pub async fn told(&self, settled: &Settlement, amounts: &[i64]) -> Case {
        let case = self.opened(settled).await;
        let amount = |(amount, fen): (&CaseAmount, &i64)| CaseAmount { amount_fen: *fen, ..amount.clone() };
        let amounts = case.amounts.iter().zip(amounts).map(amount).collect();
        self.through(AdvanceCaseRequest { amounts, ..self.request("B", CaseAction::Screen, &case) }).await
    }

    /// The same on these lines as they are.
    pub async fn told_of(&self, lines: Vec<CaseLine>) -> Case {
        let case = self.opened_with(lines).await;
        self.through(self.request("B", CaseAction::Screen, &case)).await
    }

    /// Accepted from 初审 on, and the decision told.
    pub async fn through(&self, screen: AdvanceCaseRequest) -> Case {
        let case = self.advance(screen).await.unwrap();
        let case = self.step("C", CaseAction::Confirm, &case).await.unwrap();
        self.announced(&case).await
    }

    /// Opened on a settlement and confirmed.
    pub async fn confirmed(&self, settled: &Settlement) -> Case {
        let case = self.opened(settled).await;
        let case = self.step("B", CaseAction::Screen, &case).await.unwrap();
        self.step("C", CaseAction::Confirm, &case).await.unwrap()
    }

    /// Accepted, and the decision told.
    pub async fn announced(&self, case: &Case) -> Case {
        let case = self.institution().step("H", CaseAction::Accept, case).await.unwrap();
        self.step("A", CaseAction::Tell, &case).await.unwrap()
    }

    /// 申诉, with a paper.
    pub async fn appeal(&self, case: &Case, reason: &str) -> Answer<Case> {
        self.appeal_with(case, reason, &[paper()]).await
    }

    /// The same with these papers.
    pub async fn appeal_with(&self, case: &Case, reason: &str, papers: &[CasePaper]) -> Answer<Case> {
        let request = AppealCaseRequest {
            request_id: new_id(),
            case_id: case.case_id.clone(),
            reason: reason.into(),
            papers: papers.to_vec(),
            ..AppealCaseRequest::default()
        };
        Ok(told(self.cases().appeal_case(request).await)?.case.unwrap())
    }

    /// 会审意见
    pub async fn opine(&self, opter: &str, case: &Case) -> Answer<Case> {
        let request = GiveOpinionRequest {
            request_id: new_id(),
            case_id: case.case_id.clone(),
            view: ExpertView::Partly.into(),
            reason: "部分有指征".into(),
            opter: opter.into(),
            ..GiveOpinionRequest::default()
        };
        Ok(told(self.cases().give_opinion(request).await)?.case.unwrap())
    }

    /// 纠正, by E of another office.
    pub async fn correct(&self, case: &Case, caller: &str) -> Answer<Case> {
        self.correct_as("E", case, caller).await
    }

    /// The same by another officer.
    pub async fn correct_as(&self, opter: &str, case: &Case, caller: &str) -> Answer<Case> {
        let request = self.request(opter, CaseAction::Correct, case);
        let request = AdvanceCaseRequest { reason: "复议决定".into(), papers: vec![paper()], ..request };
        Office { client: self.client.as_caller(caller) }.advance(request).await
    }

    /// A case with its steps.
    pub async fn get(&self, case_id: &str) -> Answer<(Case, Vec<CaseStep>)> {
        let told = told(self.cases().get_case(GetCaseRequest { case_id: case_id.into() }).await)?;
        Ok((told.case.unwrap(), told.steps))
    }

    /// Waits until a case is as it should be.
    pub async fn until(&self, case: &Case, hold: impl Fn(&Case) -> bool) -> Case {
        let begun = Instant::now();
        loop {
            let (case, _) = self.get(&case.case_id).await.unwrap();
            if hold(&case) {
                return case;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "never so: {case:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What waits for the officers of the area.
    pub async fn queue(&self, overdue_only: bool) -> Vec<Case> {
        let poolarea_no = COMPOSITE_AREA.into();
        let request = ListCaseQueueRequest { poolarea_no, overdue_only, ..ListCaseQueueRequest::default() };
        told(self.cases().list_case_queue(request).await).unwrap().cases
    }

    /// The log of the area's cases.
    pub async fn verify(&self, noted: Option<&VerifyCaseLogResponse>) -> VerifyCaseLogResponse {
        let request = VerifyCaseLogRequest {
            poolarea_no: COMPOSITE_AREA.into(),
            expected_entries: noted.map_or(0, |noted| noted.entries),
            expected_head_hash: noted.map_or(String::new(), |noted| noted.head_hash.clone()),
            from_expected: false,
        };
        told(self.cases().verify_case_log(request).await).unwrap()
    }

    /// Waits until so many findings are open, and names them.
    pub async fn found(&self, count: usize) -> Vec<String> {
        let request =
            ListFindingsRequest { poolarea_no: COMPOSITE_AREA.into(), ..ListFindingsRequest::default() };
        let begun = Instant::now();
        loop {
            let mut findings = FindingServiceClient::new(self.client.to_audit());
            let found = told(findings.list_findings(request.clone()).await).unwrap().findings;
            if found.len() == count {
                return found.into_iter().map(|found| found.jr_id).collect();
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "never so: {found:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Takes the dismissal of a finding back.
    pub async fn reopen(&self, jr_id: &str) {
        let request = ReopenFindingRequest {
            request_id: new_id(),
            jr_id: jr_id.into(),
            reason: "新的证据".into(),
            opter: "F".into(),
        };
        FindingServiceClient::new(self.client.to_audit()).reopen_finding(request).await.unwrap();
    }

    /// One finding.
    pub async fn finding(&self, jr_id: &str) -> Finding {
        let request = GetFindingRequest { jr_id: jr_id.into(), ..GetFindingRequest::default() };
        let mut findings = FindingServiceClient::new(self.client.to_audit());
        told(findings.get_finding(request).await).unwrap().finding.unwrap()
    }
}

/// The books as the tests look at them.
#[tonic::async_trait]
pub trait Books {
    /// The sum of what is posted to an account.
    async fn posted(&self, account: &str) -> i64;
    /// Waits until it is this much.
    async fn until_posted(&self, account: &str, fen: i64);
    /// Waits until audit has heard of so many settlements.
    async fn until_heard(&self, count: i64);
    /// Every recovery that the feed tells.
    async fn recovered_in_feed(&self) -> Vec<Recovery>;
    /// Publishes a rule by which more than two days' worth of care are against it.
    async fn publish_rule(&self, consequence: &str);
}

#[tonic::async_trait]
impl Books for TestPlatform {
    async fn posted(&self, account: &str) -> i64 {
        let sum = "CAST(COALESCE(SUM(amount_fen), 0) AS bigint) AS value";
        number(self.rows(), &format!("SELECT {sum} FROM postings WHERE account = '{account}'")).await
    }

    async fn until_posted(&self, account: &str, fen: i64) {
        let begun = Instant::now();
        while self.posted(account).await != fen {
            assert!(begun.elapsed() < Duration::from_secs(20), "{account}: {}", self.posted(account).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_heard(&self, count: i64) {
        let begun = Instant::now();
        while number(self.audit_rows(), "SELECT COUNT(*) AS value FROM visit").await != count {
            assert!(begun.elapsed() < Duration::from_secs(20), "audit has not heard of all settlements");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn recovered_in_feed(&self) -> Vec<Recovery> {
        let request = WatchSettlementsRequest::default();
        let events = self.settlements().watch_settlements(request).await.unwrap().into_inner();
        let quiet = tokio::time::sleep(Duration::from_millis(300));
        let told = events.take_until(quiet).filter_map(async |event| event.unwrap().recovery);
        told.collect().await
    }

    async fn publish_rule(&self, consequence: &str) {
        let document = format!(
            "rule: T-CARE\nversion: \"1\"\ntitle: 护理超次数\nclass: 医疗服务项目政策限定类\narea: \"{COMPOSITE_AREA}\"\n\
             sources: {{ doc: {{ title: 试〔2026〕1号, quality: G }} }}\nsource: doc\nfrom: 2024-01-01\nlife: active\nresult: 违规\n\
             stages: [事中]\nconsequence: {consequence}\nmay_answer: false\nbehaviour: 超标准收费\nscope: visit\nkind: most\n\
             points: [{{ code: \"{CARE}\", of: quantity, most: 2 }}]\n"
        );
        let request = PublishAuditRuleRequest { request_id: new_id(), document };
        RulesServiceClient::new(self.to_audit()).publish_audit_rule(request).await.unwrap();
    }
}

/// What somebody sees of cases and recoveries.
#[tonic::async_trait]
pub trait Recoveries {
    /// Of a case, newest first.
    async fn recoveries(&self, case_id: &str) -> Vec<Recovery>;
    /// The first so many decisions.
    async fn decisions(&self, count: usize) -> Vec<WatchDecisionsResponse>;
}

#[tonic::async_trait]
impl Recoveries for Client {
    async fn recoveries(&self, case_id: &str) -> Vec<Recovery> {
        let poolarea_no = COMPOSITE_AREA.into();
        let request = ListRecoveriesRequest {
            poolarea_no,
            case_id: case_id.into(),
            ..ListRecoveriesRequest::default()
        };
        let mut service = RecoveryServiceClient::new(self.to_settlement());
        told(service.list_recoveries(request).await).unwrap().recoveries
    }

    async fn decisions(&self, count: usize) -> Vec<WatchDecisionsResponse> {
        let mut cases = CaseServiceClient::new(self.to_audit());
        let events = cases.watch_decisions(WatchDecisionsRequest::default()).await.unwrap().into_inner();
        events.take(count).map(Result::unwrap).collect().await
    }
}
