//! What every use case works with.

use futures::FutureExt;
use sea_orm::DatabaseConnection;
use yizhan_runtime::batcher::Batcher;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::{Clock, ServiceError};

use crate::domain::certificate::CertificateKey;
use crate::domain::row_check::is_psn_no;
use crate::store::timelines::{self, StoredTimeline};

/// Batches of lookups at the same time.
const LOOKUPS: usize = 2;

/// The register and its surroundings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Register {
    /// Where it is kept.
    pub db: DatabaseConnection,
    /// Its change log.
    pub feed: Feed,
    /// What time it is.
    pub clock: Clock,
    /// The secret under which certificate numbers are digested.
    pub certificate_key: CertificateKey,
    lookups: Batcher<String, Result<Option<StoredTimeline>, ServiceError>>,
}

impl Register {
    /// In this database.
    pub fn new(db: DatabaseConnection, clock: Clock, certificate_key: CertificateKey) -> Self {
        let feed = Feed::new(db.clone());
        Register { lookups: lookups(db.clone()), db, feed, clock, certificate_key }
    }

    /// A person's timeline; `None` if not registered. Those asked for at the same time are read together.
    pub async fn timeline(&self, psn_no: &str) -> Result<Option<StoredTimeline>, ServiceError> {
        self.lookups.submit(psn_no.to_owned()).await?
    }
}

fn lookups(db: DatabaseConnection) -> Batcher<String, Result<Option<StoredTimeline>, ServiceError>> {
    Batcher::start_reading(LOOKUPS, move |psn_nos: Vec<String>| {
        let db = db.clone();
        async move {
            let found = timelines::find_many(&db, psn_nos.iter().cloned()).await?;
            Ok(psn_nos.iter().map(|psn_no| found.get(psn_no).cloned()).collect())
        }
        .boxed()
    })
}

/// Nobody registered has this number, or the caller may not know of them.
pub fn person_unknown(psn_no: &str) -> ServiceError {
    // A number that could not be one is not repeated: it might be anything, a name or a certificate number.
    let shown = if is_psn_no(psn_no) { psn_no } else { "" };
    ServiceError::not_found(
        "PERSON_UNKNOWN",
        "no person with this psn_no is registered",
        "未查询到该人员编号",
    )
    .with("psn_no", shown)
}
