//! 复审: an entitlement to outpatient care of a disease was verified again.

use chrono::NaiveDate;
use yizhan_proto::enrollment::v1::{ReverifyDiseaseEntitlementRequest, ReverifyDiseaseEntitlementResponse};
use yizhan_runtime::{Caller, Reason, ServiceError, once};

use crate::app::{Done, Register, Write};
use crate::coverage::enrolment::lock_one;
use crate::coverage::import_disease_entitlements::is_dise_codg;
use crate::person::domain::timeline::DiseaseKind;
use crate::register::changes;
use crate::register::messages;
use crate::register::row_check::RowCheck;
use yizhan_rules::months::last_day_after;

/// Half-yearly, unless told otherwise.
const MONTHS: u32 = 6;

/// Extends the day until which it holds without being verified again.
pub async fn reverify_disease_entitlement(
    register: &Register,
    caller: &Caller,
    mut request: ReverifyDiseaseEntitlementRequest,
) -> Result<ReverifyDiseaseEntitlementResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let mut check = RowCheck::within("", &mut violations);
    check.psn_no("psn_no", &request.psn_no);
    let kind = DiseaseKind::from_code(request.kind);
    if kind.is_none() {
        check.wrong("kind", Reason::CodeUnknown.saying("应为 1 门诊慢特病或 2 两病"));
    }
    check.code("dise_codg", &request.dise_codg, is_dise_codg);
    let verified_on = check.date("verified_on", &request.verified_on);
    let reverify_by = check.optional_date("reverify_by", &request.reverify_by);
    if verified_on.is_some_and(|day| day > register.clock.today()) {
        check.wrong("verified_on", Reason::InTheFuture);
    }
    if let (Some(verified_on), Some(Some(last))) = (verified_on, reverify_by)
        && last <= verified_on
    {
        check.wrong("reverify_by", Reason::DatesReversed.saying("下次复审期限应晚于复审日期"));
    }
    violations.none()?;
    let (Some(kind), Some(verified_on)) = (kind, verified_on) else {
        return Err(ServiceError::internal(anyhow::anyhow!("a request was refused without a violation")));
    };
    let reverify_by = reverify_by.flatten().unwrap_or_else(|| last_day_after(verified_on, MONTHS));
    let work = Reverification {
        caller,
        psn_no: request.psn_no,
        kind,
        dise_codg: request.dise_codg,
        verified_on,
        reverify_by,
    };
    once::once(register, &key, |write| Box::pin(work.write(write))).await
}

struct Reverification<'a> {
    caller: &'a Caller,
    psn_no: String,
    kind: DiseaseKind,
    dise_codg: String,
    verified_on: NaiveDate,
    reverify_by: NaiveDate,
}

impl Reverification<'_> {
    async fn write(
        &self,
        write @ Write { tx, .. }: Write<'_>,
    ) -> Result<Done<ReverifyDiseaseEntitlementResponse>, ServiceError> {
        let mut edit = lock_one(tx, self.caller, &self.psn_no).await?;
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
        let changed = changes::record(write, vec![edit]).await?;
        let person_version = changed.first().map(|person| person.version).unwrap_or_default();
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
