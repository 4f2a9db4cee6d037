//! Reading and writing what of a person's filings matters to visits.

pub mod cached;
mod entities;

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_runtime::db::{find_rows, insert_new, upsert};

use crate::standings::Standings;
use entities::{Column, Entity, Model};

/// Persons per statement: far within SQLite's 32,766 parameters.
const ROWS_PER_STATEMENT: usize = 1000;

/// A person's standings with their version.
#[derive(Clone, Debug)]
pub struct StoredStandings {
    /// 人员编号.
    pub psn_no: String,
    /// Goes up by one with every change of one of the filings; 0: never filed.
    pub version: i64,
    /// The filings.
    pub standings: Standings,
}

/// Those of several persons, by psn_no; who never filed is missing.
pub async fn find_many<C: ConnectionTrait>(
    db: &C,
    psn_nos: Vec<String>,
) -> Result<BTreeMap<String, StoredStandings>, DbErr> {
    let keys = psn_nos.into_iter().map(|psn_no| [psn_no]).collect();
    by_psn_no(find_rows::<Entity, 1>(db, [Column::PsnNo], keys).await?)
}

/// Those of several persons, locked until the end of the transaction, in the order of psn_no, so that two that lock the same persons wait for
/// one another instead of deadlocking. Who never filed is locked too.
pub async fn lock<C: ConnectionTrait>(
    tx: &C,
    mut psn_nos: Vec<String>,
) -> Result<BTreeMap<String, StoredStandings>, DbErr> {
    psn_nos.sort_unstable();
    psn_nos.dedup();
    let mut locked = BTreeMap::new();
    for psn_nos in psn_nos.chunks(ROWS_PER_STATEMENT) {
        // Makes the row that is then locked, if the person never filed.
        let none = |psn_no: &String| Model { psn_no: psn_no.clone(), version: 0, standings: "[]".to_owned() };
        insert_new::<Entity>(tx, psn_nos.iter().map(none).collect()).await?;
        let rows = Entity::find()
            .filter(Column::PsnNo.is_in(psn_nos))
            .order_by_asc(Column::PsnNo)
            .lock_exclusive()
            .all(tx)
            .await?;
        locked.extend(by_psn_no(rows)?);
    }
    Ok(locked)
}

/// Writes what [`lock`] gave and was changed.
pub async fn write<C: ConnectionTrait>(tx: &C, changed: &[StoredStandings]) -> Result<(), DbErr> {
    let rows = changed.iter().map(row).collect::<Result<Vec<Model>, DbErr>>()?;
    upsert::<Entity>(tx, rows).await
}

fn row(stored: &StoredStandings) -> Result<Model, DbErr> {
    Ok(Model {
        psn_no: stored.psn_no.clone(),
        version: stored.version,
        standings: serde_json::to_string(&stored.standings).map_err(json_error)?,
    })
}

fn by_psn_no(models: Vec<Model>) -> Result<BTreeMap<String, StoredStandings>, DbErr> {
    models.into_iter().map(|model| Ok((model.psn_no.clone(), read(model)?))).collect()
}

fn read(model: Model) -> Result<StoredStandings, DbErr> {
    Ok(StoredStandings {
        standings: serde_json::from_str(&model.standings).map_err(json_error)?,
        psn_no: model.psn_no,
        version: model.version,
    })
}

fn json_error(error: serde_json::Error) -> DbErr {
    DbErr::Json(error.to_string())
}
