//! A draft tried on what was settled: each case under the draft beside what stands, each with the totals that the person's cases before
//! it came to under the same policy. Nothing is kept but sums, the cases that changed most, and one person's cases at a time.

mod carried;
mod report;

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use yizhan_documents::Documents;

use self::carried::{Carried, Totals};
pub use self::report::{Changed, Group, NotCompared, PayerSums, Report, Side, Tally};
use crate::case::{Accumulated, Case};
use crate::engine::{Refusal, settle};
use crate::keys::Key;
use crate::load::find;
use crate::model::{Member, Policy};
use crate::outcome::Outcome;

/// Years later at which cases may be settled under the draft, at most.
pub const MAX_YEARS_LATER: u32 = 20;

/// A case that was settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Whose it is; any name that no other person has.
    pub person: String,
    /// Its name, e.g. 结算ID.
    pub id: String,
    /// What was settled, as settlements record it.
    pub case: Case,
    /// What it added to the totals of its years, by policy year and accumulator. Absent: not known, and totals recorded in later cases of
    /// the person are not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<BTreeMap<NaiveDate, Accumulated>>,
}

/// How a draft is tried.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The draft settles each case as if it were so many whole years later: a draft for next year on the cases of this one.
    pub years_later: u32,
    /// Of the cases that changed, so many are told that gain most, and as many that lose most.
    pub most: usize,
}

/// A trial under way.
pub struct Trial<'p, S> {
    draft: &'p Policy,
    beside: Option<Documents<Policy>>,
    standing: S,
    options: Options,
    report: report::Builder,
}

impl<'p, S> Trial<'p, S>
where
    S: Fn(&Stored) -> Result<&'p Policy, String>,
{
    /// Begins. `standing` tells the policy that a case is compared with, or why there is none.
    pub fn new(draft: &'p Policy, standing: S, options: Options) -> Trial<'p, S> {
        Trial { draft, beside: None, standing, options, report: report::Builder::new(draft, options) }
    }

    /// With the documents that the draft stands beside, a product beside others or others beside it: cases are settled under all of them.
    #[must_use]
    pub fn beside(self, mut book: Documents<Policy>) -> Trial<'p, S> {
        book.publish(self.draft.clone());
        Trial { beside: Some(book), ..self }
    }

    /// All cases of one person, in the order they were settled.
    pub fn person(&mut self, cases: Vec<Stored>) {
        let mut carried = Both::default();
        let mut sums = Vec::new();
        let mut recorded = Totals::default();
        let superseded = superseded(&cases);
        for (stored, superseded) in cases.iter().zip(superseded) {
            if !superseded {
                let compared = self.case(stored, &recorded, &mut carried);
                sums.extend(compared);
            }
            recorded.add(stored.added.iter().flatten().flat_map(|(year, added)| {
                added.iter().map(move |(name, added)| (*year, name.as_str(), *added))
            }));
        }
        self.report.person(&sums);
    }

    /// What came of all.
    pub fn report(self) -> Report {
        self.report.finish()
    }

    /// Settles a case under both; what it changes for the person, where both can.
    fn case(&mut self, stored: &Stored, recorded: &Totals, carried: &mut Both) -> Option<i64> {
        let of_draft =
            |case: &Case| self.draft.areas.contains(&case.area) && self.draft.schemes.contains(&case.scheme);
        let book = self.beside.take();
        let found = book.as_ref().and_then(|book| self.found(book, &stored.case));
        // A product settles nothing by itself.
        let draft = found.unwrap_or(self.draft);
        let difference = match of_draft(&stored.case) && !draft.is_product() {
            true => self.case_under(draft, stored, recorded, carried),
            false => {
                self.report.of_others();
                None
            }
        };
        self.beside = book;
        difference
    }

    /// What the draft and the documents beside it say together of a case.
    fn found<'b>(&self, book: &'b Documents<Policy>, case: &Case) -> Option<&'b Policy> {
        let day = moved(case.visit.values_day(), self.options.years_later);
        let found = find(book, case.area, case.scheme, day).ok()?;
        let is_draft = |of: &Member| of.id == self.draft.id && of.version == self.draft.version;
        Some(found).filter(|found| found.together.of.iter().any(is_draft))
    }

    fn case_under(
        &mut self,
        draft: &Policy,
        stored: &Stored,
        recorded: &Totals,
        carried: &mut Both,
    ) -> Option<i64> {
        let standing = match (self.standing)(stored) {
            Ok(standing) => standing,
            Err(_) => {
                self.report.not_compared(stored, Side::Standing, "NO_POLICY");
                return None;
            }
        };
        let whole = whole(&stored.case);
        let base = carried::base(stored, recorded);
        let told = stored.added.is_some();
        let before = carried.standing.case(&whole, base.clone(), told);
        let base = later_base(base, self.options);
        let after = carried.draft.case(&later(whole, self.options.years_later), base, told);
        let (old, new) = (settle(standing, &before), settle(draft, &after));
        let recorded = &stored.case.accumulated;
        if !told && !recorded.is_empty() && *recorded != before.accumulated {
            self.report.totals_not_used();
        }
        let difference = self.compare(stored, &old, &new);
        if let Ok(outcome) = &old {
            carried.standing.settled(stored, &before, outcome);
        }
        if let Ok(outcome) = &new {
            carried.draft.settled(stored, &after, outcome);
        }
        difference
    }

    fn compare(
        &mut self,
        stored: &Stored,
        old: &Result<Outcome<'_>, Refusal>,
        new: &Result<Outcome<'_>, Refusal>,
    ) -> Option<i64> {
        match (old, new) {
            (Ok(old), Ok(new)) => Some(self.report.compared(stored, old, new)),
            (Ok(_), Err(refusal)) => {
                self.report.not_compared(stored, Side::Draft, refusal.reason().code());
                None
            }
            (Err(refusal), Ok(_)) => {
                self.report.not_compared(stored, Side::Standing, refusal.reason().code());
                None
            }
            (Err(_), Err(refusal)) => {
                self.report.not_compared(stored, Side::Both, refusal.reason().code());
                None
            }
        }
    }
}

/// What both sides carry through a person's cases.
#[derive(Default)]
struct Both {
    standing: Carried,
    draft: Carried,
}

/// Of a stay that was settled in parts (中途结算) only the last part, which tells all of it, is compared.
fn superseded(cases: &[Stored]) -> Vec<bool> {
    let goes_on = |index: usize| {
        let visit = &cases[index].case.visit;
        cases[index + 1..].iter().any(|later| {
            let same = later.case.visit.begin == visit.begin && later.case.visit.care == visit.care;
            same && later
                .case
                .earlier
                .as_ref()
                .is_some_and(|_| later.case.lines.len() >= cases[index].case.lines.len())
        })
    };
    (0..cases.len()).map(goes_on).collect()
}

/// The case as if nothing of its stay had been settled before.
fn whole(case: &Case) -> Case {
    let mut whole = Case { earlier: None, ..case.clone() };
    whole.lines.iter_mut().for_each(|line| line.earlier = None);
    whole
}

fn later_base(base: BTreeMap<NaiveDate, Accumulated>, options: Options) -> BTreeMap<NaiveDate, Accumulated> {
    let later = |(key, total): (String, i64)| (Key::of(&key).years_later(options.years_later), total);
    let totals = |totals: Accumulated| totals.into_iter().map(later).collect();
    base.into_iter().map(|(year, held)| (moved(year, options.years_later), totals(held))).collect()
}

/// The case as it would be so many years later.
fn later(mut case: Case, years: u32) -> Case {
    if years == 0 {
        return case;
    }
    let move_day = |day: &mut NaiveDate| *day = moved(*day, years);
    let visit = &mut case.visit;
    move_day(&mut visit.begin);
    move_day(&mut visit.end);
    visit.not_covered.iter_mut().for_each(|out| {
        move_day(&mut out.from);
        move_day(&mut out.to);
    });
    visit.previous.iter_mut().for_each(|previous| move_day(&mut previous.end));
    visit.disease.iter_mut().filter_map(|disease| disease.since.as_mut()).for_each(move_day);
    case.lines.iter_mut().filter_map(|line| line.day.as_mut()).for_each(move_day);
    if let Some(continuity) = &mut case.person.continuity {
        let by = i32::try_from(years).unwrap_or_default();
        for known in [&mut continuity.zero_claim_years, &mut continuity.open_years] {
            *known = known.iter().map(|year| year.saturating_add(by)).collect();
        }
    }
    case
}

/// The day so many years later; 29 February becomes the 28th where there is none.
fn moved(day: NaiveDate, years: u32) -> NaiveDate {
    day.checked_add_months(Months::new(years.min(MAX_YEARS_LATER) * 12)).unwrap_or(day)
}
