//! What every use case works with.

use std::collections::BTreeMap;
use std::sync::Arc;

use yizhan_runtime::cache::VersionedCache;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::page::Pages;
use yizhan_runtime::vault::Vault;
use yizhan_runtime::{Clock, Reason, ServiceError, once};

use crate::access::log::AccessLog;
use crate::person::domain::certificate::CertificateKey;
use crate::person::store::timelines::StoredTimeline;
use crate::rules::RulesBook;
use yizhan_terms::is_psn_no;

/// The register and its surroundings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Register {
    /// Where it is kept.
    pub db: DatabaseConnection,
    /// Its change log.
    pub feed: Feed,
    /// Timelines by psn_no, as of a moment ago.
    pub cache: VersionedCache<StoredTimeline>,
    /// The rules of entitlement.
    pub rules: RulesBook,
    /// What time it is.
    pub clock: Clock,
    /// Seals the tokens of its pages.
    pub pages: Pages,
    /// The secret under which certificate numbers are digested.
    pub certificate_key: CertificateKey,
    /// Seals and opens personal data.
    pub vault: Vault,
    /// Who looked at whom.
    pub access_log: AccessLog,
}

impl Register {
    /// A person's timeline; `None` if not registered.
    pub async fn person(&self, psn_no: &str) -> Result<Option<Arc<StoredTimeline>>, ServiceError> {
        self.cache.get(psn_no).await
    }

    /// Those of several persons, by psn_no; who is not registered is missing.
    pub async fn persons(
        &self,
        psn_nos: Vec<String>,
    ) -> Result<BTreeMap<String, Arc<StoredTimeline>>, ServiceError> {
        let found = self.cache.get_many(&psn_nos).await?;
        Ok(psn_nos.into_iter().zip(found).filter_map(|(psn_no, person)| Some((psn_no, person?))).collect())
    }
}

/// What a mutation of the register writes with.
pub type Write<'w> = once::Write<'w, 'w, Register>;
/// What it did: the answer, and the persons that changed, as they now are.
pub type Done<A> = once::Done<A, Vec<StoredTimeline>>;

impl once::Service for Register {
    type Changed = Vec<StoredTimeline>;

    fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Bodies hold certificate numbers, which a plain digest would give away to whoever tries them all.
    fn request_digest(&self, plain: &str) -> String {
        self.certificate_key.digest("request", plain)
    }

    /// The cache answers with the new versions, and followers hear of them. A writer of very many may name nobody: the cache hears of
    /// them from the change log, a moment later.
    async fn committed(&self, changed: Vec<StoredTimeline>) {
        self.feed.wake();
        let changed: Vec<_> =
            changed.into_iter().map(|person| (person.psn_no.clone(), Arc::new(person))).collect();
        self.cache.replace(&changed).await;
    }
}

/// Nobody registered has this number, or the caller may not know of them.
pub fn person_unknown(psn_no: &str) -> ServiceError {
    // A number that could not be one is not repeated: it might be anything, a name or a certificate number.
    let shown = if is_psn_no(psn_no) { psn_no } else { "" };
    ServiceError::new(Reason::PersonUnknown, "no person with this psn_no is registered").with("psn_no", shown)
}

/// Another number took this one's place.
pub fn person_merged(psn_no: &str, merged_into: &str) -> ServiceError {
    ServiceError::new(Reason::PersonMerged, "this record was merged into another; use that psn_no")
        .with("psn_no", if is_psn_no(psn_no) { psn_no } else { "" })
        .with("merged_into", merged_into)
}
