//! A score as of a day, with what it is made of and what would change the grade.

use rust_decimal::Decimal;
use yizhan_documents::RulesDocument;
use yizhan_proto::credit::v1::{
    Entry, ExplainScoreRequest, ExplainScoreResponse, ScoreAdvice, ScoreChange, ScoreEntry, ScorePart,
    SubjectKind,
};
use yizhan_rules::Publication;
use yizhan_rules::months::last_of_year;
use yizhan_runtime::clock::day_text;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};
use yizhan_terms::is_fixmedins_code;

use super::domain::advice::{Advice, Change, advise};
use super::domain::facts::{Act, Facts, as_of};
use super::domain::matter::{Matter, clean_from};
use super::domain::score::{Scored, acts_of, score, vetoed};
use super::domain::standing::Standing;
use super::messages;
use super::propose::add_figures;
use crate::app::Credit;
use crate::officer::check_year;
use crate::schemes::scorecard::Scorecard;
use crate::schemes::{SchemeFamilies, Schemes};
use crate::{figures, ledger};

/// Calculated anew from the entries, whatever was stored.
pub async fn explain_score(
    credit: &Credit,
    caller: &Caller,
    request: ExplainScoreRequest,
) -> Result<ExplainScoreResponse, ServiceError> {
    let ExplainScoreRequest { poolarea_no, fixmedins_code: code, year, day, document } = request;
    let (mut wrong, today) = (Violations::new(), credit.clock.today());
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &poolarea_no);
    fields.code("fixmedins_code", &code, is_fixmedins_code);
    check_year(year, &mut fields);
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let day = fields.optional("day", &day, past);
    let (area, day) = wrong.finish(area.zip(day))?;
    let day = day.unwrap_or(today);
    if caller.institution_code() != Some(code.as_str()) {
        caller.check_reads(&poolarea_no)?;
    }
    let schemes = if document.is_empty() { credit.schemes.current() } else { tried(&document)?.into() };
    let dated = messages::scheme(&schemes, area, year)?;
    let subject = ledger::subject(SubjectKind::Institution, &code);
    let known = ledger::known(&credit.db, &subject).await?;
    known.ok_or_else(|| ledger::subject_unknown(&subject))?;
    let mut entries = ledger::of_subject(&credit.db, &subject).await?;
    entries.retain(|entry| entry.poolarea_no == poolarea_no);
    let stands = as_of(&entries, &poolarea_no, day);
    let stands: Vec<&Entry> = stands.iter().collect();
    let mut facts = Facts::of(&stands, &dated.rule, year);
    if day == today {
        // What feeds say is known of today only; what an assessment took from them is among the entries.
        let figures = figures::of_year(&credit.db, &poolarea_no, year).await?;
        add_figures(&mut facts, figures.get(&code), &dated.rule);
    }
    let mut answer = explained(&facts, &dated.rule, &code);
    answer.scheme.clone_from(&dated.id);
    // Agreements as known today.
    let agreed = Standing::of(&entries.iter().collect::<Vec<_>>());
    let lacks = agreed.lacks(dated.rule.min_months, last_of_year(year), day);
    if let Some(lacks) = lacks {
        let why = messages::lacking(lacks, dated.rule.min_months);
        answer.unassessed = Some(messages::unassessed(&code, why, Vec::new()));
    }
    if !answer.entries.is_empty() {
        answer.repair_from = day_text(clean_from(&stands, &dated.rule));
    }
    if let Some(matter) = Matter::of_year(&stands, year) {
        matter.id().clone_into(&mut answer.matter_id);
        let assessed = matter.assessed();
        answer.assessed_score = assessed.map(|entry| entry.value.clone()).unwrap_or_default();
        answer.assessed_grade = assessed.map(|entry| entry.item.clone()).unwrap_or_default();
    }
    Ok(answer)
}

/// A draft alone.
fn tried(document: &str) -> Result<Schemes, ServiceError> {
    let draft = Publication::<RulesDocument<SchemeFamilies>>::read(document, Violations::new())?;
    let mut schemes = Schemes::default();
    schemes.publish(draft.document().clone());
    Ok(schemes)
}

/// A score in all its parts. Also of who is not assessed for want of an agreement: they see what it would be.
fn explained(facts: &Facts, scheme: &Scorecard, code: &str) -> ExplainScoreResponse {
    let entries = entries(facts, scheme);
    match score(facts, scheme) {
        Ok(scored) => ExplainScoreResponse {
            score: format!("{:.2}", scored.score),
            grade: scored.grade(scheme).to_owned(),
            parts: parts(&scored, facts, scheme),
            entries,
            advice: advise(facts, scheme).iter().map(|advice| advised(advice, scheme)).collect(),
            ..ExplainScoreResponse::default()
        },
        Err(missing) => {
            let why = messages::without_values(&missing);
            let unassessed = Some(messages::unassessed(code, why, missing));
            ExplainScoreResponse { entries, unassessed, ..ExplainScoreResponse::default() }
        }
    }
}

fn parts(scored: &Scored, facts: &Facts, scheme: &Scorecard) -> Vec<ScorePart> {
    let base = ScorePart {
        name: "基础分".to_owned(),
        points: plain(scheme.base),
        most: plain(scheme.base),
        ..ScorePart::default()
    };
    let others = scored.parts.iter().map(|part| {
        let value = facts.values.get(part.indicator);
        let value = value.filter(|_| scheme.measured.iter().any(|one| one.code == part.indicator));
        ScorePart {
            indicator: part.indicator.to_owned(),
            name: part.name.to_owned(),
            value: value.map(|value| value.value.to_string()).unwrap_or_default(),
            entry_id: value.map(|value| value.entry_id.clone()).unwrap_or_default(),
            points: plain(part.points.round_dp(6)),
            most: plain(part.most),
            computed: value.is_some_and(|value| value.computed),
        }
    });
    [base].into_iter().chain(others).collect()
}

/// Vetoes, then what costs most.
fn entries(facts: &Facts, scheme: &Scorecard) -> Vec<ScoreEntry> {
    let told = |act: &Act, points: Decimal, best_grade: &str| ScoreEntry {
        entry_id: act.entry_id.clone(),
        item: act.item.clone(),
        name: scheme.item(&act.item).map(|(name, ..)| name.to_owned()).unwrap_or_default(),
        points: plain(points),
        decided_on: act.decided_on.to_string(),
        best_grade: best_grade.to_owned(),
    };
    let grade = |place: usize| scheme.grades.get(place).map_or("", |grade| grade.grade.as_str());
    let vetoes = vetoed(facts, scheme).map(|(act, place)| told(act, Decimal::ZERO, grade(place)));
    let mut costs: Vec<(&Act, Decimal)> =
        scheme.deductions.iter().flat_map(|one| acts_of(one, facts)).collect();
    costs.sort_by(|one, other| (other.1, &one.0.entry_id).cmp(&(one.1, &other.0.entry_id)));
    vetoes.chain(costs.into_iter().map(|(act, points)| told(act, points, ""))).collect()
}

fn advised(advice: &Advice, scheme: &Scorecard) -> ScoreAdvice {
    let grade = scheme.grades.get(advice.place).map_or("", |grade| grade.grade.as_str());
    let changes = advice.changes.iter().map(|change| match change {
        Change::Repair { entry_id, item, points } => ScoreChange {
            entry_id: entry_id.clone(),
            item: item.clone(),
            points: plain(*points),
            ..ScoreChange::default()
        },
        Change::Reach { indicator, value } => {
            ScoreChange { item: indicator.clone(), value: plain(*value), ..ScoreChange::default() }
        }
    });
    ScoreAdvice {
        grade: grade.to_owned(),
        score: format!("{:.2}", advice.score),
        changes: changes.collect(),
        explanation: in_words(advice, scheme, grade),
    }
}

/// 修复2分可恢复B级
fn in_words(advice: &Advice, scheme: &Scorecard, grade: &str) -> String {
    let (mut repaired, mut said) = (Decimal::ZERO, Vec::new());
    for change in &advice.changes {
        match change {
            Change::Repair { item, points, .. } if points.is_zero() => {
                let name = scheme.item(item).map_or("", |(name, ..)| name);
                said.push(format!("修复“{name}”"));
            }
            Change::Repair { points, .. } => repaired += points,
            Change::Reach { indicator, value } => {
                let one = scheme.measured.iter().find(|one| one.code == *indicator);
                let name = one.map_or("", |one| one.name.as_str());
                said.push(format!("“{name}”达到{}", plain(*value)));
            }
        }
    }
    if !repaired.is_zero() {
        said.insert(0, format!("修复{}分", plain(repaired)));
    }
    format!("{}可恢复{grade}级", said.join("，"))
}

fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}
