//! Writes dated identities (低保, 特困, …) of registered persons.

use yizhan_proto::enrollment::v1::{IdentityRow, ImportIdentitiesRequest, ImportOutcome};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};

use crate::app::Register;
use crate::person::domain::timeline::Identity;
use crate::register::import::{self, DatedImport, DatedRow};
use crate::register::row_check::RowCheck;

/// Longest psn_idet_type, local codes included.
const MAX_CODE: usize = 6;

/// All rows or none.
pub async fn import_identities(
    register: &Register,
    caller: &Caller,
    mut request: ImportIdentitiesRequest,
) -> Result<ImportOutcome, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    let rows = checked(&request.rows, violations)?;
    let import =
        DatedImport { caller, rows, others: Vec::new(), over: |entry, _| entry.clone(), check: |_, _, _| () };
    once::once(register, &key, |write| Box::pin(import.write(write))).await
}

fn checked(
    rows: &[IdentityRow],
    mut violations: Violations,
) -> Result<Vec<DatedRow<Identity>>, ServiceError> {
    import::check_row_count(rows.len(), &mut violations);
    let keys = rows.iter().map(|row| (&row.psn_no, &row.psn_idet_type, &row.name, &row.begndate));
    import::check_duplicates(keys, "begndate", &mut violations);
    let read = rows.iter().enumerate();
    let read: Vec<_> = read.filter_map(|(at, row)| dated(row, RowCheck::new(at, &mut violations))).collect();
    violations.none()?;
    Ok(read)
}

fn dated(row: &IdentityRow, mut check: RowCheck) -> Option<DatedRow<Identity>> {
    let psn_no = check.psn_no("psn_no", &row.psn_no);
    let psn_idet_type = check.code("psn_idet_type", &row.psn_idet_type, |code| {
        code.len() <= MAX_CODE && code.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    let name = check.text("name", &row.name, true);
    if !row.department.is_empty() {
        check.wrong("department", Reason::DepartmentNotImported);
    }
    let period = check.period(&row.begndate, &row.enddate);
    let (psn_idet_type, name, period) = (psn_idet_type?, name?, period?);
    let entry = Identity { psn_idet_type, name, period, department: String::new() };
    Some(DatedRow { psn_no: psn_no?, entry })
}
