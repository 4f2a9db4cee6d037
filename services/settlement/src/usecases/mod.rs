//! What settlement does, one file each.

pub mod calculate;
pub mod check_books;
pub mod deposit;
pub mod import;
pub mod lookup;
pub mod policies;
pub mod preview;
pub mod query;
pub mod replay;
pub mod retries;
pub mod reverse;
pub mod settle;
pub mod watch;
