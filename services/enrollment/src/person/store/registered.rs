//! A person's row and timeline together.

use yizhan_runtime::vault::{OpenError, Vault};

use super::entities::person;
use super::personal_data::PersonalData;
use super::timelines::StoredTimeline;
use crate::person::domain::masking;

/// A person with what entitles them.
#[derive(Clone, Debug)]
pub struct RegisteredPerson {
    /// As registered.
    pub person: person::Model,
    /// What entitles them.
    pub stored: StoredTimeline,
    /// 联系电话, masked.
    pub tel_masked: String,
}

impl RegisteredPerson {
    /// Opens the phone to mask it.
    pub fn new(vault: &Vault, person: person::Model, stored: StoredTimeline) -> Result<Self, OpenError> {
        let tel = PersonalData::open_tel(&person, vault)?;
        Ok(RegisteredPerson { person, stored, tel_masked: masking::mask_certno(tel.expose()) })
    }
}
