//! The yearly assessment: score and grade of everybody in an area who can be assessed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_documents::Dated;
use yizhan_proto::credit::v1::{
    Entry, EntryKind, GradeMatter, ProposeGradesRequest, ProposeGradesResponse, SubjectKind, Unassessed,
};
use yizhan_rules::months::last_of_year;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError};
use yizhan_terms::{Area, is_fixmedins_code};

use super::changes::Held;
use super::domain::facts::{Facts, Value, as_of};
use super::domain::matter::Matter;
use super::domain::score::score;
use super::{messages, store};
use crate::app::Credit;
use crate::officer::{check_opter, check_year};
use crate::schemes::scorecard::Scorecard;
use crate::{figures, ledger};

/// Institutions in one call at most.
pub const MAX_PROPOSED: usize = 200;

/// Proposes them.
pub async fn propose_grades(
    credit: &Credit,
    caller: &Caller,
    mut request: ProposeGradesRequest,
) -> Result<ProposeGradesResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    check_year(request.year, &mut fields);
    fields
        .optional("after", &request.after, |fields, field, code| fields.code(field, code, is_fixmedins_code));
    let today = credit.clock.today();
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let day = fields.optional("day", &request.day, past);
    let (area, day) = wrong.finish(area.zip(day))?;
    let day = day.unwrap_or(today);
    caller.check_manages(&request.poolarea_no)?;
    if last_of_year(request.year) >= day {
        let told = ServiceError::new(Reason::GradeYearOpen, "the year is not over");
        return Err(told.with("year", request.year));
    }
    once::once(credit, &key, |write| Box::pin(propose(write, caller, (area, day), &request))).await
}

async fn propose(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    (area, day): (Area, NaiveDate),
    request: &ProposeGradesRequest,
) -> Result<Done<ProposeGradesResponse, ()>, ServiceError> {
    let schemes = credit.schemes.current();
    let assessment = Assessment {
        caller,
        request,
        scheme: messages::scheme(&schemes, area, request.year)?,
        day,
        figures: figures::of_year(tx, &request.poolarea_no, request.year).await?,
    };
    let limit = u64::try_from(MAX_PROPOSED).unwrap_or(u64::MAX);
    let codes = store::codes(tx, &request.poolarea_no, &request.after, limit).await?;
    let mut answer = ProposeGradesResponse::default();
    if codes.len() == MAX_PROPOSED {
        answer.next_after = codes.last().cloned().unwrap_or_default();
    }
    for code in codes {
        let subject = ledger::subject(SubjectKind::Institution, &code);
        let known = ledger::hold(tx, &subject).await?;
        let mut held = Held::read(tx, credit, known, &request.poolarea_no).await?;
        match assessment.of(&held) {
            Assessed::Before => answer.skipped += 1,
            Assessed::Not(unassessed) => answer.unassessed.push(unassessed),
            Assessed::So(proposed, figures) => {
                let matter_id = held.record(tx, credit, vec![*proposed]).await?;
                let figures = figures.into_iter().map(|one| Entry { matter_id: matter_id.clone(), ..one });
                let figures: Vec<Entry> = figures.collect();
                if !figures.is_empty() {
                    held.record(tx, credit, figures).await?;
                }
                let on = (caller, credit.clock.today());
                let matter: GradeMatter = messages::matter(&held.entries, &matter_id, &held.schemes, on)?;
                answer.proposed.push(matter);
            }
        }
    }
    Ok(Done { answer, changed: () })
}

/// One assessment of an area.
struct Assessment<'a> {
    caller: &'a Caller,
    request: &'a ProposeGradesRequest,
    scheme: &'a Dated<Scorecard>,
    day: NaiveDate,
    figures: BTreeMap<String, BTreeMap<String, Decimal>>,
}

/// What it comes to for one institution.
enum Assessed {
    /// It has one already.
    Before,
    /// It cannot be.
    Not(Unassessed),
    /// The proposal, and values from feeds that it used.
    So(Box<Entry>, Vec<Entry>),
}

impl Assessment<'_> {
    fn of(&self, held: &Held) -> Assessed {
        let (code, scheme, year) = (held.known.subject_code.as_str(), &self.scheme.rule, self.request.year);
        let stands = as_of(&held.entries, &held.poolarea_no, self.day);
        let stands: Vec<&Entry> = stands.iter().collect();
        if Matter::of_year(&stands, year).is_some() {
            return Assessed::Before;
        }
        let lacks = held.standing().lacks(scheme.min_months, last_of_year(year), self.day);
        if let Some(lacks) = lacks {
            let why = messages::lacking(lacks, scheme.min_months);
            return Assessed::Not(messages::unassessed(code, why, Vec::new()));
        }
        let mut facts = Facts::of(&stands, scheme, year);
        let figures = add_figures(&mut facts, self.figures.get(code), scheme);
        let scored = match score(&facts, scheme) {
            Ok(scored) => scored,
            Err(missing) => {
                let why = messages::without_values(&missing);
                return Assessed::Not(messages::unassessed(code, why, missing));
            }
        };
        let said = Entry {
            scheme: self.scheme.id.clone(),
            ..messages::entry(self.caller, (&held.poolarea_no, &self.request.opter), self.day)
        };
        let said = messages::of_year(said, year);
        let proposed = Entry {
            kind: EntryKind::GradeProposed.into(),
            item: scored.grade(scheme).to_owned(),
            value: format!("{:.2}", scored.score),
            ..said.clone()
        };
        let figures = figures.into_iter().map(|(indicator, value)| Entry {
            kind: EntryKind::GradeFigure.into(),
            item: indicator,
            value: value.to_string(),
            ..said.clone()
        });
        Assessed::So(Box::new(proposed), figures.collect())
    }
}

/// Values from feeds of what has none that was imported; gives those that were added.
pub fn add_figures(
    facts: &mut Facts,
    figures: Option<&BTreeMap<String, Decimal>>,
    scheme: &Scorecard,
) -> Vec<(String, Decimal)> {
    let mut added = Vec::new();
    for (indicator, value) in figures.into_iter().flatten() {
        let wanted = scheme.measured.iter().any(|one| one.code == *indicator);
        if wanted && !facts.values.contains_key(indicator) {
            let held = Value { value: *value, entry_id: String::new(), computed: true };
            facts.values.insert(indicator.clone(), held);
            added.push((indicator.clone(), *value));
        }
    }
    added
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes::Schemes;

    #[test]
    fn a_figure_stands_in_only_for_a_value_that_was_not_imported() {
        let area = Area::parse("440100").expect("an area");
        let schemes = Schemes::embedded();
        let scheme = &messages::scheme(&schemes, area, 2025).expect("in force").rule;
        let imported = Value { value: Decimal::ZERO, entry_id: "e1".to_owned(), computed: false };
        let mut facts = Facts::default();
        facts.values.insert("fund-use".to_owned(), imported.clone());
        let figures = ["fund-use", "violation_share", "no-such"].map(|code| (code.to_owned(), Decimal::ONE));
        let added = add_figures(&mut facts, Some(&figures.into()), scheme);
        assert_eq!(added, [("violation_share".to_owned(), Decimal::ONE)]);
        assert_eq!(facts.values["fund-use"], imported);
        assert!(facts.values["violation_share"].computed);
        assert!(add_figures(&mut facts, None, scheme).is_empty());
    }
}
