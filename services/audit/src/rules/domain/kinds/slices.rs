//! `alone`: 中药饮片 that are not paid where a recipe has nothing else.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::Line;
use crate::rules::domain::items::Items;

/// A recipe whose slices are all of the list is against the rule; one other slice clears it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alone {
    /// What is a slice.
    among: Items,
}

impl KindOfRule for Alone {
    const NAME: &'static str = "alone";
    const KEYS: &'static [&'static str] = &["among"];
    const TOGETHER: bool = true;

    fn read(values: &Values) -> Option<Alone> {
        Some(Alone { among: values.required("among", |at| Items::read(&at))? })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let listed: HashSet<&str> =
            hits.iter().filter_map(On::line).map(|line| line.number.as_str()).collect();
        let mut asked = HashSet::new();
        for on in hits {
            let Some(line) = on.line().filter(|line| !line.recipe.is_empty()) else { continue };
            if !asked.insert(line.recipe.as_str()) {
                continue;
            }
            let of_recipe = |other: &&Line| {
                other.recipe == line.recipe && self.among.are_of(other) && case.is_paid(case.visit, other)
            };
            let mut slices = case.visit.lines.iter().filter(of_recipe).peekable();
            if slices.peek().is_some() && slices.clone().all(|slice| listed.contains(slice.number.as_str())) {
                let lines = slices.map(|slice| case.against(slice, Decimal::ONE)).collect();
                let content = format!("处方 {}：所用饮片单方使用均不予支付", line.recipe);
                found.push(case.found(on, "", lines, content));
            }
        }
    }
}
