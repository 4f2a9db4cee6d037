//! How practitioners stand, as stored: what their entries come to, written with each of them.

pub mod matters;

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::{find_rows_where, upsert};

use super::domain::timeline::Timeline;

/// A practitioner.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qualification")]
pub struct Model {
    /// The national code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub practitioner_code: String,
    /// Of the subject: counts its entries.
    pub version: i64,
    /// [`Timeline`], as JSON.
    pub timeline: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// How each stands who is known, with the version; one read.
pub async fn find(
    db: &impl ConnectionTrait,
    codes: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, (Timeline, i64)>, ServiceError> {
    let mut keys: Vec<[String; 1]> = codes.map(|code| [code]).collect();
    keys.sort_unstable();
    keys.dedup();
    let rows = find_rows_where::<Entity, 1>(db, [Column::PractitionerCode], keys, "1 = 1").await?;
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
    let timeline = serde_json::to_vec(timeline).map_err(ServiceError::internal)?;
    let row = Model { practitioner_code: practitioner_code.to_owned(), version, timeline };
    Ok(upsert::<Entity>(db, vec![row]).await?)
}
