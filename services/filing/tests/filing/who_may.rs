//! Who may do what: every call of FilingService, by everybody who could make it. The callers stand in columns, the calls in lines; a check
//! that is removed or added shows in one cell.

use yizhan_proto::filing::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::office::*;
use crate::support::*;

/// The columns: P1 is insured in 360100, and was referred by H36010000001; the office that has the filing is 360102, a district.
const COLUMNS: [&[&str]; 12] = [
    // The home area, and those around it.
    &["agency:360100", "agency:360000", "agency:100000", "local-administrator"],
    // The district office that has it.
    &["agency:360102"],
    // Any other agency: of another district, of where P1 is treated.
    &["agency:360103", "agency:310115"],
    &["department:360100", "department:360000.finance"],
    &["department:310115"],
    &["person:P1"],
    &["person:P2"],
    &["institution:H36010000001"],
    &["institution:H31010000001"],
    &["insurer:PICC"],
    &["operator:alice"],
    &["service:settlement"],
];

const OK: &str = "OK";
/// Answered, with nothing.
const NIL: &str = "NOTHING";
const AREA: &str = "AREA_NOT_OWNED";
const WHO: &str = "PERSON_UNKNOWN";
const UNK: &str = "FILING_UNKNOWN";
const FILE: &str = "CALLER_MAY_NOT_FILE";
const STEP: &str = "FILING_STEP_REFUSED";
const HOME_: &str = "NOT_HOME_AREA";

/// The office that has it.
const OFFICE: [&str; 12] = [OK, OK, STEP, STEP, UNK, STEP, UNK, STEP, UNK, UNK, UNK, STEP];
/// The home area, or its office that has it.
const DECIDES: [&str; 12] = [OK, OK, HOME_, HOME_, UNK, HOME_, UNK, HOME_, UNK, UNK, UNK, HOME_];

const TABLE: [(&str, [&str; 12]); 20] = [
    ("FindFiling", [OK, WHO, WHO, OK, WHO, OK, WHO, OK, OK, WHO, WHO, OK]),
    ("BatchFindFiling", [OK, NIL, NIL, OK, NIL, OK, NIL, OK, OK, NIL, NIL, OK]),
    ("GetFiling", [OK, OK, UNK, OK, UNK, OK, UNK, UNK, UNK, UNK, UNK, OK]),
    ("ListFilings", [OK, OK, NIL, OK, NIL, OK, NIL, NIL, NIL, NIL, NIL, OK]),
    ("ListQueue", [OK, AREA, AREA, OK, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA]),
    ("ImportFilings", [OK, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA, AREA]),
    ("WatchFilings", [OK, OK, OK, OK, OK, AREA, AREA, AREA, AREA, AREA, AREA, OK]),
    ("ACCEPT SUBMITTED", OFFICE),
    ("RETURN SUBMITTED", OFFICE),
    ("RETURN ACCEPTED", OFFICE),
    ("HAND_OVER SUBMITTED", OFFICE),
    ("HAND_OVER ACCEPTED", OFFICE),
    ("COMPLETE ACCEPTED", DECIDES),
    ("REJECT ACCEPTED", DECIDES),
    ("SUPPLY SUBMITTED", [OK, OK, OK, STEP, UNK, OK, UNK, OK, UNK, UNK, UNK, STEP]),
    ("SUPPLY RETURNED", [OK, OK, OK, STEP, UNK, OK, UNK, OK, UNK, UNK, UNK, STEP]),
    ("WITHDRAW SUBMITTED", [OK, OK, STEP, STEP, UNK, OK, UNK, STEP, UNK, UNK, UNK, STEP]),
    ("CANCEL PROVISIONAL", [OK, OK, STEP, STEP, UNK, OK, UNK, STEP, UNK, UNK, UNK, STEP]),
    // Nobody takes twice what is over.
    ("WITHDRAW WITHDRAWN", [STEP, STEP, STEP, STEP, UNK, STEP, UNK, STEP, UNK, UNK, UNK, STEP]),
    // Last: who submitted sees what they submitted from then on.
    ("SubmitFiling", [OK, OK, OK, FILE, FILE, OK, FILE, OK, FILE, FILE, FILE, FILE]),
];

struct Desk {
    service: TestService,
    /// Where P1's filing stands.
    filing: Option<Filing>,
}

impl Desk {
    async fn open(db: &TestDatabase) -> Desk {
        let service = start(db).await;
        service.insure("P1").await;
        Desk { service, filing: None }
    }

    /// P1's filing, at the district's office, in this state: the one at hand, or a new one.
    async fn filing(&mut self, state: &str) -> Filing {
        if let Some(filing) = &self.filing {
            let now = self.service.at_home(filing).await;
            if now.state().as_str_name() == format!("FILING_STATE_{state}") && now.handling_area == "360102" {
                return now;
            }
        }
        self.end().await;
        let service = &self.service;
        let filing = service.submit("person:P1", referral("P1", &[])).await.unwrap();
        let filing = service.take(HOME, &filing, FilingAction::HandOver).await;
        let steps: &[FilingAction] = match state {
            "SUBMITTED" => &[],
            "ACCEPTED" => &[FilingAction::Accept],
            "RETURNED" => &[FilingAction::Return],
            "PROVISIONAL" => &[FilingAction::Accept, FilingAction::Complete],
            "WITHDRAWN" => &[FilingAction::Withdraw],
            other => panic!("{other}"),
        };
        let mut now = filing;
        for action in steps {
            now = service.take(DISTRICT, &now, *action).await;
        }
        self.filing.insert(now).clone()
    }

    /// Makes room at the place.
    async fn end(&mut self) {
        let Some(filing) = self.filing.take() else { return };
        let service = &self.service;
        match service.at_home(&filing).await.state() {
            FilingState::Submitted | FilingState::Accepted | FilingState::Returned => {
                service.take(HOME, &filing, FilingAction::Withdraw).await;
            }
            FilingState::Provisional => {
                service.take(HOME, &filing, FilingAction::Cancel).await;
            }
            _ => {}
        }
    }

    /// Whether the answer told something.
    async fn ask(&mut self, what: &str, caller: &str) -> Result<bool, RemoteError> {
        let mut client = self.service.client.clone();
        // Services, and who does everything, know where P1 is insured; for everybody else filing asks.
        let knows = caller.starts_with("service:");
        let poolarea_no = if knows { "360100" } else { "" };
        let question =
            FindFilingRequest { poolarea_no: poolarea_no.into(), ..stay("P1", "2025-06-18", "2025-06-18") };
        match what {
            "FindFiling" => {
                told(client.find_filing(by(caller, question)).await).map(|told| told.answer.is_some())
            }
            "BatchFindFiling" => {
                let request = BatchFindFilingRequest { requests: vec![question] };
                told(client.batch_find_filing(by(caller, request)).await)
                    .map(|told| told.responses[0].answer.is_some())
            }
            "SubmitFiling" => {
                self.end().await;
                let filing = self.service.submit(caller, at_window(referral("P1", &[]))).await?;
                self.filing = Some(filing);
                Ok(true)
            }
            "GetFiling" => {
                let filing = self.filing("SUBMITTED").await;
                self.service.get(caller, &filing.filing_id).await.map(|told| !told.steps.is_empty())
            }
            "ListFilings" => {
                self.filing("SUBMITTED").await;
                let request = ListFilingsRequest { psn_no: "P1".into(), ..Default::default() };
                told(client.list_filings(by(caller, request)).await).map(|told| !told.filings.is_empty())
            }
            "ListQueue" => {
                self.filing("SUBMITTED").await;
                let request = ListQueueRequest { area: "360100".into(), ..Default::default() };
                self.service.queue(caller, request).await.map(|told| !told.filings.is_empty())
            }
            "ImportFilings" => {
                let row = FilingRow {
                    foreign_id: "F1".into(),
                    psn_no: "P9".into(),
                    insutype: "310".into(),
                    out_fil_type: "07".into(),
                    rloc_admdvs: "310115".into(),
                    begndate: "2024-01-01".into(),
                    ..Default::default()
                };
                let request = ImportFilingsRequest {
                    request_id: yizhan_runtime::ids::new_id(),
                    poolarea_no: "360100".into(),
                    rows: vec![row],
                };
                told(client.import_filings(by(caller, request)).await).map(|told| told.row_count == 1)
            }
            "WatchFilings" => {
                told(client.watch_filings(by(caller, WatchFilingsRequest::default())).await).map(|_| true)
            }
            step_of => {
                let (action, state) = step_of.split_once(' ').unwrap();
                let action = FilingAction::from_str_name(&format!("FILING_ACTION_{action}")).unwrap();
                let filing = self.filing(state).await;
                let mut request = step(&filing, action);
                if action == FilingAction::HandOver {
                    request.to_area = "360103".into();
                }
                self.service.advance(caller, request).await.map(|_| true)
            }
        }
    }
}

both_databases! {
    async fn every_call_by_everybody(db: TestDatabase) {
        let mut desk = Desk::open(&db).await;
        let mut wrong = Vec::new();
        for (what, cells) in TABLE {
            for (callers, expected) in COLUMNS.iter().zip(cells) {
                for caller in *callers {
                    let told = match desk.ask(what, caller).await {
                        Ok(true) => OK.to_owned(),
                        Ok(false) => NIL.to_owned(),
                        Err(error) => error.reason,
                    };
                    if told != expected {
                        wrong.push(format!("{what} by {caller}: {told}, not {expected}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
