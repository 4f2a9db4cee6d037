//! Writes dated entitlements to outpatient care of a disease (慢特病, 两病) of registered persons.

use yizhan_proto::enrollment::v1::{DiseaseEntitlementRow, ImportDiseaseEntitlementsRequest, ImportOutcome};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};

use crate::app::Register;
use crate::person::domain::entry::Entry;
use crate::person::domain::timeline::{DiseaseEntitlement, DiseaseKind};
use crate::person::store::timelines::StoredTimeline;
use crate::register::import::{self, DatedImport, DatedRow};
use crate::register::row_check::RowCheck;

/// Longest 病种编码.
const MAX_CODE: usize = 30;

/// All rows or none.
pub async fn import_disease_entitlements(
    register: &Register,
    caller: &Caller,
    mut request: ImportDiseaseEntitlementsRequest,
) -> Result<ImportOutcome, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    let rows = checked(&request.rows, violations)?;
    let import =
        DatedImport { caller, rows, others: Vec::new(), over: |entry, _| entry.clone(), check: no_overlap };
    once::once(register, &key, |write| Box::pin(import.write(write))).await
}

fn checked(
    rows: &[DiseaseEntitlementRow],
    mut violations: Violations,
) -> Result<Vec<DatedRow<DiseaseEntitlement>>, ServiceError> {
    import::check_row_count(rows.len(), &mut violations);
    let read = rows.iter().enumerate();
    let read: Vec<_> = read.filter_map(|(at, row)| dated(row, RowCheck::new(at, &mut violations))).collect();
    let keys = rows.iter().map(|row| {
        let told = row.entitlement.clone().unwrap_or_default();
        (&row.psn_no, told.kind, told.dise_codg, told.begndate)
    });
    import::check_duplicates(keys, "entitlement.begndate", &mut violations);
    violations.none()?;
    Ok(read)
}

fn dated(row: &DiseaseEntitlementRow, mut check: RowCheck) -> Option<DatedRow<DiseaseEntitlement>> {
    let psn_no = check.psn_no("psn_no", &row.psn_no);
    let told = row.entitlement.clone().unwrap_or_default();
    let kind = DiseaseKind::from_code(told.kind);
    if kind.is_none() {
        check.wrong("entitlement.kind", Reason::CodeUnknown.saying("应为 1 门诊慢特病或 2 两病"));
    }
    let dise_codg = check.code("entitlement.dise_codg", &told.dise_codg, is_dise_codg);
    let dise_name = check.text("entitlement.dise_name", &told.dise_name, true);
    let period = check.period(&told.begndate, &told.enddate);
    let reverify_by = check.optional_date("entitlement.reverify_by", &told.reverify_by);
    let (period, reverify_by) = (period?, reverify_by?);
    if reverify_by.is_some_and(|last| last < period.begndate) {
        check.wrong("entitlement.reverify_by", Reason::DatesReversed.saying("复审期限不能早于开始日期"));
        return None;
    }
    let entry =
        DiseaseEntitlement { kind: kind?, dise_codg: dise_codg?, dise_name: dise_name?, period, reverify_by };
    Some(DatedRow { psn_no: psn_no?, entry })
}

/// Whether it could be a 病种编码.
pub fn is_dise_codg(code: &str) -> bool {
    (1..=MAX_CODE).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic())
}

fn no_overlap(entry: &DiseaseEntitlement, person: &StoredTimeline, check: &mut RowCheck) {
    let other = person.timeline.diseases.iter().find(|held| {
        held.kind == entry.kind
            && held.dise_codg == entry.dise_codg
            && !held.same_key(entry)
            && held.period.overlaps(&entry.period)
    });
    if let Some(other) = other {
        let text = format!("与自 {} 起的同病种待遇重叠", other.period.begndate);
        check.wrong("entitlement.begndate", Reason::EntitlementOverlap.saying(text));
    }
}
