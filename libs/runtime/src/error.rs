//! One error type for every service, with a closed list of reasons.
//!
//! Use cases return [`ServiceError`]; the api layer turns it into a `tonic::Status` with `?` (see [`to_status`]), which is
//! the only place that knows gRPC's codes and details, and the only place that logs an internal error. [`RemoteError`]
//! reads such a status back on the calling side.

mod remote;
mod to_status;
mod violations;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use yizhan_reasons::{DocumentFault, ErrorKind, Reason, Said};

pub use remote::{RemoteError, RemoteViolation};
pub use violations::{FieldViolation, Violations};

/// The `domain` of every google.rpc.ErrorInfo of ours.
pub const DOMAIN: &str = "yizhan";
/// Why a request was not done. Boxed inside, so that a `Result` stays small.
pub struct ServiceError(Box<Details>);

struct Details {
    reason: Reason,
    message: String,
    text: String,
    metadata: BTreeMap<String, String>,
    violations: Vec<FieldViolation>,
    retry_after: Option<Duration>,
    cause: Option<anyhow::Error>,
}

impl ServiceError {
    /// An error: `message` is English for developers, people read the reason's own text. Neither may hold personal data; variable
    /// parts also go into [`with`](Self::with). What another request or an outage came between may be retried, after a moment.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        ServiceError(Box::new(Details {
            reason,
            message: message.into(),
            text: reason.text().to_owned(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: match reason.kind() {
                ErrorKind::Aborted => Some(Duration::from_millis(50)),
                ErrorKind::Unavailable => Some(Duration::from_secs(1)),
                _ => None,
            },
            cause: None,
        }))
    }

    /// The same with what people read in this case, in zh-CN. Never personal data.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.0.text = text.into();
        self
    }

    /// [`ErrorKind::Internal`]: the cause is logged once, under an id, when the error leaves the service; the caller sees
    /// the id and nothing else.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Reason::Internal, "internal error").caused_by(cause)
    }

    /// The area is not the caller's to see or to change; empty where no single one is meant.
    pub fn area_not_owned(area: impl fmt::Display) -> Self {
        Self::new(Reason::AreaNotOwned, "the area is not the caller's").with("area", area)
    }

    /// Everything wrong with a request's fields. Prefer [`Violations::finish`].
    pub fn invalid_fields(violations: Vec<FieldViolation>) -> Self {
        let text = format!("请求有 {} 处错误", violations.len());
        let message = violations::summary(&violations);
        Self::new(Reason::InvalidRequest, message).with_text(text).with_violations(violations)
    }

    fn with_violations(mut self, violations: Vec<FieldViolation>) -> Self {
        self.0.violations = violations;
        self
    }

    /// One field that is wrong.
    pub fn invalid_field(field: impl Into<String>, said: impl Into<Said>) -> Self {
        Self::invalid_fields(vec![FieldViolation::new(field, said)])
    }

    /// Adds a variable part to the metadata, e.g. `("psn_no", "...")`. Never personal data.
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.0.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Says when a retry makes sense.
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// Keeps the cause for the log. Not shown to the caller.
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The same error for another one who waited for the same thing; the cause as text.
    pub fn duplicate(&self) -> Self {
        let Details { reason, ref message, ref text, .. } = *self.0;
        let mut error = Self::new(reason, message).with_text(text);
        error.0.metadata = self.0.metadata.clone();
        error.0.violations = self.0.violations.clone();
        error.0.retry_after = self.0.retry_after;
        error.0.cause = self.0.cause.as_ref().map(|cause| anyhow::anyhow!("{cause:#}"));
        error
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.reason.kind()
    }

    /// The stable reason.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// The zh-CN text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The variable parts.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.0.metadata
    }

    /// What is wrong with which field.
    pub fn violations(&self) -> &[FieldViolation] {
        &self.0.violations
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {}", self.kind(), self.0.reason, self.0.message)?;
        if !self.0.metadata.is_empty() {
            write!(f, " {:?}", self.0.metadata)?;
        }
        match &self.0.cause {
            Some(cause) => write!(f, ", caused by {cause:#}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.reason, self.0.message)
    }
}

impl std::error::Error for ServiceError {}
