//! Rows that follow a person who moves to another area. The entries of timelines follow by themselves: see
//! [`rows::follow`](crate::person::store::rows::follow).

use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, ExprTrait};

use crate::access::store::entities::access_grant;
use crate::coverage::store::entities::contribution;
use crate::person::store::entities::person;
use crate::person::store::update::set;

/// The register of a person moves to another area: who they are, what they paid, and whom they let look.
pub async fn to_area<C: ConnectionTrait>(
    tx: &C,
    psn_no: &str,
    from_area: &str,
    to_area: &str,
    resd_code: &str,
) -> Result<(), DbErr> {
    let moved = [(person::Column::PoolareaNo, to_area.into()), (person::Column::ResdCode, resd_code.into())];
    set::<person::Entity>(tx, moved, registered(from_area, psn_no)).await?;
    let paid = contribution::Column::PoolareaNo.eq(from_area).and(contribution::Column::PsnNo.eq(psn_no));
    set::<contribution::Entity>(tx, [(contribution::Column::PoolareaNo, to_area.into())], paid).await?;
    let granted = access_grant::Column::PsnNo.eq(psn_no);
    set::<access_grant::Entity>(tx, [(access_grant::Column::PoolareaNo, to_area.into())], granted).await
}

fn registered(poolarea_no: &str, psn_no: &str) -> SimpleExpr {
    person::Column::PoolareaNo.eq(poolarea_no).and(person::Column::PsnNo.eq(psn_no))
}
