//! Dated memberships.

use sea_orm::entity::prelude::*;

/// One membership.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    /// 统筹区 that keeps the person's register.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// The contract's MembershipKind.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: i32,
    /// What it is called or ranks as.
    #[sea_orm(primary_key, auto_increment = false)]
    pub category: String,
    /// First day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub begndate: Date,
    /// Last day.
    pub enddate: Option<Date>,
    /// What it continues.
    pub series: String,
    /// First year of unbroken membership, where told.
    pub since_year: Option<i32>,
    /// The department whose roster says so; empty for the agency.
    pub department: String,
}

impl ActiveModelBehavior for ActiveModel {}
