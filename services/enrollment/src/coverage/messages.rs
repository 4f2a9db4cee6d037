//! Decided coverages as the contract's messages.

use yizhan_proto::enrollment::v1 as pb;

use crate::person::domain::timeline::Coverage;
use crate::register::messages::{coverage_row, waiting};

/// A stretch with what decided when it entitles.
pub fn decided(psn_no: &str, coverage: &Coverage) -> pb::DecidedCoverage {
    let decided = coverage.waiting.as_ref();
    pb::DecidedCoverage {
        coverage: Some(coverage_row(psn_no, coverage.clone())),
        waiting: waiting(coverage),
        rule: decided.map(|waiting| waiting.rule.clone()).unwrap_or_default(),
        citation: decided.map(|waiting| waiting.citation.clone()).unwrap_or_default(),
    }
}
