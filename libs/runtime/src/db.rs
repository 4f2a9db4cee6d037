//! The database: PostgreSQL and SQLite from the same entities.
//!
//! Rules that hold for both: money columns are `i64` fen, times are whole microseconds, changes happen in
//! [`begin_write`] transactions wrapped in [`retry_transient`], and an acknowledged commit is on the disk (PostgreSQL's
//! default; SQLite with WAL and `synchronous=FULL`, which syncs the log at every commit, so that neither `kill -9` nor a
//! power cut loses one; `NORMAL` would be faster and lose the last commits on a power cut). Every call has a deadline on our
//! side ([`DatabaseConnection`]).

mod bulk;
mod classify;
mod connect;
mod handle;
mod lock;
mod migrate;
pub mod monthly;
mod replica;
mod sums;
mod traced;
mod transaction;

pub use bulk::{
    ask_each, find_rows, find_rows_where, insert, insert_new, insert_values, rows_as_json, upsert,
    upsert_next, upsert_with,
};
pub use classify::{Failure, classify};
pub use connect::connect;
pub use handle::{DatabaseConnection, DatabaseTransaction};
pub use lock::lock;
pub use migrate::{migrate, open, table};
pub use sums::{read_sum, sum_of};
pub use transaction::{KEEP_TRYING, Transient, begin_write, retry_transient};
