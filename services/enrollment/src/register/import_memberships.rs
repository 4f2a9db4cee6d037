//! Writes dated memberships (工会互助, 公务员, 优抚, 商业保险, 家医签约) of registered persons.

use chrono::Datelike;
use yizhan_proto::enrollment::v1::{ImportMembershipsRequest, ImportMembershipsResponse, MembershipRow};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::Register;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Membership, MembershipKind};
use crate::register::import::{DatedRow, Row, import};

/// All rows or none.
pub async fn import_memberships(
    register: &Register,
    caller: &Caller,
    mut request: ImportMembershipsRequest,
) -> Result<ImportMembershipsResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    Ok(ImportMembershipsResponse { outcome: Some(import(register, caller, opened, &request.rows).await?) })
}

impl Row for MembershipRow {
    type Entry = Membership;

    fn key(&self) -> impl Ord {
        (&self.psn_no, self.kind, &self.category, &self.begndate)
    }

    fn read(&self, mut fields: Fields) -> Option<DatedRow<Membership>> {
        let psn_no = fields.psn_no("psn_no", &self.psn_no);
        let said = Reason::CodeUnknown.saying("会员类别不在字典中");
        let kind = fields.some(MembershipKind::from_code(self.kind), "kind", said);
        let category = fields.text("category", &self.category, false);
        fields.require(self.department.is_empty(), "department", Reason::DepartmentNotImported);
        let series = fields.text("series", &self.series, false);
        let period = fields.period(&self.begndate, &self.enddate).map(Period::from);
        let (category, series, period) = (category?, series?, period?);
        let since_year = Some(self.since_year).filter(|year| *year != 0);
        let fits = since_year.is_none_or(|year| (1900..=period.begndate.year()).contains(&year));
        fields.require(fits, "since_year", Reason::YearInvalid);
        let series = if series.is_empty() { category.clone() } else { series };
        let entry =
            Membership { kind: kind?, category, series, period, since_year, department: String::new() };
        Some(DatedRow { psn_no: psn_no?, entry, withdrawn: self.withdrawn })
    }
}
