//! A rule tried on what was settled, before it counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_proto::audit::v1::{DryRunOfInstitution, DryRunOfRule, DryRunRequest, DryRunResponse, Violation};
use yizhan_rules::Publication;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::Raised;
use super::looks;
use super::people::{Books, People};
use crate::app::Audit;
use crate::rules::{AuditRule, Rulebook, Stage};
use crate::visits::store::{Model, of_area};

/// Days whose visits are looked at, at most.
const MAX_DRY_RUN_DAYS: i64 = 400;
/// Violations shown of a page, at most.
const MAX_EXAMPLES: usize = 20;
/// What a look at the examples is for.
const PURPOSE: &str = "规则试运行";

/// What is to be tried on what.
struct Trial {
    area: Area,
    days: (NaiveDate, NaiveDate),
    rule: Publication<AuditRule>,
}

/// One page of visits.
pub async fn dry_run(
    audit: &Audit,
    caller: &Caller,
    request: DryRunRequest,
) -> Result<DryRunResponse, ServiceError> {
    let trial = read(&request)?;
    trial.rule.check_area(caller)?;
    caller.check_manages(trial.area.as_str())?;
    let page = |after, limit| of_area(&audit.db, trial.area, trial.days, after, limit);
    let key = |last: &Model| [&last.poolarea_no, &last.enddate, &last.setl_id].map(String::clone);
    let (rows, next_page_token) = audit.pages.asked(caller, &request).page(page, key).await?;

    let book = Arc::new(Rulebook::trial(Arc::new(trial.rule.document().clone())));
    let books = Books::of(|_| book.clone());
    let setl_ids: BTreeSet<&str> = rows.iter().map(|row| row.setl_id.as_str()).collect();
    let psn_nos = rows.iter().map(|row| row.psn_no.clone()).collect();
    let first = rows.iter().filter_map(|row| parse_date(&row.enddate)).min().unwrap_or(trial.days.0);
    // Of a stay in parts the last.
    let people = People::read(&audit.db, &books, (psn_nos, first), |_, one| {
        setl_ids.contains(one.visit.setl_id.as_str())
    });
    let people = people.await?;
    let (mut visits, mut found) = (0, BTreeMap::new());
    for (standing, others) in people.to_look_at() {
        visits += 1;
        for stage in [Stage::Before, Stage::During, Stage::After] {
            let raised = books.raised(standing, others, stage);
            found.extend(raised.into_iter().map(|one| (one.violation.jr_id.clone(), one)));
        }
    }
    let found: Vec<Raised> = found.into_values().collect();
    let examples = found.iter().take(MAX_EXAMPLES);
    let shown = examples.clone().map(|one| (one.setl_id.as_str(), &one.violation));
    looks::note(audit, caller, PURPOSE, shown).await?;
    Ok(DryRunResponse {
        visits,
        rules: by_rule(&found),
        institutions: by_institution(&found),
        examples: examples.map(|one| one.violation.clone()).collect(),
        next_page_token,
    })
}

fn read(request: &DryRunRequest) -> Result<Trial, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let begin = fields.date("begndate", &request.begndate);
    let end = fields.date("enddate", &request.enddate);
    let days = begin.zip(end).filter(|(begin, end)| {
        let few = (*end - *begin).num_days() < MAX_DRY_RUN_DAYS;
        let text = format!("最多 {MAX_DRY_RUN_DAYS} 天");
        fields.require(begin <= end, "enddate", Reason::DatesReversed)
            & fields.require(few, "enddate", Reason::TooManyDays.saying(text))
    });
    let rule = Publication::read(&request.document, wrong)?;
    let wrong = Violations::new();
    let (area, days) = wrong.finish(area.zip(days))?;
    Ok(Trial { area, days, rule })
}

fn by_rule(found: &[Raised]) -> Vec<DryRunOfRule> {
    let mut rules: BTreeMap<&str, DryRunOfRule> = BTreeMap::new();
    for Violation { rule_id, rule_name, vola_amt_fen, .. } in found.iter().map(|one| &one.violation) {
        let none = || DryRunOfRule {
            rule_id: rule_id.clone(),
            rule_name: rule_name.clone(),
            ..DryRunOfRule::default()
        };
        let rule = rules.entry(rule_id).or_insert_with(none);
        rule.found += 1;
        rule.vola_amt_fen += vola_amt_fen;
    }
    rules.into_values().collect()
}

fn by_institution(found: &[Raised]) -> Vec<DryRunOfInstitution> {
    let mut institutions: BTreeMap<&str, DryRunOfInstitution> = BTreeMap::new();
    for one in found {
        let code = &one.key[0];
        let none = || DryRunOfInstitution { fixmedins_code: code.clone(), ..DryRunOfInstitution::default() };
        let institution = institutions.entry(code).or_insert_with(none);
        institution.found += 1;
        institution.vola_amt_fen += one.violation.vola_amt_fen;
    }
    institutions.into_values().collect()
}
