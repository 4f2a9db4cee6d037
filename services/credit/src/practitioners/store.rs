//! How practitioners stand, as stored: what their entries come to, written with each of them.

pub mod matters;

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use yizhan_runtime::ServiceError;

use super::domain::timeline::Timeline;
use crate::standings;

/// How each stands who is known, with the version.
pub type Found = BTreeMap<String, (Timeline, i64)>;

/// How each stands who is known; one read.
pub async fn find(
    db: &impl ConnectionTrait,
    codes: impl Iterator<Item = String>,
) -> Result<Found, ServiceError> {
    decoded(standings::rows(db, codes).await?)
}

/// What is stored, read.
pub fn decoded(rows: Vec<standings::Model>) -> Result<Found, ServiceError> {
    let read = rows.into_iter().map(|row| {
        let timeline = serde_json::from_slice(&row.timeline).map_err(ServiceError::internal)?;
        Ok((row.practitioner_code, (timeline, row.version)))
    });
    read.collect()
}

/// Writes how one stands.
pub async fn write(
    db: &impl ConnectionTrait,
    practitioner_code: &str,
    version: i64,
    timeline: &Timeline,
) -> Result<(), ServiceError> {
    Ok(standings::write(db, vec![encoded(practitioner_code, version, timeline)?]).await?)
}

/// As it is stored.
pub fn encoded(
    practitioner_code: &str,
    version: i64,
    timeline: &Timeline,
) -> Result<standings::Model, ServiceError> {
    let timeline = serde_json::to_vec(timeline).map_err(ServiceError::internal)?;
    Ok(standings::Model { practitioner_code: practitioner_code.to_owned(), version, timeline })
}
