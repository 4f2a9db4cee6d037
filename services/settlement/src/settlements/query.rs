//! Reading settlements back: one, a person's, the statement, the accumulators.

use yizhan_proto::settlement::v1::{
    Accumulator, GetAccumulatorsRequest, GetAccumulatorsResponse, GetStatementResponse,
    ListSettlementsRequest, ListSettlementsResponse, Settlement,
};
use yizhan_runtime::page::{decode_token, encode_token, page_size};
use yizhan_runtime::{Caller, ServiceError, Violations};

use super::messages::statement;
use crate::app::App;
use crate::books::store::entities::settlement;
use crate::books::store::settlements;
use crate::fields::{check_area, check_id};

/// The list that page tokens belong to.
const SCOPE: &str = "settlements";
/// 退费标志 of a settlement that was reversed.
const REVERSED: &str = "1";

/// A settlement by id, with whether it has been reversed since.
pub async fn get(app: &App, caller: &Caller, setl_id: &str) -> Result<Settlement, ServiceError> {
    let row = find(app, caller, setl_id).await?;
    let mut settlement = settlements::answer_of(&row)?;
    let reversal = settlements::reversal_of(&app.db, &row).await?;
    if let (Some(info), Some(_)) = (settlement.setlinfo.as_mut(), reversal) {
        info.refd_setl_flag = REVERSED.to_owned();
    }
    Ok(settlement)
}

/// The row of a settlement the caller may see.
pub async fn find(app: &App, caller: &Caller, setl_id: &str) -> Result<settlement::Model, ServiceError> {
    let mut wrong = Violations::new();
    check_id(setl_id, "setl_id", &mut wrong);
    wrong.finish()?;
    let row = settlements::by_id(&app.db, setl_id).await?;
    let row = row.ok_or_else(unknown)?;
    require_visible(caller, &row)?;
    Ok(row)
}

/// There is no such settlement, or it is not the caller's to see: the same answer for both.
pub fn unknown() -> ServiceError {
    ServiceError::not_found("SETTLEMENT_UNKNOWN", "no such settlement", "未查到该结算")
}

/// Refuses a caller who may not see a settlement, as if there were none.
pub fn require_visible(caller: &Caller, row: &settlement::Model) -> Result<(), ServiceError> {
    if may_see(caller, row) { Ok(()) } else { Err(unknown()) }
}

/// Whether a caller may see a settlement: the institution that made it, the area that paid it,
/// the person it is about.
pub fn may_see(caller: &Caller, row: &settlement::Model) -> bool {
    caller.may_act_for_institution(&row.fixmedins_code)
        || caller.may_read_area(&row.poolarea_no)
        || matches!(caller, Caller::Person { psn_no } if *psn_no == row.psn_no)
}

/// A person's settlements, newest first, as far as the caller may see them.
pub async fn list(
    app: &App,
    caller: &Caller,
    request: ListSettlementsRequest,
) -> Result<ListSettlementsResponse, ServiceError> {
    check_person(&request.psn_no, &request.poolarea_no)?;
    let size = page_size(request.page_size)?;
    let [before] = decode_token::<1>(SCOPE, &request.page_token)?.unwrap_or_default();
    let institution = caller.institution_code();
    let rows = settlements::of_person(
        &app.db,
        &request.poolarea_no,
        &request.psn_no,
        institution,
        &before,
        size + 1,
    );
    let mut rows = rows.await?;
    let more = rows.len() as u64 > size;
    rows.truncate(size as usize);
    let last = rows.last().filter(|_| more);
    let next_page_token = last.map(|row| encode_token(SCOPE, &[&row.setl_id])).unwrap_or_default();
    rows.retain(|row| may_see(caller, row));
    let ids: Vec<&str> = rows.iter().map(|row| row.setl_id.as_str()).collect();
    let reversed = settlements::reversed_among(&app.db, &request.poolarea_no, &request.psn_no, &ids).await?;
    let mut infos = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut info = settlements::answer_of(row)?.setlinfo.unwrap_or_default();
        if reversed.contains(&row.setl_id) {
            info.refd_setl_flag = REVERSED.to_owned();
        }
        infos.push(info);
    }
    Ok(ListSettlementsResponse { settlements: infos, next_page_token })
}

/// The one-page statement.
pub async fn statement(
    app: &App,
    caller: &Caller,
    setl_id: &str,
) -> Result<GetStatementResponse, ServiceError> {
    let settlement = get(app, caller, setl_id).await?;
    Ok(GetStatementResponse {
        text: statement::text(&settlement),
        html: statement::html(&settlement),
        settlement: Some(settlement),
    })
}

/// What a person's settlements add up to.
pub async fn accumulators(
    app: &App,
    caller: &Caller,
    request: GetAccumulatorsRequest,
) -> Result<GetAccumulatorsResponse, ServiceError> {
    require_person(caller, &request.psn_no, &request.poolarea_no)?;
    let years = settlements::accumulated_of(&app.db, &request.poolarea_no, &request.psn_no);
    let mut accumulators = Vec::new();
    for year in years.await? {
        let totals: std::collections::BTreeMap<String, i64> =
            serde_json::from_str(&year.totals).map_err(ServiceError::internal)?;
        accumulators.extend(totals.into_iter().map(|(accumulator, total)| Accumulator {
            policy_year: year.policy_year.clone(),
            accumulator,
            total,
        }));
    }
    Ok(GetAccumulatorsResponse { accumulators })
}

/// A person named by area and number whom the caller may ask about.
pub fn require_person(caller: &Caller, psn_no: &str, poolarea_no: &str) -> Result<(), ServiceError> {
    check_person(psn_no, poolarea_no)?;
    if caller.may_ask_about(psn_no, poolarea_no) {
        return Ok(());
    }
    Err(ServiceError::permission_denied("PERSON_NOT_OWN", "not the caller's to ask about", "无权查询该人员"))
}

fn check_person(psn_no: &str, poolarea_no: &str) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    check_id(psn_no, "psn_no", &mut wrong);
    check_area(poolarea_no, "poolarea_no", &mut wrong);
    wrong.finish()
}
