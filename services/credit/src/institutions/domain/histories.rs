//! Random histories: a score replayed as of an earlier day is the one that was stored then and what is worked out by hand; and every advice
//! does what it says, with no fewer changes.

use chrono::Days;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use yizhan_proto::credit::v1::{Entry, EntryKind};

use super::advice::{Advice, Change, advise, changed};
use super::cases::{date, entry, shipped};
use super::facts::{Facts, as_of};
use super::score::{acts_of, score, vetoed};
use crate::schemes::scorecard::{Measured, Scorecard};

const HISTORIES: usize = 100_000;
const YEAR: i32 = 2025;

/// Numbers without a library: a linear congruence is random enough here.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

/// Between the ends in hundredths, or beyond them.
fn value(dice: &mut Dice, one: &Measured) -> String {
    (one.worst + (one.best - one.worst) * Decimal::new(dice.roll(140) as i64 - 20, 2)).to_string()
}

/// A value of each indicator, numbered from there on.
pub fn measured(dice: &mut Dice, scheme: &Scorecard, from: usize) -> Vec<Entry> {
    let of = |(at, one): (usize, &Measured)| Entry {
        item: one.code.clone(),
        value: value(dice, one),
        from_date: "2025-01-01".into(),
        ..entry(from + at, EntryKind::GradeIndicator, "2024-11-01")
    };
    scheme.measured.iter().enumerate().map(of).collect()
}

/// The next entry of a history.
pub fn next(dice: &mut Dice, scheme: &Scorecard, items: &[&str], entries: &[Entry], day: &str) -> Entry {
    let at = entries.len();
    let conduct: Vec<&Entry> = entries.iter().filter(|entry| entry.kind() == EntryKind::Conduct).collect();
    let some = (!conduct.is_empty()).then(|| conduct[dice.roll(conduct.len().max(1))]);
    match (dice.roll(10), some) {
        (0, Some(act)) => Entry {
            matter_id: act.matter_id.clone(),
            value: Decimal::new(dice.roll(3_000) as i64, 2).to_string(),
            ..entry(at, EntryKind::ConductRepaired, day)
        },
        (1, _) if at > 0 => Entry {
            undoes_entry_id: entries[dice.roll(at)].entry_id.clone(),
            ..entry(at, EntryKind::Withdrawn, day)
        },
        (2..=4, _) if !scheme.measured.is_empty() => {
            let one = &scheme.measured[dice.roll(scheme.measured.len())];
            let kind = [EntryKind::GradeIndicator, EntryKind::GradeFigure][dice.roll(2)];
            Entry {
                item: one.code.clone(),
                value: value(dice, one),
                from_date: format!("{}-01-01", YEAR - dice.roll(2) as i32),
                ..entry(at, kind, day)
            }
        }
        _ => Entry { item: items[dice.roll(items.len())].to_owned(), ..entry(at, EntryKind::Conduct, day) },
    }
}

fn facts(entries: &[Entry], scheme: &Scorecard, day: &str) -> Facts {
    Facts::of(&as_of(entries, "150100", date(day)).iter().collect::<Vec<_>>(), scheme, YEAR)
}

type Told = Option<(Decimal, usize)>;

fn told(entries: &[Entry], scheme: &Scorecard, day: &str) -> Told {
    score(&facts(entries, scheme, day), scheme).ok().map(|scored| (scored.score, scored.place))
}

/// As an officer would with a sheet of paper, in hundredths: from the entries there are so far, whatever the day.
pub fn by_hand(entries: &[Entry], scheme: &Scorecard) -> Told {
    let mut gone = vec![false; entries.len()];
    for at in (0..entries.len()).rev() {
        if !gone[at] && entries[at].kind() == EntryKind::Withdrawn {
            let undone = entries.iter().position(|entry| entry.entry_id == entries[at].undoes_entry_id);
            gone[undone.expect("it is there")] = true;
        }
    }
    let left: Vec<&Entry> =
        entries.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|(entry, _)| entry).collect();
    let hundredths = |number: Decimal| (number * Decimal::ONE_HUNDRED).to_i64().expect("a number");
    let exact = |number: Decimal| hundredths(number * Decimal::ONE_HUNDRED);
    let mut sum = hundredths(scheme.base);
    for one in &scheme.measured {
        let of = |kind| {
            let it = |entry: &&&Entry| {
                entry.kind() == kind && entry.item == one.code && entry.from_date == format!("{YEAR}-01-01")
            };
            left.iter().rfind(it)
        };
        let value = of(EntryKind::GradeIndicator).or_else(|| of(EntryKind::GradeFigure))?;
        let value: Decimal = value.value.parse().expect("a number");
        let (worst, best, value) = (exact(one.worst), exact(one.best), exact(value));
        let part =
            if best > worst { value.clamp(worst, best) - worst } else { worst - value.clamp(best, worst) };
        // Weights and values here divide without a rest.
        sum += hundredths(one.weight) * part / (best - worst).abs();
    }
    let repaired = |act: &Entry| {
        let of_it = left
            .iter()
            .filter(|entry| entry.kind() == EntryKind::ConductRepaired && entry.matter_id == act.matter_id);
        let points: Vec<i64> = of_it.map(|entry| hundredths(entry.value.parse().expect("points"))).collect();
        (!points.is_empty()).then(|| points.iter().sum::<i64>())
    };
    let of_year = |act: &&&Entry, cycles: i32| {
        let year: i32 = act.decided_on[..4].parse().expect("a year");
        act.kind() == EntryKind::Conduct && year <= YEAR && YEAR < year + cycles
    };
    for one in &scheme.deductions {
        let mut cost = 0;
        for item in &one.items {
            let acts = left.iter().filter(|act| act.item == item.item && of_year(act, item.cycles));
            cost +=
                acts.map(|act| (hundredths(item.points) - repaired(act).unwrap_or(0)).max(0)).sum::<i64>();
        }
        sum -= cost.min(hundredths(one.cap));
    }
    let sum = Decimal::new(sum.clamp(0, hundredths(scheme.full)), 2);
    let mut place = scheme.grades.iter().position(|grade| grade.from <= sum).expect("from 0");
    for veto in &scheme.vetoes {
        let mut acts = left.iter().filter(|act| act.item == veto.item && of_year(act, veto.cycles));
        if acts.any(|act| repaired(act).is_none()) {
            place =
                place.max(scheme.grades.iter().position(|grade| grade.grade == veto.grade).expect("a grade"));
        }
    }
    Some((sum, place))
}

#[test]
fn a_replayed_score_is_the_stored_one_and_every_advice_reaches_its_grade() {
    let mut dice = Dice(2_082);
    let schemes = ["150100", "440100", "360100"].map(shipped);
    let (mut advised, mut unreached) = (0, 0);
    for number in 0..HISTORIES {
        let scheme = &schemes[number % 3];
        let items: Vec<&str> =
            scheme.deductions.iter().flat_map(|one| &one.items).map(|item| item.item.as_str()).collect();
        let vetoes = scheme.vetoes.iter().map(|veto| veto.item.as_str()).filter(|_| number % 4 == 0);
        let items: Vec<&str> = items.into_iter().chain(vetoes).collect();
        let (mut day, mut entries, mut stored) = (date("2024-11-01"), Vec::new(), Vec::new());
        if number % 8 > 0 {
            entries = measured(&mut dice, scheme, 0);
        }
        for _ in 0..1 + dice.roll(10) {
            let text = day.to_string();
            let new = next(&mut dice, scheme, &items, &entries, &text);
            entries.push(new);
            let later = dice.roll(50) as u64;
            if later > 0 {
                // The day is over: what the score is then stays what it was.
                stored.push((text.clone(), told(&entries, scheme, &text)));
                assert_eq!(
                    by_hand(&entries, scheme),
                    stored.last().expect("just pushed").1,
                    "{number}: {entries:#?}"
                );
            }
            day = day + Days::new(later);
        }
        if !stored.is_empty() {
            let (day, then) = &stored[dice.roll(stored.len())];
            assert_eq!(told(&entries, scheme, day), *then, "history {number} as of {day}");
        }
        // Advice takes longer to verify: one history in five, of every scheme, with and without vetoes.
        if number % 5 > 0 {
            continue;
        }
        let facts = facts(&entries, scheme, &day.to_string());
        let Ok(now) = score(&facts, scheme) else { continue };
        let advice = advise(&facts, scheme);
        advised += advice.len();
        unreached += usize::from(now.place > 0 && advice.is_empty());
        for one in &advice {
            keeps_its_word(one, now.place, &entries, (scheme, &day.to_string()));
        }
        if number % 25 == 0 {
            is_the_fewest(&advice, now.place, &facts, scheme);
        }
    }
    assert!(advised > HISTORIES / 50 && unreached == 0, "{advised} advices, {unreached} without any");
}

/// The changes, entered as an agency would enter them, reach the grade and the score; no part of them does.
fn keeps_its_word(advice: &Advice, place: usize, entries: &[Entry], (scheme, day): (&Scorecard, &str)) {
    let with = |changes: &[Change]| {
        let mut after = entries.to_vec();
        for change in changes {
            let at = after.len();
            after.push(match change {
                Change::Repair { entry_id, points, .. } => Entry {
                    matter_id: entry_id.clone(),
                    value: points.to_string(),
                    ..entry(at, EntryKind::ConductRepaired, day)
                },
                Change::Reach { indicator, value } => Entry {
                    item: indicator.clone(),
                    value: value.to_string(),
                    from_date: format!("{YEAR}-01-01"),
                    ..entry(at, EntryKind::GradeIndicator, day)
                },
            });
        }
        told(&after, scheme, day).expect("it has all values")
    };
    let (reached, better) = with(&advice.changes);
    assert_eq!((reached, better), (advice.score, advice.place), "{advice:?}");
    assert!(better < place, "{advice:?} from {place}");
    for at in 0..advice.changes.len() {
        let mut fewer = advice.changes.clone();
        fewer.remove(at);
        assert!(with(&fewer).1 >= place, "{advice:?} without {at}");
    }
    let mut less = advice.changes.clone();
    if let Some(Change::Repair { points, .. }) = less.last_mut() {
        let little = Decimal::new(2, 2);
        if *points > little {
            *points -= little;
            assert!(with(&less).1 >= place, "{advice:?} is more than it takes");
        }
    }
}

/// No smaller set of full changes reaches it, of all there are.
fn is_the_fewest(advice: &[Advice], place: usize, facts: &Facts, scheme: &Scorecard) {
    let repairs = scheme.deductions.iter().flat_map(|one| acts_of(one, facts));
    let repairs = repairs.chain(vetoed(facts, scheme).map(|(act, _)| (act, Decimal::ZERO)));
    let repairs = repairs.map(|(act, points)| Change::Repair {
        entry_id: act.entry_id.clone(),
        item: act.item.clone(),
        points,
    });
    let values =
        scheme.measured.iter().map(|one| Change::Reach { indicator: one.code.clone(), value: one.best });
    let all: Vec<Change> = repairs.chain(values).collect();
    if place == 0 || all.len() > 7 {
        return;
    }
    let subsets = (0_u32..1 << all.len()).filter_map(|mask| {
        let taken: Vec<Change> = all
            .iter()
            .enumerate()
            .filter(|(at, _)| mask >> at & 1 == 1)
            .map(|(_, change)| change.clone())
            .collect();
        let reached = score(&changed(facts, &taken), scheme).expect("all values").place < place;
        reached.then_some(taken)
    });
    let is_repair = |change: &Change| matches!(change, Change::Repair { .. });
    let (mut fewest, mut by_repair) = (usize::MAX, usize::MAX);
    for taken in subsets {
        fewest = fewest.min(taken.len());
        if taken.iter().all(is_repair) {
            by_repair = by_repair.min(taken.len());
        }
    }
    let of_advice = |advice: Option<usize>| advice.unwrap_or(usize::MAX);
    assert_eq!(of_advice(advice.iter().map(|one| one.changes.len()).min()), fewest, "{advice:?}");
    let repairs = advice.iter().filter(|one| one.changes.iter().all(is_repair)).map(|one| one.changes.len());
    assert_eq!(of_advice(repairs.min()), by_repair, "{advice:?}");
}
