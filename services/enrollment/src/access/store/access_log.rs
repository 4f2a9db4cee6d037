//! The access log: appending to its chains, reading them.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};
use yizhan_runtime::chain::LogKey;
use yizhan_runtime::db::{DatabaseTransaction, insert};

use super::chain::{ACCESS_LOG, LogEntry};
use super::entities::access_log::{Column, Entity};

/// Appends entries to the chains of their areas.
pub async fn append(tx: &DatabaseTransaction, key: &LogKey, entries: &mut [LogEntry]) -> Result<(), DbErr> {
    ACCESS_LOG.append(tx, key, entries).await?;
    insert::<Entity>(tx, entries.to_vec()).await
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
