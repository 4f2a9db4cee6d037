//! One row per person that answers every as-of question.

use sea_orm::entity::prelude::*;

/// A person's timeline.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entitlement_timeline")]
pub struct Model {
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// 统筹区 that keeps the person's register.
    pub poolarea_no: String,
    /// Goes up by one with every change of the person.
    pub version: i64,
    /// A domain Timeline as JSON.
    pub timeline: String,
}

impl ActiveModelBehavior for ActiveModel {}
