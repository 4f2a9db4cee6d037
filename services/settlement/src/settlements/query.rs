//! Reading settlements back: one, a person's, the statement, the accumulators.

use yizhan_proto::enrollment::v1::{AccessScope, LookKind};
use yizhan_proto::settlement::v1::{
    Accumulator, GetAccumulatorsRequest, GetAccumulatorsResponse, GetSettlementRequest,
    GetSettlementResponse, GetStatementRequest, GetStatementResponse, ListSettlementsRequest,
    ListSettlementsResponse, SettlementInfo,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::fields::Fields;
use yizhan_runtime::page::Asked;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::messages::statement;
use crate::app::App;
use crate::books::store::entities::settlement;
use crate::books::store::{deferrals, merged, recoveries, settlements};
use crate::fields::{check_id, check_person};
use crate::looks::domain::{View, Whose, require_person, view_of};
use crate::looks::leave::{self, Look, check_purpose};
use crate::looks::messages::cut;

/// A settlement by id, as much of it as the caller may see.
pub async fn get(
    app: &App,
    caller: &Caller,
    request: GetSettlementRequest,
) -> Result<GetSettlementResponse, ServiceError> {
    let GetSettlementRequest { setl_id, purpose, grant_id } = request;
    let by_grant = !grant_id.is_empty();
    let mut wrong = Violations::new();
    let purpose = check_purpose(caller, &purpose, by_grant, &mut wrong);
    let row = find(app, &setl_id, wrong).await?;
    let look = look_at(&row, LookKind::Settlement, &purpose);
    let settlement = settlements::as_now(&app.db, &row).await?;
    if by_grant {
        let granted = leave::by_grant(app, caller, look, &grant_id, &[AccessScope::Settlements]).await?;
        let within =
            parse_date(&row.enddate).is_some_and(|day| granted.days.0 <= day && day <= granted.days.1);
        let seen = cut(settlement, View::Fees).filter(|_| within).ok_or_else(unknown)?;
        return Ok(GetSettlementResponse { settlement: Some(seen) });
    }
    let view = view_of(caller, whose(&row)).ok_or_else(unknown)?;
    let seen = cut(settlement, view).ok_or_else(unknown)?;
    leave::note(app, caller, whose(&row), look).await?;
    Ok(GetSettlementResponse { settlement: Some(seen) })
}

/// The row of a settlement under the number of the person that stays, with `wrong` what is wrong with the rest of the request; whether the caller may see it is not asked yet.
pub async fn find(
    app: &App,
    setl_id: &str,
    mut wrong: Violations,
) -> Result<settlement::Model, ServiceError> {
    check_id(&mut Fields::of(&mut wrong), "setl_id", setl_id);
    wrong.none()?;
    let mut row = settlements::by_id(&app.db, setl_id).await?.ok_or_else(unknown)?;
    row.psn_no = merged::stays(&app.db, &row.psn_no).await?;
    Ok(row)
}

/// Whose a stored settlement is.
pub fn whose(row: &settlement::Model) -> Whose<'_> {
    Whose { poolarea_no: &row.poolarea_no, psn_no: &row.psn_no, fixmedins_code: &row.fixmedins_code }
}

fn look_at<'l>(row: &'l settlement::Model, kind: LookKind, purpose: &'l str) -> Look<'l> {
    Look { kind, psn_no: &row.psn_no, subject: &row.setl_id, purpose }
}

/// There is no such settlement, or it is not the caller's to see: the same answer for both.
pub fn unknown() -> ServiceError {
    ServiceError::new(Reason::SettlementUnknown, "no such settlement")
}

/// Refuses a caller who may not see a settlement as a whole, as if there were none.
pub fn require_whole(caller: &Caller, row: &settlement::Model) -> Result<(), ServiceError> {
    if view_of(caller, whose(row)) == Some(View::Whole) { Ok(()) } else { Err(unknown()) }
}

/// A person's settlements, newest first, as far as the caller may see them.
pub async fn list(
    app: &App,
    caller: &Caller,
    request: ListSettlementsRequest,
) -> Result<ListSettlementsResponse, ServiceError> {
    let mut wrong = check_person(&request.psn_no, &request.poolarea_no);
    let purpose = check_purpose(caller, &request.purpose, false, &mut wrong);
    wrong.none()?;
    let psn_nos = merged::numbers(&app.db, &request.psn_no).await?;
    let (poolarea_no, psn_no) = (request.poolarea_no.as_str(), psn_nos[0].as_str());
    // An institution's rows are its own cases.
    let institution = caller.institution_code();
    let whose = Whose { poolarea_no, psn_no, fixmedins_code: institution.unwrap_or_default() };
    // Who sees nothing is read nothing.
    let areas: &[String] = match view_of(caller, whose) {
        Some(_) => std::slice::from_ref(&request.poolarea_no),
        None => &[],
    };
    let wanted = settlements::Wanted { areas, psn_nos: &psn_nos, institution, days: None };
    // Whose own it is looks for what was settled a moment ago.
    let own = matches!(caller, Caller::Institution { .. } | Caller::Person { .. });
    let db = if own { app.db.clone() } else { app.db.reading() };
    let page =
        page_of(&db, &wanted, &app.pages.asked(caller, &request), |whose| view_of(caller, whose)).await?;
    if !page.0.is_empty() {
        let look = Look { kind: LookKind::Settlements, psn_no, subject: "", purpose: &purpose };
        leave::note(app, caller, whose, look).await?;
    }
    Ok(ListSettlementsResponse { settlements: page.0, next_page_token: page.1 })
}

/// A page of headers, as much of each as is seen, and the token of the next.
pub async fn page_of(
    db: &DatabaseConnection,
    wanted: &settlements::Wanted<'_>,
    asked: &Asked,
    view: impl Fn(Whose<'_>) -> Option<View>,
) -> Result<(Vec<SettlementInfo>, String), ServiceError> {
    let older = |before: Option<[String; 1]>, limit| settlements::of_person(db, wanted, before, limit);
    let key = |last: &settlement::Model| [last.setl_id.clone()];
    let see = |row: settlement::Model| {
        let Some(view) = view(Whose { psn_no: &wanted.psn_nos[0], ..whose(&row) }) else { return Ok(None) };
        let seen = cut(settlements::answer_of(&row)?, view).and_then(|seen| seen.setlinfo);
        Ok(seen.map(|info| (info, view == View::Whole)))
    };
    let (mut seen, next_page_token) = asked.visible(older, key, see).await?;
    let whole = seen.iter_mut().filter(|(_, whole)| *whole).map(|(info, _)| info);
    recoveries::mark(db, whole.collect()).await?;
    let mut infos: Vec<SettlementInfo> = seen.into_iter().map(|(info, _)| info).collect();
    let ids: Vec<&str> = infos.iter().map(|info| info.setl_id.as_str()).collect();
    let mut reversed = settlements::reversals_in(db, wanted.areas.iter().cloned(), &ids).await?;
    for info in &mut infos {
        if let Some(reversal) = reversed.remove(&info.setl_id) {
            settlements::mark_reversed(info, reversal);
        }
    }
    Ok((infos, next_page_token))
}

/// The one-page statement, for who sees the whole settlement.
pub async fn statement(
    app: &App,
    caller: &Caller,
    request: GetStatementRequest,
) -> Result<GetStatementResponse, ServiceError> {
    let mut wrong = Violations::new();
    let purpose = check_purpose(caller, &request.purpose, false, &mut wrong);
    let row = find(app, &request.setl_id, wrong).await?;
    let view = view_of(caller, whose(&row)).ok_or_else(unknown)?;
    let settlement = cut(settlements::as_now(&app.db, &row).await?, view).ok_or_else(unknown)?;
    if view != View::Whole {
        return Err(ServiceError::new(
            Reason::OnlyPartVisible,
            "the statement is the whole settlement, of which the caller sees a part",
        ));
    }
    leave::note(app, caller, whose(&row), look_at(&row, LookKind::Statement, &purpose)).await?;
    let deferral = deferrals::of_settlement(&app.db, &row.setl_id).await?;
    Ok(GetStatementResponse {
        text: statement::text(&settlement, deferral.as_ref()),
        html: statement::html(&settlement, deferral.as_ref()),
        settlement: Some(settlement),
    })
}

/// What a person's settlements add up to.
pub async fn accumulators(
    app: &App,
    caller: &Caller,
    request: GetAccumulatorsRequest,
) -> Result<GetAccumulatorsResponse, ServiceError> {
    let mut wrong = check_person(&request.psn_no, &request.poolarea_no);
    let purpose = check_purpose(caller, &request.purpose, false, &mut wrong);
    wrong.none()?;
    let stays = merged::stays(&app.db, &request.psn_no).await?;
    let (poolarea_no, psn_no) = (request.poolarea_no.as_str(), stays.as_str());
    require_person(caller, psn_no, poolarea_no)?;
    let look = Look { kind: LookKind::Accumulators, psn_no, subject: "", purpose: &purpose };
    leave::note(app, caller, Whose { poolarea_no, psn_no, fixmedins_code: "" }, look).await?;
    Ok(GetAccumulatorsResponse { accumulators: accumulated(app, poolarea_no, psn_no).await? })
}

/// What a person's settlements in an area add up to.
pub async fn accumulated(
    app: &App,
    poolarea_no: &str,
    psn_no: &str,
) -> Result<Vec<Accumulator>, ServiceError> {
    let mut accumulators = Vec::new();
    for year in settlements::accumulated_of(&app.db, poolarea_no, psn_no).await? {
        accumulators.extend(year.totals()?.into_iter().map(|(accumulator, total)| Accumulator {
            policy_year: year.policy_year.clone(),
            accumulator,
            total,
            poolarea_no: poolarea_no.to_owned(),
        }));
    }
    Ok(accumulators)
}
