//! Findings as the contract tells them.

use sea_orm::{ConnectionTrait, DbErr};
use yizhan_proto::audit::v1::{Finding, FindingStep};
use yizhan_runtime::ServiceError;
use yizhan_runtime::clock::timestamp;

use super::store::{Model, steps, violation_of};
use crate::check::reasons;

/// Findings with what their institutions have answered.
pub async fn with_answers(db: &impl ConnectionTrait, rows: &[Model]) -> Result<Vec<Finding>, ServiceError> {
    let reasons = reasons(db, rows.iter().map(|row| row.jr_id.as_str()).collect()).await?;
    let mut findings = rows.iter().map(finding).collect::<Result<Vec<Finding>, _>>()?;
    for finding in &mut findings {
        if let (Some(violation), Some(reason)) = (&mut finding.violation, reasons.get(&finding.jr_id)) {
            violation.answer_reason.clone_from(reason);
        }
    }
    Ok(findings)
}

/// A finding.
pub fn finding(row: &Model) -> Result<Finding, DbErr> {
    Ok(Finding {
        jr_id: row.jr_id.clone(),
        state: row.state,
        origin: row.origin,
        shadow: row.shadow,
        poolarea_no: row.poolarea_no.clone(),
        fixmedins_code: row.fixmedins_code.clone(),
        setl_id: row.setl_id.clone(),
        enddate: row.enddate.clone(),
        violation: Some(violation_of(row)?),
        stands: row.stands,
        case_id: row.case_id.clone(),
        found_at: Some(timestamp(row.found_at)),
        changed_at: Some(timestamp(row.changed_at)),
    })
}

/// Steps in their order.
pub fn steps(rows: Vec<steps::Model>) -> Vec<FindingStep> {
    let step = |(at, row): (i32, steps::Model)| FindingStep {
        step_no: at,
        state: row.state,
        actor: row.actor,
        opter: row.opter,
        reason: row.reason,
        recorded_at: Some(timestamp(row.recorded_at)),
    };
    (1..).zip(rows).map(step).collect()
}
