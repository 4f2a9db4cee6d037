//! Settlement's feed: what institutions bill, added to their months.
//!
//! Every event counts once: the token moves on in the transaction in which the sums grow. Nothing is kept of a single settlement, since a reversal
//! tells all that it takes off. When the feed is followed from its beginning again, the sums begin at nothing again, in the same transaction
//! as its first events.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{WatchSettlementsRequest, WatchSettlementsResponse};
use yizhan_runtime::ServiceError;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower, Timestamp};

use super::domain::{Key, SETTLEMENTS, Sums, part};
use super::store;

/// This service as follower of settlement.
#[derive(Debug)]
pub struct FollowSettlements {
    feed: SettlementServiceClient<PeerChannel>,
    /// The feed was opened at its beginning, and nothing of it is committed yet.
    from_beginning: AtomicBool,
}

impl FollowSettlements {
    /// Of this settlement.
    pub fn of(feed: SettlementServiceClient<PeerChannel>) -> Self {
        FollowSettlements { feed, from_beginning: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Follower for FollowSettlements {
    type Event = WatchSettlementsResponse;
    type Work = BTreeMap<Key, Sums>;
    type Changed = ();

    fn feed(&self) -> &'static str {
        SETTLEMENTS
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchSettlementsResponse>, Status> {
        self.from_beginning.store(resume_token.is_empty(), Ordering::Release);
        let request = WatchSettlementsRequest { resume_token, ..Default::default() };
        Ok(self.feed.clone().watch_settlements(request).await?.into_inner().boxed())
    }

    fn resume_token(event: &WatchSettlementsResponse) -> &str {
        &event.resume_token
    }

    fn happened(event: &WatchSettlementsResponse) -> Option<Timestamp> {
        event.settlement.as_ref()?.setlinfo.as_ref()?.setl_time
    }

    async fn prepare(&self, events: Vec<WatchSettlementsResponse>) -> Result<Self::Work, ServiceError> {
        let mut sums: Self::Work = BTreeMap::new();
        let infos = events.into_iter().filter_map(|event| event.settlement?.setlinfo);
        for (key, part) in infos.filter_map(|info| part(&info)) {
            let sum = sums.entry(key).or_default();
            *sum = sum.plus(part);
        }
        Ok(sums)
    }

    async fn apply(&self, tx: &DatabaseTransaction, sums: &Self::Work) -> Result<(), ServiceError> {
        if self.from_beginning.load(Ordering::Acquire) {
            store::forget(tx).await?;
        }
        Ok(store::add(tx, sums).await?)
    }

    async fn committed(&self, (): ()) {
        self.from_beginning.store(false, Ordering::Release);
    }
}
