//! What every use case works with.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use yizhan_clients::Enrollment;
use yizhan_rules::RulesBook;
use yizhan_runtime::cache::VersionedCache;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::page::Pages;
use yizhan_runtime::{Clock, ServiceError, once};

use crate::rules::FilingFamilies;
use crate::standings::store::StoredStandings;

/// The register of filings and its surroundings. Cheap to clone.
#[derive(Clone)]
pub struct Register {
    /// Where it is kept.
    pub db: DatabaseConnection,
    /// Its change log.
    pub feed: Feed,
    /// What of persons' filings matters to visits, by psn_no, as of a moment ago.
    pub cache: VersionedCache<StoredStandings>,
    /// The rules of filing.
    pub rules: RulesBook<FilingFamilies>,
    /// What time it is.
    pub clock: Clock,
    /// Seals the tokens of its pages.
    pub pages: Pages,
    /// Who knows where people are insured.
    pub enrollment: Arc<dyn Enrollment>,
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Register").finish_non_exhaustive()
    }
}

impl Register {
    /// Those of several persons, by psn_no; who never filed is missing.
    pub async fn persons(
        &self,
        psn_nos: Vec<String>,
    ) -> Result<BTreeMap<String, Arc<StoredStandings>>, ServiceError> {
        let found = self.cache.get_many(&psn_nos).await?;
        Ok(psn_nos.into_iter().zip(found).filter_map(|(psn_no, person)| Some((psn_no, person?))).collect())
    }
}

/// What a mutation of the register writes with.
pub type Write<'w> = once::Write<'w, 'w, Register>;
/// What it did: the answer, and the persons whose standings changed.
pub type Done<A> = once::Done<A, Vec<StoredStandings>>;

impl once::Service for Register {
    type Changed = Vec<StoredStandings>;

    fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The cache answers with the new versions, and followers hear of them.
    async fn committed(&self, changed: Vec<StoredStandings>) {
        self.feed.wake();
        let changed: Vec<_> =
            changed.into_iter().map(|person| (person.psn_no.clone(), Arc::new(person))).collect();
        self.cache.replace(&changed).await;
    }
}
