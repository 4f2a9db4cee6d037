//! Rules of a person: pure, no protobuf, no database.

pub mod basic_schemes;
pub mod certificate;
pub mod codes;
pub mod entry;
pub mod gaps;
pub mod household;
pub mod invariants;
pub mod masking;
pub mod period;
pub mod timeline;
pub mod touched;
