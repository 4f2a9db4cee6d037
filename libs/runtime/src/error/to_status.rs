//! The one place where errors become gRPC statuses, and where internal ones are logged.

use std::collections::HashMap;

use sea_orm::DbErr;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation as PbViolation, StatusExt};

use super::{DOMAIN, ErrorKind, FieldViolation, Reason, ServiceError};
use crate::db;
use crate::ids::new_id;

/// Details travel in a trailer, and gRPC implementations refuse metadata above 8 KiB (after base64). Violations are listed
/// up to this many bytes; `violation_count` in the metadata always tells how many there are.
const VIOLATION_BYTES: usize = 4096;
/// The same for variable parts of violations.
const METADATA_BYTES: usize = 1024;

/// The gRPC code of a kind.
fn grpc_code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::InvalidArgument => Code::InvalidArgument,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::AlreadyExists => Code::AlreadyExists,
        ErrorKind::FailedPrecondition => Code::FailedPrecondition,
        ErrorKind::Aborted => Code::Aborted,
        ErrorKind::ResourceExhausted => Code::ResourceExhausted,
        ErrorKind::PermissionDenied => Code::PermissionDenied,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorKind::Internal => Code::Internal,
    }
}

impl From<ServiceError> for Status {
    fn from(error: ServiceError) -> Status {
        let error = logged(error);
        let kind = error.kind();
        let details = error.0;
        let mut pb = ErrorDetails::new();
        let mut metadata: HashMap<String, String> = details.metadata.into_iter().collect();
        if !details.violations.is_empty() {
            metadata.insert("violation_count".to_owned(), details.violations.len().to_string());
            pb.set_bad_request(listed(&details.violations, &mut metadata));
        }
        pb.set_error_info(details.reason.code(), DOMAIN, metadata)
            .set_localized_message("zh-CN", details.text);
        if details.retry_after.is_some() {
            pb.set_retry_info(details.retry_after);
        }
        Status::with_error_details(grpc_code(kind), details.message, pb)
    }
}

/// Errors that somebody has to look at are logged here, once; the caller gets the id of the log line.
fn logged(error: ServiceError) -> ServiceError {
    match error.kind() {
        ErrorKind::Internal => {
            let error_id = new_id();
            tracing::error!(error_id, ?error, "internal error");
            error.with("error_id", error_id)
        }
        ErrorKind::Unavailable => {
            tracing::warn!(?error, "unavailable");
            error
        }
        _ => error,
    }
}

/// As many violations as fit, in the order they were found; their variable parts go into `metadata`.
fn listed(violations: &[FieldViolation], metadata: &mut HashMap<String, String>) -> Vec<PbViolation> {
    let (mut listed, mut bytes, mut metadata_bytes) = (Vec::new(), 0, 0);
    for violation in violations {
        bytes += violation.field.len() + violation.reason.code().len() + violation.description.len() + 10;
        if bytes > VIOLATION_BYTES && !listed.is_empty() {
            break;
        }
        for (key, value) in &violation.metadata {
            let key = format!("{}.{key}", violation.field);
            metadata_bytes += key.len() + value.len() + 6;
            if metadata_bytes <= METADATA_BYTES {
                metadata.insert(key, value.clone());
            }
        }
        listed.push(PbViolation {
            reason: violation.reason.code().to_owned(),
            ..PbViolation::new(violation.field.clone(), violation.description.clone())
        });
    }
    listed
}

/// What the database says, in the terms of a service: a clash with another transaction that outlasted the retries is
/// [`ErrorKind::Aborted`], a database that is away is [`ErrorKind::Unavailable`], anything else is our mistake.
impl From<DbErr> for ServiceError {
    fn from(error: DbErr) -> Self {
        match db::classify(&error) {
            db::Failure::Clash | db::Failure::UniqueViolation => ServiceError::new(
                Reason::ConcurrentChange,
                "another request changed the same data at the same time",
            )
            .caused_by(error),
            db::Failure::Away => {
                // It may have gone in the middle of a commit.
                ServiceError::new(
                    Reason::DatabaseUnavailable,
                    "the database does not answer; whether a change was made is not known, repeat it with the same request_id",
                )
                .caused_by(error)
            }
            db::Failure::Other => ServiceError::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Reason, RemoteError, Violations};

    #[test]
    fn all_violations_arrive() {
        let mut violations = Violations::new();
        violations.push("rows[0].certno", Reason::CertnoCheckDigit);
        violations.push("rows[1].brdy", Reason::DateInvalid).with("value", "2023-02-30");
        let remote = RemoteError::from(Status::from(violations.none().unwrap_err()));
        assert_eq!((remote.code, remote.reason.as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
        assert_eq!(remote.violation_reasons(), ["CERTNO_CHECK_DIGIT", "DATE_INVALID"]);
        assert_eq!(remote.violations[1].field, "rows[1].brdy");
        assert_eq!(remote.metadata["rows[1].brdy.value"], "2023-02-30");
        assert_eq!(remote.text, "请求有 2 处错误");
    }

    #[test]
    fn a_thousand_violations_fit_into_a_trailer() {
        let mut violations = Violations::new();
        for row in 0..1000 {
            violations.push(format!("rows[{row}].certno"), Reason::CertnoCheckDigit).with("value", row);
        }
        let status = Status::from(violations.none().unwrap_err());
        assert!(status.details().len() * 4 / 3 + status.message().len() < 8192, "{}", status.details().len());
        let remote = RemoteError::from(status);
        assert!(remote.violations.len() > 30);
        assert_eq!(remote.metadata["violation_count"], "1000");
    }

    #[test]
    fn an_internal_error_shows_an_id_and_nothing_else() {
        let status =
            Status::from(ServiceError::internal(anyhow::anyhow!("password of the database is wrong")));
        let remote = RemoteError::from(status.clone());
        assert_eq!((status.code(), remote.reason.as_str()), (Code::Internal, "INTERNAL"));
        assert_eq!(remote.metadata["error_id"].len(), 26);
        assert!(!String::from_utf8_lossy(status.details()).contains("password"));
    }
}
