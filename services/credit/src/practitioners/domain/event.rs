//! What the ledger says about a practitioner, as far as it matters to how they stand.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::schemes::points::Points;

/// One entry that stands, read.
#[derive(Clone, Debug)]
pub struct Event {
    /// Of the entry.
    pub id: String,
    /// Of the matter it belongs to.
    pub matter: String,
    /// The day from which it counts.
    pub day: NaiveDate,
    /// Its document.
    pub basis: String,
    /// What it says.
    pub what: What,
}

/// What it says.
#[derive(Clone, Debug)]
pub enum What {
    /// 登记备案 at an institution, from the day.
    Registered(String),
    /// The day is the last one there.
    Left(String),
    /// 记分 for one act, with the scheme it was decided by.
    Points(u32, Arc<Points>),
    /// What an appeal left of an act, as if it had never been more.
    Revised {
        /// The entry of the act.
        act: String,
        /// What is left.
        points: u32,
    },
    /// 恢复 from the day on.
    Restored,
    /// 修复 of a matter.
    Repaired {
        /// Points the year gets back.
        points: u32,
        /// The last day to which a suspension is shortened.
        until: Option<NaiveDate>,
    },
}
