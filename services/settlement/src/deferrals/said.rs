//! What requests of this room have in common: references, who may, and refusals.

use chrono::NaiveDate;
use yizhan_proto::settlement::v1::Deferral;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError};
use yizhan_terms::Area;

use super::store;
use crate::app::App;
use crate::books::store::{deferrals, merged};

/// Characters of a reference at most.
pub const MAX_PAY_REFERENCE: usize = 50;

/// A reference: given, short enough, printable ASCII.
pub fn check_reference(fields: &mut Fields<'_>, field: &str, text: &str) {
    let fits = text.len() <= MAX_PAY_REFERENCE && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fields.require(!text.is_empty(), field, Reason::Required) {
        fields.require(
            fits,
            field,
            Reason::Characters.saying(format!("最多 {MAX_PAY_REFERENCE} 个可见 ASCII 字符")),
        );
    }
}

/// There is none, or none the caller may know of.
pub fn unknown() -> ServiceError {
    ServiceError::new(Reason::DeferralUnknown, "no such debt")
}

/// Nobody else changes what a person owes until the transaction ends; all numbers of the person, that which stays first.
pub async fn lock_person(tx: &DatabaseTransaction, psn_no: &str) -> Result<Vec<String>, ServiceError> {
    let numbers = merged::numbers(tx, psn_no).await?;
    yizhan_runtime::db::lock(tx, &format!("pay later {}", numbers[0])).await?;
    Ok(numbers)
}

/// Who asks about a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Whose it is, or whom they authorised.
    Payer,
    /// Where it was settled.
    Institution,
    /// The agency of the area.
    Agency,
}

/// A debt the caller may know of, and as whom.
///
/// # Errors
/// DEFERRAL_UNKNOWN.
pub async fn known(app: &App, caller: &Caller, id: &str) -> Result<(Deferral, Party), ServiceError> {
    let is_id = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let found = if is_id { deferrals::find(&app.db, id).await? } else { None };
    let of = found.ok_or_else(unknown)?;
    let party = match caller {
        Caller::Person { psn_no } => {
            may_pay_for(app, psn_no, &of.psn_no, app.clock.today()).await?.then_some(Party::Payer)
        }
        Caller::Institution { code } => (*code == of.fixmedins_code).then_some(Party::Institution),
        _ => caller.may_manage_area(Area::parse(&of.poolarea_no)).then_some(Party::Agency),
    };
    Ok((of, party.ok_or_else(unknown)?))
}

/// Whether somebody is the person, or was authorised by them (亲情代付).
pub async fn may_pay_for(
    app: &App,
    payer: &str,
    psn_no: &str,
    today: NaiveDate,
) -> Result<bool, ServiceError> {
    let numbers = merged::numbers(&app.db, psn_no).await?;
    let payers = merged::numbers(&app.db, payer).await?;
    if numbers[0] == payers[0] {
        return Ok(true);
    }
    let agreement = store::find(&app.db, &numbers).await?.unwrap_or_default();
    let today = today.to_string();
    Ok(agreement.payers.iter().any(|named| payers.contains(&named.psn_no) && named.until_date >= today))
}

/// The refusal of a step that where the debt stands does not allow.
pub fn closed(of: &Deferral) -> ServiceError {
    let error = ServiceError::new(Reason::DeferralClosed, "nothing is owed of it any more");
    error.with("state", of.state().as_str_name())
}
