//! Dated identities (人员身份).

use sea_orm::entity::prelude::*;

/// One identity.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity")]
pub struct Model {
    /// 统筹区 that keeps the person's register.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// 人员身份类别; empty where no code is published.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_idet_type: String,
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// First day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub begndate: Date,
    /// The department whose roster says so; empty for the agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub department: String,
    /// Last day.
    pub enddate: Option<Date>,
}

impl ActiveModelBehavior for ActiveModel {}
