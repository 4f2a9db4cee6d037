//! Which settlements of an institution are reconciled, and who may.

use chrono::{Days, NaiveDate};
use yizhan_runtime::clock::begin_of;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::{Area, Insutype, is_fixmedins_code};

use crate::app::App;
use crate::books::store::entities::settlement;
use crate::books::store::merged;
use crate::books::store::reconciled::Statements;
use crate::settlements::query::unknown;

/// 清算类别 (docs/CODES.md, clr_type).
const CLEARING_TYPES: [&str; 3] = ["11", "21", "41"];

/// What is asked for, as it stands in a request.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// 定点医药机构编号
    pub fixmedins_code: &'a str,
    /// 结算经办机构
    pub setl_optins: &'a str,
    /// 险种类型
    pub insutype: &'a str,
    /// 清算类别
    pub clr_type: &'a str,
    /// First and last day.
    pub days: (&'a str, &'a str),
}

/// The institution named, or the caller's own.
pub fn own_or<'a>(caller: &'a Caller, fixmedins_code: &'a str) -> &'a str {
    Some(fixmedins_code).filter(|code| !code.is_empty()).or(caller.institution_code()).unwrap_or_default()
}

/// Reads it: `most` days at most.
pub fn read<'a>(
    caller: &'a Caller,
    asked: Asked<'a>,
    most: u64,
    wrong: &mut Violations,
) -> Option<Statements<'a>> {
    let code = own_or(caller, asked.fixmedins_code);
    let mut fields = Fields::of(wrong);
    fields.require(is_fixmedins_code(code), "fixmedins_code", Reason::InstitutionInvalid);
    let area = fields.optional("setl_optins", asked.setl_optins, Fields::area);
    if !asked.insutype.is_empty() {
        fields.coded("insutype", asked.insutype, Insutype::from_code);
    }
    let known = asked.clr_type.is_empty() || CLEARING_TYPES.contains(&asked.clr_type);
    fields.require(known, "clr_type", Reason::CodeUnknown);
    let begin = fields.date("stmt_begndate", asked.days.0);
    let end = fields.date("stmt_enddate", asked.days.1);
    let (begin, end) = (begin?, end?);
    let next = end.checked_add_days(Days::new(1))?;
    if fields.require(begin <= end, "stmt_enddate", Reason::DatesReversed) {
        let days = (next - begin).num_days();
        if days > i64::try_from(most).unwrap_or(i64::MAX) {
            fields
                .wrong("stmt_enddate", Reason::PeriodTooLong.saying(format!("最多 {most} 天")))
                .with("limit", most);
        }
    }
    let areas = area?.unwrap_or(Area::NATION).codes();
    Some(Statements {
        fixmedins_code: code,
        settled: micros(begin)..micros(next),
        areas: (areas.start().to_string(), areas.end().to_string()),
        insutype: asked.insutype,
        clr_type: asked.clr_type,
    })
}

fn micros(day: NaiveDate) -> i64 {
    begin_of(day).timestamp_micros()
}

/// The institution itself; and about what its area pays, the agency.
pub fn require_party(caller: &Caller, asked: &Asked<'_>) -> Result<(), ServiceError> {
    let of_institution = caller.may_act_for_institution(own_or(caller, asked.fixmedins_code));
    let pays =
        !matches!(caller, Caller::Department { .. }) && caller.may_read_area(Area::parse(asked.setl_optins));
    if of_institution || pays {
        return Ok(());
    }
    Err(match caller {
        Caller::Agency { .. } => ServiceError::area_not_owned(asked.setl_optins),
        _ => not_own(),
    })
}

/// Refuses who does not act for the institution.
pub fn require_institution(caller: &Caller, fixmedins_code: &str) -> Result<(), ServiceError> {
    if caller.may_act_for_institution(fixmedins_code) { Ok(()) } else { Err(not_own()) }
}

/// A settlement of a person, named by the number of then or by that which stays.
///
/// # Errors
/// SETTLEMENT_UNKNOWN where it is not the person's, or there is none.
pub async fn of_person(
    app: &App,
    row: Option<settlement::Model>,
    psn_no: &str,
) -> Result<settlement::Model, ServiceError> {
    let row = row.ok_or_else(unknown)?;
    if row.psn_no == psn_no || merged::stays(&app.db, &row.psn_no).await? == psn_no {
        return Ok(row);
    }
    Err(unknown())
}

/// Refuses another person than the one a message was about, under whatever number.
pub async fn require_person(app: &App, then: &str, psn_no: &str) -> Result<(), ServiceError> {
    let same =
        then == psn_no || merged::stays(&app.db, then).await? == merged::stays(&app.db, psn_no).await?;
    if same { Ok(()) } else { Err(unknown()) }
}

fn not_own() -> ServiceError {
    ServiceError::new(Reason::InstitutionNotOwn, "the settlements are another institution's")
}
