//! Findings as the contract tells them.

use sea_orm::DbErr;
use yizhan_proto::audit::v1::{Finding, FindingStep};
use yizhan_runtime::clock::timestamp;

use super::store::{Model, steps, violation_of};

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
