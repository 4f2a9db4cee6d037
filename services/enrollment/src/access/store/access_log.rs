//! The access log: appending to its chains, reading them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use yizhan_runtime::db::{DatabaseTransaction, insert, insert_new, upsert};

use super::chain::{Anchor, LogEntry, LogKey};
use super::entities::access_log::{Column, Entity};
use super::entities::access_log_head;

/// Appends entries to the chains of their areas: numbers, links and hashes them. Each chain is locked until the transaction
/// ends, so that others who append wait; areas are locked in one order, so that nobody waits in a circle.
pub async fn append(tx: &DatabaseTransaction, key: &LogKey, entries: &mut [LogEntry]) -> Result<(), DbErr> {
    let mut heads = lock_heads(tx, entries).await?;
    for entry in entries.iter_mut() {
        let head = heads.entry(entry.poolarea_no.clone()).or_default();
        entry.seq = head.seq + 1;
        entry.prev_hash = std::mem::take(&mut head.hash);
        entry.hash = entry.computed_hash(key);
        *head = Anchor { seq: entry.seq, hash: entry.hash.clone() };
    }
    insert::<Entity>(tx, entries.to_vec()).await?;
    upsert::<access_log_head::Entity>(tx, heads.into_iter().map(head).collect()).await
}

async fn lock_heads(
    tx: &DatabaseTransaction,
    entries: &[LogEntry],
) -> Result<BTreeMap<String, Anchor>, DbErr> {
    let areas: BTreeSet<String> = entries.iter().map(|entry| entry.poolarea_no.clone()).collect();
    // A chain that begins now has a head to lock, too.
    let begun = areas.iter().map(|area| head((area.clone(), Anchor::default())));
    insert_new::<access_log_head::Entity>(tx, begun.collect()).await?;
    let heads = access_log_head::Entity::find()
        .filter(access_log_head::Column::PoolareaNo.is_in(areas))
        .order_by_asc(access_log_head::Column::PoolareaNo)
        .lock_exclusive()
        .all(tx)
        .await?;
    Ok(heads.into_iter().map(|head| (head.poolarea_no, Anchor { seq: head.seq, hash: head.hash })).collect())
}

fn head((poolarea_no, Anchor { seq, hash }): (String, Anchor)) -> access_log_head::Model {
    access_log_head::Model { poolarea_no, seq, hash }
}

/// How far a chain reaches: by its head, and by its entries. Both of one moment.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// Where the chain ends, as noted when it last grew.
    pub head: Option<Anchor>,
    /// The highest number in the chain; 0 if it is empty.
    pub last_seq: i64,
}

/// How far the chain of an area reaches.
pub async fn extent<C: ConnectionTrait>(db: &C, poolarea_no: &str) -> Result<Extent, DbErr> {
    let backend = db.get_database_backend();
    let area = if backend == sea_orm::DbBackend::Postgres { "$1" } else { "?1" };
    let sql = format!(
        "SELECT ends.last_seq, head.seq, head.hash FROM \
         (SELECT COALESCE(MAX(seq), 0) AS last_seq FROM access_log WHERE poolarea_no = {area}) AS ends \
         LEFT JOIN access_log_head AS head ON head.poolarea_no = {area}"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [poolarea_no.into()]);
    let Some(row) = db.query_one_raw(statement).await? else { return Ok(Extent::default()) };
    let seq: Option<i64> = row.try_get("", "seq")?;
    let hash: Option<String> = row.try_get("", "hash")?;
    let head = seq.zip(hash).map(|(seq, hash)| Anchor { seq, hash });
    Ok(Extent { head, last_seq: row.try_get("", "last_seq")? })
}

/// Up to `limit` entries of a chain behind a number, up to another, in order.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    poolarea_no: &str,
    after: i64,
    until: i64,
    limit: u64,
) -> Result<Vec<LogEntry>, DbErr> {
    let query = Entity::find().filter(Column::PoolareaNo.eq(poolarea_no));
    let query = query.filter(Column::Seq.gt(after)).filter(Column::Seq.lte(until));
    query.order_by_asc(Column::Seq).limit(limit).all(db).await
}

/// Where an entry stands among the looks at a person.
#[derive(Clone, Debug)]
pub struct Place {
    /// When.
    pub at: DateTime<Utc>,
    /// In which chain.
    pub poolarea_no: String,
    /// With which number.
    pub seq: i64,
}

/// Up to `limit` looks at a person, before a place, newest first: of every area that kept their register.
pub async fn of_person<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    before: Option<Place>,
    limit: u64,
) -> Result<Vec<LogEntry>, DbErr> {
    let mut query = Entity::find().filter(Column::PsnNo.eq(psn_no));
    if let Some(Place { at, poolarea_no, seq }) = before {
        let same_chain = Column::PoolareaNo.eq(&poolarea_no).and(Column::Seq.lt(seq));
        let same_time = Column::At.eq(at).and(Column::PoolareaNo.lt(&poolarea_no).or(same_chain));
        query = query.filter(Column::At.lt(at).or(same_time));
    }
    let newest_first =
        query.order_by_desc(Column::At).order_by_desc(Column::PoolareaNo).order_by_desc(Column::Seq);
    newest_first.limit(limit).all(db).await
}
