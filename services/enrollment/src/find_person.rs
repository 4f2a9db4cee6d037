//! Who has this certificate?

use std::sync::Arc;

use yizhan_runtime::{Caller, Personal, ServiceError, Violations};

use crate::domain::certificate::identity_faults;
use crate::domain::codes;
use crate::domain::row_check::MAX_TEXT;
use crate::import_persons::fault_reason;
use crate::register::{Register, person_unknown};
use crate::store::persons;
use crate::store::timelines::StoredTimeline;

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
    let person = person.filter(|person| caller.may_ask_about(&psn_no, &person.poolarea_no));
    person.ok_or_else(|| person_unknown(""))
}

fn check(psn_cert_type: &str, certno: &str) -> Result<(), ServiceError> {
    let mut violations = Violations::new();
    let known = codes::is_psn_cert_type(psn_cert_type);
    violations.require(known, "psn_cert_type", "CODE_UNKNOWN", "证件类型不在字典中");
    let fits = (1..=MAX_TEXT).contains(&certno.chars().count());
    violations.require(fits, "certno", "TEXT_INVALID", "证件号码应为 1 至 50 个字符");
    if fits && psn_cert_type == codes::RESIDENT_IDENTITY_CARD {
        for fault in identity_faults(certno, None, "") {
            let (reason, text) = fault_reason(fault);
            violations.push("certno", reason, text);
        }
    }
    violations.finish()
}
