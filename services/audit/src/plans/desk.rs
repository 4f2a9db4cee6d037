//! What the use cases of this room have alike: who acts, what is said, and how a step is recorded.

use yizhan_proto::audit::v1::{CaseAction, CaseStep};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};
use yizhan_terms::Area;
use yizhan_workflow::is_reason;

use crate::app::Audit;
use crate::cases::check_opter;
use crate::records::{self, Kept, Model};

/// What a mutation writes with.
pub type Write<'w> = once::Write<'w, 'w, Audit>;
/// What it did.
pub type Done<A> = once::Done<A, ()>;

/// Who says what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// 经办人编号.
    pub opter: String,
    /// Why.
    pub reason: String,
}

/// Done, and this is told.
pub fn done<A>(answer: A) -> Done<A> {
    once::Done { answer, changed: () }
}

/// By whom, without a reason.
pub fn said(caller: &Caller, opter: &str, wrong: &mut Violations) -> Said {
    check_opter(caller, opter, wrong);
    Said { opter: opter.to_owned(), reason: String::new() }
}

/// By whom, with the reason that must be given.
pub fn said_why(caller: &Caller, (opter, reason): (&str, &str), wrong: &mut Violations) -> Said {
    wrong.require(!reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    wrong.require(is_reason(reason), "reason", Reason::ReasonInvalid);
    Said { reason: reason.to_owned(), ..said(caller, opter, wrong) }
}

/// What was found, for who manages its area; who only reads it is refused, for everybody else there is none.
pub fn managed<T: Kept>(caller: &Caller, found: Option<T>, unknown: Reason) -> Result<T, ServiceError> {
    let found = read(caller, found, unknown)?;
    check_manages(caller, found.area())?;
    Ok(found)
}

/// What was found, for who reads its area.
pub fn read<T: Kept>(caller: &Caller, found: Option<T>, unknown: Reason) -> Result<T, ServiceError> {
    let found = found.filter(|found| caller.may_read_area(Area::parse(found.area())));
    found.ok_or_else(|| ServiceError::new(unknown, "there is none"))
}

/// Refuses who does not manage an area.
pub fn check_manages(caller: &Caller, area: &str) -> Result<(), ServiceError> {
    let manages = caller.may_manage_area(Area::parse(area));
    manages.then_some(()).ok_or_else(|| ServiceError::area_not_owned(area))
}

/// A step that cannot be taken now: where it stands, and what can.
pub fn refused(id: &str, state: &str, allowed: &[&str]) -> ServiceError {
    ServiceError::new(Reason::PlanStepRefused, "not in this state")
        .with("id", id)
        .with("state", state)
        .with("allowed_actions", allowed.join(","))
}

/// Records a step of what stands in this row since.
pub async fn record(
    Write { tx, service, cause }: Write<'_>,
    row: Model,
    action: CaseAction,
    said: &Said,
) -> Result<(), ServiceError> {
    let now = service.clock.now();
    let step = CaseStep {
        step_no: row.version,
        action: action.into(),
        actor: cause.caller.clone(),
        opter: said.opter.clone(),
        reason: said.reason.clone(),
        recorded_at: Some(timestamp(now)),
        ..CaseStep::default()
    };
    records::write(tx, &service.log_key, vec![(row, step)], now).await
}
