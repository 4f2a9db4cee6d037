//! Who sees findings, and what the log of looks is told first.

use futures::{StreamExt, TryStreamExt, stream};
use yizhan_proto::audit::v1::Violation;
use yizhan_proto::enrollment::v1::{AuthorizeLookRequest, LookKind};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::Audit;
use crate::findings::store::Model;

/// Characters of a purpose at most.
const MAX_PURPOSE: usize = 50;
/// Looks logged at the same time.
const LOOKS: usize = 16;
/// What an agency looks for that says nothing.
const USUAL: &str = "稽核审核";

/// The agency of the area that paid, the institution itself, services and the local administrator. A department, which sees its own payments
/// only, is not told.
pub fn may_see(caller: &Caller, finding: &Model) -> bool {
    let own = caller.institution_code().is_some_and(|code| code == finding.fixmedins_code);
    own && !finding.shadow || may_see_area(caller, &finding.poolarea_no)
}

/// Whoever sees all findings of an area.
pub fn may_see_area(caller: &Caller, poolarea_no: &str) -> bool {
    !matches!(caller, Caller::Department { .. }) && caller.may_read_area(Area::parse(poolarea_no))
}

/// Refuses who does not.
///
/// # Errors
/// AREA_NOT_OWNED.
pub fn check_sees_area(caller: &Caller, poolarea_no: &str) -> Result<(), ServiceError> {
    may_see_area(caller, poolarea_no).then_some(()).ok_or_else(|| ServiceError::area_not_owned(poolarea_no))
}

/// What a caller looks for.
pub fn check_purpose(purpose: &str, wrong: &mut Violations) -> String {
    let fits = purpose.chars().count() <= MAX_PURPOSE;
    wrong.require(fits, "purpose", Reason::TextInvalid.saying("最多 50 个字符"));
    if purpose.trim().is_empty() { USUAL } else { purpose }.to_owned()
}

/// Has the looks at these logged, each with its 结算ID.
pub async fn note<'v>(
    audit: &Audit,
    caller: &Caller,
    purpose: &str,
    shown: impl Iterator<Item = (&'v str, &'v Violation)>,
) -> Result<(), ServiceError> {
    let shown = shown.map(|(setl_id, violation)| (setl_id, violation.psn_no.as_str()));
    log(audit, caller, (LookKind::Settlement, purpose), shown).await
}

/// Has looks logged before they are answered, each at something (`subject`) of a person: all but those of an institution at its own cases, and of
/// services.
pub async fn log<'v>(
    audit: &Audit,
    caller: &Caller,
    (kind, purpose): (LookKind, &str),
    shown: impl Iterator<Item = (&'v str, &'v str)>,
) -> Result<(), ServiceError> {
    if matches!(caller, Caller::Institution { .. } | Caller::Service { .. }) {
        return Ok(());
    }
    let look = |(subject, psn_no): (&str, &str)| AuthorizeLookRequest {
        on_behalf_of: caller.to_string(),
        psn_no: psn_no.to_owned(),
        kind: kind.into(),
        subject: subject.to_owned(),
        purpose: purpose.to_owned(),
        ..AuthorizeLookRequest::default()
    };
    // What is said of an institution is about nobody.
    let shown = shown.filter(|(_, psn_no)| !psn_no.is_empty());
    let looks: Vec<AuthorizeLookRequest> = shown.map(look).collect();
    stream::iter(looks).map(|look| authorize(audit, look)).buffered(LOOKS).try_collect().await
}

/// What is of a number that was merged since is the person's under the number that stays: that person's log has the look.
async fn authorize(audit: &Audit, look: AuthorizeLookRequest) -> Result<(), ServiceError> {
    match audit.enrollment.authorize_look(look.clone()).await {
        Err(merged) if merged.reason() == Reason::PersonMerged => {
            let psn_no = merged.metadata().get("merged_into").cloned().ok_or(merged)?;
            audit.enrollment.authorize_look(AuthorizeLookRequest { psn_no, ..look }).await.map(drop)
        }
        answer => answer.map(drop),
    }
}
