//! What the use cases of this room have alike: who acts, what is said, and how a step is recorded or taken back.

use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};
use yizhan_terms::Area;
use yizhan_workflow::is_reason;

use super::domain::{Kept, Said};
use super::store;
use crate::app::Audit;

/// What a mutation writes with.
pub type Write<'w> = once::Write<'w, 'w, Audit>;
/// What it did.
pub type Done<A> = once::Done<A, ()>;

/// Longest 经办人编号, also of experts.
const MAX_OPTER: usize = 30;
/// Longest number of a paper, a case, or one of a list.
const MAX_NUMBER: usize = 64;

/// Done, and this is told.
pub fn done<A>(answer: A) -> Done<A> {
    once::Done { answer, changed: () }
}

/// 经办人编号, which agencies need.
pub fn opter(caller: &Caller, field: &str, opter: &str, wrong: &mut Violations) {
    let needed = matches!(caller, Caller::Agency { .. });
    wrong.require(!needed || !opter.is_empty(), field, Reason::Required.saying("缺少经办人编号"));
    wrong.require(opter.is_empty() || is_officer(opter), field, Reason::OpterInvalid);
}

/// Whether it can be the number of an officer or expert.
pub fn is_officer(opter: &str) -> bool {
    (1..=MAX_OPTER).contains(&opter.len()) && opter.bytes().all(|b| b.is_ascii_graphic())
}

/// Whether it can be one of a list: nothing that a shell or a line could take for something else.
pub fn is_entry(id: &str, longest: usize) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=longest.min(MAX_NUMBER)).contains(&id.len()) && id.bytes().all(plain)
}

/// Why, by whom, with what paper; each as it can be.
pub fn said(caller: &Caller, (who, reason, file_id): (&str, &str, &str), wrong: &mut Violations) -> Said {
    opter(caller, "opter", who, wrong);
    wrong.require(is_reason(reason), "reason", Reason::ReasonInvalid);
    number(file_id, "file_id", wrong);
    Said { opter: who.to_owned(), reason: reason.to_owned(), file_id: file_id.to_owned() }
}

/// The same where a reason must be given, and there is no paper.
pub fn said_why(caller: &Caller, (who, reason): (&str, &str), wrong: &mut Violations) -> Said {
    wrong.require(!reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    said(caller, (who, reason, ""), wrong)
}

/// The number of a paper or case.
pub fn number(text: &str, field: &str, wrong: &mut Violations) {
    let plain = text.len() <= MAX_NUMBER && text.bytes().all(|b| b.is_ascii_graphic());
    wrong.require(plain, field, Reason::FileIdInvalid);
}

/// What was found, for who manages its area; who only reads it is refused, for everybody else there is none.
pub fn managed<T: Kept>(caller: &Caller, found: Option<T>, unknown: Reason) -> Result<T, ServiceError> {
    let found = read(caller, found, unknown)?;
    let area = found.head().area;
    caller.may_manage_area(area).then_some(found).ok_or_else(|| ServiceError::area_not_owned(area))
}

/// What was found, for who reads its area.
pub fn read<T: Kept>(caller: &Caller, found: Option<T>, unknown: Reason) -> Result<T, ServiceError> {
    let found = found.filter(|found| caller.may_read_area(found.head().area));
    found.ok_or_else(|| ServiceError::new(unknown, "there is none"))
}

/// Refuses who does not manage an area.
pub fn check_manages(caller: &Caller, area: Area) -> Result<(), ServiceError> {
    caller.may_manage_area(area).then_some(()).ok_or_else(|| ServiceError::area_not_owned(area))
}

/// Who decides decides on what they saw. 0: whatever it is now, unless it must be said.
pub fn check_version(kept: &impl Kept, known: i32, must: bool) -> Result<(), ServiceError> {
    let current = kept.head().version;
    if known == current || (known == 0 && !must) {
        return Ok(());
    }
    let stale =
        ServiceError::new(Reason::PlanVersionStale, format!("at version {current}, the request at {known}"));
    Err(stale.with("known", known).with("current", current))
}

/// A step that cannot be taken now: where it stands, and what can.
pub fn refused(kept: &impl Kept, allowed: &[&str]) -> ServiceError {
    ServiceError::new(Reason::PlanStepRefused, "not in this state, or not yet")
        .with("id", &kept.head().id)
        .with("state", kept.state().1)
        .with("allowed_actions", allowed.join(","))
}

/// Records a step: what it is since, by whom, why.
pub async fn record<T: Kept>(
    Write { tx, service, cause }: Write<'_>,
    mut kept: T,
    action: &str,
    said: &Said,
) -> Result<T, ServiceError> {
    let head = kept.head_mut();
    head.version += 1;
    head.standing.push(head.version);
    let one = std::slice::from_ref(&kept);
    store::write(tx, one).await?;
    store::append(tx, one, action, (&cause.caller, said), service.clock.now()).await?;
    Ok(kept)
}

/// As it was before the last step that stands, which is taken back; `None` where that was its first.
pub async fn before<T: Kept>(tx: &DatabaseTransaction, kept: &T) -> Result<Option<T>, ServiceError> {
    let head = kept.head();
    let [.., earlier, _] = head.standing[..] else { return Ok(None) };
    let found = store::at_step::<T>(tx, &head.id, earlier).await?;
    Ok(found.map(|mut before| {
        // The step that takes it back is put in the place of the one whose record this is.
        before.head_mut().standing.pop();
        before.head_mut().version = head.version;
        before
    }))
}
