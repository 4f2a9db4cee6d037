//! 药品追溯码 on the lines of a bill.

use yizhan_documents::{Map, rule};

use super::{Handling, handling};

rule! {
    /// What is asked of the trace codes of drugs.
    pub struct TraceCodes {
        /// 目录类别 of lines that need a code; none before it was mandatory.
        needed: Vec<String> = list_types;
        /// A line that needs one and brings none. Entries of the catalogue that are marked [`NO_TRACE_CODE`] (无码库) need none.
        missing: Handling = handling;
        /// A code that stands in another settlement, or on another line; packs that are split (拆零) may repeat each other's.
        repeated: Handling = handling;
    }
}

/// The mark of the catalogue's entries for drugs without a code.
pub const NO_TRACE_CODE: &str = "无追溯码";

fn list_types(map: &Map, key: &str) -> Option<Vec<String>> {
    let listed = map.optional(key, |at| at.set_of(|at| at.text().map(str::to_owned)))?;
    Some(listed.unwrap_or_default())
}
