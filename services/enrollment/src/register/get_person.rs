//! One person of the register: masked, or in clear for those who may and say what for.

use std::collections::BTreeSet;

use yizhan_proto::enrollment::v1::{GetPersonRequest, GetPersonResponse};
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};

use crate::access::domain::grant::WantedLook;
use crate::access::log::{Action, Look};
use crate::app::{Register, person_unknown};
use crate::person::store::personal_data::PersonalData;
use crate::person::store::persons;
use crate::person::store::registered::RegisteredPerson;
use crate::register::keeper::{for_self_or_keeper, person_asked_about};
use crate::register::messages;

/// A caller who may not ask about the person learns no more than of one who does not exist. In clear the look is logged first.
pub async fn get_person(
    register: &Register,
    caller: &Caller,
    request: GetPersonRequest,
) -> Result<GetPersonResponse, ServiceError> {
    let GetPersonRequest { psn_no, unmask, purpose } = request;
    if unmask {
        let mut violations = Violations::new();
        Fields::of(&mut violations).text("purpose", &purpose, true);
        violations.none()?;
        for_self_or_keeper(register, caller, &psn_no).await?;
    }
    let stored = person_asked_about(register, caller, &psn_no).await?;
    let person = persons::find(&register.db, stored.poolarea_no, &psn_no).await?;
    let person = person.ok_or_else(|| person_unknown(&psn_no))?;
    let found = RegisteredPerson::new(&register.vault, person, stored).map_err(ServiceError::internal)?;
    let in_clear = if unmask { Some(in_clear(register, caller, &found, purpose).await?) } else { None };
    let in_clear = in_clear.map(messages::in_clear);
    Ok(GetPersonResponse { person: Some(messages::person(found)), in_clear })
}

async fn in_clear(
    register: &Register,
    caller: &Caller,
    found: &RegisteredPerson,
    purpose: String,
) -> Result<PersonalData, ServiceError> {
    let look = Look {
        poolarea_no: found.person.poolarea_no.clone(),
        psn_no: found.person.psn_no.clone(),
        action: Action::Unmasked,
        subject: String::new(),
        grant_id: String::new(),
        wanted: WantedLook { actor: caller.to_string(), purpose, scopes: BTreeSet::new() },
    };
    register.access_log.note(look).await?;
    PersonalData::open(&found.person, &register.vault).map_err(ServiceError::internal)
}
