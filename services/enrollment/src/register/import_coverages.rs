//! Writes dated coverages of registered persons.

use yizhan_proto::enrollment::v1::{CoverageRow, ImportCoveragesRequest, ImportCoveragesResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};
use yizhan_terms::Insutype;

use crate::app::Register;
use crate::person::domain::basic_schemes::second_basic_scheme;
use crate::person::domain::codes;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};
use crate::register::import::{DatedRow, Row, import};

/// All rows or none; stretches of one person and scheme must not overlap, nor a second basic scheme be normal on a day.
pub async fn import_coverages(
    register: &Register,
    caller: &Caller,
    mut request: ImportCoveragesRequest,
) -> Result<ImportCoveragesResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    Ok(ImportCoveragesResponse { outcome: Some(import(register, caller, opened, &request.rows).await?) })
}

impl Row for CoverageRow {
    type Entry = Coverage;

    fn key(&self) -> impl Ord {
        (&self.psn_no, &self.insutype, &self.begndate)
    }

    fn read(&self, mut fields: Fields) -> Option<DatedRow<Coverage>> {
        let psn_no = fields.psn_no("psn_no", &self.psn_no);
        let insutype = fields.coded("insutype", &self.insutype, Insutype::from_code);
        let psn_type = fields.code("psn_type", &self.psn_type, codes::is_psn_type);
        let known = |code: &str| code.is_empty() || codes::is_psn_chg_type(code);
        let psn_chg_type = fields.code("psn_chg_type", &self.psn_chg_type, known);
        let state = CoverageState::from_code(&self.psn_insu_stas, &self.psn_chg_type);
        let said = Reason::CodeUnknown.saying("参保状态应为 1 正常、2 暂停或 4 终止");
        let state = fields.some(state, "psn_insu_stas", said);
        let poolarea_no = fields.optional("poolarea_no", &self.poolarea_no, Fields::area);
        let known = |code: &str| code.is_empty() || codes::is_hi_type(code);
        let hi_type = fields.code("hi_type", &self.hi_type, known);
        let period = fields.period(&self.begndate, &self.enddate).map(Period::from);
        let entitled_begndate = fields.optional("entitled_begndate", &self.entitled_begndate, Fields::date);
        let (period, entitled_begndate) = (period?, entitled_begndate?);
        let in_order = entitled_begndate.is_none_or(|from| period.begndate <= from);
        let said = Reason::DatesReversed.saying("待遇享受开始日期不能早于参保开始日期");
        fields.require(in_order, "entitled_begndate", said);
        let entry = Coverage {
            state: state?,
            poolarea_no: poolarea_no?,
            entitled_begndate,
            hi_type: hi_type?,
            psn_chg_type: psn_chg_type?,
            ..Coverage::normal(insutype?, psn_type?, period)
        };
        Some(DatedRow { psn_no: psn_no?, entry, withdrawn: self.withdrawn })
    }

    /// The decision on the waiting period, which no import can tell, stays while the first day of entitlement is the one it led to.
    fn over(told: &Coverage, held: &Coverage) -> Coverage {
        let decided = held.waiting.clone().filter(|_| held.entitled_begndate == told.entitled_begndate);
        Coverage { waiting: decided, ..told.clone() }
    }

    /// Stretches of one scheme must not overlap, nor two basic schemes be normal on one day.
    fn check(coverage: &Coverage, person: &Timeline, fields: &mut Fields) {
        if let Some(other) = person.overlapping(coverage) {
            fields.wrong("begndate", Reason::CoverageOverlap.saying(overlap_text(other)));
        }
        if let Some(other) = second_basic_scheme(person, coverage) {
            fields.wrong("insutype", Reason::SecondBasicScheme.saying(second_basic_scheme_text(other)));
        }
    }
}

/// Why no second stretch may hold on those days: the one that does.
pub fn overlap_text(held: &Coverage) -> String {
    format!("与自 {} 起的同险种参保时段重叠", held.period.begndate)
}

/// Why no second basic scheme may begin: the one that is in force.
pub fn second_basic_scheme_text(held: &Coverage) -> String {
    format!(
        "该人员自 {} 起已参加基本医疗保险（险种 {}），不能重复参保，请先终止或办理险种切换",
        held.period.begndate, held.insutype
    )
}
