//! The header of a stream: a new roster, or one to go on with.

use prost::Message;
use yizhan_proto::enrollment::v1::RosterHeader;
use yizhan_runtime::db::{begin_write, retry_transient};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Reason, ServiceError};

use super::check::{self, RowRules};
use super::digest;
use crate::app::Register;
use crate::rosters::domain::steps::{Action, Refused, Role, State};
use crate::rosters::store::entities::roster;
use crate::rosters::store::rosters::{self, Counts, json};

/// Makes or finds the roster, and makes the stream the one that may send its rows; with what those are checked against.
pub async fn open(
    register: &Register,
    caller: &Caller,
    header: &RosterHeader,
) -> Result<(roster::Model, RowRules), ServiceError> {
    let (department, effective) = check::check_header(header, &register.rules.load(&register.db).await?)?;
    let code = department.code.clone();
    check::check_speaker(caller, &header.poolarea_no, &code)?;
    let header = RosterHeader { tell_all_rows: false, ..header.clone() };
    let rules = RowRules::of(&header, department, effective, register.certificate_key.clone());
    let opened = retry_transient(|| async {
        let tx = begin_write(&register.db).await?;
        let held = rosters::lock(&tx, &header.poolarea_no, &code, &header.roster_id).await?;
        let opened = match held {
            Some(held) => same_header(held, &header)?,
            None => rosters::insert(&tx, new_roster(register, caller, &header, effective)?).await?,
        };
        match opened.next(Action::Send, Role::Department) {
            Ok(_) if rosters::is_outdated(&tx, &opened).await? => return Err(roster_outdated(&opened)),
            Ok(_) => {}
            Err(Refused { state: State::Abandoned, .. }) => return Err(roster_abandoned(&opened)),
            // Sealed: what becomes of it may be followed.
            Err(_) => return Ok(opened),
        }
        let renewed = roster::Model { touched_at: register.clock.now(), stream_id: new_id(), ..opened };
        rosters::update(&tx, &renewed).await?;
        tx.commit().await?;
        Ok(renewed)
    })
    .await?;
    Ok((opened, rules))
}

fn new_roster(
    register: &Register,
    caller: &Caller,
    header: &RosterHeader,
    effective_date: chrono::NaiveDate,
) -> Result<roster::Model, ServiceError> {
    let now = register.clock.now();
    Ok(roster::Model {
        roster_no: 0,
        poolarea_no: header.poolarea_no.clone(),
        department: header.department.clone(),
        roster_id: header.roster_id.clone(),
        header: header.encode_to_vec(),
        mode: header.mode,
        effective_date,
        total_rows: header.total_rows,
        caller: caller.to_string(),
        stage: State::Staging,
        stream_id: String::new(),
        digest: digest::of_none(),
        staged_rows: 0,
        applied_rows: 0,
        position: String::new(),
        counts: json(&Counts::default())?,
        rows_kept: true,
        opened_at: now,
        touched_at: now,
        sealed_at: None,
        done_at: None,
    })
}

fn same_header(held: roster::Model, header: &RosterHeader) -> Result<roster::Model, ServiceError> {
    if held.header == header.encode_to_vec() {
        return Ok(held);
    }
    let message = "this roster_id was used with another header";
    Err(ServiceError::new(Reason::RosterHeaderChanged, message).with("roster_id", &held.roster_id))
}

fn roster_abandoned(held: &roster::Model) -> ServiceError {
    ServiceError::new(Reason::RosterAbandoned, "this roster was given up").with("roster_id", &held.roster_id)
}

/// What it tells of its day was told of a later one.
pub(super) fn roster_outdated(roster: &roster::Model) -> ServiceError {
    ServiceError::new(Reason::RosterOutdated, "a full roster of this department for a later day was sealed")
        .with("effective_date", roster.effective_date)
}
