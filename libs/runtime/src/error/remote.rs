//! Reading an error back on the calling side.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// What another service said, taken out of the details of its status. A status without details (from a proxy, or from
/// tonic itself) has an empty `reason`.
#[derive(Clone, Debug)]
pub struct RemoteError {
    /// The gRPC code.
    pub code: Code,
    /// The stable reason of ErrorInfo.
    pub reason: String,
    /// The English message.
    pub message: String,
    /// The zh-CN text.
    pub text: String,
    /// The variable parts.
    pub metadata: HashMap<String, String>,
    /// What is wrong with which field.
    pub violations: Vec<RemoteViolation>,
    /// When a retry makes sense.
    pub retry_after: Option<Duration>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteViolation {
    /// Path of the field in the request.
    pub field: String,
    /// Stable UPPER_SNAKE reason.
    pub reason: String,
    /// What is wrong, in zh-CN.
    pub description: String,
}

impl RemoteError {
    /// The reasons of the field violations, in order.
    pub fn violation_reasons(&self) -> Vec<&str> {
        self.violations.iter().map(|violation| violation.reason.as_str()).collect()
    }

    /// Whether this is the error's reason or that of one of its violations.
    pub fn says(&self, reason: &str) -> bool {
        self.reason == reason || self.violations.iter().any(|violation| violation.reason == reason)
    }
}

impl From<Status> for RemoteError {
    fn from(status: Status) -> Self {
        RemoteError::from(&status)
    }
}

impl From<&Status> for RemoteError {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        RemoteError {
            code: status.code(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            text: details.localized_message().map(|text| text.message.clone()).unwrap_or_default(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            violations: details.bad_request().map(violations).unwrap_or_default(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        }
    }
}

fn violations(bad_request: &tonic_types::BadRequest) -> Vec<RemoteViolation> {
    let read = |violation: &tonic_types::FieldViolation| RemoteViolation {
        field: violation.field.clone(),
        reason: violation.reason.clone(),
        description: violation.description.clone(),
    };
    bad_request.field_violations.iter().map(read).collect()
}
