//! How each practitioner stands, in one row: what settlement's questions are answered from. What a row says is known to `practitioners`.

use std::collections::BTreeMap;

use futures::FutureExt;
use sea_orm::entity::prelude::*;
use yizhan_runtime::ServiceError;
use yizhan_runtime::batcher::Batcher;
use yizhan_runtime::db::{DatabaseConnection, find_rows_where, upsert};

/// Reads at the same time.
const READERS: usize = 2;

/// A practitioner.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qualification")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub practitioner_code: String,
    /// Counts the entries it comes from.
    pub version: i64,
    /// How the practitioner stands, as JSON.
    pub timeline: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Those who are known; one read.
pub async fn rows(
    db: &impl ConnectionTrait,
    codes: impl Iterator<Item = String>,
) -> Result<Vec<Model>, DbErr> {
    let mut keys: Vec<[String; 1]> = codes.map(|code| [code]).collect();
    keys.sort_unstable();
    keys.dedup();
    find_rows_where::<Entity, 1>(db, [Column::PractitionerCode], keys, "1 = 1").await
}

/// Writes how some stand.
pub async fn write(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<(), DbErr> {
    upsert::<Entity>(db, rows).await
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

    /// Those who are known.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rows(&self, codes: impl Iterator<Item = String>) -> Result<Vec<Model>, ServiceError> {
        self.0.submit(codes.collect()).await?
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
