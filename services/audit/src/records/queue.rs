//! What waits, in the order in which it came, and what of it has waited too long.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use yizhan_terms::{Area, NotAnArea};
use yizhan_workflow::Overdue;

use super::Kept;
use super::table::{Column, Entity};

/// A page of what is wanted, behind what waits since a day and has an id.
pub async fn waiting<T: Kept>(
    db: &impl ConnectionTrait,
    wanted: &Condition,
    after: Option<[String; 2]>,
    limit: u64,
) -> Result<Vec<T>, DbErr> {
    let mut page = Entity::find().filter(wanted.clone()).cursor_by((Column::ClockFrom, Column::Id));
    if let Some([clock_from, id]) = after {
        page.after((clock_from, id));
    }
    page.first(limit).all(db).await?.iter().map(|row| T::read(&row.record)).collect()
}

/// By whose calendar, and in how many working days, what is wanted is to be gone on with.
pub async fn terms(db: &impl ConnectionTrait, wanted: Condition) -> Result<Vec<(Area, u32)>, DbErr> {
    let found = Entity::find().select_only().column(Column::Area).column(Column::WorkingDays).distinct();
    let found = found.filter(wanted.add(Column::WorkingDays.gt(0)));
    let rows: Vec<(String, i32)> = found.into_tuple().all(db).await?;
    let read = |(area, days): (String, i32)| Ok((area.parse()?, days.unsigned_abs()));
    let read: Result<_, NotAnArea> = rows.into_iter().map(read).collect();
    read.map_err(|error| DbErr::Type(error.to_string()))
}

/// What is over by one of these.
pub fn late(overdue: &[Overdue<Area>]) -> Condition {
    overdue.iter().fold(Condition::any().add(Expr::value(false)), |any, one| {
        let of = Condition::all()
            .add(Column::Area.is_in(one.of.iter().map(Area::as_str)))
            .add(Column::WorkingDays.eq(one.working_days))
            .add(Column::ClockFrom.lte(one.since.to_string()));
        any.add(of)
    })
}
