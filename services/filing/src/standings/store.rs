//! Reading and writing what of a person's filings matters to visits.

pub mod cached;
mod entities;

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_runtime::db::{Column as Values, find_rows, insert_rows};

use crate::standings::Standings;
use entities::{Column, Entity, Model};

/// Persons per statement: far within SQLite's 32,766 parameters.
const ROWS_PER_STATEMENT: usize = 1000;
/// Makes the row that is then locked, if the person never filed.
const KEEP: &str = "ON CONFLICT (psn_no) DO NOTHING";
/// A row that is there is replaced.
const REPLACE: &str =
    "ON CONFLICT (psn_no) DO UPDATE SET version = excluded.version, standings = excluded.standings";

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
    by_psn_no(find_rows::<Entity>(db, vec![("psn_no", Values::Text(psn_nos))]).await?)
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
        insert_rows(tx, "person_filings", empty_rows(psn_nos), KEEP).await?;
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
    for changed in changed.chunks(ROWS_PER_STATEMENT) {
        let texts: Result<Vec<String>, DbErr> = changed.iter().map(text).collect();
        let columns = vec![
            ("psn_no", Values::Text(changed.iter().map(|person| person.psn_no.clone()).collect())),
            ("version", Values::Int(changed.iter().map(|person| person.version).collect())),
            ("standings", Values::Text(texts?)),
        ];
        insert_rows(tx, "person_filings", columns, REPLACE).await?;
    }
    Ok(())
}

fn empty_rows(psn_nos: &[String]) -> Vec<(&'static str, Values)> {
    vec![
        ("psn_no", Values::Text(psn_nos.to_vec())),
        ("version", Values::Int(vec![0; psn_nos.len()])),
        ("standings", Values::Text(vec!["[]".to_owned(); psn_nos.len()])),
    ]
}

fn text(stored: &StoredStandings) -> Result<String, DbErr> {
    serde_json::to_string(&stored.standings).map_err(json_error)
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
