//! What indicators come from, for officers and for the institution itself.

use std::collections::BTreeMap;

use yizhan_proto::credit::v1::{
    FigureIndicator, InstitutionFigures, ListInstitutionFiguresRequest, ListInstitutionFiguresResponse,
    MonthFigures,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::domain::{Against, Followed, INDICATORS, Sums, indicators};
use super::store::{self, Wanted};
use super::year::together;
use crate::app::Credit;
use crate::ledger::is_code;
use crate::officer::check_year;

/// A page of an area's year.
pub async fn list_institution_figures(
    credit: &Credit,
    caller: &Caller,
    request: ListInstitutionFiguresRequest,
) -> Result<ListInstitutionFiguresResponse, ServiceError> {
    let asked = credit.pages.asked(caller, &request);
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    check_year(request.year, &mut fields);
    let one = Some(request.fixmedins_code).filter(|code| !code.is_empty());
    fields.require(one.as_deref().is_none_or(is_code), "fixmedins_code", Reason::Characters);
    let area = wrong.finish(area)?;
    check_sees(caller, area.as_str(), one.as_deref())?;
    let mut wanted = Wanted { area, year: request.year, institutions: None };
    let db = credit.db.reading();
    let read = async |after, limit| match &one {
        Some(code) => Ok(vec![code.clone()]),
        None => store::institutions(&db, &wanted, after, limit).await,
    };
    let (codes, next_page_token) = asked.page(read, |code: &String| [code.clone()]).await?;
    wanted.institutions = Some(codes);
    let followed = store::followed(&db).await?;
    let known = store::read(&db, &wanted).await?;
    Ok(ListInstitutionFiguresResponse {
        institutions: known.into_iter().map(|(code, months)| told(code, &months, followed)).collect(),
        next_page_token,
        settlements_followed: followed.settlements,
        decisions_followed: followed.decisions,
    })
}

/// Who reads the area, departments aside; and an institution about itself.
fn check_sees(caller: &Caller, poolarea_no: &str, institution: Option<&str>) -> Result<(), ServiceError> {
    match caller {
        Caller::Institution { code } if institution == Some(code) => Ok(()),
        Caller::Institution { .. } => {
            Err(ServiceError::new(Reason::InstitutionNotOwn, "another institution's figures"))
        }
        Caller::Department { .. } => Err(ServiceError::area_not_owned(poolarea_no)),
        _ => caller.check_reads(poolarea_no),
    }
}

fn told(
    fixmedins_code: String,
    months: &BTreeMap<String, (Sums, Against)>,
    followed: Followed,
) -> InstitutionFigures {
    let (sums, against) = together(months.values());
    let indicators = indicators(&sums, &against, followed);
    let name = |code: &str| INDICATORS.iter().find(|(known, _)| *known == code).map_or("", |(_, name)| name);
    let indicator = |(code, value): (String, rust_decimal::Decimal)| FigureIndicator {
        name: name(&code).to_owned(),
        value: value.to_string(),
        code,
    };
    InstitutionFigures {
        fixmedins_code,
        months: months.iter().map(of_month).collect(),
        indicators: indicators.into_iter().map(indicator).collect(),
    }
}

fn of_month((month, (sums, against)): (&String, &(Sums, Against))) -> MonthFigures {
    MonthFigures {
        month: month.clone(),
        settlements: sums.settlements,
        visits: sums.visits,
        stays: sums.stays,
        stay_days: sums.stay_days,
        medfee_sumamt_fen: sums.fee_fen,
        fund_pay_sumamt_fen: sums.fund_fen,
        out_of_scope_fen: sums.own_fen,
        stay_medfee_sumamt_fen: sums.stay_fee_fen,
        stay_fund_pay_sumamt_fen: sums.stay_fund_fen,
        stay_out_of_scope_fen: sums.stay_own_fen,
        decisions: against.decisions,
        decisions_withdrawn: against.withdrawn,
        violation_lines: against.lines,
        violation_fee_fen: against.fee_fen,
        violation_fund_fen: against.fund_fen,
    }
}
