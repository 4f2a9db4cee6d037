//! Whether the own share of a period passes a line.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months, NaiveDate};
use yizhan_documents::Dated;
use yizhan_money::Fen;
use yizhan_terms::Area;

use crate::plan_rules::{Counts, OwnShare, Span};

/// Months of a year.
const YEAR: u32 = 12;

/// What a person paid of the visits that ended in a month and an area paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub first: NaiveDate,
    /// 统筹区 that paid.
    pub area: Area,
    /// Last day and 结算ID of the last visit.
    pub last: String,
    /// 个人负担总金额, of it 全自费 with 超限价自费, and 先行自付, fen.
    pub paid_fen: [i64; 3],
}

/// An own share that is above a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Names the period: what is added up, and from when.
    pub period: String,
    /// First and last day of what is added up.
    pub days: (NaiveDate, NaiveDate),
    /// 统筹区 that paid last.
    pub area: Area,
    /// Last day and 结算ID of the last visit.
    pub last: String,
    /// As in [`Month`].
    pub paid_fen: [i64; 3],
    /// What the line is compared with.
    pub own: Fen,
    /// The highest line that it is above.
    pub line: Fen,
    /// The next one.
    pub next_line: Option<Fen>,
    /// Id of the rule.
    pub rule: String,
    /// The document it comes from.
    pub citation: String,
}

/// The rule of an area on a day.
pub type Find<'r> = dyn Fn(Area, NaiveDate) -> Option<Dated<OwnShare>> + Sync + 'r;

/// Every period in which a person is above a line, given all months in which something stands. Each month counts in the period that the rule of its
/// area on its first day says; its lines are those of the last month's. Twelve months in a row count where they end, once a calendar year.
pub fn passed(months: &[Month], find: &Find<'_>) -> Vec<Passed> {
    let mut periods: BTreeMap<(i32, NaiveDate), BTreeMap<NaiveDate, Dated<OwnShare>>> = BTreeMap::new();
    let mut latest: Vec<&Month> = months.iter().collect();
    latest.sort_by_key(|month| &month.last);
    for month in latest {
        let Some(rule) = find(month.area, month.first) else { continue };
        let Some(begin) = begin(&rule.rule, month.first) else { continue };
        // Of two areas that paid in one month the rule of that which paid last.
        periods.entry((rule.rule.span.number(), begin)).or_default().insert(month.first, rule);
    }
    periods.into_iter().filter_map(|((_, begin), rules)| of_period(months, begin, &rules)).collect()
}

fn of_period(
    months: &[Month],
    begin: NaiveDate,
    rules: &BTreeMap<NaiveDate, Dated<OwnShare>>,
) -> Option<Passed> {
    let (_, rule) = rules.last_key_value()?;
    let windows: BTreeSet<NaiveDate> = match rule.rule.span {
        Span::Quarter | Span::Year => [begin].into(),
        Span::RollingYear => {
            rules.keys().filter_map(|month| month.checked_sub_months(Months::new(YEAR - 1))).collect()
        }
    };
    let length = if rule.rule.span == Span::Quarter { 3 } else { YEAR };
    let summed = windows.into_iter().filter_map(|first| sum(months, first, length, rule.rule.counts));
    // Of several that come to the same the last.
    let (days, paid_fen, own, last) = summed.max_by_key(|(days, _, own, _)| (*own, *days))?;
    let line = rule.rule.lines.iter().copied().rfind(|line| *line < own)?;
    Some(Passed {
        period: format!("{} {begin}", rule.rule.span.name()),
        days,
        area: last.area,
        last: last.last.clone(),
        paid_fen,
        own,
        line,
        next_line: rule.rule.lines.iter().copied().find(|line| *line >= own),
        rule: rule.id.clone(),
        citation: rule.citation.clone(),
    })
}

type Sum<'m> = ((NaiveDate, NaiveDate), [i64; 3], Fen, &'m Month);

fn sum(months: &[Month], first: NaiveDate, length: u32, counts: Counts) -> Option<Sum<'_>> {
    let behind = first.checked_add_months(Months::new(length))?;
    let within = || months.iter().filter(|month| (first..behind).contains(&month.first));
    let add = |at: usize| within().fold(0_i64, |sum, month| sum.saturating_add(month.paid_fen[at]));
    let paid_fen @ [all, own_expense, preselfpay] = [add(0), add(1), add(2)];
    let own = match counts {
        Counts::All => all,
        Counts::Copayment => all - own_expense,
        Counts::InScope => all - own_expense - preselfpay,
    };
    let last = within().max_by_key(|month| &month.last)?;
    Some(((first, behind.pred_opt()?), paid_fen, Fen(own), last))
}

/// The first day of the period in which a month counts.
fn begin(rule: &OwnShare, month: NaiveDate) -> Option<NaiveDate> {
    let back = match rule.span {
        Span::Quarter => month.month0() % 3,
        Span::Year => (month.month0() + YEAR + 1 - rule.year_begins) % YEAR,
        Span::RollingYear => month.month0(),
    };
    month.checked_sub_months(Months::new(back))
}

#[cfg(test)]
mod tests;
