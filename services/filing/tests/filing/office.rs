//! Steps as offices and persons take them.

use tonic::transport::Channel;
use yizhan_filing::FilingConfig;
use yizhan_proto::filing::v1::filing_rules_service_client::FilingRulesServiceClient;
use yizhan_proto::filing::v1::*;
use yizhan_runtime::Clock;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::TestDatabase;

use crate::support::*;

/// 南昌, where everybody of these tests is insured.
pub const HOME: &str = "agency:360100";
/// A district office of 南昌.
pub const DISTRICT: &str = "agency:360102";
/// An office in 上海, where the person lives.
pub const AWAY: &str = "agency:310115";
/// A hospital of 南昌 that refers.
pub const HOSPITAL: &str = "H36010000001";

/// What an agency's officer A submits.
pub fn at_window(request: SubmitFilingRequest) -> SubmitFilingRequest {
    SubmitFilingRequest { opter: "A".into(), dcla_souc: "02".into(), ..request }
}

/// A referral to 上海, with these papers beside what every filing needs.
pub fn referral(psn_no: &str, more: &[&str]) -> SubmitFilingRequest {
    SubmitFilingRequest {
        out_fil_type: "06".into(),
        materials: papers(more),
        referral: Some(Referral {
            fixmedins_code: HOSPITAL.into(),
            reflin_medins_no: String::new(),
            refl_date: "2025-06-17".into(),
        }),
        ..temporary(psn_no)
    }
}

/// A step of officer B (the number is not looked at for persons), with whatever that step needs to be well formed.
pub fn step(filing: &Filing, action: FilingAction) -> AdvanceFilingRequest {
    let mut request = AdvanceFilingRequest {
        request_id: new_id(),
        filing_id: filing.filing_id.clone(),
        action: action.into(),
        opter: "B".into(),
        reason: "情况说明".into(),
        ..Default::default()
    };
    match action {
        FilingAction::Supply => request.materials = vec![paper(late_paper(&filing.out_fil_type))],
        FilingAction::HandOver => request.to_area = "360102".into(),
        _ => {}
    }
    request
}

/// What comes later, of a kind.
pub fn late_paper(out_fil_type: &str) -> &'static str {
    match out_fil_type {
        "06" => "referral_certificate",
        "07" => "residence_proof",
        _ => "certificate",
    }
}

/// What a refused step says of the state and of what may be done.
pub fn refusal(error: &RemoteError) -> (&str, &str, &str) {
    let of = |key: &str| error.metadata.get(key).map_or("", String::as_str);
    (error.reason.as_str(), of("state"), of("allowed_actions"))
}

/// Another process of the service, on a day: notes what time has ended.
pub async fn sweep_on(db: &TestDatabase, day: &str) -> usize {
    let (clock, _) = Clock::manual(noon(day));
    let config = FilingConfig { clock, ..FilingConfig::embedded(db.url()) };
    let register = yizhan_filing::open(&config).await.unwrap();
    yizhan_filing::sweep(&register).await.unwrap()
}

/// Noon in Shanghai.
pub fn noon(day: &str) -> chrono::DateTime<chrono::Utc> {
    format!("{day}T04:00:00Z").parse().unwrap()
}

impl TestService {
    pub async fn advance(&self, caller: &str, request: AdvanceFilingRequest) -> Result<Filing, RemoteError> {
        let answer = told(self.client.clone().advance_filing(by(caller, request)).await)?;
        Ok(answer.filing.unwrap())
    }

    /// A step that is taken.
    pub async fn take(&self, caller: &str, filing: &Filing, action: FilingAction) -> Filing {
        let taken = self.advance(caller, step(filing, action)).await;
        taken.unwrap_or_else(|error| panic!("{caller} {action:?}: {error:?}"))
    }

    /// A step that is refused.
    pub async fn refused(&self, caller: &str, filing: &Filing, action: FilingAction) -> RemoteError {
        match self.advance(caller, step(filing, action)).await {
            Err(error) => error,
            Ok(filing) => panic!("{caller} {action:?} was taken: {filing:?}"),
        }
    }

    pub async fn get(&self, caller: &str, filing_id: &str) -> Result<GetFilingResponse, RemoteError> {
        let request = GetFilingRequest { filing_id: filing_id.into() };
        told(self.client.clone().get_filing(by(caller, request)).await)
    }

    /// A filing as the home area sees it.
    pub async fn at_home(&self, filing: &Filing) -> Filing {
        self.get(HOME, &filing.filing_id).await.unwrap().filing.unwrap()
    }

    /// Its steps: what, by whom, to where.
    pub async fn steps(&self, filing: &Filing) -> Vec<(FilingAction, String, FilingState)> {
        let told = self.get(HOME, &filing.filing_id).await.unwrap();
        let step =
            |step: FilingStep| (step.action(), format!("{} {}", step.actor, step.opter), step.to_state());
        told.steps.into_iter().map(step).collect()
    }

    pub async fn queue(
        &self,
        caller: &str,
        request: ListQueueRequest,
    ) -> Result<ListQueueResponse, RemoteError> {
        told(self.client.clone().list_queue(by(caller, request)).await)
    }

    /// Rules of 南昌 of a test's own.
    pub async fn publish(&self, families: &str) {
        let document = format!(
            "rules: nanchang-filing-test\nversion: \"1\"\ntitle: 南昌\narea: \"360100\"\n\
             sources: {{ s: {{ title: 洪医保发〔2025〕1号, quality: G }} }}\n{families}"
        );
        let mut rules: FilingRulesServiceClient<Channel> =
            FilingRulesServiceClient::connect(self.server.url()).await.unwrap();
        let request = PublishFilingRulesRequest { request_id: new_id(), document };
        told(rules.publish_filing_rules(by(HOME, request)).await).unwrap();
    }
}
