//! Random histories written to a database through the one way they are written, and replayed from it: what is stored, what is explained and what the ledger
//! comes to are the same.

use chrono::{Datelike, Days, NaiveDate};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use yizhan_proto::credit::v1::*;
use yizhan_runtime::Caller;
use yizhan_runtime::db::begin_write;
use yizhan_testkit::both_databases;

use super::changes::{Held, list_all};
use super::domain::histories::Dice;
use super::domain::timeline::Timeline;
use super::register::entry;
use super::store::matters;
use super::{explain, queries, replay, retold, store};
use crate::app::Credit;
use crate::ledger;
use crate::schemes::Schemes;
use crate::schemes::points::Points;
use crate::{CreditConfig, open};

const PRACTITIONERS: usize = 600;
/// Written in one transaction.
const AT_ONCE: usize = 100;
const AREA: &str = "999900";

fn day(dice: &mut Dice, within: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 1, 1).unwrap() + Days::new(dice.roll(within))
}

fn scheme() -> String {
    let area = yizhan_terms::Area::parse(AREA).unwrap();
    let day = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    Schemes::embedded().find::<Points>(area, day).unwrap().id.clone()
}

/// What is entered next; what stands before it is in `entries`.
fn next(dice: &mut Dice, entries: &[Entry], scheme: &str) -> Entry {
    let on = day(dice, 700);
    let place = format!("H9999000000{}", dice.roll(2));
    let plain = entry(&Caller::LocalAdministrator, (AREA, &place, "A"), on);
    let standing = super::domain::matter::standing(entries);
    let acts: Vec<&&Entry> = standing.iter().filter(|one| one.kind() == EntryKind::PointsDecided).collect();
    let act = (!acts.is_empty()).then(|| (*acts[dice.roll(acts.len() as u64) as usize]).clone());
    let of_act = |act: &Entry, kind: EntryKind, points: u64| Entry {
        kind: kind.into(),
        matter_id: act.matter_id.clone(),
        value: points.to_string(),
        ..plain.clone()
    };
    match (dice.roll(10), act) {
        (0 | 1, _) => Entry { kind: EntryKind::Registered.into(), from_date: on.to_string(), ..plain },
        (2, _) => Entry { kind: EntryKind::Left.into(), until_date: on.to_string(), ..plain },
        (3, Some(act)) => {
            let given: u64 = act.value.parse().unwrap();
            let revised = of_act(&act, EntryKind::PointsRevised, dice.roll(given));
            Entry { about_entry_id: act.entry_id, ..revised }
        }
        (4, Some(act)) => {
            let until = (dice.roll(2) == 0).then(|| (on + Days::new(dice.roll(40))).to_string());
            Entry { until_date: until.unwrap_or_default(), ..of_act(&act, EntryKind::Repaired, dice.roll(4)) }
        }
        (5, Some(act)) => Entry { from_date: on.to_string(), ..of_act(&act, EntryKind::Restored, 0) },
        (6, Some(_)) => {
            let undone = &entries[dice.roll(entries.len() as u64) as usize];
            let (matter_id, undoes_entry_id) = (undone.matter_id.clone(), undone.entry_id.clone());
            Entry { kind: EntryKind::Withdrawn.into(), matter_id, undoes_entry_id, ..plain }
        }
        _ => Entry {
            kind: EntryKind::PointsDecided.into(),
            item: "article-38".into(),
            value: (1 + dice.roll(12)).to_string(),
            responsibility: 1 + dice.roll(3) as i32,
            act_id: format!("V{}", entries.len()),
            scheme: scheme.to_owned(),
            ..plain
        },
    }
}

async fn write(credit: &Credit, dice: &mut Dice, codes: &[String]) {
    let (tx, scheme) = (begin_write(&credit.db).await.unwrap(), scheme());
    for code in codes {
        let subject = ledger::subject(SubjectKind::Practitioner, code);
        let known = ledger::make_known(&tx, &subject, AREA).await.unwrap();
        let mut held = Held::read(&tx, credit, known).await.unwrap();
        for _ in 0..2 + dice.roll(7) {
            let entry = next(dice, &held.entries, &scheme);
            held.record(&tx, credit, vec![entry]).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

async fn replayed(credit: &Credit, page_size: i32) -> (i32, Vec<ReplayedQualification>) {
    let (mut page_token, mut compared, mut differing) = (String::new(), 0, Vec::new());
    loop {
        let request = ReplayPointsRequest { poolarea_no: "990000".into(), page_size, page_token };
        let page = replay::replay_points(credit, &Caller::LocalAdministrator, request).await.unwrap();
        compared += page.compared;
        differing.extend(page.differing);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return (compared, differing);
        }
    }
}

async fn listed(credit: &Credit) -> Vec<matters::Model> {
    let query = matters::Entity::find().order_by_asc(matters::Column::MatterId);
    query.all(&credit.db).await.unwrap()
}

async fn is_explained(credit: &Credit, code: &str, day: NaiveDate) {
    let question = QualificationQuestion {
        practitioner_code: code.to_owned(),
        day: day.to_string(),
        ..QualificationQuestion::default()
    };
    let request = GetQualificationRequest { questions: vec![question] };
    let caller = Caller::LocalAdministrator;
    let stored = queries::get_qualification(credit, &caller, request).await.unwrap().qualifications.remove(0);
    let request = ExplainPointsRequest { practitioner_code: code.to_owned(), day: day.to_string(), year: 0 };
    let told = explain::explain_points(credit, &caller, request).await.unwrap();
    let replayed = told.qualification.unwrap();
    assert_eq!(replayed, stored, "{code} on {day}");
    assert_eq!(told.points, stored.points, "{code} on {day}");
    let counted: i32 = told.decisions.iter().map(|one| one.counted).sum();
    assert_eq!(counted, stored.points, "{code} on {day}: {:?}", told.decisions);
    assert!(told.advice.iter().all(|one| !one.text.is_empty() && one.day >= day.to_string()));
    let of_year = told.decisions.iter().all(|one| one.decided_on[..4] == day.year().to_string());
    assert!(of_year, "{code} on {day}: {:?}", told.decisions);
}

both_databases! {
    /// Thousands, each on random days; a scheme that is tried as it holds moves none of them; one that is tampered with is found.
    async fn what_is_stored_is_what_the_ledger_comes_to(db: TestDatabase) {
        let credit = open(&CreditConfig::embedded(db.url())).await.unwrap();
        let mut dice = Dice(2_058);
        let codes: Vec<String> = (0..PRACTITIONERS).map(|number| format!("D{number:05}")).collect();
        for some in codes.chunks(AT_ONCE) {
            write(&credit, &mut dice, some).await;
        }
        for code in &codes {
            let day = day(&mut dice, 1_100);
            is_explained(&credit, code, day).await;
        }
        assert_eq!(replayed(&credit, 300).await, (PRACTITIONERS as i32, Vec::new()));

        let schemes = credit.schemes.current();
        let area = yizhan_terms::Area::parse(AREA).unwrap();
        let now = credit.clock.today();
        let draft = std::sync::Arc::new(schemes.find::<Points>(area, now).unwrap().rule.clone());
        let entries = ledger::of_subjects(&credit.db, SubjectKind::Practitioner, codes.iter().cloned()).await.unwrap();
        assert_eq!(entries.len(), PRACTITIONERS);
        for (code, entries) in &entries {
            let both = retold::retold(entries, &schemes, (&draft, area)).unwrap();
            assert_eq!(both.before, both.after, "{code}");
        }

        let listed = listed(&credit).await;
        assert!(listed.len() > PRACTITIONERS / 2);
        credit.db.execute_unprepared("DELETE FROM points_matter").await.unwrap();
        list_all(&credit.db).await.unwrap();
        assert_eq!(self::listed(&credit).await, listed, "a worklist made anew is the one that was kept");

        store::write(&credit.db, "D00007", 1, &Timeline::default()).await.unwrap();
        let (compared, differing) = replayed(&credit, 500).await;
        let named: Vec<&str> = differing.iter().map(|one| one.practitioner_code.as_str()).collect();
        assert_eq!((compared, named), (PRACTITIONERS as i32, vec!["D00007"]));
        let one = &differing[0];
        assert_ne!(one.stored.as_ref().unwrap().status, one.replayed.as_ref().unwrap().status, "{one:?}");
    }
}
