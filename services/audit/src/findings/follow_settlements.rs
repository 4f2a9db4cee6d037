//! Settlement's feed: every visit is screened once it is settled.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{Recovery, WatchSettlementsRequest, WatchSettlementsResponse};
use yizhan_runtime::ServiceError;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower, Timestamp};

use super::heard::{Heard, What, heard};
use super::screen::hear;
use crate::app::Audit;

/// Who is told of recoveries, which stand in the same feed.
#[async_trait]
pub trait Recovers: Send + Sync {
    /// Notes what settlement recovered, in the transaction of the event.
    async fn settlement_told(&self, tx: &DatabaseTransaction, told: &[Recovery]) -> Result<(), ServiceError>;
}

/// Who is told of persons of whom something else stands than before.
#[async_trait]
pub trait Watches: Send + Sync {
    /// Looks at them again, by any number of theirs, in the transaction of the event.
    async fn visits_changed(
        &self,
        tx: &DatabaseTransaction,
        psn_nos: BTreeSet<&str>,
    ) -> Result<(), ServiceError>;
}

/// This service as follower of settlement.
pub struct FollowSettlements {
    /// What is changed.
    pub audit: Audit,
    /// Settlement, which has the feed.
    pub feed: SettlementServiceClient<PeerChannel>,
    /// Who is told of recoveries.
    pub recovers: Arc<dyn Recovers>,
    /// Who watches over people.
    pub watches: Arc<dyn Watches>,
}

#[async_trait]
impl Follower for FollowSettlements {
    type Event = WatchSettlementsResponse;
    type Work = (Vec<Heard>, Vec<Recovery>);
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

    fn happened(event: &WatchSettlementsResponse) -> Option<Timestamp> {
        event.settlement.as_ref()?.setlinfo.as_ref()?.setl_time
    }

    async fn prepare(&self, events: Vec<WatchSettlementsResponse>) -> Result<Self::Work, ServiceError> {
        let heard = events.iter().filter_map(heard).collect();
        Ok((heard, events.into_iter().filter_map(|event| event.recovery).collect()))
    }

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        (heard, recoveries): &Self::Work,
    ) -> Result<(), ServiceError> {
        hear(tx, &self.audit, heard).await?;
        let changed = heard.iter().filter(|event| !matches!(event.what, What::Item(_)));
        let psn_nos = changed.map(|event| event.own_psn_no.as_str()).collect();
        self.watches.visits_changed(tx, psn_nos).await?;
        if recoveries.is_empty() {
            return Ok(());
        }
        self.recovers.settlement_told(tx, recoveries).await
    }

    async fn committed(&self, (): ()) {
        self.audit.feed.wake();
    }
}
