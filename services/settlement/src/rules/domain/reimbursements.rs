//! 零星报销: what a reimbursement needs, by when it is done, at which rate where care away from home was not settled directly, and when the
//! area pays.

use chrono::{Datelike, Months, NaiveDate};
use yizhan_documents::calendar::WorkingDays;
use yizhan_documents::{Map, TREATMENT, rule, value};
use yizhan_terms::Treatment;

use super::{Handling, SettlementFamilies, handling};

rule! {
    /// Reimbursements. The rule of the day an application was taken in counts.
    pub struct Reimbursements {
        /// Working days from intake on.
        working_days: u32 = number(1, 250);
        /// Until when they count.
        counted_until: CountedUntil = counted_until;
        /// Due within so many working days is soon.
        due_soon_days: u32 = number(0, 250);
        /// Working days for what lacks.
        supplement_days: u32 = number(1, 250);
        /// Whether waiting for it counts.
        supplement_counts: bool = flag;
        /// Days from the end of a visit within which it is brought.
        bring_within_days: u32 = number(1, 3_660);
        /// Days of a month on which the area pays, or the next working day.
        run_days: Vec<u32> = run_days;
        /// Papers of any visit, by name.
        papers: Vec<String> = names;
        /// Those of a stay besides.
        stay_papers: Vec<String> = names;
        /// 急诊抢救 at an institution without a contract; anything else there is refused.
        emergency_without_contract: Handling = handling;
        /// Whose catalogue decides.
        catalogue: Catalogue = catalogue;
        /// What applies to care away from home that filing does not let be settled directly; none: it is refused.
        not_direct: Option<Treatment> = not_direct;
    }
}

/// Until when working days count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedUntil {
    /// Until it is decided.
    Decided,
    /// Until it is paid.
    Paid,
}

impl CountedUntil {
    const ALL: &'static [CountedUntil] = &[CountedUntil::Decided, CountedUntil::Paid];

    const fn code(self) -> &'static str {
        match self {
            CountedUntil::Decided => "decided",
            CountedUntil::Paid => "paid",
        }
    }
}

/// Whose catalogue decides about lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catalogue {
    /// 参保地
    Home,
    /// 就医地
    Care,
}

impl Catalogue {
    const ALL: &'static [Catalogue] = &[Catalogue::Home, Catalogue::Care];

    const fn code(self) -> &'static str {
        match self {
            Catalogue::Home => "home",
            Catalogue::Care => "care",
        }
    }
}

impl Reimbursements {
    /// The first day on which the area pays that is not before a day: a day of the rule, moved to the next working day.
    pub fn run_from(&self, day: NaiveDate, days: WorkingDays<'_, SettlementFamilies>) -> Option<NaiveDate> {
        // One of the month before may have been moved into this one.
        let first = day.with_day(1)?.checked_sub_months(Months::new(1))?;
        let months = (0..3).filter_map(|month| first.checked_add_months(Months::new(month)));
        let named =
            months.flat_map(|month| self.run_days.iter().filter_map(move |day| in_month(month, *day)));
        let moved = named.map(|day| if days.is_working_day(day).0 { day } else { days.add(day, 1).0 });
        moved.filter(|run| *run >= day).min()
    }
}

/// A day of a month, or its last where it is shorter.
fn in_month(first: NaiveDate, day: u32) -> Option<NaiveDate> {
    let last = first.checked_add_months(Months::new(1))?.pred_opt()?.day();
    first.with_day(day.min(last))
}

fn counted_until(map: &Map, key: &str) -> Option<CountedUntil> {
    map.required(key, |at| at.code(CountedUntil::ALL, CountedUntil::code))
}

fn catalogue(map: &Map, key: &str) -> Option<Catalogue> {
    map.required(key, |at| at.code(Catalogue::ALL, Catalogue::code))
}

fn flag(map: &Map, key: &str) -> Option<bool> {
    map.required(key, |at| at.boolean())
}

fn not_direct(map: &Map, key: &str) -> Option<Option<Treatment>> {
    map.optional(key, |at| (TREATMENT.read)(&at.map(TREATMENT.keys)?))
}

fn number(lowest: i64, highest: i64) -> impl Fn(&Map, &str) -> Option<u32> {
    move |map, key| map.required(key, |at| value::whole(at, lowest, highest))?.try_into().ok()
}

fn run_days(map: &Map, key: &str) -> Option<Vec<u32>> {
    map.required(key, |at| at.set_of(|at| value::whole(at, 1, 31)?.try_into().ok()))
}

fn names(map: &Map, key: &str) -> Option<Vec<String>> {
    let listed = map.optional(key, |at| at.set_of(|at| at.text().map(str::to_owned)))?;
    Some(listed.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::{Rules, embedded_texts};
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_area_pays_on_its_days_or_the_next_working_day() {
        let read =
            |(name, text): &(&str, &str)| yizhan_documents::load(name, text).expect("a shipped document");
        let rules: Rules = embedded_texts().iter().map(read).collect();
        let area = yizhan_terms::Area::parse("430200").unwrap();
        let rule = &rules.find::<Reimbursements>(area, day("2026-01-01")).unwrap().rule;
        let next = |from: &str, run_days: &[u32]| {
            let rule = Reimbursements { run_days: run_days.to_vec(), ..rule.clone() };
            rule.run_from(day(from), WorkingDays::of(&rules, area)).unwrap().to_string()
        };
        // The 10th of January 2026 is a Saturday, the 25th a Sunday.
        for (from, run) in [
            ("2026-01-01", "2026-01-12"),
            ("2026-01-12", "2026-01-12"),
            ("2026-01-13", "2026-01-26"),
            ("2026-01-27", "2026-02-10"),
            // 中秋, and a Saturday that is worked on.
            ("2026-09-25", "2026-09-28"),
            ("2026-09-29", "2026-10-10"),
        ] {
            assert_eq!(next(from, &[10, 25]), run, "{from}");
        }
        // The 31st of January is a Saturday: it is paid in February; a short month pays on its last day.
        assert_eq!(next("2026-02-01", &[31]), "2026-02-02");
        assert_eq!(next("2026-02-03", &[31]), "2026-02-28");
    }
}
