//! Parts of an answer that every answer of ours has.

use std::sync::LazyLock;

use yizhan_proto::settlement::v1::{PolicyReference, Settlement, SettlementInfo};

/// The header. Every answer we make has one; a message without reads as an empty one.
pub fn header(settlement: &Settlement) -> &SettlementInfo {
    static EMPTY: LazyLock<SettlementInfo> = LazyLock::new(SettlementInfo::default);
    settlement.setlinfo.as_ref().unwrap_or(&EMPTY)
}

/// The policy that decided.
pub fn policy_of(settlement: &Settlement) -> &PolicyReference {
    static EMPTY: LazyLock<PolicyReference> = LazyLock::new(PolicyReference::default);
    settlement.trace.as_ref().and_then(|trace| trace.policy.as_ref()).unwrap_or(&EMPTY)
}
