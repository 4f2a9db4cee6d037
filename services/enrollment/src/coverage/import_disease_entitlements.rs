//! Writes dated entitlements to outpatient care of a disease (慢特病, 两病) of registered persons.

use yizhan_proto::enrollment::v1::{
    DiseaseEntitlementRow, ImportDiseaseEntitlementsRequest, ImportDiseaseEntitlementsResponse,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::Register;
use crate::person::domain::entry::Entry;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{DiseaseEntitlement, DiseaseKind, Timeline};
use crate::register::import::{DatedRow, Row, import};

/// Longest 病种编码.
const MAX_CODE: usize = 30;

/// All rows or none.
pub async fn import_disease_entitlements(
    register: &Register,
    caller: &Caller,
    mut request: ImportDiseaseEntitlementsRequest,
) -> Result<ImportDiseaseEntitlementsResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    let outcome = Some(import(register, caller, opened, &request.rows).await?);
    Ok(ImportDiseaseEntitlementsResponse { outcome })
}

impl Row for DiseaseEntitlementRow {
    type Entry = DiseaseEntitlement;
    const TWICE: &'static str = "entitlement.begndate";

    fn key(&self) -> impl Ord {
        let told = self.entitlement.clone().unwrap_or_default();
        (&self.psn_no, told.kind, told.dise_codg, told.begndate)
    }

    fn read(&self, mut fields: Fields) -> Option<DatedRow<DiseaseEntitlement>> {
        let psn_no = fields.psn_no("psn_no", &self.psn_no);
        let told = self.entitlement.clone().unwrap_or_default();
        let kind = kind("entitlement.kind", told.kind, &mut fields);
        let dise_codg = fields.code("entitlement.dise_codg", &told.dise_codg, is_dise_codg);
        let dise_name = fields.text("entitlement.dise_name", &told.dise_name, true);
        let period = fields.period(&told.begndate, &told.enddate).map(Period::from);
        let reverify_by = fields.optional("entitlement.reverify_by", &told.reverify_by, Fields::date);
        let (period, reverify_by) = (period?, reverify_by?);
        let in_order = reverify_by.is_none_or(|last| period.begndate <= last);
        let said = Reason::DatesReversed.saying("复审期限不能早于开始日期");
        fields.require(in_order, "entitlement.reverify_by", said);
        let (kind, dise_codg, dise_name) = (kind?, dise_codg?, dise_name?);
        let entry = DiseaseEntitlement { kind, dise_codg, dise_name, period, reverify_by };
        Some(DatedRow { psn_no: psn_no?, entry, withdrawn: self.withdrawn })
    }

    fn check(entry: &DiseaseEntitlement, person: &Timeline, fields: &mut Fields) {
        let other = person.diseases.iter().find(|held| {
            held.kind == entry.kind
                && held.dise_codg == entry.dise_codg
                && !held.same_key(entry)
                && held.period.overlaps(&entry.period)
        });
        if let Some(other) = other {
            let text = format!("与自 {} 起的同病种待遇重叠", other.period.begndate);
            fields.wrong("entitlement.begndate", Reason::EntitlementOverlap.saying(text));
        }
    }
}

/// What kind of entitlement.
pub fn kind(field: &str, code: i32, fields: &mut Fields) -> Option<DiseaseKind> {
    let said = Reason::CodeUnknown.saying("应为 1 门诊慢特病或 2 两病");
    fields.some(DiseaseKind::from_code(code), field, said)
}

/// Whether it could be a 病种编码.
pub fn is_dise_codg(code: &str) -> bool {
    (1..=MAX_CODE).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic())
}
