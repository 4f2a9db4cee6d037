//! The change log as the keeper reads it: every entry that became visible since last time, at once. (The feed waits for the
//! oldest running transaction, because it must keep an order; invalidation needs none, and may not wait.)
//!
//! On PostgreSQL the place in the log is a snapshot: what was not visible in the last one and is in this one is new,
//! however long other transactions run. On SQLite it is the number of the last entry.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, QueryResult, Statement, Value};

use crate::feed::Change;

/// What became visible.
pub(super) struct News {
    /// The place behind it.
    pub mark: String,
    /// `None`: too many to look at one by one.
    pub changes: Option<Vec<Change>>,
}

/// The end of the log now.
pub(super) async fn end<C: ConnectionTrait>(db: &C) -> Result<String, DbErr> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "SELECT pg_current_snapshot()::text AS mark",
        _ => "SELECT CAST(coalesce(max(seq), 0) AS text) AS mark FROM change_log",
    };
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the end of the change log".to_owned()))?.try_get("", "mark")
}

/// What became visible since a mark, up to `limit` entries.
pub(super) async fn since<C: ConnectionTrait>(db: &C, mark: &str, limit: usize) -> Result<News, DbErr> {
    let backend = db.get_database_backend();
    let (sql, mark): (_, Value) = match backend {
        DbBackend::Postgres => (POSTGRES, mark.into()),
        _ => (
            SQLITE,
            mark.parse::<i64>().map_err(|_| DbErr::Type("a mark of another database".to_owned()))?.into(),
        ),
    };
    let values = [mark, (limit as i64 + 1).into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    // At least one row comes: without news it holds the mark and nothing else.
    let last = rows.last().ok_or_else(|| DbErr::RecordNotFound("the mark".to_owned()))?;
    let mark = last.try_get("", "mark")?;
    if rows.len() > limit {
        return Ok(News { mark: end(db).await?, changes: None });
    }
    let changes = rows.iter().filter_map(|row| change(row).transpose()).collect::<Result<_, _>>()?;
    Ok(News { mark, changes: Some(changes) })
}

fn change(row: &QueryResult) -> Result<Option<Change>, DbErr> {
    match row.try_get::<Option<i64>>("", "seq")? {
        Some(_) => Change::from_query_result(row, "").map(Some),
        None => Ok(None),
    }
}

/// One statement, so that the mark and the entries are of one snapshot.
const POSTGRES: &str = "SELECT pg_current_snapshot()::text AS mark, \
    log.txid, log.seq, log.area, log.kind, log.subject, log.payload, log.recorded_at \
    FROM (SELECT 1) AS once LEFT JOIN change_log AS log \
    ON log.txid >= pg_snapshot_xmin(CAST($1::text AS pg_snapshot))::text::bigint \
    AND NOT pg_visible_in_snapshot(log.txid::text::xid8, CAST($1::text AS pg_snapshot)) LIMIT $2";

const SQLITE: &str = "SELECT CAST(coalesce(log.seq, $1) AS text) AS mark, \
    log.txid, log.seq, log.area, log.kind, log.subject, log.payload, log.recorded_at \
    FROM (SELECT 1) AS once LEFT JOIN change_log AS log ON log.seq > $1 ORDER BY log.seq LIMIT $2";
