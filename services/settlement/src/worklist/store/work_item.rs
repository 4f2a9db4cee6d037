//! The table `work_item`.

use sea_orm::entity::prelude::*;

/// A row of `work_item`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "work_item")]
pub struct Model {
    /// Names it; sorts by when it was found.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: String,
    /// 统筹区 that paid.
    pub poolarea_no: String,
    /// The settlement; one of its items by each feed is open at most.
    pub setl_id: String,
    /// By whose feed it was found: empty for enrollment's register, CREDIT.
    pub found_by: String,
    /// OPEN, CLOSED or RESOLVED.
    pub state: String,
    /// The whole item, encoded `yizhan.settlement.v1.WorkItem`, its state left out.
    pub item: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
