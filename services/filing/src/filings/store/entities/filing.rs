//! Filings, each in one piece, with what is searched by next to it.

use sea_orm::entity::prelude::*;

/// One filing.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "filing")]
pub struct Model {
    /// Sorts by the time of submission.
    #[sea_orm(primary_key, auto_increment = false)]
    pub filing_id: String,
    /// 人员编号.
    pub psn_no: String,
    /// 参保地.
    pub poolarea_no: String,
    /// The area whose office has it.
    pub handling_area: String,
    /// 备案类型.
    pub out_fil_type: String,
    /// The contract's FilingState.
    pub state: i32,
    /// 1: what was to come has come and waits to be looked at (PROVISIONAL); else 0.
    pub waiting: i32,
    /// The day from which on the time for deciding is counted, YYYY-MM-DD.
    pub clock_from: String,
    /// In so many working days.
    pub working_days: i32,
    /// The last day it covers as things stand, YYYY-MM-DD; empty: until changed.
    pub last_day: String,
    /// Id in an earlier system; empty for filings submitted here.
    pub foreign_id: String,
    /// Goes up by one with every step.
    pub version: i32,
    /// The whole filing, JSON.
    #[sea_orm(column_type = "Text")]
    pub record: String,
}

impl ActiveModelBehavior for ActiveModel {}
