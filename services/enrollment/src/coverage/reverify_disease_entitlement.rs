//! 复审: an entitlement to outpatient care of a disease was verified again.

use chrono::NaiveDate;
use yizhan_proto::enrollment::v1::{ReverifyDiseaseEntitlementRequest, ReverifyDiseaseEntitlementResponse};
use yizhan_rules::months::last_day_after;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::{Done, Register, Write};
use crate::coverage::import_disease_entitlements::{is_dise_codg, kind};
use crate::person::domain::timeline::DiseaseKind;
use crate::register::keeper::lock_one;
use crate::register::{changes, messages};

/// Half-yearly, unless told otherwise.
const MONTHS: u32 = 6;

/// Extends the day until which it holds without being verified again.
pub async fn reverify_disease_entitlement(
    register: &Register,
    caller: &Caller,
    mut request: ReverifyDiseaseEntitlementRequest,
) -> Result<ReverifyDiseaseEntitlementResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let verified = checked(&request, register.clock.today(), Fields::of(&mut violations));
    let verified = violations.finish(verified)?;
    once::once(register, &key, |write| Box::pin(verified.record(write, caller))).await
}

/// What was verified.
struct Verified {
    psn_no: String,
    kind: DiseaseKind,
    dise_codg: String,
    verified_on: NaiveDate,
    reverify_by: NaiveDate,
}

fn checked(
    request: &ReverifyDiseaseEntitlementRequest,
    today: NaiveDate,
    mut fields: Fields,
) -> Option<Verified> {
    let psn_no = fields.psn_no("psn_no", &request.psn_no);
    let kind = kind("kind", request.kind, &mut fields);
    let dise_codg = fields.code("dise_codg", &request.dise_codg, is_dise_codg);
    let verified_on = fields.past_date("verified_on", &request.verified_on, today);
    let reverify_by = fields.optional("reverify_by", &request.reverify_by, Fields::date);
    let verified_on = verified_on?;
    let reverify_by = reverify_by?.unwrap_or_else(|| last_day_after(verified_on, MONTHS));
    let said = Reason::DatesReversed.saying("下次复审期限应晚于复审日期");
    fields.require(verified_on < reverify_by, "reverify_by", said);
    Some(Verified { psn_no: psn_no?, kind: kind?, dise_codg: dise_codg?, verified_on, reverify_by })
}

impl Verified {
    async fn record(
        &self,
        write: Write<'_>,
        caller: &Caller,
    ) -> Result<Done<ReverifyDiseaseEntitlementResponse>, ServiceError> {
        let mut edit = lock_one(write.tx, caller, &self.psn_no).await?;
        let held = edit.after.timeline.diseases.iter_mut().find(|held| {
            held.kind == self.kind
                && held.dise_codg == self.dise_codg
                && held.period.contains(self.verified_on)
        });
        let held = held.ok_or_else(unknown)?;
        if held.reverify_by.is_none_or(|before| before >= self.reverify_by) {
            let text = "新的复审期限应晚于原期限；未设复审期限的待遇无需复审";
            return Err(ServiceError::invalid_field("reverify_by", Reason::DatesReversed.saying(text)));
        }
        held.reverify_by = Some(self.reverify_by);
        let entitlement = Some(messages::disease(held));
        let (person_version, changed) = changes::record_one(write, edit).await?;
        let answer = ReverifyDiseaseEntitlementResponse { entitlement, person_version, replayed: false };
        Ok(Done { answer, changed })
    }
}

fn unknown() -> ServiceError {
    ServiceError::new(
        Reason::DiseaseEntitlementUnknown,
        "the person has no such entitlement on the day of verification",
    )
}
