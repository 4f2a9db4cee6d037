//! Random histories written to a database and assessed through the call that assesses: whatever is entered later, the score that is explained as of that day from the
//! entries is the one that was stored, and the one worked out by hand.

use chrono::Days;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::clock::begin_of;
use yizhan_runtime::db::begin_write;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Clock};
use yizhan_testkit::both_databases;

use super::domain::cases::{date, entry, shipped};
use super::domain::histories::{Dice, by_hand, measured, next};
use super::domain::standing::Standing;
use super::{explain, propose, store};
use crate::app::Credit;
use crate::ledger::{self, Known};
use crate::schemes::scorecard::Scorecard;
use crate::{CreditConfig, open};

const AREA: &str = "150100";
/// As many as a few seconds write and explain.
const INSTITUTIONS: usize = 1_000;
/// Entries of each at most, before the assessment and after it.
const ROUNDS: usize = 8;
const ASSESSED_ON: &str = "2026-01-10";

/// As the ledger numbers it: what begins a matter has its own id.
fn begins(entry: Entry) -> Entry {
    let matter_id = if entry.matter_id == entry.entry_id { String::new() } else { entry.matter_id };
    Entry { matter_id, ..entry }
}

/// Another round: what is entered about each, in one transaction.
async fn write(
    credit: &Credit,
    (known, entries): (&mut [Known], &mut [Vec<Entry>]),
    mut entry: impl FnMut(&[Entry]) -> Vec<Entry>,
) {
    let tx = begin_write(&credit.db).await.unwrap();
    let new: Vec<Vec<Entry>> = entries.iter().map(|held| entry(held)).collect();
    let counts: Vec<usize> = new.iter().map(Vec::len).collect();
    let mut written = ledger::append_all(&tx, credit, known, new).await.unwrap().into_iter();
    for (held, count) in entries.iter_mut().zip(counts) {
        held.extend(written.by_ref().take(count));
    }
    tx.commit().await.unwrap();
}

fn some(dice: &mut Dice, scheme: &Scorecard, items: &[&str], held: &[Entry], day: &str) -> Vec<Entry> {
    // The agreement stands: else nobody is assessed.
    let new = next(dice, scheme, items, held, day);
    let keeps = held.first().is_none_or(|first| first.entry_id != new.undoes_entry_id);
    if keeps && dice.roll(4) > 0 { vec![begins(new)] } else { Vec::new() }
}

async fn assess(credit: &Credit) -> usize {
    let (mut after, mut proposed) = (String::new(), 0);
    loop {
        let request = ProposeGradesRequest {
            request_id: new_id(),
            poolarea_no: AREA.into(),
            year: 2025,
            after,
            day: ASSESSED_ON.into(),
            opter: "A".into(),
        };
        let answer = propose::propose_grades(credit, &Caller::LocalAdministrator, request).await.unwrap();
        proposed += answer.proposed.len();
        after = answer.next_after;
        if after.is_empty() {
            return proposed;
        }
    }
}

both_databases! {
    async fn a_stored_score_is_the_one_that_is_explained(db: TestDatabase) {
        let (clock, hand) = Clock::manual(begin_of(date(ASSESSED_ON)));
        let config = CreditConfig { clock, ..CreditConfig::embedded(db.url()) };
        let credit = open(&config).await.unwrap();
        let (mut dice, scheme) = (Dice(82), shipped(AREA));
        let items = scheme.deductions.iter().flat_map(|one| &one.items).map(|item| item.item.as_str());
        let items: Vec<&str> = items.chain(scheme.vetoes.iter().map(|veto| veto.item.as_str())).collect();
        let known = |number: usize| Known {
            subject_kind: SubjectKind::Institution.into(),
            subject_code: format!("H{number:011}"),
            poolarea_no: AREA.into(),
            last_entry_id: String::new(),
            version: 0,
        };
        let mut known: Vec<Known> = (0..INSTITUTIONS).map(known).collect();
        let mut entries: Vec<Vec<Entry>> = vec![Vec::new(); INSTITUTIONS];
        write(&credit, (&mut known, &mut entries), |_| {
            let agreed = Entry { from_date: "2024-01-01".into(), ..entry(0, EntryKind::Agreement, "2024-11-01") };
            let values = measured(&mut dice, &scheme, 1);
            [vec![agreed], values].concat().into_iter().map(begins).collect()
        }).await;
        let mut day = date("2024-12-01");
        for _ in 0..ROUNDS {
            write(&credit, (&mut known, &mut entries), |held| some(&mut dice, &scheme, &items, held, &day.to_string())).await;
            day = day + Days::new(45);
        }
        let tx = begin_write(&credit.db).await.unwrap();
        for (known, entries) in known.iter().zip(&entries) {
            let standing = Standing::of(&entries.iter().collect::<Vec<_>>());
            store::write(&tx, AREA, &known.subject_code, &standing).await.unwrap();
        }
        tx.commit().await.unwrap();
        let by_hand: Vec<_> = entries.iter().map(|entries| by_hand(entries, &scheme)).collect();
        let assessed = assess(&credit).await;
        assert_eq!(assessed, by_hand.iter().flatten().count());
        assert!(assessed > INSTITUTIONS / 2, "{assessed}");

        // What is entered afterwards leaves what was as of that day.
        hand.set(begin_of(date("2026-03-10")));
        for (known, before) in known.iter_mut().zip(&entries) {
            *known = ledger::known(&credit.db, &before[0].subject.clone().unwrap()).await.unwrap().unwrap();
        }
        for _ in 0..3 {
            write(&credit, (&mut known, &mut entries), |held| some(&mut dice, &scheme, &items, held, "2026-03-01")).await;
        }
        for (known, by_hand) in known.iter().zip(by_hand) {
            let request = ExplainScoreRequest {
                poolarea_no: AREA.into(),
                fixmedins_code: known.subject_code.clone(),
                year: 2025,
                day: ASSESSED_ON.into(),
                document: String::new(),
            };
            let told = explain::explain_score(&credit, &Caller::LocalAdministrator, request).await.unwrap();
            let expected = by_hand.map(|(score, place)| (format!("{score:.2}"), scheme.grades[place].grade.clone()));
            let expected = expected.unwrap_or_default();
            assert_eq!((told.score, told.grade), expected, "{}", known.subject_code);
            assert_eq!((told.assessed_score, told.assessed_grade), expected, "{}", known.subject_code);
        }
    }
}
