//! `requires`: an item, a diagnosis or an operation that does not stand without another. `listed`: what may be used for a disease.

use yizhan_documents::Kind;

use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::Line;
use crate::rules::domain::found::Thing;
use crate::rules::domain::items::Items;
use crate::rules::domain::window::{Place, Window};

/// `requires`: an item and what must be beside it; one of all that is named is enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Requires {
    needs: Option<Items>,
    needs_operations: Option<Items>,
    within: Window,
}

impl KindOfRule for Requires {
    const NAME: &'static str = "requires";
    const KEYS: &'static [&'static str] = &["needs", "needs_operations", "within"];
    const ABOUT: &'static [&'static str] = &["code", "diagnosis", "operation"];

    fn read(values: &Values) -> Option<Requires> {
        let needs = values.optional("needs", |at| Items::read(&at));
        let needs_operations = values.optional("needs_operations", |at| Items::read(&at));
        let within = values.window("within");
        let (needs, needs_operations) = (needs?, needs_operations?);
        if needs.is_none() && needs_operations.is_none() {
            return values.missing(Kind::MissingKey, "one of `needs`, `needs_operations` is missing");
        }
        Some(Requires { needs, needs_operations, within: within? })
    }

    fn may_repeat(&self) -> bool {
        true
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let operations = self.needs_operations.as_ref();
        if operations.is_some_and(|items| case.visit.operations.iter().any(|done| items.has(&done.code))) {
            return;
        }
        let against: Vec<On> = hits.iter().filter(|on| !self.is_met(case, on.thing)).copied().collect();
        let Some(first) = against.first() else { return };
        let needs = [&self.needs, &self.needs_operations].into_iter().flatten().map(Items::words);
        let needs = needs.collect::<Vec<_>>().join(" 或 ");
        found.extend(case.found_whole(&against, format!("{}：缺少相应的 {needs}", first.words())));
    }

    fn looks_back(&self) -> u32 {
        self.within.looks_back()
    }
}

impl Requires {
    fn is_met(&self, case: &Case, thing: Thing) -> bool {
        let Some(needs) = &self.needs else { return false };
        let visit = case.visit;
        let met_by = |other: Place| match thing {
            Thing::Line(line) => self.within.joins(Place { visit, line }, other),
            _ => std::ptr::eq(visit, other.visit),
        };
        let others = if self.within.looks_back() > 0 { case.others } else { &[] };
        let mut visits = std::iter::once(visit).chain(others.iter().copied());
        visits.any(|visit| {
            let mut needed = visit.lines.iter().filter(|line| needs.are_of(line));
            needed.any(|line| met_by(Place { visit, line }))
        })
    }
}

/// `listed`: of `items` that are used for a disease only those of its list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    diseases: Items,
    list: Items,
}

impl KindOfRule for Listed {
    const NAME: &'static str = "listed";
    const KEYS: &'static [&'static str] = &["diseases", "list"];

    fn read(values: &Values) -> Option<Listed> {
        let diseases = values.required("diseases", |at| Items::read(&at));
        let list = values.required("list", |at| Items::read(&at));
        Some(Listed { diseases: diseases?, list: list? })
    }

    fn may_repeat(&self) -> bool {
        true
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        if case.visit.disease.is_empty() || !self.diseases.has(&case.visit.disease) {
            return;
        }
        let is_listed = |line: &Line| self.list.are_of(line);
        let outside = hits.iter().filter(|on| on.line().is_some_and(|line| !is_listed(line)));
        let against: Vec<On> = outside.copied().collect();
        let Some(first) = against.first() else { return };
        let content = format!("{}：不在病种 {} 的用药目录内", first.words(), case.visit.disease);
        found.extend(case.found_whole(&against, content));
    }
}
