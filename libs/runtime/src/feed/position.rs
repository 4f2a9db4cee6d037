//! How far a follower is.

/// A place in a change log: behind one entry and before the next. Ordered as the log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Transaction id on PostgreSQL, 0 on SQLite.
    pub txid: i64,
    /// The entry's number.
    pub seq: i64,
}

impl Position {
    /// Before the first entry.
    pub const START: Position = Position { txid: 0, seq: 0 };
}
