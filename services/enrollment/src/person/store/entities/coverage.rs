//! Dated coverages (参保关系).

use sea_orm::entity::prelude::*;

/// One stretch.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "coverage")]
pub struct Model {
    /// 统筹区 that keeps the person's register.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// 险种类型.
    #[sea_orm(primary_key, auto_increment = false)]
    pub insutype: String,
    /// First day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub begndate: Date,
    /// Last day.
    pub enddate: Option<Date>,
    /// 统筹区 that pays under this coverage; empty for the one that keeps the register.
    pub paying_poolarea_no: String,
    /// 人员类别.
    pub psn_type: String,
    /// 参保状态.
    pub psn_insu_stas: String,
    /// First day after the waiting period.
    pub entitled_begndate: Option<Date>,
    /// 医疗保险类型; empty when not stated.
    pub hi_type: String,
    /// 人员变动 that began the stretch; empty when it was imported.
    pub psn_chg_type: String,
    /// A domain Waiting as JSON; empty without one.
    pub waiting: String,
}

impl ActiveModelBehavior for ActiveModel {}
