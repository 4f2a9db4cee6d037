//! What every use case works with.

use std::fmt;
use std::sync::Arc;

use yizhan_clients::{Enrollment, Grades};
use yizhan_runtime::chain::LogKey;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::page::Pages;
use yizhan_runtime::{Clock, once};

use crate::plan_rules::PlanRules;
use crate::rules::RulesBook;

/// Audit and its surroundings. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    /// Where it keeps what it knows.
    pub db: DatabaseConnection,
    /// Its change log: what was decided, for settlement and credit.
    pub feed: Feed,
    /// What visits are checked by.
    pub rules: RulesBook,
    /// What time it is.
    pub clock: Clock,
    /// Seals the tokens of its pages.
    pub pages: Pages,
    /// Who logs looks at persons.
    pub enrollment: Arc<dyn Enrollment>,
    /// Who grades institutions, where it is asked.
    pub grades: Option<Arc<dyn Grades>>,
    /// Floors, shares and days of cases, plans, checks and samples.
    pub plan_rules: PlanRules,
    /// The secret of the chains of the log.
    pub log_key: LogKey,
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}

impl once::Service for Audit {
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
