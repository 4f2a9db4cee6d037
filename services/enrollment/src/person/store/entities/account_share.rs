//! Personal accounts that relatives may use (个账共济).

use sea_orm::entity::prelude::*;

/// One share.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_share")]
pub struct Model {
    /// 统筹区 that keeps the register of who may use the account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 人员编号 of who may use the account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// 人员编号 of the account's owner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sharer_psn_no: String,
    /// First day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub begndate: Date,
    /// Last day.
    pub enddate: Option<Date>,
}

impl ActiveModelBehavior for ActiveModel {}
