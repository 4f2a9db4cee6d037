//! Bills of care away from home that were reimbursed by hand (零星报销).

use sea_orm::entity::prelude::*;

/// One bill.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manual_reimbursement")]
pub struct Model {
    /// 参保地.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// 定点医药机构编号; empty where the institution has none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub fixmedins_code: String,
    /// 就诊ID of the bill.
    #[sea_orm(primary_key, auto_increment = false)]
    pub mdtrt_id: String,
    /// 就医地医保区划.
    pub mdtrtarea_admvs: String,
    /// 医疗类别.
    pub med_type: String,
    /// Day of discharge or visit, YYYY-MM-DD.
    pub enddate: String,
    /// 医疗费总额, fen.
    pub medfee_sumamt_fen: i64,
    /// Who noted it, as the caller header says it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
