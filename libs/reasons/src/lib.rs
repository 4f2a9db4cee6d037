//! One vocabulary of refusals. A [`Reason`] is what programs act on: stable, closed, and checked by the compiler wherever it is given. It
//! knows its gRPC code ([`Reason::kind`]), what people read where nothing more particular is said ([`Reason::text`]), and its place on the page
//! that tells integrators what to do, docs/ERRORS.md, which is written from the same table.

#![warn(missing_docs)]

mod document;
mod table;

use std::borrow::Cow;
use std::fmt;

pub use document::DocumentFault;
pub use table::{Entry, Reason};

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

/// How a reason is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// As the reason of a status of this kind; where a request has several rows also of a field.
    Refusal(ErrorKind),
    /// As the `why` of another refusal, and in answers that are no refusals.
    Why,
    /// Of one row, while the others proceed.
    Row,
    /// Of a field, within INVALID_REQUEST.
    Violation,
}

impl Reason {
    /// Its name on the wire, UPPER_SNAKE.
    pub fn code(self) -> &'static str {
        match self {
            Reason::Document(fault) => fault.code(),
            reason => reason.entry().map_or("", |entry| entry.code),
        }
    }

    /// The kind of status it is the reason of; fields and documents that are wrong make an invalid argument.
    pub fn kind(self) -> ErrorKind {
        match self.entry().map(|entry| entry.told) {
            Some(Told::Refusal(kind)) => kind,
            Some(Told::Why | Told::Row) => ErrorKind::FailedPrecondition,
            Some(Told::Violation) | None => ErrorKind::InvalidArgument,
        }
    }

    /// What people read, in zh-CN, where nothing more particular is said.
    pub fn text(self) -> &'static str {
        self.entry().map_or("文档有错误", |entry| entry.text)
    }

    /// The same where people read something more particular, in zh-CN. Never personal data.
    pub fn saying(self, text: impl Into<Cow<'static, str>>) -> Said {
        Said { reason: self, text: text.into() }
    }

    /// The reason of this name.
    pub fn from_code(code: &str) -> Option<Reason> {
        let faults = DocumentFault::ALL.iter().map(|fault| Reason::Document(*fault));
        Reason::ALL.iter().copied().chain(faults).find(|reason| reason.code() == code)
    }
}

/// A reason and what people read of it, in zh-CN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Why.
    pub reason: Reason,
    /// What people read.
    pub text: Cow<'static, str>,
}

/// In its own words.
impl From<Reason> for Said {
    fn from(reason: Reason) -> Self {
        reason.saying(reason.text())
    }
}

/// Its name on the wire.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<DocumentFault> for Reason {
    fn from(fault: DocumentFault) -> Self {
        Reason::Document(fault)
    }
}

impl PartialEq<&str> for Reason {
    fn eq(&self, code: &&str) -> bool {
        self.code() == *code
    }
}
