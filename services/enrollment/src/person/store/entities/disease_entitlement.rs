//! Dated entitlements to outpatient care of one disease (慢特病, 两病).

use sea_orm::entity::prelude::*;

/// One entitlement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disease_entitlement")]
pub struct Model {
    /// 统筹区 that keeps the person's register.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// The contract's DiseaseKind.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: i32,
    /// 病种编码.
    #[sea_orm(primary_key, auto_increment = false)]
    pub dise_codg: String,
    /// First day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub begndate: Date,
    /// Last day.
    pub enddate: Option<Date>,
    /// 病种名称.
    pub dise_name: String,
    /// Last day it holds without having been verified again.
    pub reverify_by: Option<Date>,
}

impl ActiveModelBehavior for ActiveModel {}
