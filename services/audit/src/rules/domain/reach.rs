//! Which document of a rule holds in an area on which days: an area's takes the place of that of its city, its province, the nation; of one area
//! the latest published goes first.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use yizhan_documents::{Documents, Period};
use yizhan_terms::Area;

use super::document::{AuditRule, Life};

/// A document and the days on which it holds, never none.
pub type Holding = (Arc<AuditRule>, Vec<Period>);

/// The documents that hold in an area: those in force or retired among each other, and those in shadow among all. One in shadow takes no
/// other's place; one in force that is nearer or later takes the place of one in shadow.
pub fn holding(documents: &Documents<AuditRule>, area: Area) -> Vec<Holding> {
    let mut rules: BTreeMap<&str, Vec<&Arc<AuditRule>>> = BTreeMap::new();
    for document in documents.documents().iter().rev().filter(|document| document.area.covers(area)) {
        rules.entry(&document.rule).or_default().push(document);
    }
    let mut holding = Vec::new();
    for of_rule in rules.values() {
        let counting = |life: Life| matches!(life, Life::Active | Life::Retired);
        let (active, all) =
            (resolve(of_rule, area, counting), resolve(of_rule, area, |life| life != Life::Draft));
        holding.extend(active.into_iter().filter(|(document, _)| document.life == Life::Active));
        holding.extend(all.into_iter().filter(|(document, _)| document.life == Life::Shadow));
    }
    holding
}

/// Those of one rule, latest first, each with the days that none nearer or later takes.
fn resolve(documents: &[&Arc<AuditRule>], area: Area, counts: impl Fn(Life) -> bool) -> Vec<Holding> {
    let mut free = vec![Period { from: NaiveDate::MIN, to: None }];
    let mut holding = Vec::new();
    for around in area.around() {
        let here = documents.iter().filter(|document| document.area == around && counts(document.life));
        let mut taken: Vec<(&str, Period)> = Vec::new();
        for document in here {
            let later = taken.iter().filter(|(id, _)| *id == document.id).map(|(_, period)| *period);
            let days: Vec<Period> = free.iter().filter_map(|days| both(days, &document.period)).collect();
            let days = later.fold(days, |days, period| without(&days, period));
            taken.push((&document.id, document.period));
            if !days.is_empty() {
                holding.push(((*document).clone(), days));
            }
        }
        free = taken.iter().fold(free, |free, (_, period)| without(&free, *period));
    }
    holding
}

/// The days of both.
fn both(one: &Period, other: &Period) -> Option<Period> {
    let ends = [one.to, other.to].into_iter().flatten().min();
    let both = Period { from: one.from.max(other.from), to: ends };
    one.overlaps(other).then_some(both)
}

/// Days without those of a period.
fn without(days: &[Period], taken: Period) -> Vec<Period> {
    let before =
        taken.from.checked_sub_days(Days::new(1)).map(|to| Period { from: NaiveDate::MIN, to: Some(to) });
    let behind =
        taken.to.and_then(|to| to.checked_add_days(Days::new(1))).map(|from| Period { from, to: None });
    let left = |days: &Period| {
        [before, behind].into_iter().flatten().filter_map(|left| both(days, &left)).collect::<Vec<_>>()
    };
    days.iter().flat_map(left).collect()
}
