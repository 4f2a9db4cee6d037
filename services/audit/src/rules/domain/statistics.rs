//! 统计指标: shares of what an institution billed. Whoever keeps the sums asks; nothing is stored here.

use std::sync::Arc;

use super::document::{AuditRule, Point};
use super::found::{Case, Found, sum};
use super::kinds::{Share, Test, total};
use super::{Rulebook, Visit};

/// A statistic of an institution's month.
#[derive(Clone, Copy, Debug)]
pub struct Statistic<'b> {
    /// Its rule.
    pub rule: &'b Arc<AuditRule>,
    point: &'b Point,
    share: &'b Share,
}

impl Rulebook {
    /// The statistics of the area, in the order of its rules.
    pub fn statistics(&self) -> impl Iterator<Item = Statistic<'_>> {
        let points =
            self.rules().iter().flat_map(|(rule, _)| rule.points.iter().map(move |point| (rule, point)));
        points.filter_map(|(rule, point)| match &point.test {
            Test::Share(share) if share.is_statistic() => Some(Statistic { rule, point, share }),
            _ => None,
        })
    }
}

impl Statistic<'_> {
    /// What is measured: 药费, 耗材 …
    pub fn name(&self) -> &str {
        &self.point.name
    }

    /// What a visit adds, fen: the part, and the whole. `None`: it does not count.
    pub fn addends(&self, visit: &Visit) -> Option<[i64; 2]> {
        let case = Case { rule: self.rule, visit, others: &[] };
        let lines = visit.lines.iter().filter(|line| self.point.is_about(line));
        let part = sum(lines.map(|line| line.amount_fen));
        case.is_asked(self.point, visit, None).then(|| [part, total(visit)])
    }

    /// What is to be told of a month's sums, fen.
    pub fn found(&self, [part, total]: [i64; 2]) -> Option<Found> {
        let words = self.share.exceeds(part, total)?;
        let source = self.rule.sources.get(self.point.source);
        Some(Found {
            rule: self.rule.clone(),
            basis: source.map_or_else(String::new, |source| source.title.clone()),
            about: self.point.name.clone(),
            lines: Vec::new(),
            content: format!("{}{words}", self.point.name),
        })
    }
}
