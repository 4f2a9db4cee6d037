//! Rules of a merge: pure, no protobuf, no database.

pub mod merge;
