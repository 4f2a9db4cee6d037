//! `trace`: 药品追溯码 of a drug: missing, of another item, in two places.

use std::collections::HashSet;

use rust_decimal::Decimal;
use yizhan_documents::{Kind, value};

use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::document::words;
use crate::rules::domain::found::FoundLine;
use crate::rules::domain::items::Items;
use crate::rules::domain::window::Place;
use crate::rules::domain::{Line, Visit};

/// A check of the codes of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    check: Check,
    /// 药品标识码 of the item: what its codes begin with.
    marks: Option<Items>,
    /// Days before a visit in which its codes must not have been used.
    days: u32,
}

words! {
    /// What is checked.
    Check {
        /// A line that needs a code has none.
        Missing = "missing";
        /// A code of another item.
        Foreign = "foreign";
        /// A code that was used before, in this visit or another; parts of a split pack stand beside each other.
        Twice = "twice";
    }
}

impl KindOfRule for Trace {
    const NAME: &'static str = "trace";
    const KEYS: &'static [&'static str] = &["check", "marks", "days"];

    fn read(values: &Values) -> Option<Trace> {
        let check = values.required("check", |at| at.code(Check::ALL, Check::word));
        let marks = values.optional("marks", |at| Items::read(&at));
        let days = values.optional("days", |at| value::whole(at, 0, 366));
        let (check, marks, days) = (check?, marks?, days?);
        if (check == Check::Foreign) != marks.is_some() {
            return values.missing(Kind::MissingKey, "`marks` and `check: foreign` need each other");
        }
        let days = days.and_then(|days| u32::try_from(days).ok()).unwrap_or_default();
        Some(Trace { check, marks, days })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let lines: Vec<&Line> = hits.iter().filter_map(On::line).collect();
        let of_one = |wrong: fn(&Trace, &Line) -> bool| -> Vec<FoundLine> {
            let against = lines.iter().filter(|line| wrong(self, line));
            against.map(|line| case.against(line, Decimal::ONE)).collect()
        };
        let (against, why) = match self.check {
            Check::Missing => (of_one(|_, line| line.trace_codes.is_empty()), "缺追溯码"),
            Check::Foreign => (of_one(Trace::is_foreign), "追溯码与药品不符"),
            Check::Twice => (self.used_before(case, &lines), "追溯码重复结算"),
        };
        if let Some(on) = hits.first().filter(|_| !against.is_empty()) {
            found.push(case.found(on, "", against, format!("{}：{why}", on.words())));
        }
    }

    fn looks_back(&self) -> u32 {
        self.days
    }

    /// An item has several checks.
    fn may_repeat(&self) -> bool {
        true
    }
}

impl Trace {
    fn is_foreign(&self, line: &Line) -> bool {
        let Some(marks) = &self.marks else { return false };
        line.trace_codes.iter().any(|(code, _)| !marks.has(code))
    }

    /// Lines with a code that a line before has: of this visit, or of a visit before it; and those lines.
    fn used_before(&self, case: &Case, lines: &[&Line]) -> Vec<FoundLine> {
        let before = case.others.iter().filter(|other| {
            let days = (case.visit.begin - other.begin).num_days();
            comes_before(other, case.visit) && days <= i64::from(self.days)
        });
        let used: Vec<Place> =
            before.flat_map(|visit| visit.lines.iter().map(|line| Place { visit, line })).collect();
        let mut against = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let here = lines.iter().take(index).map(|other| Place { visit: case.visit, line: other });
            let mut shared =
                here.chain(used.iter().copied()).filter(|other| shares_whole(line, other.line)).peekable();
            if shared.peek().is_some() || has_twice(line) {
                against.push(case.against(line, Decimal::ONE));
                against.extend(shared.map(|other| case.involved(other.visit, other.line)));
            }
        }
        against
    }
}

/// Whether they share a code that was not given in parts both times.
fn shares_whole(line: &Line, other: &Line) -> bool {
    line.trace_codes
        .iter()
        .any(|(code, split)| other.trace_codes.iter().any(|(used, part)| used == code && !(*split && *part)))
}

fn has_twice(line: &Line) -> bool {
    let mut known = HashSet::new();
    line.trace_codes.iter().any(|(code, split)| !known.insert(code) && !split)
}

/// Of two visits of a person the one that is there first.
pub fn comes_before(one: &Visit, other: &Visit) -> bool {
    (one.begin, one.end, &one.mdtrt_id) < (other.begin, other.end, &other.mdtrt_id)
}
