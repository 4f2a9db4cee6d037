//! What audit keeps with every step: cases, plans and selections, each one document; and the one log of all their steps, a chain of hashes for
//! each area.

mod log;
mod queue;
mod table;

pub use log::{at_step, page, steps_of, verify_log};
pub use queue::{late, terms, waiting};
pub use table::{Column, Model};

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Serialize, de::DeserializeOwned};
use yizhan_proto::audit::v1::CaseStep;
use yizhan_runtime::chain::LogKey;
use yizhan_runtime::db::{DatabaseTransaction, upsert};
use yizhan_runtime::{ServiceError, areas};
use yizhan_terms::Area;

use table::Entity;

/// Longest id of anything kept.
const LONGEST_ID: usize = 64;

/// What is kept as one document.
pub trait Kept: Sized + Send + Sync {
    /// What [`Model::kind`] it can have.
    const KINDS: &'static [i32];

    /// Whose it is.
    fn area(&self) -> &str;

    /// As it is stored.
    fn row(&self) -> Result<Model, DbErr>;

    /// From [`Model::record`].
    fn read(record: &[u8]) -> Result<Self, DbErr>;
}

/// One. What cannot be an id is not looked for: a database does not take every text.
pub async fn find<T: Kept>(db: &impl ConnectionTrait, id: &str) -> Result<Option<T>, DbErr> {
    one(db, id, false).await
}

/// The same, and nobody else changes it until the transaction ends.
pub async fn hold<T: Kept>(tx: &DatabaseTransaction, id: &str) -> Result<Option<T>, DbErr> {
    one(tx, id, true).await
}

async fn one<T: Kept>(db: &impl ConnectionTrait, id: &str, held: bool) -> Result<Option<T>, DbErr> {
    if id.len() > LONGEST_ID || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(None);
    }
    let query = Entity::find().filter(of::<T>().add(Column::Id.eq(id)));
    let query = if held { query.lock_exclusive() } else { query };
    query.one(db).await?.map(|row| T::read(&row.record)).transpose()
}

/// Everything of a kind.
pub fn of<T: Kept>() -> Condition {
    Condition::all().add(Column::Kind.is_in(T::KINDS.iter().copied()))
}

/// Everything of a kind in an area and what lies inside it.
pub fn within<T: Kept>(area: Area) -> Condition {
    of::<T>().add(Column::Area.starts_with(area.prefix()))
}

/// All that is wanted, by id.
pub async fn all<T: Kept>(db: &impl ConnectionTrait, wanted: Condition) -> Result<Vec<T>, DbErr> {
    let rows = Entity::find().filter(wanted).order_by_asc(Column::Id).all(db).await?;
    rows.iter().map(|row| T::read(&row.record)).collect()
}

/// Some of what is wanted, by id, nobody else changing it until the transaction ends.
pub async fn held<T: Kept>(tx: &DatabaseTransaction, wanted: Condition, limit: u64) -> Result<Vec<T>, DbErr> {
    let query = Entity::find().filter(wanted).order_by_asc(Column::Id).limit(limit);
    query.lock_exclusive().all(tx).await?.iter().map(|row| T::read(&row.record)).collect()
}

/// A page of what is wanted, newest first.
pub async fn newest<T: Kept>(
    db: &impl ConnectionTrait,
    wanted: &Condition,
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<T>, DbErr> {
    let older = wanted.clone().add_option(before.map(|[id]| Column::Id.lt(id)));
    let rows = Entity::find().filter(older).order_by_desc(Column::Id).limit(limit).all(db).await?;
    rows.iter().map(|row| T::read(&row.record)).collect()
}

/// Who or what documents are about, with their ids and the day each has, by id.
pub async fn subjects(
    db: &impl ConnectionTrait,
    wanted: Condition,
) -> Result<Vec<(String, String, String)>, DbErr> {
    let columns = Entity::find().select_only().columns([Column::Subject, Column::Id, Column::Day]);
    columns.filter(wanted).order_by_asc(Column::Id).into_tuple().all(db).await
}

/// Writes what steps left, with the steps in the log: of one document there may be several, in their order.
///
/// # Errors
/// AREA_NOT_HERE, of a document of another shard's area.
pub async fn write(
    tx: &DatabaseTransaction,
    key: &LogKey,
    steps: Vec<(Model, CaseStep)>,
    at: DateTime<Utc>,
) -> Result<(), ServiceError> {
    for (row, _) in &steps {
        areas::require(Area::parse(&row.area))?;
    }
    log::append(tx, key, &steps, at).await?;
    let last: BTreeMap<String, Model> = steps.into_iter().map(|(row, _)| (row.id.clone(), row)).collect();
    Ok(upsert::<Entity>(tx, last.into_values().collect()).await?)
}

/// Writes what has no steps of its own.
pub async fn put(tx: &DatabaseTransaction, kept: &impl Kept) -> Result<(), DbErr> {
    upsert::<Entity>(tx, vec![kept.row()?]).await
}

/// As JSON.
pub fn json(kept: &impl Serialize) -> Result<Vec<u8>, DbErr> {
    serde_json::to_vec(kept).map_err(|error| DbErr::Json(error.to_string()))
}

/// From JSON.
pub fn from_json<T: DeserializeOwned>(record: &[u8]) -> Result<T, DbErr> {
    serde_json::from_slice(record).map_err(|error| DbErr::Json(error.to_string()))
}
