//! Writes dated account shares (个账共济): who lets whom use their personal account.

use yizhan_proto::enrollment::v1::{AccountShareRow, ImportAccountSharesRequest, ImportOutcome};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};

use crate::app::Register;
use crate::person::domain::timeline::AccountShare;
use crate::register::import::{self, DatedImport, DatedRow};
use crate::register::row_check::RowCheck;

/// All rows or none; both persons must be registered.
pub async fn import_account_shares(
    register: &Register,
    caller: &Caller,
    mut request: ImportAccountSharesRequest,
) -> Result<ImportOutcome, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    let rows = checked(&request.rows, violations)?;
    let sharers = rows.iter().enumerate();
    let sharers: Vec<_> =
        sharers.map(|(at, row)| (at, "sharer_psn_no", row.entry.sharer_psn_no.clone())).collect();
    let import =
        DatedImport { caller, rows, others: sharers, over: |entry, _| entry.clone(), check: |_, _, _| () };
    once::once(register, &key, |write| Box::pin(import.write(write))).await
}

fn checked(
    rows: &[AccountShareRow],
    mut violations: Violations,
) -> Result<Vec<DatedRow<AccountShare>>, ServiceError> {
    import::check_row_count(rows.len(), &mut violations);
    let keys = rows.iter().map(|row| (&row.psn_no, &row.sharer_psn_no, &row.begndate));
    import::check_duplicates(keys, "begndate", &mut violations);
    let read = rows.iter().enumerate();
    let read: Vec<_> = read.filter_map(|(at, row)| dated(row, RowCheck::new(at, &mut violations))).collect();
    violations.none()?;
    Ok(read)
}

fn dated(row: &AccountShareRow, mut check: RowCheck) -> Option<DatedRow<AccountShare>> {
    let psn_no = check.psn_no("psn_no", &row.psn_no);
    let sharer_psn_no = check.psn_no("sharer_psn_no", &row.sharer_psn_no);
    let period = check.period(&row.begndate, &row.enddate);
    if row.psn_no == row.sharer_psn_no {
        check.wrong("sharer_psn_no", Reason::SharerIsSelf);
        return None;
    }
    Some(DatedRow { psn_no: psn_no?, entry: AccountShare { sharer_psn_no: sharer_psn_no?, period: period? } })
}
