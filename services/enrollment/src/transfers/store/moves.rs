//! Rows that follow a person who moves to another area. The entries of timelines follow by themselves: see
//! [`rows::follow`](crate::person::store::rows::follow).

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::access::store::entities::access_grant;
use crate::coverage::store::entities::contribution;
use crate::person::store::entities::person;

/// The register of a person moves to another area: who they are, what they paid, and whom they let look.
pub async fn to_area<C: ConnectionTrait>(
    tx: &C,
    psn_no: &str,
    from_area: &str,
    to_area: &str,
    resd_code: &str,
) -> Result<(), DbErr> {
    person::Entity::update_many()
        .col_expr(person::Column::PoolareaNo, Expr::value(to_area))
        .col_expr(person::Column::ResdCode, Expr::value(resd_code))
        .filter(person::Column::PoolareaNo.eq(from_area))
        .filter(person::Column::PsnNo.eq(psn_no))
        .exec(tx)
        .await?;
    contribution::Entity::update_many()
        .col_expr(contribution::Column::PoolareaNo, Expr::value(to_area))
        .filter(contribution::Column::PoolareaNo.eq(from_area))
        .filter(contribution::Column::PsnNo.eq(psn_no))
        .exec(tx)
        .await?;
    access_grant::Entity::update_many()
        .col_expr(access_grant::Column::PoolareaNo, Expr::value(to_area))
        .filter(access_grant::Column::PsnNo.eq(psn_no))
        .exec(tx)
        .await?;
    Ok(())
}

/// Where somebody lives, without moving the register.
pub async fn set_resd_code<C: ConnectionTrait>(
    tx: &C,
    poolarea_no: &str,
    psn_no: &str,
    resd_code: &str,
) -> Result<(), DbErr> {
    person::Entity::update_many()
        .col_expr(person::Column::ResdCode, Expr::value(resd_code))
        .filter(person::Column::PoolareaNo.eq(poolarea_no))
        .filter(person::Column::PsnNo.eq(psn_no))
        .exec(tx)
        .await?;
    Ok(())
}
