//! A running audit, on Monday 2026-03-02 at noon in Shanghai.

use sea_orm::{ConnectionTrait, Database};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use yizhan_audit::AuditConfig;
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::audit::v1::plan_service_client::PlanServiceClient;
use yizhan_proto::audit::v1::*;
use yizhan_runtime::Clock;
use yizhan_runtime::clock::ManualClock;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::server::RunningServer;
use yizhan_testkit::TestDatabase;

pub const AREA: &str = "430200";
pub const AGENCY: &str = "agency:430200";
pub const HOSPITAL: &str = "H43020000001";

pub struct TestService {
    pub _server: RunningServer,
    pub client: PlanServiceClient<Channel>,
    pub cases: CaseServiceClient<Channel>,
    pub hand: ManualClock,
}

pub async fn start(db: &TestDatabase) -> TestService {
    let (clock, hand) = Clock::manual("2026-03-02T04:00:00Z".parse().unwrap());
    let mut config = AuditConfig::embedded(db.url());
    config.clock = clock;
    config.server.trust_caller_header = true;
    let server = yizhan_audit::serve(config).await.unwrap();
    let client = PlanServiceClient::connect(server.url()).await.unwrap();
    let cases = CaseServiceClient::connect(server.url()).await.unwrap();
    TestService { _server: server, client, cases, hand }
}

impl TestService {
    /// A step of a case, as somebody takes it.
    pub async fn advance(&self, caller: &str, request: AdvanceCaseRequest) -> Result<Case, RemoteError> {
        Ok(told(self.cases.clone().advance_case(by(caller, request)).await)?.case.unwrap())
    }

    /// A case with its steps.
    pub async fn get(&self, caller: &str, case_id: &str) -> Result<GetCaseResponse, RemoteError> {
        let request = GetCaseRequest { case_id: case_id.into() };
        told(self.cases.clone().get_case(by(caller, request)).await)
    }

    /// What of a kind waits, of all or of a selection.
    pub async fn queue(&self, kind: CaseKind, parent_id: &str, overdue_only: bool) -> Vec<Case> {
        let request = ListCaseQueueRequest {
            poolarea_no: AREA.into(),
            kind: kind.into(),
            parent_id: parent_id.into(),
            overdue_only,
            ..Default::default()
        };
        told(self.cases.clone().list_case_queue(by(AGENCY, request)).await).unwrap().cases
    }

    /// Noon of another day.
    pub fn on(&self, day: &str) {
        self.hand.set(format!("{day}T04:00:00Z").parse().unwrap());
    }
}

/// A request made as somebody.
pub fn by<T>(caller: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("yizhan-caller", MetadataValue::try_from(caller).unwrap());
    request
}

/// An answer, or the error as callers read it.
#[allow(clippy::result_large_err, reason = "tonic's status is what a call is refused with")]
pub fn told<T>(answer: Result<Response<T>, Status>) -> Result<T, RemoteError> {
    answer.map(Response::into_inner).map_err(RemoteError::from)
}

/// The reason of a refusal; of an invalid request those of its fields.
pub fn why<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> String {
    let refused = told(answer).expect_err("to be refused");
    if refused.violations.is_empty() {
        return refused.reason;
    }
    let told: Vec<String> =
        refused.violations.iter().map(|wrong| format!("{} {}", wrong.field, wrong.reason)).collect();
    told.join(", ")
}

pub fn subject(code: &str, due_by: &str) -> PlanSubject {
    PlanSubject { code: code.into(), name: "某".into(), due_by: due_by.into(), ..Default::default() }
}

pub fn plan_of(kind: PlanKind, subjects: Vec<PlanSubject>) -> MakePlanRequest {
    MakePlanRequest {
        request_id: new_id(),
        area: AREA.into(),
        year: 2026,
        kind: kind.into(),
        subjects,
        opter: "officer1".into(),
    }
}

/// Three hospitals, of which the third has no day.
pub fn plan() -> MakePlanRequest {
    let subjects = vec![
        subject(HOSPITAL, "2026-03-31"),
        subject("H43020000002", "2026-06-30"),
        subject("H43020000003", ""),
    ];
    plan_of(PlanKind::Institutions, subjects)
}

pub fn entries(ids: impl IntoIterator<Item = String>) -> Vec<ListEntry> {
    ids.into_iter().map(|id| ListEntry { id, stratum: String::new() }).collect()
}

pub fn list(
    purpose: SelectionPurpose,
    ids: impl IntoIterator<Item = String>,
    count: i32,
) -> FreezeListRequest {
    FreezeListRequest {
        request_id: new_id(),
        area: AREA.into(),
        purpose: purpose.into(),
        entries: entries(ids),
        sizes: vec![StratumSize { stratum: String::new(), count }],
        public_source: "福彩双色球 2026025 期".into(),
        public_on: "2026-03-20".into(),
        opter: "officer1".into(),
        ..Default::default()
    }
}

/// Frozen and drawn.
pub async fn drawn(client: &mut PlanServiceClient<Channel>, list: FreezeListRequest) -> Selection {
    let frozen = told(client.freeze_list(by(AGENCY, list)).await).unwrap().selection.unwrap();
    let draw = DrawSelectionRequest {
        request_id: new_id(),
        selection_id: frozen.selection_id,
        public_value: "03 08 11 19 22 30 + 07".into(),
        opter: "officer1".into(),
    };
    told(client.draw_selection(by(AGENCY, draw)).await).unwrap().selection.unwrap()
}

/// A check of the hospital after a report.
pub fn check() -> StartInspectionRequest {
    StartInspectionRequest {
        request_id: new_id(),
        area: AREA.into(),
        fixmedins_code: HOSPITAL.into(),
        case_souc: "2".into(),
        title: "举报核查".into(),
        inspection: Some(Inspection {
            basis: "举报 2026-17".into(),
            officers: vec!["zhang".into(), "li".into()],
            ..Default::default()
        }),
        opter: "officer1".into(),
    }
}

pub fn papers() -> Vec<CasePaper> {
    vec![CasePaper { file_id: "F1".into(), note: String::new() }]
}

/// A step with all that it needs.
pub fn step(case_id: &str, action: CaseAction) -> AdvanceCaseRequest {
    let mut step = AdvanceCaseRequest {
        request_id: new_id(),
        case_id: case_id.into(),
        action: action.into(),
        reason: "经集体研究".into(),
        papers: papers(),
        opter: "officer1".into(),
        ..Default::default()
    };
    if action == CaseAction::Assign {
        (step.officers, step.recused) = (vec!["wang".into(), "li".into()], vec!["zhang".into()]);
    }
    step
}

/// Settlements that audit has heard of, by number: paid by hand, or of so much.
pub async fn settled(db: &TestDatabase, count: u32, by_hand: bool, fen: i64) {
    let row = |number: u32| {
        let hand = if by_hand { "M" } else { "S" };
        let ids = format!(
            "'{hand}{number:05}', 'P{number}', 'P{number}', '{AREA}', '{HOSPITAL}', 'V{hand}{number}'"
        );
        format!(
            "({ids}, '2026-02-0{}', '2026-02-0{}', 0, FALSE, {by_hand}, {fen}, TRUE, '')",
            number % 9 + 1,
            number % 9 + 1
        )
    };
    let rows: Vec<String> = (1..=count).map(row).collect();
    let columns = "setl_id, psn_no, own_psn_no, poolarea_no, fixmedins_code, mdtrt_id, begndate, enddate, setl_part, unchecked, \
                   by_hand, medfee_sumamt_fen, stands, encounter";
    let db = Database::connect(db.url()).await.unwrap();
    let statement = format!("INSERT INTO visit ({columns}) VALUES {}", rows.join(", "));
    db.execute_unprepared(&statement).await.unwrap();
}
