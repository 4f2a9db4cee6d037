//! Who has this certificate, or this phone?

use yizhan_proto::enrollment::v1::{
    FindPersonRequest, FindPersonResponse, FindPersonsByTelRequest, FindPersonsByTelResponse,
};
use yizhan_runtime::fields::MAX_TEXT;
use yizhan_runtime::{Caller, Fields, Personal, Reason, ServiceError, Violations};

use crate::app::{Register, person_unknown};
use crate::person::domain::certificate::identity_faults;
use crate::person::domain::codes;
use crate::person::store::{persons, timelines};
use crate::register::import_persons::{fault_reason, is_tel};
use crate::register::keeper::check_keeper;
use crate::register::messages::found_person;

/// Persons found by one phone at most.
const MAX_BY_TEL: u64 = 100;

/// Found by the keyed digest; for whoever may ask about the person.
pub async fn find_person(
    register: &Register,
    caller: &Caller,
    request: FindPersonRequest,
) -> Result<FindPersonResponse, ServiceError> {
    let FindPersonRequest { psn_cert_type, certno } = request;
    let certno: Personal<String> = certno.into();
    let mut violations = Violations::new();
    let mut fields = Fields::of(&mut violations);
    if document(&psn_cert_type, certno.expose(), &mut fields).is_some()
        && psn_cert_type == codes::RESIDENT_IDENTITY_CARD
    {
        for fault in identity_faults(certno.expose(), None, "") {
            fields.wrong("certno", fault_reason(fault));
        }
    }
    violations.none()?;
    let digest = register.certificate_key.digest(&psn_cert_type, certno.expose());
    // The number is not repeated: person_unknown gets none.
    let psn_no = persons::find_psn_no_by_certificate(&register.db, &digest).await?;
    let psn_no = psn_no.ok_or_else(|| person_unknown(""))?;
    let person = register.person(&psn_no).await?;
    let person = person.filter(|person| caller.may_ask_about(&psn_no, person.poolarea_no));
    Ok(found_person(&*person.ok_or_else(|| person_unknown(""))?))
}

/// Type and number of a certificate somebody is asked for by.
pub fn document(psn_cert_type: &str, certno: &str, fields: &mut Fields) -> Option<()> {
    let known = fields.require(codes::is_psn_cert_type(psn_cert_type), "psn_cert_type", Reason::CodeUnknown);
    let fits = (1..=MAX_TEXT).contains(&certno.chars().count());
    let said = Reason::TextInvalid.saying("证件号码应为 1 至 50 个字符");
    (fields.require(fits, "certno", said) && known).then_some(())
}

/// Persons with this phone, several of a family among them: for agencies, of the areas they keep.
pub async fn find_persons_by_tel(
    register: &Register,
    caller: &Caller,
    request: FindPersonsByTelRequest,
) -> Result<FindPersonsByTelResponse, ServiceError> {
    let tel: Personal<String> = request.tel.into();
    if !is_tel(tel.expose()) {
        return Err(ServiceError::invalid_field("tel", Reason::TelInvalid));
    }
    let not_kept = || ServiceError::area_not_owned("").with_text("仅参保地经办机构可以按联系电话查询");
    check_keeper(caller).map_err(|_| not_kept())?;
    let area = caller.readable_area().ok_or_else(not_kept)?;
    let digest = register.certificate_key.tel_digest(tel.expose());
    let found = persons::find_by_tel(&register.db, &digest, area, MAX_BY_TEL).await?;
    let found = timelines::find_many(&register.db, found.into_iter().map(|person| person.psn_no)).await?;
    Ok(FindPersonsByTelResponse { persons: found.values().map(found_person).collect() })
}
