//! Looking at rosters, and giving one up.

use yizhan_proto::enrollment::v1::{
    AbandonRosterRequest, AbandonRosterResponse, GetRosterRequest, GetRosterResponse, ListRosterRowsRequest,
    ListRosterRowsResponse,
};
use yizhan_runtime::{Caller, Reason, ServiceError, once};
use yizhan_terms::Area;

use crate::app::{Done, Register, Write};
use crate::rosters::check::{is_department_code, is_roster_id, roster_unknown};
use crate::rosters::domain::steps::{Action, Refused, Role, State};
use crate::rosters::messages::{self, Told};
use crate::rosters::store::entities::roster::Model;
use crate::rosters::store::{roster_rows, rosters};

/// One roster, if the caller may speak for its department.
pub async fn get_roster(
    register: &Register,
    caller: &Caller,
    request: GetRosterRequest,
) -> Result<GetRosterResponse, ServiceError> {
    let GetRosterRequest { poolarea_no, department, roster_id } = &request;
    let roster = get(register, caller, poolarea_no, department, roster_id).await?;
    Ok(GetRosterResponse { roster: Some(messages::roster(&roster)?) })
}

async fn get(
    register: &Register,
    caller: &Caller,
    poolarea_no: &str,
    department: &str,
    roster_id: &str,
) -> Result<Model, ServiceError> {
    check_may_see(caller, poolarea_no, department, roster_id)?;
    let found = rosters::find(&register.db, poolarea_no, department, roster_id).await?;
    found.ok_or_else(|| roster_unknown(roster_id))
}

/// Of a roster of another department it is as if there were none, nor of one that could not be called so.
fn check_may_see(
    caller: &Caller,
    poolarea_no: &str,
    department: &str,
    roster_id: &str,
) -> Result<(), ServiceError> {
    let may_be = is_roster_id(roster_id) && is_department_code(department);
    let may_see = may_be && caller.may_speak_for_department(Area::parse(poolarea_no), department);
    if may_see { Ok(()) } else { Err(roster_unknown(roster_id)) }
}

/// One page of results.
pub async fn list_roster_rows(
    register: &Register,
    caller: &Caller,
    request: ListRosterRowsRequest,
) -> Result<ListRosterRowsResponse, ServiceError> {
    let ListRosterRowsRequest { poolarea_no, department, roster_id, .. } = &request;
    let roster = get(register, caller, poolarea_no, department, roster_id).await?;
    if !roster.rows_kept {
        return Err(ServiceError::new(Reason::RosterRowsGone, "the rows of this roster are no longer kept")
            .with("roster_id", &roster.roster_id));
    }
    let asked = register.pages.asked(caller, &request).of(roster.roster_no);
    let behind = |after: Option<[String; 1]>, limit| {
        let after = after.and_then(|[row_no]| row_no.parse().ok()).unwrap_or(0);
        told(register, &roster, request.refused_only, after, limit)
    };
    let key = |last: &Told| [last.row.row_no.to_string()];
    let (rows, next_page_token) = asked.page(behind, key).await?;
    let rows = rows.into_iter().map(messages::row_result).collect();
    Ok(ListRosterRowsResponse { rows, next_page_token })
}

/// Results of rows behind one.
pub async fn told(
    register: &Register,
    roster: &Model,
    refused_only: bool,
    after: i64,
    limit: u64,
) -> Result<Vec<Told>, ServiceError> {
    let rows = roster_rows::told(&register.db, roster, refused_only, after, limit).await?;
    let all_applied = roster.sealed_at.is_some() && roster.applied_rows == roster.total_rows;
    Ok(rows.into_iter().map(|row| Told { row, all_applied }).collect())
}

/// Gives up a roster that is not sealed.
pub async fn abandon_roster(
    register: &Register,
    caller: &Caller,
    mut request: AbandonRosterRequest,
) -> Result<AbandonRosterResponse, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    violations.none()?;
    check_may_see(caller, &request.poolarea_no, &request.department, &request.roster_id)?;
    once::once(register, &key, |tools| Box::pin(give_up(tools, &request))).await
}

async fn give_up(
    Write { tx, service: register, .. }: Write<'_>,
    request: &AbandonRosterRequest,
) -> Result<Done<AbandonRosterResponse>, ServiceError> {
    let AbandonRosterRequest { poolarea_no, department, roster_id, .. } = request;
    let held = rosters::lock(tx, poolarea_no, department, roster_id).await?;
    let mut roster = held.ok_or_else(|| roster_unknown(roster_id))?;
    match roster.next(Action::GiveUp, Role::Department) {
        Ok(given_up) => roster.enter(given_up, register.clock.now()),
        Err(Refused { state: State::Abandoned, .. }) => {}
        Err(_) => {
            let message = "a sealed roster cannot be given up: send another one";
            return Err(ServiceError::new(Reason::RosterSealed, message).with("roster_id", roster_id));
        }
    }
    rosters::update(tx, &roster).await?;
    let roster = Some(messages::roster(&roster)?);
    Ok(Done { answer: AbandonRosterResponse { roster, replayed: false }, changed: Vec::new() })
}
