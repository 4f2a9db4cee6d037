//! One person of the register, personal data masked.

use yizhan_runtime::{Caller, ServiceError};

use crate::register::{Register, person_unknown};
use crate::store::entities::person;
use crate::store::persons;
use crate::store::timelines::{self, StoredTimeline};

/// A person with what entitles them.
#[derive(Clone, Debug)]
pub struct RegisteredPerson {
    /// As registered.
    pub person: person::Model,
    /// What entitles them.
    pub stored: StoredTimeline,
}

/// A caller who may not ask about the person learns no more than of one who does not exist.
pub async fn get_person(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
) -> Result<RegisteredPerson, ServiceError> {
    let stored = timelines::find(&register.db, psn_no).await?;
    let stored = stored.filter(|stored| caller.may_ask_about(psn_no, &stored.poolarea_no));
    let stored = stored.ok_or_else(|| person_unknown(psn_no))?;
    let person = persons::find(&register.db, &stored.poolarea_no, psn_no).await?;
    let person = person.ok_or_else(|| person_unknown(psn_no))?;
    Ok(RegisteredPerson { person, stored })
}
