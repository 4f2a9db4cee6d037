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
    /// What the person is to the owner, the contract's number; 0 where it is not told.
    pub kinship: i32,
    /// Who recorded the owner's consent; empty where there is none on record.
    pub granted_by: String,
    /// When the owner consented.
    pub consent_date: Option<Date>,
    /// When the owner withdrew it.
    pub withdrawn_date: Option<Date>,
}

impl ActiveModelBehavior for ActiveModel {}
