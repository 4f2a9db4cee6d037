//! Reading bookings of accounts.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use yizhan_runtime::db::DatabaseConnection;

use crate::books::store::entities::account_booking::{Column, Entity, Model};

/// Area that keeps an account, and all numbers of its owner: what was booked before records were merged stands under the number it was
/// booked under.
pub type Whose<'w> = (&'w str, &'w [String]);

fn of((poolarea_no, psn_nos): Whose<'_>) -> Select<Entity> {
    Entity::find()
        .filter(Column::PoolareaNo.eq(poolarea_no))
        .filter(Column::PsnNo.is_in(psn_nos.iter().map(String::as_str)))
}

/// One booking of an account.
pub async fn booking(
    db: &DatabaseConnection,
    whose: Whose<'_>,
    booking_id: &str,
) -> Result<Option<Model>, DbErr> {
    of(whose).filter(Column::BookingId.eq(booking_id)).one(db).await
}

/// What an account paid for a person's year, under whichever of their numbers, and was not cancelled.
pub async fn standing_contribution(
    db: &DatabaseConnection,
    for_psn_nos: &[String],
    accrym: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ForPsnNo.is_in(for_psn_nos.iter().map(String::as_str)))
        .filter(Column::ForPsnNo.ne(""))
        .filter(Column::Accrym.eq(accrym))
        .filter(Column::CancelledBy.eq(""))
        .one(db)
        .await
}

/// Bookings of an account behind one of them, newest first.
pub async fn older(
    db: &DatabaseConnection,
    whose: Whose<'_>,
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let page = match before {
        Some([last]) => of(whose).filter(Column::BookingId.lt(last)),
        None => of(whose),
    };
    page.order_by_desc(Column::BookingId).limit(limit).all(db).await
}
