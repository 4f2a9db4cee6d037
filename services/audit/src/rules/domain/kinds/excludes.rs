//! `excludes`: items that do not stand beside each other: one contains the other, drugs that interact, slices that conflict.

use rust_decimal::Decimal;
use yizhan_documents::At;

use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::document::words;
use crate::rules::domain::found::FoundLine;
use crate::rules::domain::items::Items;
use crate::rules::domain::window::{Place, Window};

/// An item and what does not stand beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Excludes {
    others: Items,
    within: Window,
    against: Against,
}

words! {
    /// Which lines are against the rule.
    Against {
        /// What is contained in the item: it is not charged beside it.
        Others = "others";
        /// Both.
        Both = "both";
    }
}

impl KindOfRule for Excludes {
    const NAME: &'static str = "excludes";
    const KEYS: &'static [&'static str] = &["others", "within", "against"];

    fn read(values: &Values) -> Option<Excludes> {
        let others = values.required("others", |at| Items::read(&at));
        let within = values.window("within");
        let against = values.optional("against", |at: At| at.code(Against::ALL, Against::word));
        Some(Excludes { others: others?, within: within?, against: against?.unwrap_or(Against::Others) })
    }

    fn may_repeat(&self) -> bool {
        true
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let mut lines = Vec::new();
        let mut pair = None;
        for on in hits {
            let Some(line) = on.line() else { continue };
            let one = Place { visit: case.visit, line };
            let mut beside = self.beside(case, one).peekable();
            let Some(first) = beside.peek().copied() else { continue };
            pair.get_or_insert((on, first.line));
            let here = beside.peek().is_some_and(|other| std::ptr::eq(other.visit, case.visit));
            let is_against = self.against == Against::Both || !here;
            lines.push(match is_against {
                true => case.against(line, Decimal::ONE),
                false => case.involved(case.visit, line),
            });
            for other in beside {
                let is_here = std::ptr::eq(other.visit, case.visit);
                lines.push(match is_here {
                    true => case.against(other.line, Decimal::ONE),
                    false => case.involved(other.visit, other.line),
                });
            }
        }
        let Some((on, other)) = pair else { return };
        let name = if other.name.is_empty() { &other.code } else { &other.name };
        let content = format!("{}与{}：{}不应并存", on.words(), name, self.within.words());
        let key = |line: &FoundLine| (line.mdtrt_id.clone(), line.number.clone(), !line.is_against);
        lines.sort_by_key(key);
        lines.dedup_by(|a, b| (&a.mdtrt_id, &a.number) == (&b.mdtrt_id, &b.number));
        found.push(case.found(on, "", lines, content));
    }

    fn looks_back(&self) -> u32 {
        self.within.looks_back()
    }
}

impl Excludes {
    /// What stands beside a line: in this visit, then in those before it.
    fn beside<'v>(&'v self, case: &'v Case<'v>, one: Place<'v>) -> impl Iterator<Item = Place<'v>> {
        let other_visits = if self.within.looks_back() > 0 { case.others } else { &[] };
        let visits = std::iter::once(case.visit).chain(other_visits.iter().copied());
        let all = visits.flat_map(|visit| visit.lines.iter().map(move |line| Place { visit, line }));
        all.filter(move |other| {
            let before = std::ptr::eq(other.visit, case.visit) || other.line.day <= one.line.day;
            before
                && self.others.are_of(other.line)
                && case.is_paid(other.visit, other.line)
                && !std::ptr::eq(other.line, one.line)
                && self.within.joins(one, *other)
        })
    }
}
