//! One person of the register: masked, or in clear for those who may and say what for.

use std::collections::BTreeSet;

use yizhan_runtime::{Caller, ServiceError, Violations};

use crate::access::domain::grant::WantedLook;
use crate::access::log::{Action, Look};
use crate::app::{Register, person_unknown};
use crate::person::store::personal_data::PersonalData;
use crate::person::store::persons;
use crate::person::store::registered::RegisteredPerson;
use crate::person::store::timelines;
use crate::register::keeper::for_self_or_keeper;
use crate::register::row_check::RowCheck;
use yizhan_terms::is_psn_no;

/// A caller who may not ask about the person learns no more than of one who does not exist.
pub async fn get_person(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
) -> Result<RegisteredPerson, ServiceError> {
    if !is_psn_no(psn_no) {
        return Err(person_unknown(psn_no));
    }
    let stored = timelines::find(&register.db, psn_no).await?;
    let stored = stored.filter(|stored| caller.may_ask_about(psn_no, stored.poolarea_no));
    let stored = stored.ok_or_else(|| person_unknown(psn_no))?;
    let person = persons::find(&register.db, stored.poolarea_no, psn_no).await?;
    let person = person.ok_or_else(|| person_unknown(psn_no))?;
    RegisteredPerson::new(&register.vault, person, stored).map_err(ServiceError::internal)
}

/// The same with personal data in clear; the look is logged first.
pub async fn get_person_in_clear(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
    purpose: &str,
) -> Result<(RegisteredPerson, PersonalData), ServiceError> {
    let mut violations = Violations::new();
    RowCheck::within("", &mut violations).text("purpose", purpose, true);
    violations.none()?;
    for_self_or_keeper(register, caller, psn_no).await?;
    let found = get_person(register, caller, psn_no).await?;
    let look = Look {
        poolarea_no: found.person.poolarea_no.clone(),
        psn_no: psn_no.to_owned(),
        action: Action::Unmasked,
        subject: String::new(),
        grant_id: String::new(),
        wanted: WantedLook {
            actor: caller.to_string(),
            purpose: purpose.to_owned(),
            scopes: BTreeSet::new(),
        },
    };
    register.access_log.note(look).await?;
    let clear = PersonalData::open(&found.person, &register.vault).map_err(ServiceError::internal)?;
    Ok((found, clear))
}
