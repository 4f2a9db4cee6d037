//! Audit's decisions, followed: each is booked once, and undone when it is taken back.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::audit::v1::{DecisionKind, WatchDecisionsRequest, WatchDecisionsResponse};
use yizhan_runtime::client::{PeerChannel, feed_channel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower};
use yizhan_runtime::{Caller, ServiceError};

use super::book::{Decision, book, undo};
use crate::app::App;

/// This service as follower of audit.
pub struct FollowDecisions {
    app: Arc<App>,
    feed: CaseServiceClient<PeerChannel>,
}

impl FollowDecisions {
    /// Follows by a channel of its own.
    pub fn new(app: Arc<App>, audit: &PeerConfig) -> anyhow::Result<FollowDecisions> {
        let caller = Caller::Service { name: "settlement".to_owned() };
        Ok(FollowDecisions { app, feed: CaseServiceClient::new(feed_channel(audit, &caller)?) })
    }
}

#[async_trait]
impl Follower for FollowDecisions {
    type Event = WatchDecisionsResponse;
    type Work = Vec<WatchDecisionsResponse>;
    type Changed = ();

    fn feed(&self) -> &'static str {
        "audit.decisions"
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchDecisionsResponse>, Status> {
        let events = self.feed.clone().watch_decisions(WatchDecisionsRequest { resume_token }).await?;
        Ok(events.into_inner().boxed())
    }

    fn resume_token(event: &WatchDecisionsResponse) -> &str {
        &event.resume_token
    }

    async fn prepare(
        &self,
        events: Vec<WatchDecisionsResponse>,
    ) -> Result<Vec<WatchDecisionsResponse>, ServiceError> {
        Ok(events)
    }

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        events: &Vec<WatchDecisionsResponse>,
    ) -> Result<(), ServiceError> {
        let at = self.app.clock.now();
        for event in events {
            match event.kind() {
                DecisionKind::Decided | DecisionKind::Dismissed => {
                    for (setl_id, lines) in by_settlement(event) {
                        let decision = Decision { of: event, setl_id, lines };
                        book(tx, &decision, at).await?;
                    }
                }
                DecisionKind::Withdrawn => undo(tx, event, at).await?,
                DecisionKind::Recovered | DecisionKind::Unspecified => {}
            }
        }
        Ok(())
    }

    async fn committed(&self, (): ()) {
        self.app.feed.wake();
    }
}

/// The lines of a decision, each with its amount, by settlement.
fn by_settlement(event: &WatchDecisionsResponse) -> BTreeMap<&str, Vec<(&str, i64)>> {
    let mut all: BTreeMap<&str, Vec<(&str, i64)>> = BTreeMap::new();
    for line in event.lines.iter().filter_map(|line| line.line.as_ref()) {
        all.entry(&line.setl_id).or_default().push((&line.feedetl_sn, line.vola_amt_fen));
    }
    all
}
