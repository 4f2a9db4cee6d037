//! Writes dated coverages of registered persons.

use yizhan_proto::enrollment::v1::{CoverageRow, ImportCoveragesRequest, ImportOutcome};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};

use crate::app::Register;
use crate::person::domain::basic_schemes::second_basic_scheme;
use crate::person::domain::codes;
use crate::person::domain::timeline::{Coverage, CoverageState};
use crate::person::store::timelines::StoredTimeline;
use crate::register::import::{self, DatedImport, DatedRow};
use crate::register::row_check::RowCheck;

/// All rows or none; stretches of one person and scheme must not overlap, nor a second basic scheme be normal on a day.
pub async fn import_coverages(
    register: &Register,
    caller: &Caller,
    mut request: ImportCoveragesRequest,
) -> Result<ImportOutcome, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    let rows = checked(&request.rows, violations)?;
    let import = DatedImport { caller, rows, others: Vec::new(), over, check: no_overlap };
    once::once(register, &key, |write| Box::pin(import.write(write))).await
}

fn checked(
    rows: &[CoverageRow],
    mut violations: Violations,
) -> Result<Vec<DatedRow<Coverage>>, ServiceError> {
    import::check_row_count(rows.len(), &mut violations);
    let keys = rows.iter().map(|row| (&row.psn_no, &row.insutype, &row.begndate));
    import::check_duplicates(keys, "begndate", &mut violations);
    let read = rows.iter().enumerate();
    let read: Vec<_> = read.filter_map(|(at, row)| dated(row, RowCheck::new(at, &mut violations))).collect();
    violations.none()?;
    Ok(read)
}

fn dated(row: &CoverageRow, mut check: RowCheck) -> Option<DatedRow<Coverage>> {
    let psn_no = check.psn_no("psn_no", &row.psn_no);
    let insutype = check.insutype("insutype", &row.insutype);
    let psn_type = check.code("psn_type", &row.psn_type, codes::is_psn_type);
    let psn_chg_type =
        check.code("psn_chg_type", &row.psn_chg_type, |code| code.is_empty() || codes::is_psn_chg_type(code));
    let state = CoverageState::from_code(&row.psn_insu_stas, &row.psn_chg_type);
    if state.is_none() {
        check.wrong("psn_insu_stas", Reason::CodeUnknown.saying("参保状态应为 1 正常、2 暂停或 4 终止"));
    }
    let poolarea_no = match row.poolarea_no.as_str() {
        "" => Some(None),
        code => check.poolarea("poolarea_no", code).map(Some),
    };
    let hi_type = check.code("hi_type", &row.hi_type, |code| code.is_empty() || codes::is_hi_type(code));
    let period = check.period(&row.begndate, &row.enddate);
    let entitled_begndate = check.optional_date("entitled_begndate", &row.entitled_begndate);
    let coverage = Coverage {
        insutype: insutype?,
        psn_type: psn_type?,
        state: state?,
        poolarea_no: poolarea_no?,
        period: period?,
        entitled_begndate: entitled_begndate?,
        hi_type: hi_type?,
        psn_chg_type: psn_chg_type?,
        waiting: None,
    };
    if coverage.entitled_begndate.is_some_and(|from| from < coverage.period.begndate) {
        check
            .wrong("entitled_begndate", Reason::DatesReversed.saying("待遇享受开始日期不能早于参保开始日期"));
        return None;
    }
    Some(DatedRow { psn_no: psn_no?, entry: coverage })
}

/// The decision on the waiting period, which no import can tell, stays while the first day of entitlement is the one it led to.
fn over(told: &Coverage, held: &Coverage) -> Coverage {
    let decided = held.waiting.clone().filter(|_| held.entitled_begndate == told.entitled_begndate);
    Coverage { waiting: decided, ..told.clone() }
}

/// Stretches of one scheme must not overlap, nor two basic schemes be normal on one day.
fn no_overlap(coverage: &Coverage, person: &StoredTimeline, check: &mut RowCheck) {
    if let Some(other) = person.timeline.overlapping(coverage) {
        let text = format!("与自 {} 起的同险种参保时段重叠", other.period.begndate);
        check.wrong("begndate", Reason::CoverageOverlap.saying(text));
    }
    if let Some(other) = second_basic_scheme(&person.timeline, coverage) {
        check.wrong("insutype", Reason::SecondBasicScheme.saying(second_basic_scheme_text(other)));
    }
}

/// Why no second basic scheme may begin: the one that is in force.
pub fn second_basic_scheme_text(held: &Coverage) -> String {
    format!(
        "该人员自 {} 起已参加基本医疗保险（险种 {}），不能重复参保，请先终止或办理险种切换",
        held.period.begndate, held.insutype
    )
}
