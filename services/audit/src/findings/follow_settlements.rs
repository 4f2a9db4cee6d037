//! Settlement's feed: every visit is screened once it is settled.

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{WatchSettlementsRequest, WatchSettlementsResponse};
use yizhan_runtime::ServiceError;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower};

use super::heard::{Heard, heard};
use super::screen::hear;
use crate::app::Audit;

/// This service as follower of settlement.
pub struct FollowSettlements {
    /// What is changed.
    pub audit: Audit,
    /// Settlement, which has the feed.
    pub feed: SettlementServiceClient<PeerChannel>,
}

#[async_trait]
impl Follower for FollowSettlements {
    type Event = WatchSettlementsResponse;
    type Work = Vec<Heard>;
    type Changed = ();

    fn feed(&self) -> &'static str {
        "settlement.settlements"
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchSettlementsResponse>, Status> {
        let request = WatchSettlementsRequest { resume_token, ..Default::default() };
        Ok(self.feed.clone().watch_settlements(request).await?.into_inner().boxed())
    }

    fn resume_token(event: &WatchSettlementsResponse) -> &str {
        &event.resume_token
    }

    async fn prepare(&self, events: Vec<WatchSettlementsResponse>) -> Result<Vec<Heard>, ServiceError> {
        Ok(events.iter().filter_map(heard).collect())
    }

    async fn apply(&self, tx: &DatabaseTransaction, events: &Vec<Heard>) -> Result<(), ServiceError> {
        hear(tx, &self.audit, events).await
    }

    async fn committed(&self, (): ()) {}
}
