//! Standings as the cache keeps them, and where it gets them from.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::Message;
use sea_orm::DbErr;
use tonic::async_trait;
use yizhan_proto::filing::v1::FilingChange;
use yizhan_runtime::cache::{Cached, Source};
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Change;

use super::{StoredStandings, find_many};
use crate::standings::Standings;

impl Cached for StoredStandings {
    fn version(&self) -> i64 {
        self.version
    }

    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(&(&self.psn_no, &self.standings)).expect("codes and dates are JSON")
    }

    fn decode(psn_no: &str, version: i64, bytes: &[u8]) -> Option<Self> {
        let (told, standings): (String, Standings) = serde_json::from_slice(bytes).ok()?;
        (told == psn_no).then_some(StoredStandings { psn_no: told, version, standings })
    }
}

/// The standings of the database.
#[derive(Debug)]
pub struct StandingsSource(pub DatabaseConnection);

#[async_trait]
impl Source<StoredStandings> for StandingsSource {
    async fn load(&self, psn_nos: Vec<String>) -> Result<Vec<Option<Arc<StoredStandings>>>, DbErr> {
        let found = find_many(&self.0, psn_nos.clone()).await?;
        // One person may be asked for twice.
        let found: BTreeMap<String, Arc<StoredStandings>> =
            found.into_iter().map(|(psn_no, person)| (psn_no, Arc::new(person))).collect();
        Ok(psn_nos.iter().map(|psn_no| found.get(psn_no).cloned()).collect())
    }

    /// Every entry of the change log is a new version of a person's filings.
    fn changed(&self, change: &Change) -> Option<(String, i64)> {
        let change = FilingChange::decode(change.payload.as_slice()).ok()?;
        Some((change.psn_no, change.filings_version))
    }
}
