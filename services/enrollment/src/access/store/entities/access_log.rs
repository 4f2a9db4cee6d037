//! Who looked at whom: append-only, one chain of hashes per pooling area.

use sea_orm::entity::prelude::*;

/// One look at a person. Holds no personal data but the number.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_log")]
pub struct Model {
    /// 统筹区 that kept the person's register at that moment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// Counts from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// When, in whole microseconds.
    pub at: DateTimeUtc,
    /// Who looked, as the caller header says it.
    pub actor: String,
    /// At whom.
    pub psn_no: String,
    /// How.
    pub action: String,
    /// What for.
    pub purpose: String,
    /// By which grant; empty without one.
    pub grant_id: String,
    /// What came of it.
    pub outcome: String,
    /// Which one was looked at; empty where it is not one.
    pub subject: String,
    /// Hash of the entry before; empty for the first.
    pub prev_hash: String,
    /// Keyed hash of everything above.
    pub hash: String,
}

impl ActiveModelBehavior for ActiveModel {}
