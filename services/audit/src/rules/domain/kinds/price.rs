//! `price`: a ceiling of the unit price. `discount`: several operations of one group on one day, of which only the first is charged in full.

use rust_decimal::Decimal;
use yizhan_documents::value;

use super::{Case, Found, KindOfRule, On, Values};
use crate::rules::domain::Line;
use crate::rules::domain::document::Point;
use crate::rules::domain::found::FoundLine;
use crate::rules::domain::kinds::Test;

/// `price`: what is above the ceiling is against the rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// Yuan.
    ceiling: Decimal,
}

impl KindOfRule for Price {
    const NAME: &'static str = "price";
    const KEYS: &'static [&'static str] = &["ceiling"];

    fn read(values: &Values) -> Option<Price> {
        let fen = values.required("ceiling", value::amount)?;
        Some(Price { ceiling: fen / Decimal::ONE_HUNDRED })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let above = hits.iter().filter_map(On::line).filter(|line| line.price > self.ceiling);
        let share = |line: &Line| (line.price - self.ceiling) / line.price;
        let lines: Vec<FoundLine> = above.map(|line| case.against(line, share(line))).collect();
        let Some(first) = hits.first().filter(|_| !lines.is_empty()) else { return };
        let content = format!("{}：单价超过限价 {} 元", first.words(), self.ceiling.normalize());
        found.push(case.found(first, "", lines, content));
    }
}

/// `discount`: the dearest of a group on a day is charged in full, the others at the area's rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Discount {
    group: String,
    /// What is charged in full, yuan.
    full: Decimal,
    rate: Decimal,
}

impl KindOfRule for Discount {
    const NAME: &'static str = "discount";
    const KEYS: &'static [&'static str] = &["group", "full", "rate"];
    const TOGETHER: bool = true;

    fn read(values: &Values) -> Option<Discount> {
        let group = values.required("group", |at| at.text().map(str::to_owned));
        let full = values.required("full", value::amount);
        let rate = values.required("rate", value::ratio);
        Some(Discount { group: group?, full: full? / Decimal::ONE_HUNDRED, rate: rate? })
    }

    fn check(&self, case: &Case, hits: &[On], found: &mut Vec<Found>) {
        let mut charged: Vec<(&On, &Line, &Discount)> = hits.iter().filter_map(|on| of(on)).collect();
        charged.sort_by(|a, b| {
            let key = |(_, line, point): &(&On, &Line, &Discount)| (point.group.clone(), line.day);
            key(a).cmp(&key(b)).then_with(|| b.2.full.cmp(&a.2.full))
        });
        for day in charged.chunk_by(|a, b| a.2.group == b.2.group && a.1.day == b.1.day) {
            let (Some((_, first, _)), Some(others)) = (day.first(), day.get(1..)) else { continue };
            let excess = others.iter().filter_map(|(_, line, point)| point.excess(case, line));
            let mut lines: Vec<FoundLine> = excess.collect();
            let Some((on, _, point)) = others.first().filter(|_| !lines.is_empty()) else { continue };
            lines.push(case.involved(case.visit, first));
            let rate = (point.rate * Decimal::ONE_HUNDRED).normalize();
            let content = format!("{}：{}同日多项手术，其余应按 {rate}% 收费", on.words(), point.group);
            found.push(case.found(on, "", lines, content));
        }
    }
}

impl Discount {
    fn excess(&self, case: &Case, line: &Line) -> Option<FoundLine> {
        let (charged, due) = (line.price * line.quantity, self.full * self.rate * line.quantity);
        (charged > due).then(|| case.against(line, (charged - due) / charged))
    }
}

fn of<'v>(on: &'v On<'v>) -> Option<(&'v On<'v>, &'v Line, &'v Discount)> {
    let Point { test: Test::Discount(discount), .. } = on.point else { return None };
    Some((on, on.line()?, discount))
}
