//! Who is in which household.

use sea_orm::entity::prelude::*;

/// One person in one household, on some days.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "household_member")]
pub struct Model {
    /// 统筹区 that keeps the register.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// 户号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub household_no: String,
    /// First day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub begndate: Date,
    /// 统筹区 whose police have the household.
    pub household_poolarea_no: String,
    /// Last day.
    pub enddate: Option<Date>,
    /// What the person is to the head, the contract's number.
    pub relation: i32,
}

impl ActiveModelBehavior for ActiveModel {}
