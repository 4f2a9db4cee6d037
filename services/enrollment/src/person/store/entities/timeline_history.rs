//! Every version a timeline ever had, with when it was recorded: what the register knew at any time.

use sea_orm::entity::prelude::*;

/// One version. Never changed, never removed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timeline_history")]
pub struct Model {
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// The version.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// 统筹区 that kept the person's register.
    pub poolarea_no: String,
    /// When.
    pub recorded_at: DateTimeUtc,
    /// By what call of whom.
    pub cause: String,
    /// A domain Timeline as JSON.
    pub timeline: String,
}

impl ActiveModelBehavior for ActiveModel {}
