//! Random histories written to a database through the one way they are written, and replayed from it: what is stored, what is explained and what the ledger
//! comes to are the same.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use yizhan_proto::credit::v1::*;
use yizhan_runtime::Caller;
use yizhan_runtime::db::begin_write;
use yizhan_testkit::both_databases;

use super::changes::{Held, list_all};
use super::domain::advised::{merged, revised};
use super::domain::histories::{Dice, HISTORIES, card};
use super::domain::timeline::Timeline;
use super::explain::Explained;
use super::messages::{events, qualification, timeline};
use super::register::entry;
use super::store::matters;
use super::{explain, queries, replay, retold, store};
use crate::app::Credit;
use crate::ledger::{self, Known};
use crate::schemes::Schemes;
use crate::schemes::points::Points;
use crate::{CreditConfig, open, standings};

const PRACTITIONERS: usize = 600;
/// Written in bulk.
const MANY: usize = 5_000;
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
    let standing = ledger::standing(entries);
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
        (7, Some(_)) if entries.last().is_some_and(|last| last.kind() == EntryKind::PointsDecided) => {
            // One decision, another act.
            let last = entries[entries.len() - 1].clone();
            Entry { value: (1 + dice.roll(6)).to_string(), act_id: format!("V{}", entries.len()), ..last }
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

/// The entries that stand, found from the last one back, as somebody with a pencil would.
fn left_by_hand(entries: &[Entry]) -> Vec<Entry> {
    let mut gone = vec![false; entries.len()];
    for at in (0..entries.len()).rev() {
        if !gone[at] && entries[at].kind() == EntryKind::Withdrawn {
            let undone = entries.iter().position(|entry| entry.entry_id == entries[at].undoes_entry_id);
            gone[undone.unwrap()] = true;
            gone[at] = true;
        }
    }
    entries.iter().zip(gone).filter(|(_, gone)| !gone).map(|(entry, _)| entry.clone()).collect()
}

/// What is stored on a day, what is explained of it from the entries, and what is worked out by hand are one.
fn is_one(entries: &[Entry], (stored, version): &(Timeline, i64), schemes: &Schemes, day: NaiveDate) {
    let (caller, subject) = (&Caller::LocalAdministrator, &entries[0].subject.clone().unwrap());
    let told = Explained { caller, subject, entries, schemes, today: day }.points(day, day.year()).unwrap();
    let stands = qualification(&subject.code, day, None, (stored, *version));
    assert_eq!(
        (told.qualification.as_ref(), told.points),
        (Some(&stands), stands.points),
        "{day}: {entries:#?}"
    );
    let counted: i32 = told.decisions.iter().map(|one| one.counted).sum();
    assert_eq!(counted, stands.points, "{day}: {entries:#?}");
    let events = merged(&revised(&events(&left_by_hand(entries), schemes).unwrap()));
    let card = card(&events, day);
    for place in [None, Some("H99990000000"), Some("H99990000001")] {
        let found = stored.on(day, place);
        let expected = card.on(day, place);
        assert_eq!((found.status, found.points), expected, "{day} at {place:?}: {entries:#?}");
    }
}

/// Stored and read back, from entries that are in no database: so many that these would take minutes to write.
#[test]
fn what_would_be_stored_of_a_hundred_thousand_is_what_is_explained_and_worked_out_by_hand() {
    let (mut dice, schemes, scheme) = (Dice(13), Schemes::embedded(), scheme());
    let mut kinds = BTreeMap::new();
    for number in 0..HISTORIES {
        let mut entries: Vec<Entry> = Vec::new();
        for at in 0..2 + dice.roll(7) {
            let next = next(&mut dice, &entries, &scheme);
            let entry_id = format!("e{at}");
            let matter_id = if next.matter_id.is_empty() { entry_id.clone() } else { next.matter_id };
            let subject = Some(ledger::subject(SubjectKind::Practitioner, &format!("D{number:05}")));
            *kinds.entry(next.kind).or_insert(0) += 1;
            entries.push(Entry { entry_id, matter_id, subject, ..next });
        }
        let stored = store::encoded("D", 1, &timeline(&entries, &schemes).unwrap()).unwrap();
        let read = store::decoded(vec![stored]).unwrap().remove("D").unwrap();
        is_one(&entries, &(read.0, entries.len() as i64), &schemes, day(&mut dice, 1_100));
    }
    assert!(
        kinds.len() == 7 && kinds.values().all(|count| *count > HISTORIES / 10),
        "some kind is hardly there: {kinds:?}"
    );
}

/// Many at once, an entry of each after the other; how each stands is written by what its entries come to.
async fn write_all(credit: &Credit, dice: &mut Dice, codes: &[String]) {
    let (tx, scheme) = (begin_write(&credit.db).await.unwrap(), scheme());
    let known = |code: &String| Known {
        subject_kind: SubjectKind::Practitioner.into(),
        subject_code: code.clone(),
        poolarea_no: AREA.into(),
        last_entry_id: String::new(),
        version: 0,
    };
    let mut known: Vec<Known> = codes.iter().map(known).collect();
    let mut entries: Vec<Vec<Entry>> = vec![Vec::new(); codes.len()];
    for round in 0..8 {
        let goes_on = |dice: &mut Dice| round < 2 || dice.roll(5) > 0;
        let new = entries
            .iter()
            .map(|held| if goes_on(dice) { vec![next(dice, held, &scheme)] } else { Vec::new() });
        let new: Vec<Vec<Entry>> = new.collect();
        let counts: Vec<usize> = new.iter().map(Vec::len).collect();
        let mut written = ledger::append_all(&tx, credit, &mut known, new).await.unwrap().into_iter();
        for (held, count) in entries.iter_mut().zip(counts) {
            held.extend(written.by_ref().take(count));
        }
    }
    let schemes = credit.schemes.current();
    let row = |(known, entries): (&Known, &Vec<Entry>)| {
        store::encoded(&known.subject_code, known.version, &timeline(entries, &schemes).unwrap()).unwrap()
    };
    standings::write(&tx, known.iter().zip(&entries).map(row).collect()).await.unwrap();
    tx.commit().await.unwrap();
}

both_databases! {
    /// As many as a few seconds write: read back by pages, explained, and compared with what is stored.
    async fn what_is_stored_of_many_is_what_is_explained_from_their_entries(db: TestDatabase) {
        let credit = open(&CreditConfig::embedded(db.url())).await.unwrap();
        let (mut dice, schemes) = (Dice(1_313), credit.schemes.current());
        let codes: Vec<String> = (0..MANY).map(|number| format!("D{number:06}")).collect();
        for some in codes.chunks(1_000) {
            write_all(&credit, &mut dice, some).await;
        }
        let mut seen = 0;
        for page in codes.chunks(500) {
            let of_page = || page.iter().cloned();
            let entries = ledger::of_subjects(&credit.db, SubjectKind::Practitioner, of_page()).await.unwrap();
            let stored = store::find(&credit.db, of_page()).await.unwrap();
            for (code, entries) in &entries {
                is_one(entries, &stored[code], &schemes, day(&mut dice, 1_100));
                seen += 1;
            }
        }
        assert_eq!(seen, MANY);
        assert_eq!(replayed(&credit, 500).await, (MANY as i32, Vec::new()));
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
        let told = |one: &Option<Qualification>| one.as_ref().map(|one| (one.status, one.points));
        assert_ne!(told(&one.stored), told(&one.replayed), "{one:?}");
    }
}
