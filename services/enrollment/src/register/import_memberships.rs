//! Writes dated memberships (工会互助, 公务员, 优抚, 商业保险, 家医签约) of registered persons.

use chrono::Datelike;
use yizhan_proto::enrollment::v1::{ImportMembershipsRequest, ImportOutcome, MembershipRow};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};

use crate::app::Register;
use crate::person::domain::timeline::{Membership, MembershipKind};
use crate::register::import::{self, DatedImport, DatedRow};
use crate::register::row_check::RowCheck;

/// All rows or none.
pub async fn import_memberships(
    register: &Register,
    caller: &Caller,
    mut request: ImportMembershipsRequest,
) -> Result<ImportOutcome, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    let rows = checked(&request.rows, violations)?;
    let import =
        DatedImport { caller, rows, others: Vec::new(), over: |entry, _| entry.clone(), check: |_, _, _| () };
    once::once(register, &key, |write| Box::pin(import.write(write))).await
}

fn checked(
    rows: &[MembershipRow],
    mut violations: Violations,
) -> Result<Vec<DatedRow<Membership>>, ServiceError> {
    import::check_row_count(rows.len(), &mut violations);
    let keys = rows.iter().map(|row| (&row.psn_no, row.kind, &row.category, &row.begndate));
    import::check_duplicates(keys, "begndate", &mut violations);
    let read = rows.iter().enumerate();
    let read: Vec<_> = read.filter_map(|(at, row)| dated(row, RowCheck::new(at, &mut violations))).collect();
    violations.none()?;
    Ok(read)
}

fn dated(row: &MembershipRow, mut check: RowCheck) -> Option<DatedRow<Membership>> {
    let psn_no = check.psn_no("psn_no", &row.psn_no);
    let kind = MembershipKind::from_code(row.kind);
    if kind.is_none() {
        check.wrong("kind", Reason::CodeUnknown);
    }
    let category = check.text("category", &row.category, false);
    let series = check.text("series", &row.series, false);
    let period = check.period(&row.begndate, &row.enddate);
    let (category, series, period) = (category?, series?, period?);
    let since_year = Some(row.since_year).filter(|year| *year != 0);
    if since_year.is_some_and(|year| !(1900..=period.begndate.year()).contains(&year)) {
        check.wrong("since_year", Reason::YearInvalid);
        return None;
    }
    let series = if series.is_empty() { category.clone() } else { series };
    Some(DatedRow {
        psn_no: psn_no?,
        entry: Membership { kind: kind?, category, series, period, since_year },
    })
}
