//! What the keepers of a cache agree on in the database.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

/// One row per cache that is in Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Values of another generation do not count.
    pub generation: i64,
    /// The last pass that changed something in Redis. Redis must remember the same one.
    pub pass: i64,
    /// How far that pass read the log.
    pub mark: String,
}

/// The row of a cache, if it was ever used.
pub(super) async fn read<C: ConnectionTrait>(db: &C, name: &str) -> Result<Option<State>, DbErr> {
    let sql = "SELECT generation, pass, mark FROM cache_state WHERE name = $1";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [name.into()]);
    let state = |row: QueryResult| -> Result<State, DbErr> {
        Ok(State {
            generation: row.try_get("", "generation")?,
            pass: row.try_get("", "pass")?,
            mark: row.try_get("", "mark")?,
        })
    };
    db.query_one_raw(statement).await?.map(state).transpose()
}

/// Puts a new state in the place of the one that was read; false if somebody else did so in the meantime.
pub(super) async fn replace<C: ConnectionTrait>(
    db: &C,
    name: &str,
    old: Option<&State>,
    new: &State,
) -> Result<bool, DbErr> {
    let mut values = vec![name.into(), new.generation.into(), new.pass.into(), new.mark.clone().into()];
    let sql = match old {
        None => {
            "INSERT INTO cache_state (name, generation, pass, mark) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
        }
        Some(old) => {
            values.extend([old.generation.into(), old.pass.into()]);
            "UPDATE cache_state SET generation = $2, pass = $3, mark = $4 \
             WHERE name = $1 AND generation = $5 AND pass = $6"
        }
    };
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected() == 1)
}

/// The number of the last pass that any keeper began before now (PostgreSQL).
pub(super) async fn last_pass<C: ConnectionTrait>(db: &C) -> Result<i64, DbErr> {
    number(db, "SELECT last_value AS number FROM cache_pass", None).await?.ok_or_else(no_number)
}

/// The number of a new pass, if no other keeper is in one; until the end of the transaction (PostgreSQL).
pub(super) async fn try_lead<C: ConnectionTrait>(tx: &C, name: &str) -> Result<Option<i64>, DbErr> {
    let sql = "SELECT CASE WHEN pg_try_advisory_xact_lock(hashtext('yizhan cache ' || $1)) \
               THEN nextval('cache_pass') END AS number";
    number(tx, sql, Some(name)).await
}

async fn number<C: ConnectionTrait>(db: &C, sql: &str, name: Option<&str>) -> Result<Option<i64>, DbErr> {
    let values = name.map(|name| name.into());
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.query_one_raw(statement).await?.ok_or_else(no_number)?.try_get("", "number")
}

fn no_number() -> DbErr {
    DbErr::RecordNotFound("the number of a pass".to_owned())
}

/// The migration that makes the table; a service whose cache may be in Redis lists it in its Migrator, behind
/// [`CreateChangeLog`](crate::feed::CreateChangeLog).
#[derive(Debug)]
pub struct CreateCacheState;

impl MigrationName for CreateCacheState {
    fn name(&self) -> &str {
        "m20260101_000000_cache_state"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateCacheState {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(TABLE).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared("CREATE SEQUENCE cache_pass").await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared("DROP TABLE cache_state").await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared("DROP SEQUENCE cache_pass").await?;
        }
        Ok(())
    }
}

const TABLE: &str = "CREATE TABLE cache_state (
    name text PRIMARY KEY,
    generation bigint NOT NULL,
    pass bigint NOT NULL,
    mark text NOT NULL
)";
