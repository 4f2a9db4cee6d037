//! 信用支付: how much somebody may owe, for how long, and who is kept out.

use yizhan_documents::{Map, rule, value};
use yizhan_money::MAX_FEN;

rule! {
    /// Paying later. The rule of the day on which something is deferred counts for it; where an area has none, nothing is deferred.
    pub struct PayLater {
        /// What a person may owe at a time in all, fen.
        limit_fen: i64 = limit;
        /// Days from deferring to the due date.
        due_days: u32 = days;
        /// Days after the due date until what is owed is in default.
        grace_days: u32 = days;
        /// Days after a default was repaid on which nothing is deferred.
        barred_days: u32 = days;
    }
}

fn limit(map: &Map, key: &str) -> Option<i64> {
    map.required(key, |at| value::whole(at, 1, MAX_FEN))
}

fn days(map: &Map, key: &str) -> Option<u32> {
    map.required(key, |at| value::whole(at, 0, 3_660))?.try_into().ok()
}
