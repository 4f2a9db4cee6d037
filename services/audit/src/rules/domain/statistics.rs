//! 统计指标: shares of what an institution billed. Whoever keeps the sums asks; nothing is stored here.

use std::sync::Arc;

use yizhan_documents::Period;

use super::document::{AuditRule, Point};
use super::found::{Case, Found, sum};
use super::kinds::{Share, Test, percent, total};
use super::{Rulebook, Visit};

/// A statistic of an institution's month or year.
#[derive(Clone, Copy, Debug)]
pub struct Statistic<'b> {
    /// Its rule.
    pub rule: &'b Arc<AuditRule>,
    /// The days on which that holds.
    days: &'b [Period],
    /// Which of its points.
    index: usize,
    point: &'b Point,
    share: &'b Share,
}

impl Rulebook {
    /// The statistics of the area, in the order of its rules.
    pub fn statistics(&self) -> impl Iterator<Item = Statistic<'_>> {
        self.rules().iter().flat_map(|(rule, days)| {
            (0..rule.points.len()).filter_map(move |index| statistic(rule, days, index))
        })
    }
}

fn statistic<'b>(rule: &'b Arc<AuditRule>, days: &'b [Period], index: usize) -> Option<Statistic<'b>> {
    let point = rule.points.get(index)?;
    match &point.test {
        Test::Share(share) if share.is_statistic() => Some(Statistic { rule, days, index, point, share }),
        _ => None,
    }
}

impl Statistic<'_> {
    /// Names it, with the version of its document.
    pub fn id(&self) -> String {
        format!("{}@{}/{}", self.rule.id, self.rule.version, self.index)
    }

    /// Whether it is of a year; else of a month.
    pub fn is_of_year(&self) -> bool {
        self.share.is_of_year()
    }

    /// What a visit adds, fen: the part, and the whole. `None`: it does not count.
    pub fn addends(&self, visit: &Visit) -> Option<[i64; 2]> {
        let case = Case { rule: self.rule, visit, others: &[] };
        let lines = visit.lines.iter().filter(|line| self.point.is_about(line));
        let part = sum(lines.map(|line| line.amount_fen));
        let holds = self.days.iter().any(|days| days.contains(visit.end));
        (holds && case.is_asked(self.point, visit, None)).then(|| [part, total(visit)])
    }

    /// What is to be told of the sums of an institution, fen, beside those of so many others of its level.
    pub fn found(&self, [part, total]: [i64; 2], (others, peers): (usize, [i64; 2])) -> Option<Found> {
        let mut words = self.share.exceeds(part, total)?;
        if let Some(percent) = percent(peers) {
            words.push_str(&format!("；同级其他 {others} 家机构合计 {percent}%"));
        }
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
