//! Setting columns of some rows.

use sea_orm::sea_query::{Expr, IntoCondition};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, Value};

/// Sets columns of the rows for which a condition holds.
pub async fn set<E: EntityTrait>(
    tx: &impl ConnectionTrait,
    values: impl IntoIterator<Item = (E::Column, Value)>,
    whose: impl IntoCondition,
) -> Result<(), DbErr> {
    let update = E::update_many().filter(whose.into_condition());
    let set = |update: sea_orm::UpdateMany<E>, (column, value)| update.col_expr(column, Expr::value(value));
    values.into_iter().fold(update, set).exec(tx).await.map(drop)
}
