//! What every use case works with.

use std::fmt;
use std::sync::Arc;

use yizhan_clients::Enrollment;
use yizhan_runtime::chain::LogKey;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::page::Pages;
use yizhan_runtime::{Clock, once};

use crate::schemes::SchemeBook;
use crate::standings::Readers;

/// Credit and its surroundings. Cheap to clone.
#[derive(Clone)]
pub struct Credit {
    /// Where it keeps what it knows.
    pub db: DatabaseConnection,
    /// Reads how practitioners stand.
    pub standings: Readers,
    /// Its change log: every entry of the ledger.
    pub feed: Feed,
    /// What entries come to.
    pub schemes: SchemeBook,
    /// What time it is.
    pub clock: Clock,
    /// Seals the tokens of its pages.
    pub pages: Pages,
    /// Who knows the insured.
    pub enrollment: Arc<dyn Enrollment>,
    /// The secret of the chains of the ledger.
    pub log_key: LogKey,
}

impl fmt::Debug for Credit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credit").finish_non_exhaustive()
    }
}

impl once::Service for Credit {
    type Changed = ();

    fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn committed(&self, (): ()) {
        self.feed.wake();
    }
}
