//! What is due, paid and paid back: append-only.

use sea_orm::entity::prelude::*;

use crate::coverage::domain::contributions::Reversing;

/// One contribution.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contribution")]
pub struct Model {
    /// 统筹区 that keeps the person's register: a transfer takes the contributions along.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// Sorts by the time it was recorded.
    #[sea_orm(primary_key, auto_increment = false)]
    pub contribution_id: String,
    /// 险种类型.
    pub insutype: String,
    /// 费款所属期: `YYYY` or `YYYY-MM`.
    pub accrym: String,
    /// Amount, positive also of refunds.
    pub amount_fen: i64,
    /// 缴费类型.
    pub clct_type: String,
    /// 1 paid, 0 due.
    pub clct_flag: String,
    /// The day of payment; none of a due.
    pub paid_date: Option<Date>,
    /// 征收方式; may be empty.
    pub clct_way: String,
    /// Who recorded it.
    pub caller: String,
    /// By which request.
    pub request_id: String,
    /// When.
    pub recorded_at: DateTimeUtc,
    /// The contribution that this row takes back; empty for one that takes back none.
    pub reverses: String,
}

impl Reversing for Model {
    fn id(&self) -> &str {
        &self.contribution_id
    }

    fn reverses(&self) -> &str {
        &self.reverses
    }
}

impl ActiveModelBehavior for ActiveModel {}
