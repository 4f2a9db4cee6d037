//! Writes dated identities (低保, 特困, …) of registered persons.

use yizhan_proto::enrollment::v1::{IdentityRow, ImportIdentitiesRequest, ImportIdentitiesResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::Register;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::Identity;
use crate::register::import::{DatedRow, Row, import};

/// Longest psn_idet_type, local codes included.
const MAX_CODE: usize = 6;

/// All rows or none.
pub async fn import_identities(
    register: &Register,
    caller: &Caller,
    mut request: ImportIdentitiesRequest,
) -> Result<ImportIdentitiesResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    Ok(ImportIdentitiesResponse { outcome: Some(import(register, caller, opened, &request.rows).await?) })
}

impl Row for IdentityRow {
    type Entry = Identity;

    fn key(&self) -> impl Ord {
        (&self.psn_no, &self.psn_idet_type, &self.name, &self.begndate)
    }

    fn read(&self, mut fields: Fields) -> Option<DatedRow<Identity>> {
        let psn_no = fields.psn_no("psn_no", &self.psn_no);
        let known = |code: &str| code.len() <= MAX_CODE && code.bytes().all(|b| b.is_ascii_alphanumeric());
        let psn_idet_type = fields.code("psn_idet_type", &self.psn_idet_type, known);
        let name = fields.text("name", &self.name, true);
        fields.require(self.department.is_empty(), "department", Reason::DepartmentNotImported);
        let period = fields.period(&self.begndate, &self.enddate).map(Period::from);
        let (psn_idet_type, name, period) = (psn_idet_type?, name?, period?);
        let entry = Identity { psn_idet_type, name, period, department: String::new() };
        Some(DatedRow { psn_no: psn_no?, entry, withdrawn: self.withdrawn })
    }
}
