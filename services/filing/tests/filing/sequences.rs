//! Whatever is done in whatever order: the register holds together. Filings are submitted, moved on and left to time at random; after every
//! step the standings are what the filings fold to, versions go up by one per step, and no state follows another that it may not follow.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use yizhan_filing::filings::domain::filing::{Filing as Kept, State};
use yizhan_filing::filings::store as filings;
use yizhan_filing::standings::Standings;
use yizhan_filing::standings::store as standings;
use yizhan_filing::{FilingConfig, Register};
use yizhan_proto::filing::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::office::*;
use crate::support::*;

const PERSONS: [&str; 3] = ["P1", "P2", "P3"];
const CALLERS: [&str; 7] = [HOME, HOME, HOME, DISTRICT, AWAY, "person:P1", "local-administrator"];
const CITIES: [&str; 8] = ["310115", "330100", "320100", "440300", "110000", "500000", "510100", "350200"];

/// What may follow what, and by which step.
fn may_follow(from: FilingState, action: FilingAction, to: FilingState) -> bool {
    use FilingAction as Do;
    use FilingState as Is;
    match (from, action) {
        (Is::Unspecified, Do::Submit) => to == Is::Submitted,
        (Is::Submitted, Do::Accept) => to == Is::Accepted,
        (Is::Submitted | Is::Accepted, Do::Complete) => matches!(to, Is::InForce | Is::Provisional),
        (Is::Provisional, Do::Complete) => to == Is::InForce,
        (Is::Accepted, Do::Reject) => to == Is::Rejected,
        (Is::Submitted | Is::Accepted, Do::Return) => to == Is::Returned,
        (Is::Returned, Do::Supply) => matches!(to, Is::Submitted | Is::Accepted),
        (Is::Submitted | Is::Accepted | Is::Provisional, Do::Supply | Do::HandOver) => to == from,
        (Is::Provisional, Do::Return) => to == from,
        (Is::Submitted | Is::Accepted | Is::Returned, Do::Withdraw) => to == Is::Withdrawn,
        (Is::InForce | Is::Provisional, Do::Cancel) => to == Is::Cancelled,
        (Is::InForce | Is::Provisional, Do::Replace) => to == Is::Replaced,
        (Is::InForce | Is::Provisional, Do::Expire) => to == Is::Expired,
        (Is::Provisional, Do::Lapse) => to == Is::Lapsed,
        _ => false,
    }
}

/// SplitMix64: the same numbers from the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// What the register held after the step before.
#[derive(Default)]
struct Before {
    persons: BTreeMap<String, i64>,
    filings: BTreeMap<String, Kept>,
}

struct World {
    service: TestService,
    /// Another process of the same register.
    register: Register,
    day: NaiveDate,
    dice: Dice,
    before: Before,
    taken: BTreeMap<FilingAction, usize>,
}

impl World {
    async fn new(db: &TestDatabase, seed: u64) -> World {
        let service = start(db).await;
        for psn_no in PERSONS {
            service.insure(psn_no).await;
        }
        let register = yizhan_filing::open(&FilingConfig::embedded(db.url())).await.unwrap();
        let day = NaiveDate::from_ymd_opt(2025, 6, 18).unwrap();
        World { service, register, day, dice: Dice(seed), before: Before::default(), taken: BTreeMap::new() }
    }

    /// A filing of any kind, by anybody who may, sometimes in the place of another.
    async fn submit(&mut self) -> Result<Filing, RemoteError> {
        let psn_no = self.dice.one_of(&PERSONS);
        let mut request = match self.dice.below(6) {
            0 => temporary(psn_no),
            1 => referral(psn_no, &[]),
            2 => referral(psn_no, &["referral_certificate"]),
            3 => resident(psn_no, &["commitment_letter"]),
            4 => resident(psn_no, &["residence_proof", "commitment_letter"]),
            _ => resident(psn_no, &["residence_proof"]),
        };
        request.rloc_admdvs = self.dice.one_of(&CITIES).into();
        if self.dice.below(4) == 0 {
            let of_person = self.before.filings.values().filter(|kept| kept.psn_no == psn_no);
            // Mostly one that can be replaced.
            let any = self.dice.below(4) == 0;
            let of_person = of_person.filter(|kept| any || kept.state.is_in_force());
            let ids: Vec<&String> = of_person.map(|kept| &kept.filing_id).collect();
            if !ids.is_empty() {
                request.replaces_filing_id = self.dice.one_of(&ids).clone();
            }
        }
        let caller = match self.dice.below(3) {
            0 => HOME.to_owned(),
            1 => AWAY.to_owned(),
            _ => format!("person:{psn_no}"),
        };
        self.service.submit(&caller, at_window(request)).await
    }

    /// Any step of any filing by anybody.
    async fn advance(&mut self) -> Option<Result<Filing, RemoteError>> {
        // Mostly one that is not over.
        let any = self.dice.below(5) == 0;
        let kept = self.before.filings.values();
        let goes_on = |kept: &&Kept| any || kept.state.is_open() || kept.state.is_in_force();
        let ids: Vec<String> = kept.filter(goes_on).map(|kept| kept.filing_id.clone()).collect();
        let filing_id = ids.get(self.dice.below(ids.len().max(1)))?.clone();
        let filing = self.service.get(HOME, &filing_id).await.unwrap().filing.unwrap();
        let action = FilingAction::try_from(2 + self.dice.below(8) as i32).unwrap();
        let mut request = step(&filing, action);
        if action == FilingAction::HandOver {
            request.to_area = self.dice.one_of(&["360100", "360102", "310115"]).into();
        }
        request.opter = self.dice.one_of(&["A", "B"]).into();
        let caller = self.dice.one_of(&CALLERS);
        let answer = self.service.advance(caller, request).await;
        if let Err(error) = &answer {
            let (reason, _, allowed) = refusal(error);
            let name = action.as_str_name().trim_start_matches("FILING_ACTION_").to_owned();
            let told = allowed.split(',').any(|allowed| allowed == name);
            assert!(
                !told || reason.starts_with("OFFICE_"),
                "{name} was refused and told to be allowed: {error:?}"
            );
        }
        Some(answer)
    }

    /// What holds after everything that was done.
    async fn check(&mut self, done: &str, changed: bool) {
        let mut now = Before::default();
        let psn_nos = PERSONS.map(str::to_owned).to_vec();
        let stored = standings::find_many(&self.register.db, psn_nos).await.unwrap();
        for psn_no in PERSONS {
            let kept = filings::of_person(&self.register.db, psn_no, None, Some(1000)).await.unwrap();
            let mut fold = Standings::default();
            kept.iter().for_each(|filing| fold.put(&filing.filing_id, filing.standing()));
            let person = stored.get(psn_no);
            assert_eq!(
                person.map(|person| &person.standings).unwrap_or(&Standings::default()),
                &fold,
                "{done}"
            );
            let version = person.map_or(0, |person| person.version);
            let before = self.before.persons.get(psn_no).copied().unwrap_or_default();
            let differs =
                kept.iter().any(|filing| self.before.filings.get(&filing.filing_id) != Some(filing));
            assert_eq!(version, before + i64::from(differs), "{done}: a version of {psn_no} for each change");
            assert!(changed || !differs, "{done}: refused, and {psn_no} changed");
            now.persons.insert(psn_no.to_owned(), version);
            now.filings.extend(kept.into_iter().map(|filing| (filing.filing_id.clone(), filing)));
        }
        for (filing_id, filing) in &now.filings {
            if self.before.filings.get(filing_id) != Some(filing) {
                self.check_steps(filing, done).await;
            }
        }
        self.before = now;
    }

    async fn check_steps(&mut self, filing: &Kept, done: &str) {
        let steps = filings::steps(&self.register.db, &filing.filing_id).await.unwrap();
        assert_eq!(steps.len() as i32, filing.version, "{done}");
        let known = self.before.filings.get(&filing.filing_id).map_or(0, |before| before.version);
        assert!(filing.version > known, "{done}: changed without a step");
        let mut state = 0;
        for (at, step) in steps.iter().enumerate() {
            assert_eq!((step.step_no, step.from_state), (at as i32 + 1, state), "{done}: {steps:?}");
            let (from, to) = (step.from_state.try_into().unwrap(), step.to_state.try_into().unwrap());
            let action = FilingAction::try_from(step.action).unwrap();
            assert!(may_follow(from, action, to), "{done}: {action:?} from {from:?} to {to:?}");
            if step.step_no > known {
                *self.taken.entry(action).or_default() += 1;
            }
            state = step.to_state;
        }
        assert_eq!(state, filing.state.number(), "{done}");
        let decided = filing.state.was_in_force() || filing.state == State::Rejected;
        assert_eq!(filing.decided_at.is_some(), decided, "{done}");
    }
}

async fn run(db: &TestDatabase, seed: u64, steps: usize) -> BTreeMap<FilingAction, usize> {
    let mut world = World::new(db, seed).await;
    for at in 0..steps {
        let (what, done) = match world.dice.below(20) {
            0..5 => ("submit", world.submit().await.is_ok()),
            5 => {
                world.day = world.day + Days::new(1 + 7 * world.dice.below(6) as u64);
                world.service.hand.set(noon(&world.day.to_string()));
                ("a few days", false)
            }
            6 => ("sweep", sweep_on(db, &world.day.to_string()).await > 0),
            _ => ("advance", world.advance().await.is_some_and(|answer| answer.is_ok())),
        };
        world.check(&format!("seed {seed}, step {at}, {what}"), done).await;
    }
    world.taken
}

both_databases! {
    async fn whatever_is_done_the_register_holds_together(db: TestDatabase) {
        let taken = run(&db, 20_250_618, 600).await;
        for action in ["SUBMIT", "ACCEPT", "COMPLETE", "REJECT", "RETURN", "SUPPLY", "HAND_OVER", "WITHDRAW", "CANCEL", "EXPIRE", "LAPSE", "REPLACE"] {
            let action = FilingAction::from_str_name(&format!("FILING_ACTION_{action}")).unwrap();
            assert!(taken.contains_key(&action), "{action:?} never happened: {taken:?}");
        }
    }
}
