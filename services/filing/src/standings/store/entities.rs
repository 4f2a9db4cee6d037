//! What of a person's filings matters to visits: one row, read by one key.

use sea_orm::entity::prelude::*;

/// One person.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_filings")]
pub struct Model {
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// Goes up by one with every change of one of them.
    pub version: i64,
    /// Standings, JSON.
    #[sea_orm(column_type = "Text")]
    pub standings: String,
}

impl ActiveModelBehavior for ActiveModel {}
