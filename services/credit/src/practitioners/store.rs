//! How practitioners stand, as stored: what their entries come to, written with each of them.

pub mod matters;

use std::collections::BTreeMap;

use futures::FutureExt;
use sea_orm::entity::prelude::*;
use yizhan_runtime::ServiceError;
use yizhan_runtime::batcher::Batcher;
use yizhan_runtime::db::{DatabaseConnection, find_rows_where, upsert};

use super::domain::timeline::Timeline;

/// Reads at the same time.
const READERS: usize = 2;

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

/// How each stands who is known, with the version.
pub type Found = BTreeMap<String, (Timeline, i64)>;

/// How each stands who is known; one read.
pub async fn find(
    db: &impl ConnectionTrait,
    codes: impl Iterator<Item = String>,
) -> Result<Found, ServiceError> {
    decoded(rows(db, codes).await?)
}

async fn rows(db: &impl ConnectionTrait, codes: impl Iterator<Item = String>) -> Result<Vec<Model>, DbErr> {
    let mut keys: Vec<[String; 1]> = codes.map(|code| [code]).collect();
    keys.sort_unstable();
    keys.dedup();
    find_rows_where::<Entity, 1>(db, [Column::PractitionerCode], keys, "1 = 1").await
}

fn decoded(rows: Vec<Model>) -> Result<Found, ServiceError> {
    let read = rows.into_iter().map(|row| {
        let timeline = serde_json::from_slice(&row.timeline).map_err(ServiceError::internal)?;
        Ok((row.practitioner_code, (timeline, row.version)))
    });
    read.collect()
}

/// Reads for those who ask at the same time: many callers share one statement. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Readers(Batcher<Vec<String>, Result<Vec<Model>, ServiceError>>);

impl Readers {
    /// Starts them.
    pub fn start(db: DatabaseConnection) -> Readers {
        Readers(Batcher::start_reading(READERS, move |asked: Vec<Vec<String>>| {
            let db = db.clone();
            async move { read_all(&db, &asked).await }.boxed()
        }))
    }

    /// How each stands who is known.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find(&self, codes: impl Iterator<Item = String>) -> Result<Found, ServiceError> {
        decoded(self.0.submit(codes.collect()).await??)
    }
}

/// What each asked for, in their order.
async fn read_all(db: &DatabaseConnection, asked: &[Vec<String>]) -> Result<Vec<Vec<Model>>, DbErr> {
    let found = rows(db, asked.iter().flatten().cloned()).await?;
    let found: BTreeMap<&str, &Model> =
        found.iter().map(|row| (row.practitioner_code.as_str(), row)).collect();
    let of = |codes: &Vec<String>| {
        codes.iter().filter_map(|code| found.get(code.as_str()).copied().cloned()).collect()
    };
    Ok(asked.iter().map(of).collect())
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
