//! Reading bookings of accounts.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_runtime::db::DatabaseConnection;

use crate::books::domain::ledger::AccountOf;
use crate::books::store::entities::account_booking::{Column, Entity, Model};

/// One booking of an account.
pub async fn booking(
    db: &DatabaseConnection,
    account: AccountOf<'_>,
    booking_id: &str,
) -> Result<Option<Model>, DbErr> {
    let AccountOf { poolarea_no, psn_no } = account;
    let key = (poolarea_no.to_owned(), psn_no.to_owned(), booking_id.to_owned());
    Entity::find_by_id(key).one(db).await
}

/// What an account paid for a person's year and was not cancelled.
pub async fn standing_contribution(
    db: &DatabaseConnection,
    for_psn_no: &str,
    accrym: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ForPsnNo.eq(for_psn_no))
        .filter(Column::ForPsnNo.ne(""))
        .filter(Column::Accrym.eq(accrym))
        .filter(Column::CancelledBy.eq(""))
        .one(db)
        .await
}

/// Bookings of an account behind one of them, newest first.
pub async fn older(
    db: &DatabaseConnection,
    account: AccountOf<'_>,
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let of_account = Entity::find()
        .filter(Column::PoolareaNo.eq(account.poolarea_no))
        .filter(Column::PsnNo.eq(account.psn_no));
    let page = match before {
        Some([last]) => of_account.filter(Column::BookingId.lt(last)),
        None => of_account,
    };
    page.order_by_desc(Column::BookingId).limit(limit).all(db).await
}
