//! Credit over a database, whose clock stands where a line of a story says, and which is asked over gRPC.

use chrono::NaiveDate;
use tonic::Status;
use yizhan_credit::CreditConfig;
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::client::{PeerChannel, channel};
use yizhan_runtime::clock::{ManualClock, begin_of};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::server::RunningServer;
use yizhan_runtime::{Caller, Clock};
use yizhan_testkit::TestDatabase;

const AREA: &str = "999900";

/// Credit, and its clock.
pub struct Desk {
    server: RunningServer,
    clock: ManualClock,
}

/// Of one practitioner.
pub struct Story<'d> {
    desk: &'d Desk,
    code: String,
    matter: Option<PointsMatter>,
    acts: usize,
}

impl Desk {
    /// Over this database. Nobody is at the other ends.
    pub async fn open(db: &TestDatabase) -> Desk {
        let (clock, hand) = Clock::manual(begin_of(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()));
        let mut config = CreditConfig { clock, ..CreditConfig::embedded(db.url()) };
        config.server.trust_caller_header = true;
        Desk { server: yizhan_credit::serve(config).await.unwrap(), clock: hand }
    }

    /// Of a practitioner of whom nobody knows yet.
    pub fn story(&self, number: usize) -> Story<'_> {
        Story { desk: self, code: format!("D{number:05}"), matter: None, acts: 0 }
    }

    fn to(&self, caller: &str) -> QualificationServiceClient<PeerChannel> {
        let caller = Caller::parse(caller).unwrap();
        QualificationServiceClient::new(channel(&PeerConfig::at(self.server.url()), &caller).unwrap())
    }
}

/// What of a line is told beside its verb: `key=value`.
struct Said<'t>(Vec<(&'t str, &'t str)>);

impl Said<'_> {
    fn of(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn text(&self, key: &str, other: &str) -> String {
        self.of(key).unwrap_or(other).to_owned()
    }

    fn caller(&self) -> String {
        let place = self.of("as").map(|place| format!("institution:H9999000000{place}"));
        place.unwrap_or_else(|| format!("agency:{AREA}"))
    }
}

impl Story<'_> {
    /// Follows one line, `day verb …`, and tells what came of it.
    pub async fn follow(&mut self, line: &str) -> String {
        let mut words = line.split(' ');
        let (day, verb) = (words.next().unwrap(), words.next().unwrap());
        let said = Said(words.map(|word| word.split_once('=').unwrap_or(("", word))).collect());
        self.desk.clock.set(begin_of(day.parse().unwrap()));
        let told = match verb {
            "register" => self.register(&said).await,
            "leave" => self.leave(&said, false).await,
            "unleave" => self.leave(&said, true).await,
            "stands" => self.stands(&said).await,
            "decide" => self.decide(&said).await,
            action => self.advance(action, &said).await,
        };
        told.unwrap_or_else(|refused| {
            let refused = RemoteError::from(refused);
            let first = refused.violations.first().map(|first| format!("{} {}", first.field, first.reason));
            first.unwrap_or(refused.reason)
        })
    }

    async fn register(&self, said: &Said<'_>) -> Result<String, Status> {
        let one = Registration {
            practitioner_code: self.code.clone(),
            from_date: said.text("from", ""),
            file_ids: vec!["F1".into()],
        };
        let request = RegisterPractitionersRequest {
            request_id: new_id(),
            poolarea_no: AREA.into(),
            fixmedins_code: format!("H9999000000{}", said.of("").unwrap()),
            registrations: vec![one],
            opter: "A1".into(),
        };
        let answer = self.desk.to(&said.caller()).register_practitioners(request).await?.into_inner();
        Ok(stands(&answer.qualifications[0]))
    }

    async fn leave(&self, said: &Said<'_>, take_back: bool) -> Result<String, Status> {
        let request = LeaveInstitutionRequest {
            request_id: new_id(),
            practitioner_code: self.code.clone(),
            fixmedins_code: format!("H9999000000{}", said.of("").unwrap()),
            until_date: said.text("until", ""),
            take_back,
            opter: "A1".into(),
        };
        let answer = self.desk.to(&said.caller()).leave_institution(request).await?.into_inner();
        Ok(stands(&answer.qualification.unwrap()))
    }

    async fn stands(&self, said: &Said<'_>) -> Result<String, Status> {
        let question = QualificationQuestion {
            practitioner_code: self.code.clone(),
            fixmedins_code: said.of("").map(|place| format!("H9999000000{place}")).unwrap_or_default(),
            day: said.text("on", ""),
        };
        let request = GetQualificationRequest { questions: vec![question] };
        let answer = self.desk.to(&said.caller()).get_qualification(request).await?.into_inner();
        Ok(stands(&answer.qualifications[0]))
    }

    /// Acts, `items/responsibility=points` with `+` between them; every one by a number of its own, unless `act` says one.
    async fn decide(&mut self, said: &Said<'_>) -> Result<String, Status> {
        let acts = said.of("acts").unwrap().split('+').map(|act| {
            let (items, rest) = act.split_once('/').unwrap();
            let (responsibility, points) = rest.split_once(':').unwrap_or((rest, "0"));
            self.acts += 1;
            PointsAct {
                items: items.split(',').map(str::to_owned).collect(),
                responsibility: responsibility[..1].parse().unwrap(),
                disclosed: responsibility.contains('d'),
                instigated: responsibility.contains('i'),
                points: points.parse().unwrap(),
                act_id: said.text("act", &format!("V{}", self.acts)),
                occurred_on: "2026-01-06".into(),
                ..PointsAct::default()
            }
        });
        let request = DecidePointsRequest {
            request_id: new_id(),
            practitioner_code: self.code.clone(),
            poolarea_no: AREA.into(),
            fixmedins_code: "H99990000001".into(),
            acts: acts.collect(),
            basis: "试医保处〔2026〕1号".into(),
            opter: "A1".into(),
            ..DecidePointsRequest::default()
        };
        let answer = self.desk.to(&said.caller()).decide_points(request).await?.into_inner();
        Ok(self.told(answer.matter, answer.qualification))
    }

    /// A step of the matter that was decided last; of an appeal `a0=2` leaves 2 points of the first act.
    async fn advance(&mut self, action: &str, said: &Said<'_>) -> Result<String, Status> {
        let action = PointsAction::from_str_name(&format!("POINTS_ACTION_{action}")).unwrap();
        let matter = self.matter.clone().unwrap();
        let revised = (0..matter.acts.len()).filter_map(|at| {
            let points = said.of(&format!("a{at}"))?.parse().unwrap();
            Some(RevisedPoints { entry_id: matter.acts[at].entry_id.clone(), points })
        });
        let needed = matches!(action, PointsAction::Appeal | PointsAction::ApplyRepair) as usize;
        let papers = said.of("papers").map_or(needed, |count| count.parse().unwrap());
        let request = AdvancePointsRequest {
            request_id: new_id(),
            matter_id: matter.matter_id.clone(),
            action: action.into(),
            version: said.of("version").map_or(matter.version, |version| version.parse().unwrap()),
            day: said.text("day", ""),
            reason: said.text("reason", "据实"),
            file_ids: vec!["F1".into(); papers],
            points: revised.collect(),
            repaired_points: said.of("points").map_or(0, |points| points.parse().unwrap()),
            until_date: said.text("until", ""),
            opter: "A1".into(),
        };
        let answer = self.desk.to(&said.caller()).advance_points(request).await?.into_inner();
        Ok(self.told(answer.matter, answer.qualification))
    }

    fn told(&mut self, matter: Option<PointsMatter>, qualification: Option<Qualification>) -> String {
        let matter = self.matter.insert(matter.unwrap());
        let state = matter.state().as_str_name().trim_start_matches("POINTS_STATE_");
        let due = if matter.due_date.is_empty() { "-" } else { &matter.due_date };
        format!("{state} {due} {}", stands(&qualification.unwrap()))
    }
}

fn stands(one: &Qualification) -> String {
    format!("{} {}", one.status().as_str_name().trim_start_matches("QUALIFICATION_STATUS_"), one.points)
}
