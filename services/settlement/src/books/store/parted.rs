//! Numbers that had been one person in the books for a while: a merge was taken back.

use sea_orm::entity::prelude::*;

/// A number that was merged into another from one moment to another.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "parted_person")]
pub struct Model {
    /// 人员编号 that had gone, and stays again.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// Sorts behind what was settled while the two were one, and before what was settled after it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub parted_id: String,
    /// The one that had stayed.
    pub kept_psn_no: String,
    /// Sorts behind what was settled before the two were one.
    pub merge_id: String,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether a settlement of the number that stayed counted what stood under this one.
    pub fn counted_for(&self, psn_no: &str, setl_id: &str) -> bool {
        self.kept_psn_no == psn_no && self.merge_id.as_str() < setl_id && setl_id < self.parted_id.as_str()
    }
}

/// What was parted from a number.
pub async fn from<C: ConnectionTrait>(db: &C, kept_psn_no: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::KeptPsnNo.eq(kept_psn_no)).all(db).await
}

/// Whether anything was ever parted.
pub async fn any<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    Ok(Entity::find().one(db).await?.is_some())
}
