//! The ledger: every entry about every subject, append-only, a chain of hashes for each area; and who is known.
//!
//! Whoever enters something [holds](hold) the subject, reads [its entries](of_subject), decides, and [appends](append), in one transaction: of two at
//! once the later sees what the earlier wrote.

mod api;
mod list;
pub mod same;
mod standing;
mod store;
mod verify;
mod watch;

pub use api::LedgerApi;
pub use list::sees;
pub use standing::standing;
pub use store::{
    Known, Model, append, append_all, entry, hold, known, make_known, of_area, of_matter, of_subject,
    of_subjects, subject_unknown, with_entries,
};

use yizhan_proto::credit::v1::{Subject, SubjectKind};

/// Longest code of a subject, and of whatever else an entry names.
pub const MAX_CODE: usize = 30;

/// A subject of a kind.
pub fn subject(kind: SubjectKind, code: &str) -> Subject {
    Subject { kind: kind.into(), code: code.to_owned() }
}

/// Whether a text can be the code of something.
pub fn is_code(code: &str) -> bool {
    (1..=MAX_CODE).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic())
}
