//! Reading and writing timelines.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};

use yizhan_runtime::db::{Column as Values, find_rows};

use super::entities::entitlement_timeline::{ActiveModel, Column, Entity, Model};
use crate::domain::timeline::Timeline;

/// A person's timeline with its version.
#[derive(Clone, Debug)]
pub struct StoredTimeline {
    /// 人员编号.
    pub psn_no: String,
    /// 统筹区 that keeps the person's register.
    pub poolarea_no: String,
    /// Goes up by one with every change of the person.
    pub version: i64,
    /// What entitles them.
    pub timeline: Timeline,
}

/// One person's, by one key read; `None` if not registered.
pub async fn find<C: ConnectionTrait>(db: &C, psn_no: &str) -> Result<Option<StoredTimeline>, DbErr> {
    Entity::find_by_id(psn_no.to_owned()).one(db).await?.map(read).transpose()
}

/// Those of several persons, by psn_no; who is not registered is missing.
pub async fn find_many<C: ConnectionTrait>(
    db: &C,
    psn_nos: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, StoredTimeline>, DbErr> {
    let psn_nos = Values::Text(psn_nos.into_iter().collect());
    by_psn_no(find_rows::<Entity>(db, vec![("psn_no", psn_nos)]).await?)
}

/// The same, locked until the end of the transaction: in the order of psn_no, so that two imports of the same persons wait
/// for one another instead of deadlocking. (SQLite has one writer anyway.)
pub async fn lock<C: ConnectionTrait>(
    tx: &C,
    psn_nos: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, StoredTimeline>, DbErr> {
    let locked =
        Entity::find().filter(Column::PsnNo.is_in(psn_nos)).order_by_asc(Column::PsnNo).lock_exclusive();
    by_psn_no(locked.all(tx).await?)
}

/// Writes timelines of persons registered just now. A unique violation means that somebody else did the same.
pub async fn insert<C: ConnectionTrait>(tx: &C, timelines: &[StoredTimeline]) -> Result<(), DbErr> {
    if !timelines.is_empty() {
        Entity::insert_many(rows(timelines)?).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Writes changed timelines of persons that [`lock`] gave.
pub async fn update<C: ConnectionTrait>(tx: &C, timelines: &[StoredTimeline]) -> Result<(), DbErr> {
    if timelines.is_empty() {
        return Ok(());
    }
    let mut replace = OnConflict::column(Column::PsnNo);
    replace.update_columns([Column::Version, Column::Timeline]);
    Entity::insert_many(rows(timelines)?).on_conflict(replace).exec_without_returning(tx).await?;
    Ok(())
}

fn rows(timelines: &[StoredTimeline]) -> Result<Vec<ActiveModel>, DbErr> {
    let row = |stored: &StoredTimeline| {
        Ok(ActiveModel {
            psn_no: Set(stored.psn_no.clone()),
            poolarea_no: Set(stored.poolarea_no.clone()),
            version: Set(stored.version),
            timeline: Set(serde_json::to_string(&stored.timeline).map_err(json_error)?),
        })
    };
    timelines.iter().map(row).collect()
}

fn by_psn_no(models: Vec<Model>) -> Result<BTreeMap<String, StoredTimeline>, DbErr> {
    models.into_iter().map(|model| Ok((model.psn_no.clone(), read(model)?))).collect()
}

fn read(model: Model) -> Result<StoredTimeline, DbErr> {
    Ok(StoredTimeline {
        timeline: serde_json::from_str(&model.timeline).map_err(json_error)?,
        psn_no: model.psn_no,
        poolarea_no: model.poolarea_no,
        version: model.version,
    })
}

fn json_error(error: serde_json::Error) -> DbErr {
    DbErr::Json(error.to_string())
}
