//! One error type for every service, with a short closed list of kinds.
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

pub use remote::{RemoteError, RemoteViolation};
pub use violations::{FieldViolation, Violations};

/// The `domain` of every google.rpc.ErrorInfo of ours.
pub const DOMAIN: &str = "yizhan";
/// The reason of an error that carries field violations; each violation has its own.
pub const INVALID_REQUEST: &str = "INVALID_REQUEST";
/// The reason of an error whose cause is ours; details are in the log under the `error_id` of its metadata.
pub const INTERNAL: &str = "INTERNAL";

/// What sort of failure it is, and with that what a caller should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong whatever the state of the world: correct it.
    InvalidArgument,
    /// What it names does not exist, or is not the caller's to see.
    NotFound,
    /// What it would create exists already, differently.
    AlreadyExists,
    /// The request is fine, the state of the world is not: change that first.
    FailedPrecondition,
    /// Another request came between: read again and retry.
    Aborted,
    /// A limit is reached: wait, or ask for less.
    ResourceExhausted,
    /// This caller may not do this.
    PermissionDenied,
    /// Nobody knows who is calling.
    Unauthenticated,
    /// Something needed is away: retry the same request later. Nothing was written.
    Unavailable,
    /// It took longer than the caller allowed. Whether it happened is not known: retry with the same request_id.
    DeadlineExceeded,
    /// Our mistake.
    Internal,
}

/// Why a request was not done. Boxed inside, so that a `Result` stays small.
pub struct ServiceError(Box<Details>);

struct Details {
    kind: ErrorKind,
    reason: &'static str,
    message: String,
    text: String,
    metadata: BTreeMap<String, String>,
    violations: Vec<FieldViolation>,
    retry_after: Option<Duration>,
    cause: Option<anyhow::Error>,
}

impl ServiceError {
    /// An error of a kind: `reason` is stable UPPER_SNAKE from a documented list, `message` is English for developers,
    /// `text` is zh-CN for people. Neither text may hold personal data; variable parts also go into
    /// [`with`](Self::with).
    pub fn new(
        kind: ErrorKind,
        reason: &'static str,
        message: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        ServiceError(Box::new(Details {
            kind,
            reason,
            message: message.into(),
            text: text.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: None,
            cause: None,
        }))
    }

    /// [`ErrorKind::NotFound`].
    pub fn not_found(reason: &'static str, message: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, reason, message, text)
    }

    /// [`ErrorKind::AlreadyExists`].
    pub fn already_exists(reason: &'static str, message: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(ErrorKind::AlreadyExists, reason, message, text)
    }

    /// [`ErrorKind::FailedPrecondition`].
    pub fn failed_precondition(
        reason: &'static str,
        message: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::FailedPrecondition, reason, message, text)
    }

    /// [`ErrorKind::Aborted`], with a hint to retry at once.
    pub fn aborted(reason: &'static str, message: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Aborted, reason, message, text).retry_after(Duration::from_millis(50))
    }

    /// [`ErrorKind::PermissionDenied`].
    pub fn permission_denied(
        reason: &'static str,
        message: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::PermissionDenied, reason, message, text)
    }

    /// [`ErrorKind::Unavailable`], with a hint to retry in a second.
    pub fn unavailable(reason: &'static str, message: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, reason, message, text).retry_after(Duration::from_secs(1))
    }

    /// [`ErrorKind::Internal`]: the cause is logged once, under an id, when the error leaves the service; the caller sees
    /// the id and nothing else.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(ErrorKind::Internal, INTERNAL, "internal error", "系统内部错误，请稍后重试")
            .caused_by(cause)
    }

    /// Everything wrong with a request's fields. Prefer [`Violations::finish`].
    pub fn invalid_fields(violations: Vec<FieldViolation>) -> Self {
        let text = format!("请求有 {} 处错误", violations.len());
        let message = violations::summary(&violations);
        let mut error = Self::new(ErrorKind::InvalidArgument, INVALID_REQUEST, message, text);
        error.0.violations = violations;
        error
    }

    /// One field that is wrong; `text` is zh-CN.
    pub fn invalid_field(field: impl Into<String>, reason: &'static str, text: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldViolation::new(field, reason, text)])
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
    pub(crate) fn duplicate(&self) -> Self {
        let Details { kind, reason, ref message, ref text, .. } = *self.0;
        let mut error = Self::new(kind, reason, message.clone(), text.clone());
        error.0.metadata = self.0.metadata.clone();
        error.0.violations = self.0.violations.clone();
        error.0.retry_after = self.0.retry_after;
        error.0.cause = self.0.cause.as_ref().map(|cause| anyhow::anyhow!("{cause:#}"));
        error
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable reason.
    pub fn reason(&self) -> &'static str {
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
        write!(f, "{:?} {}: {}", self.0.kind, self.0.reason, self.0.message)?;
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
