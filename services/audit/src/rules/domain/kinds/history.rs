//! Rules about the visits of a person: `visits` that are too many, `readmission` soon after a discharge, `overlap` of two stays.

use chrono::Datelike;
use yizhan_documents::value;

use super::trace::comes_before;
use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::Visit;
use crate::rules::domain::window::Window;

const NO_ITEMS: &[&str] = &[];

/// `visits`: more than so many in a day, a month, some days in a row. What the rule asks of a visit it asks of each that is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Visits {
    most: usize,
    within: Window,
}

impl KindOfRule for Visits {
    const NAME: &'static str = "visits";
    const KEYS: &'static [&'static str] = &["most", "within"];
    const ABOUT: &'static [&'static str] = NO_ITEMS;

    fn read(values: &Values) -> Option<Visits> {
        let most = values.required("most", |at| value::whole(at, 1, 1000));
        let within = values.window("within");
        Some(Visits { most: usize::try_from(most?).ok()?, within: within? })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let Some(on) = hits.first() else { return };
        let counted = case.others.iter().filter(|other| {
            comes_before(other, case.visit)
                && self.joins(other, case.visit)
                && case.is_asked(on.point, other, None)
        });
        let count = counted.count() + 1;
        if count > self.most {
            let content = format!("{}就诊第 {count} 次，限 {} 次", self.within.words(), self.most);
            found.push(case.found(on, "visits", Vec::new(), content));
        }
    }

    fn looks_back(&self) -> u32 {
        self.within.looks_back().max(1)
    }
}

impl Visits {
    fn joins(&self, other: &Visit, visit: &Visit) -> bool {
        let (before, day) = (other.begin, visit.begin);
        match self.within {
            Window::Days(days) => (day - before).num_days() < i64::from(days),
            Window::Month => (before.year(), before.month()) == (day.year(), day.month()),
            Window::Year => before.year() == day.year(),
            _ => before == day,
        }
    }
}

/// `readmission`: admitted again within so many days after leaving. What the rule exempts (radio- and chemotherapy, dialysis, emergencies,
/// transfers) is asked of the stay that began again.
#[derive(Clone, Debug, PartialEq)]
pub struct Readmission {
    days: i64,
    same_institution: bool,
    same_diagnosis: bool,
}

impl KindOfRule for Readmission {
    const NAME: &'static str = "readmission";
    const KEYS: &'static [&'static str] = &["days", "same_institution", "same_diagnosis"];
    const ABOUT: &'static [&'static str] = NO_ITEMS;

    fn read(values: &Values) -> Option<Readmission> {
        let days = values.required("days", |at| value::whole(at, 0, 366));
        let same_institution = values.optional("same_institution", |at| at.boolean());
        let same_diagnosis = values.optional("same_diagnosis", |at| at.boolean());
        Some(Readmission {
            days: days?,
            same_institution: same_institution?.unwrap_or(true),
            same_diagnosis: same_diagnosis?.unwrap_or_default(),
        })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let Some(on) = hits.first().filter(|_| case.visit.med_type.is_stay()) else { return };
        let before = case.others.iter().filter(|other| self.is_continued(other, case.visit));
        if let Some(other) = before.max_by_key(|other| other.end) {
            let gap = (case.visit.begin - other.end).num_days();
            let content = format!("出院 {gap} 天后再次住院（前次就诊 {}）", other.mdtrt_id);
            found.push(case.found(on, "readmission", Vec::new(), content));
        }
    }

    fn looks_back(&self) -> u32 {
        u32::try_from(self.days).unwrap_or_default()
    }
}

impl Readmission {
    fn is_continued(&self, other: &Visit, visit: &Visit) -> bool {
        let gap = (visit.begin - other.end).num_days();
        other.med_type.is_stay()
            && comes_before(other, visit)
            && (0..=self.days).contains(&gap)
            && (!self.same_institution || other.institution == visit.institution)
            && (!self.same_diagnosis || category(other).zip(category(visit)).is_some_and(|(a, b)| a == b))
    }
}

/// The category (3 characters) of the main diagnosis.
fn category(visit: &Visit) -> Option<&str> {
    visit.diagnoses.first().and_then(|diagnosis| diagnosis.code.get(..3))
}

/// `overlap`: a stay on days of another, at another institution. The day on which one ends and the other begins is both's (转院).
#[derive(Clone, Debug, PartialEq)]
pub struct Overlap {
    /// Days on which both must be.
    days: i64,
}

impl KindOfRule for Overlap {
    const NAME: &'static str = "overlap";
    const KEYS: &'static [&'static str] = &["days"];
    const ABOUT: &'static [&'static str] = NO_ITEMS;

    fn read(values: &Values) -> Option<Overlap> {
        let days = values.optional("days", |at| value::whole(at, 1, 60))?;
        Some(Overlap { days: days.unwrap_or(1) })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let Some(on) = hits.first().filter(|_| case.visit.med_type.is_stay()) else { return };
        let other = case.others.iter().find(|other| {
            let nights = (other.end.min(case.visit.end) - other.begin.max(case.visit.begin)).num_days();
            other.med_type.is_stay()
                && other.institution != case.visit.institution
                && comes_before(other, case.visit)
                && nights >= self.days
        });
        if let Some(other) = other {
            let content = format!("与 {} 的住院（就诊 {}）日期重叠", other.institution, other.mdtrt_id);
            found.push(case.found(on, "overlap", Vec::new(), content));
        }
    }

    fn looks_back(&self) -> u32 {
        1
    }
}
