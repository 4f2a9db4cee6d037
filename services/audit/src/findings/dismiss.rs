//! 排除 of a finding, and taking that back.

use yizhan_proto::audit::v1::{
    DismissFindingRequest, DismissFindingResponse, Finding, ReopenFindingRequest, ReopenFindingResponse,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_workflow::is_reason;

use super::domain::State;
use super::list::{id, unknown};
use super::messages;
use super::store::{self, Model, steps};
use crate::app::Audit;

/// Longest 经办人编号.
const MAX_OPTER: usize = 30;

/// What an officer decides of a finding.
struct Decision<'d> {
    caller: &'d Caller,
    jr_id: String,
    reason: &'d str,
    opter: &'d str,
}

/// An open one is no violation.
pub async fn dismiss_finding(
    audit: &Audit,
    caller: &Caller,
    mut request: DismissFindingRequest,
) -> Result<DismissFindingResponse, ServiceError> {
    let (key, wrong) = once::open(caller, &mut request);
    let DismissFindingRequest { jr_id, reason, opter, .. } = &request;
    let decision = Decision::read(caller, (jr_id, reason, opter), wrong)?;
    once::once(audit, &key, |write| Box::pin(decision.dismiss(write))).await
}

/// A dismissal is taken back.
pub async fn reopen_finding(
    audit: &Audit,
    caller: &Caller,
    mut request: ReopenFindingRequest,
) -> Result<ReopenFindingResponse, ServiceError> {
    let (key, wrong) = once::open(caller, &mut request);
    let ReopenFindingRequest { jr_id, reason, opter, .. } = &request;
    let decision = Decision::read(caller, (jr_id, reason, opter), wrong)?;
    once::once(audit, &key, |write| Box::pin(decision.reopen(write))).await
}

impl<'d> Decision<'d> {
    fn read(
        caller: &'d Caller,
        (jr_id, reason, opter): (&str, &'d str, &'d str),
        mut wrong: Violations,
    ) -> Result<Decision<'d>, ServiceError> {
        let mut fields = Fields::of(&mut wrong);
        let jr_id = id(&mut fields, "jr_id", jr_id);
        fields.require(!reason.trim().is_empty(), "reason", Reason::ReasonRequired);
        fields.require(is_reason(reason), "reason", Reason::ReasonInvalid);
        let needed = matches!(caller, Caller::Agency { .. });
        fields.require(!needed || !opter.is_empty(), "opter", Reason::Required.saying("缺少经办人编号"));
        let fits = opter.len() <= MAX_OPTER && opter.bytes().all(|byte| byte.is_ascii_graphic());
        fields.require(fits, "opter", Reason::OpterInvalid);
        Ok(Decision { caller, jr_id: wrong.finish(jr_id)?, reason, opter })
    }

    async fn dismiss(
        &self,
        write: Write<'_, '_, Audit>,
    ) -> Result<Done<DismissFindingResponse, ()>, ServiceError> {
        let row = self.held(&write, State::Open, Reason::FindingNotOpen).await?;
        let finding = self.move_to(&write, row, State::Dismissed).await?;
        Ok(Done { answer: DismissFindingResponse { finding: Some(finding), replayed: false }, changed: () })
    }

    async fn reopen(
        &self,
        write: Write<'_, '_, Audit>,
    ) -> Result<Done<ReopenFindingResponse, ()>, ServiceError> {
        let row = self.held(&write, State::Dismissed, Reason::FindingNotDismissed).await?;
        let state = if row.stands { State::Open } else { State::Withdrawn };
        let finding = self.move_to(&write, row, state).await?;
        Ok(Done { answer: ReopenFindingResponse { finding: Some(finding), replayed: false }, changed: () })
    }

    async fn held(
        &self,
        write: &Write<'_, '_, Audit>,
        state: State,
        otherwise: Reason,
    ) -> Result<Model, ServiceError> {
        let row = store::find(write.tx, &self.jr_id).await?;
        let row = row.filter(|row| self.caller.may_manage_area(Area::parse(&row.poolarea_no)));
        let row = row.ok_or_else(unknown)?;
        if row.state == state.number() {
            return Ok(row);
        }
        let now = State::of(row.state).map_or("", State::name);
        Err(ServiceError::new(otherwise, format!("the finding is {now}")).with("state", now))
    }

    async fn move_to(
        &self,
        write: &Write<'_, '_, Audit>,
        row: Model,
        state: State,
    ) -> Result<Finding, ServiceError> {
        let at = write.service.clock.now();
        let row = Model { state: state.number(), version: row.version + 1, changed_at: at, ..row };
        let step = steps::Model {
            jr_id: row.jr_id.clone(),
            step_no: row.version,
            state: row.state,
            actor: self.caller.to_string(),
            opter: self.opter.to_owned(),
            reason: self.reason.to_owned(),
            recorded_at: at,
        };
        let finding = messages::finding(&row)?;
        steps::append(write.tx, vec![step]).await?;
        store::write(write.tx, vec![row]).await?;
        Ok(finding)
    }
}
