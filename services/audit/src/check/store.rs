//! Reasons that institutions gave for violations, append-only: of several for one violation the last counts.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryOrder};

/// A row of `violation_answer`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "violation_answer")]
pub struct Model {
    /// 违规标识
    #[sea_orm(primary_key, auto_increment = false)]
    pub jr_id: String,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub answer_no: i32,
    /// 统筹区 that pays.
    pub poolarea_no: String,
    /// 定点医药机构编号
    pub fixmedins_code: String,
    /// 就诊ID
    pub mdtrt_id: String,
    /// 人员编号
    pub psn_no: String,
    /// 规则编码
    pub rule_id: String,
    /// Why it is right all the same.
    pub reason: String,
    /// Who answered.
    pub opter: String,
    /// Papers, by their numbers: a JSON array.
    pub file_ids: String,
    /// The caller.
    pub answered_by: String,
    /// When.
    pub answered_at: ChronoDateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// The last reason given for each of these, where one was given.
pub async fn reasons(
    db: &impl ConnectionTrait,
    jr_ids: Vec<&str>,
) -> Result<BTreeMap<String, String>, DbErr> {
    if jr_ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows =
        Entity::find().filter(Column::JrId.is_in(jr_ids)).order_by_asc(Column::AnswerNo).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.jr_id, row.reason)).collect())
}

/// How many were given for one.
pub async fn count(db: &impl ConnectionTrait, jr_id: &str) -> Result<i32, DbErr> {
    let last = Entity::find().filter(Column::JrId.eq(jr_id)).order_by_desc(Column::AnswerNo).one(db).await?;
    Ok(last.map_or(0, |last| last.answer_no))
}
