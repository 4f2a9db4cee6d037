//! What is found of a visit, before it is compared with what was found of it earlier.

use sha2::{Digest, Sha256};
use yizhan_proto::audit::v1::Violation;
use yizhan_runtime::ids::base32hex;

use super::Origin;

/// A violation that stands as things are known now.
#[derive(Clone, Debug, PartialEq)]
pub struct Raised {
    /// Who found it.
    pub origin: Origin,
    /// By a rule that is being tried.
    pub shadow: bool,
    /// 统筹区 that paid.
    pub poolarea_no: String,
    /// Institution and 就诊ID.
    pub key: [String; 2],
    /// 结算ID of what it is about.
    pub setl_id: String,
    /// Last day of the visit, YYYY-MM-DD.
    pub enddate: String,
    /// What is wrong.
    pub violation: Violation,
}

/// 违规标识 of what no rule of the book says.
pub fn jr_id(rule_id: &str, key: &[String; 2], lines: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in [rule_id, &key[0], &key[1]].iter().chain(lines) {
        digest.update(part);
        digest.update([0x1f]);
    }
    base32hex(&digest.finalize()[..16])
}
