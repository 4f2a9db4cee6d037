//! What is against a rule.

use std::sync::Arc;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use yizhan_documents::Facts;

use super::condition::About;
use super::document::{AuditRule, Point, Severity};
use super::{Diagnosis, Line, Operation, Visit};

/// A visit, or lines of it, against a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The rule; with its life, for what is in shadow is told to nobody.
    pub rule: Arc<AuditRule>,
    /// Title of the document it rests on.
    pub basis: String,
    /// What tells it apart where no line does: the code of a diagnosis, a check of the data. Part of its number.
    pub about: String,
    /// The lines, those against the rule first.
    pub lines: Vec<FoundLine>,
    /// 违规内容, in Chinese.
    pub content: String,
}

/// A line in what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLine {
    /// 就诊ID where the line is of another visit; empty: of this one.
    pub mdtrt_id: String,
    /// 结算ID of that visit.
    pub setl_id: String,
    /// 费用明细流水号
    pub number: String,
    /// 处方号
    pub recipe: String,
    /// 医保目录编码
    pub code: String,
    /// 违规项; else 涉及项.
    pub is_against: bool,
    /// 违规金额, fen: of a 涉及项 0.
    pub amount_fen: i64,
}

impl Found {
    /// 违规金额, fen; `None` where no line is against the rule.
    pub fn amount_fen(&self) -> Option<i64> {
        let mut against = self.against().peekable();
        against.peek().is_some().then(|| sum(against.map(|line| line.amount_fen)))
    }

    /// The lines against the rule.
    pub fn against(&self) -> impl Iterator<Item = &FoundLine> {
        self.lines.iter().filter(|line| line.is_against)
    }

    /// 严重程度, the worst first.
    pub fn severity(&self) -> Severity {
        self.rule.result
    }
}

/// What of a visit a point is about.
#[derive(Clone, Copy, Debug)]
pub enum Thing<'v> {
    /// A line.
    Line(&'v Line),
    /// A diagnosis.
    Diagnosis(&'v Diagnosis),
    /// An operation.
    Operation(&'v Operation),
    /// All of it.
    Visit,
}

/// A point, and what of the visit it is about.
#[derive(Clone, Copy, Debug)]
pub struct On<'v> {
    /// The point.
    pub point: &'v Point,
    /// What it is about.
    pub thing: Thing<'v>,
}

impl<'v> On<'v> {
    /// The line, where it is one.
    pub fn line(&self) -> Option<&'v Line> {
        match self.thing {
            Thing::Line(line) => Some(line),
            _ => None,
        }
    }

    /// As people read it.
    pub fn words(&self) -> String {
        let (code, name) = match self.thing {
            Thing::Line(line) => (&line.code, &line.name),
            Thing::Diagnosis(diagnosis) => (&diagnosis.code, &diagnosis.name),
            Thing::Operation(operation) => (&operation.code, &operation.name),
            Thing::Visit => return self.point.name.clone(),
        };
        let name = if self.point.name.is_empty() { name } else { &self.point.name };
        if name.is_empty() || name == code { code.clone() } else { format!("{name}（{code}）") }
    }
}

/// A visit asked by one rule.
#[derive(Clone, Copy, Debug)]
pub struct Case<'v> {
    /// The rule.
    pub rule: &'v Arc<AuditRule>,
    /// The visit.
    pub visit: &'v Visit,
    /// The person's other visits.
    pub others: &'v [&'v Visit],
}

impl<'v> Case<'v> {
    /// Whether the rule, by this point, asks about a visit, or a line of it.
    pub fn is_asked(&self, point: &Point, visit: &Visit, line: Option<&Line>) -> bool {
        let facts = About { visit, line };
        let day = line.map_or(visit.end, |line| line.day);
        point.period.contains(day)
            && facts.all_hold(&self.rule.when)
            && facts.all_hold(&point.when)
            && !self.rule.unless.iter().any(|ask| facts.holds(ask))
            && line.is_none_or(|line| self.is_paid(visit, line))
    }

    /// Whether a line counts for the rule: one of which funds pay nothing does not where it is about what they pay.
    pub fn is_paid(&self, visit: &Visit, line: &Line) -> bool {
        !self.rule.paid_only || line.in_scope_fen > 0 || !is_calculated(visit)
    }

    /// A finding about these things, by the point of the first.
    pub fn found(&self, on: &On, about: &str, mut lines: Vec<FoundLine>, content: String) -> Found {
        lines.sort_by_key(|line| !line.is_against);
        let source = self.rule.sources.get(on.point.source);
        let basis = source.map_or_else(String::new, |source| source.title.clone());
        Found { rule: self.rule.clone(), basis, about: about.to_owned(), lines, content }
    }

    /// A finding of lines that are wholly against the rule, or of a diagnosis or operation.
    pub fn found_whole(&self, against: &[On], content: String) -> Option<Found> {
        let lines =
            against.iter().filter_map(On::line).map(|line| self.against(line, Decimal::ONE)).collect();
        let about = |on: &On| match on.thing {
            Thing::Diagnosis(diagnosis) => Some(diagnosis.code.clone()),
            Thing::Operation(operation) => Some(operation.code.clone()),
            Thing::Line(_) | Thing::Visit => None,
        };
        let about: Vec<String> = against.iter().filter_map(about).collect();
        Some(self.found(against.first()?, &about.join(","), lines, content))
    }

    /// A line of this visit of which this share is against the rule.
    pub fn against(&self, line: &Line, share: Decimal) -> FoundLine {
        self.against_fen(line, part_of(payable(self.visit, line), share))
    }

    /// A line of this visit of which this amount is against the rule.
    pub fn against_fen(&self, line: &Line, amount_fen: i64) -> FoundLine {
        FoundLine { is_against: true, amount_fen, ..self.involved(self.visit, line) }
    }

    /// A line that has to do with it.
    pub fn involved(&self, visit: &Visit, line: &Line) -> FoundLine {
        let other = !std::ptr::eq(visit, self.visit);
        let of_other = |text: &str| if other { text.to_owned() } else { String::new() };
        FoundLine {
            mdtrt_id: of_other(&visit.mdtrt_id),
            setl_id: of_other(&visit.setl_id),
            number: line.number.clone(),
            recipe: line.recipe.clone(),
            code: line.code.clone(),
            is_against: false,
            amount_fen: 0,
        }
    }
}

/// What of a line counts, fen: what funds may pay of it where that was calculated, else all of it.
pub fn payable(visit: &Visit, line: &Line) -> i64 {
    if is_calculated(visit) { line.in_scope_fen } else { line.amount_fen }
}

/// Whether it is known what funds may pay.
pub fn is_calculated(visit: &Visit) -> bool {
    visit.lines.iter().any(|line| line.in_scope_fen != 0) || visit.amounts[1] != 0
}

/// Amounts together, fen; as much as there can be where they are not of this world.
pub fn sum(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}

/// A share of an amount, half a fen up.
pub fn part_of(amount_fen: i64, share: Decimal) -> i64 {
    let part = Decimal::from(amount_fen) * share;
    part.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64().unwrap_or(amount_fen)
}
