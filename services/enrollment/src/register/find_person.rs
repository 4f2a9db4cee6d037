//! Who has this certificate, or this phone?

use std::sync::Arc;

use yizhan_runtime::{Caller, Personal, Reason, ServiceError, Violations};

use crate::app::{Register, person_unknown};
use crate::person::domain::certificate::identity_faults;
use crate::person::domain::codes;
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::import_persons::{fault_reason, is_tel};
use crate::register::row_check::MAX_TEXT;

/// Persons found by one phone at most.
const MAX_BY_TEL: u64 = 100;

/// Found by the keyed digest; for whoever may ask about the person.
pub async fn find_person(
    register: &Register,
    caller: &Caller,
    psn_cert_type: &str,
    certno: Personal<String>,
) -> Result<Arc<StoredTimeline>, ServiceError> {
    check(psn_cert_type, certno.expose())?;
    let digest = register.certificate_key.digest(psn_cert_type, certno.expose());
    // The number is not repeated: person_unknown gets none.
    let psn_no = persons::find_psn_no_by_certificate(&register.db, &digest).await?;
    let psn_no = psn_no.ok_or_else(|| person_unknown(""))?;
    let person = register.person(&psn_no).await?;
    let person = person.filter(|person| caller.may_ask_about(&psn_no, person.poolarea_no));
    person.ok_or_else(|| person_unknown(""))
}

/// Persons with this phone, several of a family among them: for agencies, of the areas they keep.
pub async fn find_persons_by_tel(
    register: &Register,
    caller: &Caller,
    tel: Personal<String>,
) -> Result<Vec<StoredTimeline>, ServiceError> {
    if !is_tel(tel.expose()) {
        return Err(ServiceError::invalid_field("tel", Reason::TelInvalid));
    }
    let keeps = matches!(caller, Caller::Agency { .. } | Caller::LocalAdministrator);
    let area = caller
        .readable_area()
        .filter(|_| keeps)
        .ok_or_else(|| ServiceError::area_not_owned("").with_text("仅参保地经办机构可以按联系电话查询"))?;
    let digest = register.certificate_key.tel_digest(tel.expose());
    let found = persons::find_by_tel(&register.db, &digest, area, MAX_BY_TEL).await?;
    let psn_nos = found.into_iter().map(|person| person.psn_no);
    Ok(timelines::find_many(&register.db, psn_nos).await?.into_values().collect())
}

fn check(psn_cert_type: &str, certno: &str) -> Result<(), ServiceError> {
    let mut violations = Violations::new();
    let known = codes::is_psn_cert_type(psn_cert_type);
    violations.require(known, "psn_cert_type", Reason::CodeUnknown);
    let fits = (1..=MAX_TEXT).contains(&certno.chars().count());
    violations.require(fits, "certno", Reason::TextInvalid.saying("证件号码应为 1 至 50 个字符"));
    if fits && psn_cert_type == codes::RESIDENT_IDENTITY_CARD {
        for fault in identity_faults(certno, None, "") {
            let reason = fault_reason(fault);
            violations.push("certno", reason);
        }
    }
    violations.none()
}
