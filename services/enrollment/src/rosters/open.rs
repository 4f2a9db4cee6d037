//! The header of a stream: a new roster, or one to go on with.

use prost::Message;
use sha2::{Digest, Sha256};
use yizhan_proto::enrollment::v1::RosterHeader;
use yizhan_runtime::db::{begin_write, retry_transient};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, ServiceError};

use super::check;
use crate::app::Register;
use crate::rosters::store::entities::roster;
use crate::rosters::store::rosters::{self, ABANDONED, Counts, DONE, MODE_FULL, STAGING, json};

/// Makes or finds the roster, and makes the stream the one that may send its rows.
pub async fn open(
    register: &Register,
    caller: &Caller,
    header: &RosterHeader,
) -> Result<roster::Model, ServiceError> {
    let (department, effective) = check::check_header(header)?;
    check::check_speaker(caller, &header.poolarea_no, department.code)?;
    let header = RosterHeader { tell_all_rows: false, ..header.clone() };
    retry_transient(|| async {
        let tx = begin_write(&register.db).await?;
        let held = rosters::lock(&tx, &header.poolarea_no, department.code, &header.roster_id).await?;
        let opened = match held {
            Some(held) => go_on(held, &header)?,
            None => rosters::insert(&tx, new_roster(register, caller, &header, effective)?).await?,
        };
        let outdated = opened.stage == STAGING
            && opened.mode == MODE_FULL
            && rosters::is_outdated(&tx, &opened.poolarea_no, &opened.department, effective).await?;
        if outdated {
            return Err(roster_outdated(&header));
        }
        if opened.stage == STAGING {
            let renewed = roster::Model { touched_at: register.clock.now(), stream_id: new_id(), ..opened };
            rosters::update(&tx, &renewed).await?;
            tx.commit().await?;
            return Ok(renewed);
        }
        Ok(opened)
    })
    .await
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
        stage: STAGING.to_owned(),
        stream_id: String::new(),
        digest: start_of_digest(),
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

fn go_on(held: roster::Model, header: &RosterHeader) -> Result<roster::Model, ServiceError> {
    if held.header != header.encode_to_vec() {
        return Err(ServiceError::already_exists(
            "ROSTER_HEADER_CHANGED",
            "this roster_id was used with another header",
            "该名册编号已用于首部不同的名册，请更换编号",
        )
        .with("roster_id", &held.roster_id));
    }
    if held.stage == ABANDONED {
        return Err(ServiceError::failed_precondition(
            "ROSTER_ABANDONED",
            "this roster was given up",
            "该名册已放弃，请更换编号重新报送",
        )
        .with("roster_id", &held.roster_id));
    }
    debug_assert!(held.stage == STAGING || held.is_applying() || held.stage == DONE);
    Ok(held)
}

pub(super) fn roster_outdated(header: &RosterHeader) -> ServiceError {
    ServiceError::failed_precondition(
        "ROSTER_OUTDATED",
        "a full roster of this department for a later day was sealed",
        "本部门生效日期更晚的全量名册已报送，本名册已过时",
    )
    .with("effective_date", &header.effective_date)
}

/// Digest of no rows.
pub fn start_of_digest() -> String {
    hex::encode([0; 32])
}

/// Digest of the rows so far and one more.
pub fn add_to_digest(digest: [u8; 32], text: &str) -> [u8; 32] {
    Sha256::new().chain_update(digest).chain_update(text).finalize().into()
}
