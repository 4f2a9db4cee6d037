//! Timelines as the cache keeps them, and where it gets them from.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::Message;
use sea_orm::DbErr;
use tonic::async_trait;
use yizhan_proto::enrollment::v1::RegisterChange;
use yizhan_runtime::cache::{Cached, Source};
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Change;
use yizhan_terms::Area;

use super::timelines::{self, StoredTimeline};
use crate::person::domain::timeline::Timeline;

impl Cached for StoredTimeline {
    fn version(&self) -> i64 {
        self.version
    }

    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(&(&self.psn_no, self.poolarea_no, &self.timeline))
            .expect("numbers, dates and text are JSON")
    }

    fn decode(psn_no: &str, version: i64, bytes: &[u8]) -> Option<Self> {
        let (told, poolarea_no, timeline): (String, Area, Timeline) = serde_json::from_slice(bytes).ok()?;
        (told == psn_no).then_some(StoredTimeline { psn_no: told, poolarea_no, version, timeline })
    }
}

/// The timelines of the database.
#[derive(Debug)]
pub struct TimelineSource(pub DatabaseConnection);

#[async_trait]
impl Source<StoredTimeline> for TimelineSource {
    async fn load(&self, psn_nos: Vec<String>) -> Result<Vec<Option<Arc<StoredTimeline>>>, DbErr> {
        let found = timelines::find_many(&self.0, psn_nos.clone()).await?;
        // One person may be asked for twice.
        let found: BTreeMap<String, Arc<StoredTimeline>> =
            found.into_iter().map(|(psn_no, person)| (psn_no, Arc::new(person))).collect();
        Ok(psn_nos.iter().map(|psn_no| found.get(psn_no).cloned()).collect())
    }

    /// Every entry of the change log is a new version of a person.
    fn changed(&self, change: &Change) -> Option<(String, i64)> {
        let change = RegisterChange::decode(change.payload.as_slice()).ok()?;
        Some((change.psn_no, change.person_version))
    }
}
