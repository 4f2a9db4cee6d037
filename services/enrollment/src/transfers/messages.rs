//! Transfers as the contract's messages.

use prost::Message;
use sea_orm::ActiveEnum;
use yizhan_proto::enrollment::v1 as pb;
use yizhan_runtime::ServiceError;
use yizhan_runtime::clock::{day_text, timestamp};

use crate::transfers::domain::due::Due;
use crate::transfers::domain::statement::Statement;
use crate::transfers::domain::{Action, Sides, State, allowed_actions};
use crate::transfers::store::entities::{transfer, transfer_step};

/// The contract's name of a state: `ACCEPTED`.
pub fn state_name(state: State) -> &'static str {
    let state = pb::TransferState::try_from(state.to_value()).unwrap_or_default();
    state.as_str_name().trim_start_matches("TRANSFER_STATE_")
}

/// The contract's name of a step: `RETURN`.
pub fn action_name(action: Action) -> &'static str {
    let action = pb::TransferAction::try_from(action.to_value()).unwrap_or_default();
    action.as_str_name().trim_start_matches("TRANSFER_ACTION_")
}

/// A transfer as in a list.
pub fn listed(row: &transfer::Model, due: &Due) -> pb::Transfer {
    let areas = [row.from_poolarea_no.as_str(), row.to_poolarea_no.as_str()];
    let due = due.of(row.state, row.waiting_since, areas);
    pb::Transfer {
        transfer_id: row.transfer_id.clone(),
        biz_prcs_codg: row.biz_prcs_codg.to_value(),
        node_codg: row.node_codg.clone(),
        appy_stas: row.state.appy_stas().to_owned(),
        state: row.state.to_value(),
        psn_no: row.psn_no.clone(),
        from_poolarea_no: row.from_poolarea_no.clone(),
        to_poolarea_no: row.to_poolarea_no.clone(),
        traf_prot_dirc: row.traf_prot_dirc.to_value(),
        trans_mode: row.trans_mode.clone(),
        waiting_since: day_text(due.waiting_since),
        due_date: day_text(due.due_date),
        overdue: due.overdue,
        calendar_published: due.calendar_published,
        ..pb::Transfer::default()
    }
}

/// A transfer with everything, for somebody who acts for these sides.
pub fn whole(
    row: &transfer::Model,
    steps: Vec<transfer_step::Model>,
    sides: Sides,
    due: &Due,
) -> Result<pb::Transfer, ServiceError> {
    // What was said is between those concerned: who only oversees an area sees that a step was taken, and by whom.
    let reasons_shown = sides != Sides::default();
    Ok(pb::Transfer {
        statement: decoded(&row.statement)?,
        result: decoded(&row.result)?,
        steps: steps.into_iter().map(|taken| step(taken, reasons_shown)).collect(),
        allowed_actions: allowed_actions(row.position(), sides).iter().map(Action::to_value).collect(),
        ..listed(row, due)
    })
}

fn decoded<M: Message + Default>(bytes: &[u8]) -> Result<Option<M>, ServiceError> {
    if bytes.is_empty() { Ok(None) } else { M::decode(bytes).map(Some).map_err(ServiceError::internal) }
}

fn step(step: transfer_step::Model, reason_shown: bool) -> pb::TransferStep {
    pb::TransferStep {
        step_no: step.step_no,
        action: step.action.to_value(),
        from_state: step.from_state,
        to_state: step.to_state.to_value(),
        side: step.side.to_value(),
        actor: step.actor,
        recorded_at: Some(timestamp(step.recorded_at)),
        reason: if reason_shown { step.reason.0 } else { String::new() },
    }
}

/// T2102.
pub fn statement(made: Statement) -> pb::ContributionStatement {
    pb::ContributionStatement {
        generated_on: made.generated_on.to_string(),
        continuous_months: made.continuous_months,
        last_insured_date: day_text(made.last_insured),
        schemes: made
            .schemes
            .into_iter()
            .map(|scheme| pb::SchemeYears {
                insutype: scheme.insutype.to_string(),
                begndate: scheme.begndate.to_string(),
                enddate: scheme.enddate.to_string(),
                months: scheme.months,
            })
            .collect(),
    }
}
