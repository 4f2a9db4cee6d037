//! The change log of a service, and following it.
//!
//! A service that others follow adds [`CreateChangeLog`] to its migrations, calls [`append`] inside the transaction that
//! makes a change, and [`Feed::wake`] after the commit. Followers read with [`Feed::follow`], and store
//! the [token](Feed::token_behind) of an entry in the same transaction as what they did with it.
//!
//! **Nothing is ever skipped.** Numbers from a sequence are given out when a row is inserted, not when it is committed, so
//! a lower number can become visible after a higher one, and a follower that remembers "up to n" would miss it. On
//! PostgreSQL entries are therefore ordered by (transaction id, number), and only those of transactions older than every
//! transaction still running are read: whatever commits later sorts behind. On SQLite there is one writer at a time, and
//! the order of numbers is the order of commits. The price: one long transaction holds the feed up (never wrongly), so
//! [`connect`](crate::db::connect) bounds how long a transaction may idle, and what others leave open is told of ([`held_up`]).
//!
//! **Nobody holds anybody up.** All who follow in a process share one reader of the log, which reads while somebody follows and tells
//! everybody the same. A follower that comes later, or is slower than the few chunks that are kept, reads from the database by itself, in
//! pages and few at a time, until it has caught up. Who follows takes a place, of so many for each caller and for all.
//!
//! Transaction ids belong to a PostgreSQL cluster. After restoring a *logical* dump into another cluster, ids may start
//! lower than those recorded; [`check`] refuses to start then, instead of letting followers miss entries.

mod follow;
mod lag;
mod log;
mod places;
mod position;
mod reader;
mod table;
mod token;
mod watch;

pub use follow::Feed;
pub(crate) use lag::watch_lag;
pub use lag::{HeldUp, held_up};
pub use log::Change;
pub use position::Position;
pub use reader::{Bare, Reading, may_see_area};
pub use table::{CreateChangeLog, NewChange, append, check};
pub use watch::may_not_follow;
