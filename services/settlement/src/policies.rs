//! Benefit policies: published, listed, and kept in memory.

pub mod api;
pub mod publication;

/// The policies of this process, each version ever published: few, small, and read on every visit.
pub type Policies = yizhan_rules::Book<yizhan_policy::Policy>;
