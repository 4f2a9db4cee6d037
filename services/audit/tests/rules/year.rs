//! Detection over a synthetic year: persons, institutions and visits that follow from a seed, violations of every rule that comes with the service put
//! among them, each labelled where it is put, and lawful visits that look like them. The visits are screened as settled ones are; what is
//! found is compared with the labels, rule by rule. Both READMEs hold the table: `YIZHAN_WRITE=1` writes it.

mod care;
mod frequent;
mod injected;
mod institutions;
mod score;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use yizhan_audit::rules::{AuditRule, Rulebook, Stage, Visit, rulebook};
use yizhan_documents::Documents;

use score::Score;

const SEED: u64 = 2026;
/// Persons who are ill as people are.
const PEOPLE: usize = 6_000;

/// SplitMix64: the same numbers from the same seed.
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to below so many.
    pub fn below(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    /// The same, the first ones much more often than the last.
    pub fn skewed(&mut self, sides: u64) -> u64 {
        let most = self.below(sides) + 1;
        self.below(most)
    }

    pub fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// A day of the year, with so many behind it.
    pub fn day(&mut self, behind: u64) -> NaiveDate {
        new_year() + Days::new(self.below(365 - behind))
    }
}

pub fn new_year() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()
}

/// What happened, and what of it is against which rules.
#[derive(Default)]
pub struct Year {
    /// By person.
    visits: BTreeMap<String, Vec<Visit>>,
    /// 就诊ID and 规则编码.
    against: BTreeSet<(String, String)>,
    /// The same of an institution's month, as `H43020000001 2026-05`.
    months: BTreeSet<(String, String)>,
    /// Visits so far.
    count: usize,
    /// Violations put in.
    pub injected: usize,
    /// Lawful visits put in because they look like violations.
    pub look_alikes: usize,
}

impl Year {
    fn of(seed: u64) -> Year {
        let (mut year, mut dice) = (Year::default(), Dice(seed));
        (0..PEOPLE).for_each(|number| care::live(&mut year, &mut dice, number));
        injected::inject(&mut year, &mut dice);
        institutions::push(&mut year, &mut dice);
        year.visits
            .values_mut()
            .for_each(|visits| visits.sort_by(|a, b| (a.end, &a.setl_id).cmp(&(b.end, &b.setl_id))));
        year
    }

    /// Writes a visit down, under a number of its own.
    pub fn add(&mut self, mut visit: Visit) -> String {
        self.count += 1;
        visit.mdtrt_id = format!("M{:07}", self.count);
        visit.setl_id = format!("S{:07}", self.count);
        for (at, line) in visit.lines.iter_mut().enumerate() {
            line.number = format!("{}-{}", visit.mdtrt_id, at + 1);
        }
        let mdtrt_id = visit.mdtrt_id.clone();
        self.visits.entry(visit.psn_no.clone()).or_default().push(visit);
        mdtrt_id
    }

    /// A number for somebody new.
    pub fn newcomer(&self) -> String {
        format!("N{:07}", self.count)
    }

    /// Says that a visit is against a rule.
    pub fn label(&mut self, mdtrt_id: &str, rule: &str) {
        self.against.insert((mdtrt_id.to_owned(), rule.to_owned()));
    }
}

/// What the rules of a stage find in a person's visits, as screening asks them: each with the others that end as far back as rules look, or later.
fn screen(visits: &[Visit], at: usize, book: &Rulebook, stage: Stage) -> Vec<String> {
    let visit = &visits[at];
    let since = visit.begin - Days::new(book.look_back().into());
    let first = visits.partition_point(|one| one.end < since);
    book.check(visit, &visits[first..], stage).into_iter().map(|found| found.rule.rule.clone()).collect()
}

#[test]
fn what_is_found_in_a_year_and_what_is_not() {
    let year = Year::of(SEED);
    let documents = Documents::<AuditRule>::embedded();
    let mut found = BTreeSet::new();
    let mut sums: BTreeMap<(String, String, String), [i64; 2]> = BTreeMap::new();
    for visits in year.visits.values() {
        for (at, visit) in visits.iter().enumerate() {
            let book = rulebook(&documents, visit.area);
            let here: BTreeSet<String> = screen(visits, at, &book, Stage::After).into_iter().collect();
            // What the first two lines of defence find of it the third finds too.
            if !here.is_empty() {
                for stage in [Stage::Before, Stage::During] {
                    let now = screen(visits, at, &book, stage);
                    assert!(now.iter().all(|rule| here.contains(rule)), "{now:?} of {}", visit.mdtrt_id);
                }
            }
            found.extend(here.into_iter().map(|rule| (visit.mdtrt_id.clone(), rule)));
            for statistic in book.statistics().filter(|_| visit.area.as_str() == "430200") {
                let Some([part, total]) = statistic.addends(visit) else { continue };
                let key = (
                    visit.institution.clone(),
                    visit.end.to_string()[..7].to_owned(),
                    statistic.rule.rule.clone(),
                );
                let sum = sums.entry(key).or_default();
                *sum = [sum[0] + part, sum[1] + total];
            }
        }
    }
    let book = rulebook(&documents, "430200".parse().unwrap());
    let mut months = BTreeSet::new();
    for statistic in book.statistics() {
        let of_rule = sums.iter().filter(|((_, _, rule), _)| *rule == statistic.rule.rule);
        let over = of_rule.filter(|(_, sum)| statistic.found(**sum, (0, [0, 0])).is_some());
        months.extend(
            over.map(|((institution, month, rule), _)| (format!("{institution} {month}"), rule.clone())),
        );
    }
    let scores = Score::of_all(&documents, (&year.against, &found), (&year.months, &months));
    if std::env::var("YIZHAN_SHOW").is_ok() {
        score::show(&year, (&year.against, &found), (&year.months, &months));
    }
    for score in scores.values() {
        assert!(score.labelled > 0, "no violation of {} was put in", score.rule);
        assert!(!score.is_deterministic || score.is_perfect(), "{score:?}");
    }
    score::in_the_readmes(&year, &scores);
}
