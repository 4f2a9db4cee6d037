//! The change log of a service, and following it.
//!
//! A service that others follow adds [`CreateChangeLog`] to its migrations, calls [`append`] inside the transaction that
//! makes a change, and [`Feed::wake`] after the commit. Followers read with [`Feed::read_after`] or [`Feed::tail`], and
//! store the [`Position`] of an entry in the same transaction as what they did with it.
//!
//! **Nothing is ever skipped.** Numbers from a sequence are given out when a row is inserted, not when it is committed, so
//! a lower number can become visible after a higher one, and a follower that remembers "up to n" would miss it. On
//! PostgreSQL entries are therefore ordered by (transaction id, number), and only those of transactions older than every
//! transaction still running are read: whatever commits later sorts behind. On SQLite there is one writer at a time, and
//! the order of numbers is the order of commits. The price: one long transaction holds the feed up (never wrongly), so
//! [`connect`](crate::db::connect) bounds how long a transaction may idle.
//!
//! Transaction ids belong to a PostgreSQL cluster. After restoring a *logical* dump into another cluster, ids may start
//! lower than those recorded; [`check`] refuses to start then, instead of letting followers miss entries.

mod follow;
mod position;
mod table;
mod watch;

pub use follow::{Change, Feed};
pub use position::Position;
pub use table::{CreateChangeLog, NewChange, append, check};
