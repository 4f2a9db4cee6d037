//! Bills reimbursed by hand: each counts once, whether it was noted here or followed from settlement.

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use yizhan_runtime::db::insert_new;

use super::Addend;
use super::entities::{Column, Entity, Model};
use crate::figures::domain::OF_VISITS;

/// Who noted it, where it came from settlement's feed.
pub const FOLLOWED: &str = "service:settlement";

/// A bill as it was paid in settlement, or taken back there.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The bill.
    pub row: Model,
    /// What it adds to the figures, or takes off.
    pub visit: Addend<OF_VISITS>,
    /// It was taken back.
    pub taken_back: bool,
}

impl Bill {
    /// Notes it, or that it is no more; whether it counts. What somebody noted here by themselves was counted then, and stays.
    pub async fn follow(&self, tx: &impl ConnectionTrait) -> Result<bool, DbErr> {
        let row = &self.row;
        if !self.taken_back {
            return Ok(insert_new::<Entity>(tx, vec![row.clone()]).await? == 1);
        }
        let gone = Entity::delete_many()
            .filter(Column::PoolareaNo.eq(&row.poolarea_no))
            .filter(Column::PsnNo.eq(&row.psn_no))
            .filter(Column::FixmedinsCode.eq(&row.fixmedins_code))
            .filter(Column::MdtrtId.eq(&row.mdtrt_id))
            .filter(Column::RecordedBy.eq(FOLLOWED))
            .exec(tx)
            .await?;
        Ok(gone.rows_affected == 1)
    }
}
