//! Marks: what was not as it should be and settled all the same.

use yizhan_proto::settlement::v1::SettlementMark;

/// Lines that a mark names at most.
const MAX_NAMED: usize = 100;

/// A mark of something that was settled all the same by a rule.
pub fn mark<'l>(
    (kind, text): (&str, String),
    lines: impl IntoIterator<Item = &'l str>,
    rule: &str,
) -> SettlementMark {
    SettlementMark {
        kind: kind.to_owned(),
        text,
        feedetl_sn: lines.into_iter().take(MAX_NAMED).map(str::to_owned).collect(),
        rule: rule.to_owned(),
    }
}
