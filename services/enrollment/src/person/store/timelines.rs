//! Reading and writing timelines.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_runtime::db::{find_rows, insert, upsert};
use yizhan_terms::{Area, NotAnArea};

use super::entities::entitlement_timeline::{Column, Entity, Model};
use super::entities::timeline_history;
use crate::person::domain::timeline::Timeline;

/// Timelines per statement: far within SQLite's 32,766 parameters.
const ROWS_PER_STATEMENT: usize = 1000;

/// A person's timeline with its version.
#[derive(Clone, Debug)]
pub struct StoredTimeline {
    /// 人员编号.
    pub psn_no: String,
    /// 统筹区 that keeps the person's register.
    pub poolarea_no: Area,
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
    let psn_nos = psn_nos.into_iter().map(|psn_no| [psn_no]).collect();
    by_psn_no(find_rows::<Entity, 1>(db, [Column::PsnNo], psn_nos).await?)
}

/// Which pooling areas keep several persons, by psn_no; who is not registered is missing. Without their timelines.
pub async fn areas_of<C: ConnectionTrait>(
    db: &C,
    psn_nos: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, String>, DbErr> {
    let psn_nos: Vec<String> = psn_nos.into_iter().collect();
    let mut areas = BTreeMap::new();
    for some in psn_nos.chunks(ROWS_PER_STATEMENT) {
        let found = Entity::find().select_only().column(Column::PsnNo).column(Column::PoolareaNo);
        let found = found.filter(Column::PsnNo.is_in(some)).into_tuple::<(String, String)>();
        areas.extend(found.all(db).await?);
    }
    Ok(areas)
}

/// Several persons' timelines, locked until the end of the transaction: in the order of psn_no, so that two imports of the same persons wait
/// for one another instead of deadlocking. (SQLite has one writer anyway.)
pub async fn lock<C: ConnectionTrait>(
    tx: &C,
    psn_nos: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, StoredTimeline>, DbErr> {
    let locked =
        Entity::find().filter(Column::PsnNo.is_in(psn_nos)).order_by_asc(Column::PsnNo).lock_exclusive();
    by_psn_no(locked.all(tx).await?)
}

/// The version that was the last one at some time; `None` if the person was not registered yet. Versions are in the order of commit:
/// one that a process recorded whose clock was behind counts from when the version before it was recorded.
pub async fn as_known_at<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    known_at: DateTime<Utc>,
) -> Result<Option<StoredTimeline>, DbErr> {
    let of_person = || timeline_history::Entity::find().filter(timeline_history::Column::PsnNo.eq(psn_no));
    let later = of_person()
        .select_only()
        .column(timeline_history::Column::Version)
        .filter(timeline_history::Column::RecordedAt.gt(known_at))
        .order_by_asc(timeline_history::Column::Version)
        .into_tuple::<i64>();
    let first_later = later.one(db).await?.unwrap_or(i64::MAX);
    let found = of_person()
        .filter(timeline_history::Column::Version.lt(first_later))
        .order_by_desc(timeline_history::Column::Version)
        .one(db)
        .await?;
    let current = |past: timeline_history::Model| Model {
        psn_no: past.psn_no,
        poolarea_no: past.poolarea_no,
        version: past.version,
        timeline: past.timeline,
    };
    found.map(current).map(read).transpose()
}

/// One version of a person, as it was recorded; with what it was recorded by.
pub async fn version<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    version: i64,
) -> Result<Option<(StoredTimeline, String)>, DbErr> {
    let found = timeline_history::Entity::find_by_id((psn_no.to_owned(), version)).one(db).await?;
    let read_with_cause = |past: timeline_history::Model| {
        let timeline_history::Model { psn_no, version, poolarea_no, cause, timeline, .. } = past;
        Ok((read(Model { psn_no, poolarea_no, version, timeline })?, cause))
    };
    found.map(read_with_cause).transpose()
}

/// A version of a person without what it says: what it was recorded by, and when.
pub type Recorded = (i64, DateTime<Utc>, String);

/// Up to `limit` versions of a person before one, the latest first.
pub async fn recorded<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    before: i64,
    limit: u64,
) -> Result<Vec<Recorded>, DbErr> {
    use timeline_history::{Column, Entity};
    let query = Entity::find().select_only().columns([Column::Version, Column::RecordedAt, Column::Cause]);
    let query = query.filter(Column::PsnNo.eq(psn_no)).filter(Column::Version.lt(before));
    query.order_by_desc(Column::Version).limit(limit).into_tuple().all(db).await
}

/// The version of a person that a request made, by how its cause ends; the latest if there are several.
pub async fn made_by<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    (caller, request_id): (&str, &str),
) -> Result<Option<i64>, DbErr> {
    let ending = format!(" {caller} {request_id}");
    let all = recorded(db, psn_no, i64::MAX, u64::MAX >> 1).await?;
    Ok(all.into_iter().find(|(.., cause)| cause.ends_with(&ending)).map(|(version, ..)| version))
}

/// Writes timelines, of persons registered just now or of persons that [`lock`] gave, each also as a version of its own into
/// the history. A unique violation means that somebody else registered the same person a moment ago.
pub async fn write<C: ConnectionTrait>(
    tx: &C,
    timelines: &[StoredTimeline],
    recorded_at: DateTime<Utc>,
    cause: &str,
) -> Result<(), DbErr> {
    let current = timelines.iter().map(row).collect::<Result<Vec<Model>, DbErr>>()?;
    let past = |row: Model| timeline_history::Model {
        psn_no: row.psn_no,
        version: row.version,
        poolarea_no: row.poolarea_no,
        recorded_at,
        cause: cause.to_owned(),
        timeline: row.timeline,
    };
    // The history first: its key lets only one of two through who make the same version.
    insert::<timeline_history::Entity>(tx, current.iter().cloned().map(past).collect()).await?;
    upsert::<Entity>(tx, current).await
}

fn row(stored: &StoredTimeline) -> Result<Model, DbErr> {
    let timeline = serde_json::to_string(&stored.timeline).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Model {
        psn_no: stored.psn_no.clone(),
        poolarea_no: stored.poolarea_no.to_string(),
        version: stored.version,
        timeline,
    })
}

fn by_psn_no(models: Vec<Model>) -> Result<BTreeMap<String, StoredTimeline>, DbErr> {
    models.into_iter().map(|model| Ok((model.psn_no.clone(), read(model)?))).collect()
}

fn read(model: Model) -> Result<StoredTimeline, DbErr> {
    let Model { psn_no, version, .. } = model;
    let wrong = |what: &dyn Display| DbErr::Json(format!("timeline of {psn_no}, version {version}: {what}"));
    Ok(StoredTimeline {
        timeline: serde_json::from_str(&model.timeline).map_err(|error| wrong(&error))?,
        poolarea_no: model.poolarea_no.parse().map_err(|error: NotAnArea| wrong(&error))?,
        psn_no,
        version,
    })
}
