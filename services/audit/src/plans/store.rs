//! Reading and writing what is kept, and its steps.

pub mod entities;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};
use yizhan_runtime::db::{DatabaseTransaction, insert, lock, upsert};
use yizhan_terms::{Area, NotAnArea};
use yizhan_workflow::Overdue;

use super::domain::inspection::{self, Inspection};
use super::domain::item::Item;
use super::domain::plan::Seen;
use super::domain::{Kept, Said};
use entities::plan_record::{self, Column, Entity};
use entities::plan_step;

/// Longest id of anything kept: that of an item is made of two.
const LONGEST_ID: usize = 100;

/// A step without what it left.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Step {
    /// The version since.
    pub step_no: i32,
    /// What was done.
    pub action: String,
    /// The state since.
    pub state: String,
    /// Who.
    pub caller: String,
    /// 经办人编号.
    pub opter: String,
    /// Why.
    pub reason: String,
    /// The paper.
    pub file_id: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

/// One. What cannot be an id is not looked for: a database does not take every text.
pub async fn find<T: Kept>(db: &impl ConnectionTrait, id: &str) -> Result<Option<T>, DbErr> {
    if id.len() > LONGEST_ID || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(None);
    }
    Entity::find_by_id((T::KIND, id.to_owned())).one(db).await?.map(|row| parse(&row.record)).transpose()
}

/// One as it is once nobody else can change it.
pub async fn hold<T: Kept>(tx: &DatabaseTransaction, id: &str) -> Result<Option<T>, DbErr> {
    let Some(found) = find::<T>(tx, id).await? else { return Ok(None) };
    lock(tx, &format!("plans {} {}", T::KIND, found.head().id)).await?;
    find(tx, id).await
}

/// Writes several as they are now.
pub async fn write<T: Kept>(tx: &impl ConnectionTrait, kept: &[T]) -> Result<(), DbErr> {
    let rows = kept.iter().map(row).collect::<Result<_, DbErr>>()?;
    upsert::<Entity>(tx, rows).await
}

/// Writes what was done to each, by whom and when.
pub async fn append<T: Kept>(
    tx: &impl ConnectionTrait,
    kept: &[T],
    action: &str,
    (caller, said): (&str, &Said),
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let step = |kept: &T| {
        Ok(plan_step::Model {
            kind: T::KIND,
            id: kept.head().id.clone(),
            step_no: kept.head().version,
            action: action.to_owned(),
            state: kept.state().1.to_owned(),
            caller: caller.to_owned(),
            opter: said.opter.clone(),
            reason: said.reason.clone(),
            file_id: said.file_id.clone(),
            recorded_at: at,
            record: json(kept)?,
        })
    };
    insert::<plan_step::Entity>(tx, kept.iter().map(step).collect::<Result<_, DbErr>>()?).await
}

/// One as a step left it.
pub async fn at_step<T: Kept>(tx: &impl ConnectionTrait, id: &str, step_no: i32) -> Result<Option<T>, DbErr> {
    let found = plan_step::Entity::find_by_id((T::KIND, id.to_owned(), step_no)).one(tx).await?;
    found.map(|step| parse(&step.record)).transpose()
}

/// Its steps, the first one first.
pub async fn steps<T: Kept>(db: &impl ConnectionTrait, id: &str) -> Result<Vec<Step>, DbErr> {
    use plan_step::Column;
    plan_step::Entity::find()
        .select_only()
        .columns([Column::StepNo, Column::Action, Column::State, Column::Caller, Column::Opter])
        .columns([Column::Reason, Column::FileId, Column::RecordedAt])
        .filter(Condition::all().add(Column::Kind.eq(T::KIND)).add(Column::Id.eq(id)))
        .order_by_asc(Column::StepNo)
        .into_model()
        .all(db)
        .await
}

/// Those of an area and what lies inside it, newest first.
pub async fn newest<T: Kept>(
    db: &impl ConnectionTrait,
    area: Area,
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<T>, DbErr> {
    let older = before.map(|[id]| Column::Id.lt(id));
    let of_area = within::<T>(area).add_option(older);
    let rows = Entity::find().filter(of_area).order_by_desc(Column::Id).limit(limit).all(db).await?;
    rows.iter().map(|row| parse(&row.record)).collect()
}

/// A page of what waits, longest first, and behind it of what does not, by id.
pub async fn queue<T: Kept>(
    db: &impl ConnectionTrait,
    wanted: Condition,
    after: Option<[String; 2]>,
    limit: u64,
) -> Result<Vec<T>, DbErr> {
    let mut page = Entity::find().filter(wanted).cursor_by((Column::ClockFrom, Column::Id));
    if let Some([clock_from, id]) = after {
        page.after((clock_from, id));
    }
    page.first(limit).all(db).await?.iter().map(|row| parse(&row.record)).collect()
}

/// By whose calendar, and how long, what waits in an area may.
pub async fn terms<T: Kept>(db: &impl ConnectionTrait, area: Area) -> Result<Vec<(Area, u32)>, DbErr> {
    let waiting = within::<T>(area).add(Expr::cust("clock_from <> ''"));
    let found = Entity::find().select_only().column(Column::Area).column(Column::WorkingDays).distinct();
    let rows: Vec<(String, i32)> = found.filter(waiting).into_tuple().all(db).await?;
    let read = |(area, days): (String, i32)| Ok((area.parse()?, days.unsigned_abs()));
    let read: Result<_, NotAnArea> = rows.into_iter().map(read).collect();
    read.map_err(|error| DbErr::Type(error.to_string()))
}

/// What is overdue of them.
pub fn late(overdue: &[Overdue<Area>]) -> Condition {
    overdue.iter().fold(Condition::any().add(Expr::cust("1 = 0")), |any, overdue| {
        let one = Condition::all()
            .add(Column::Area.is_in(overdue.of.iter().map(Area::as_str)))
            .add(Column::WorkingDays.eq(overdue.working_days))
            .add(Expr::cust("clock_from <> ''"))
            .add(Column::ClockFrom.lte(overdue.since.to_string()));
        any.add(one)
    })
}

/// All of an area, and what lies inside it.
pub fn within<T: Kept>(area: Area) -> Condition {
    Condition::all().add(Column::Kind.eq(T::KIND)).add(Column::Area.starts_with(area.prefix()))
}

/// Those of an area itself that belong to something, or are about it.
pub async fn of_area<T: Kept>(
    db: &impl ConnectionTrait,
    area: Area,
    (column, value): (Column, &str),
) -> Result<Vec<T>, DbErr> {
    let wanted = within::<T>(area).add(Column::Area.eq(area.as_str())).add(column.eq(value));
    let rows = Entity::find().filter(wanted).order_by_asc(Column::Id).all(db).await?;
    rows.iter().map(|row| parse(&row.record)).collect()
}

/// What checks make of their subjects, of a plan; not those that were cancelled.
pub async fn seen(db: &impl ConnectionTrait, plan_id: &str) -> Result<Vec<(String, Seen)>, DbErr> {
    let checks = Entity::find().select_only().columns([Column::Subject, Column::Id, Column::Day]).filter(
        Condition::all()
            .add(Column::Kind.eq(Inspection::KIND))
            .add(Column::Parent.eq(plan_id))
            .add(Column::State.ne(inspection::State::Cancelled.number())),
    );
    let rows: Vec<(String, String, String)> = checks.order_by_asc(Column::Id).into_tuple().all(db).await?;
    let seen = |(code, inspection_id, day): (String, String, String)| {
        (code, Seen { on: day.parse::<NaiveDate>().ok(), inspection_id })
    };
    Ok(rows.into_iter().map(seen).collect())
}

/// How many items of some selections stand where.
pub async fn counts(
    db: &impl ConnectionTrait,
    selections: Vec<String>,
) -> Result<Vec<(String, i32, i64)>, DbErr> {
    let of = Condition::all().add(Column::Kind.eq(Item::KIND)).add(Column::Parent.is_in(selections));
    let counted = Entity::find().select_only().columns([Column::Parent, Column::State]);
    counted
        .column_as(Column::Id.count(), "items")
        .filter(of)
        .group_by(Column::Parent)
        .group_by(Column::State)
        .into_tuple()
        .all(db)
        .await
}

fn row<T: Kept>(kept: &T) -> Result<plan_record::Model, DbErr> {
    let (head, columns) = (kept.head(), kept.columns());
    Ok(plan_record::Model {
        kind: T::KIND,
        id: head.id.clone(),
        area: head.area.into(),
        parent: columns.parent,
        subject: columns.subject,
        day: columns.day.map(|day| day.to_string()).unwrap_or_default(),
        state: kept.state().0,
        clock_from: columns.waits.map(|waits| waits.since.to_string()).unwrap_or_default(),
        working_days: columns.waits.map_or(0, |waits| waits.working_days.cast_signed()),
        version: head.version,
        record: json(kept)?,
    })
}

fn json<T: Kept>(kept: &T) -> Result<String, DbErr> {
    serde_json::to_string(kept).map_err(|error| DbErr::Json(error.to_string()))
}

fn parse<T: Kept>(record: &str) -> Result<T, DbErr> {
    serde_json::from_str(record).map_err(|error| DbErr::Json(error.to_string()))
}
