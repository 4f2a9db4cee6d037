//! Credit's ledger, followed: who stood otherwise than was known when their services were settled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_clients::Credit;
use yizhan_proto::credit::v1::ledger_service_client::LedgerServiceClient;
use yizhan_proto::credit::v1::{
    Entry, EntryKind, QualificationStatus, SubjectKind, WatchCreditRequest, WatchCreditResponse,
};
use yizhan_runtime::client::{PeerChannel, feed_channel};
use yizhan_runtime::clock::moment;
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::db::{DatabaseTransaction, lock};
use yizhan_runtime::follow::{Events, Follower, Timestamp};
use yizhan_runtime::{Caller, ServiceError};

use super::look::look;
use super::{Said, TURN, ask};
use crate::app::App;
use crate::books::store::practitioner_days::{self, Known, UNASKED, kept};
use crate::rules::Rules;
use crate::settlements::messages::credited::refuses;

/// This service as follower of credit.
pub struct FollowCredit {
    app: Arc<App>,
    feed: LedgerServiceClient<PeerChannel>,
    credit: Arc<dyn Credit>,
    after: Duration,
}

impl FollowCredit {
    /// Follows by a channel of its own; what is asked has more time than at the counter.
    pub fn new(
        app: Arc<App>,
        (peer, credit): (&PeerConfig, Arc<dyn Credit>),
        after: Duration,
    ) -> anyhow::Result<FollowCredit> {
        let caller = Caller::Service { name: "settlement".to_owned() };
        let feed = LedgerServiceClient::new(feed_channel(peer, &caller)?);
        Ok(FollowCredit { app, feed, credit, after })
    }

    /// What was being settled by credit's answer of before is in the books when its entry is looked at.
    async fn wait_for_settlements(&self, events: &[WatchCreditResponse]) {
        let entries = events.iter().filter_map(|event| event.entry.as_ref());
        let newest = entries.filter_map(|entry| entry.recorded_at.and_then(moment)).max();
        let age = newest.and_then(|newest| (self.app.clock.now() - newest).to_std().ok()).unwrap_or_default();
        tokio::time::sleep(self.after.saturating_sub(age)).await;
    }
}

#[async_trait]
impl Follower for FollowCredit {
    type Event = WatchCreditResponse;
    type Work = Said;
    type Changed = ();

    fn feed(&self) -> &'static str {
        "credit.ledger"
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchCreditResponse>, Status> {
        let events = self.feed.clone().watch_credit(WatchCreditRequest { resume_token }).await?;
        Ok(events.into_inner().boxed())
    }

    fn resume_token(event: &WatchCreditResponse) -> &str {
        &event.resume_token
    }

    fn happened(event: &WatchCreditResponse) -> Option<Timestamp> {
        event.entry.as_ref()?.recorded_at
    }

    /// Asks about every day on which services of the practitioners were settled: an entry of today may change how somebody stood on any. What
    /// follows from most of it is the same, and is not looked at.
    async fn prepare(&self, events: Vec<WatchCreditResponse>) -> Result<Said, ServiceError> {
        let entries = events.iter().filter_map(|event| event.entry.as_ref());
        let people: BTreeSet<&str> = entries.filter_map(practitioner).collect();
        if people.is_empty() {
            return Ok(Said::new());
        }
        self.wait_for_settlements(&events).await;
        let mut known: Vec<Known> = Vec::new();
        for code in people {
            known.extend(practitioner_days::known_of(&self.app.db, code).await?);
        }
        let asked: BTreeSet<_> = known.iter().map(|known| known.asked.clone()).collect();
        let said = ask(&*self.credit, asked.into_iter().collect()).await?;
        let rules = self.app.rules.current();
        let otherwise = known.iter().filter(|known| is_otherwise(&rules, known, &said));
        Ok(otherwise.filter_map(|known| said.get_key_value(&known.asked)).map(owned).collect())
    }

    async fn apply(&self, tx: &DatabaseTransaction, said: &Said) -> Result<(), ServiceError> {
        if said.is_empty() {
            return Ok(());
        }
        lock(tx, TURN).await?;
        let mut settlements: BTreeMap<String, Said> = BTreeMap::new();
        for (asked, now) in said {
            for setl_id in practitioner_days::otherwise(tx, asked, kept(now).0).await? {
                settlements.entry(setl_id).or_default().insert(asked.clone(), now.clone());
            }
        }
        let rules = self.app.rules.current();
        let at = self.app.clock.now();
        for (setl_id, said) in &settlements {
            look(tx, &rules, (setl_id, said), at).await?;
        }
        Ok(())
    }

    async fn committed(&self, (): ()) {
        self.app.feed.wake();
    }
}

fn owned<K: Clone, V: Clone>((key, value): (&K, &V)) -> (K, V) {
    (key.clone(), value.clone())
}

/// Whether something else follows from what credit says than from what the books know.
fn is_otherwise(rules: &Rules, known: &Known, said: &Said) -> bool {
    let Some(now) = said.get(&known.asked) else { return false };
    let [_, day, _] = &known.asked;
    let refuses = |status: QualificationStatus| refuses(rules, &known.admdvs, day, status);
    let then = QualificationStatus::try_from(known.status).unwrap_or_default();
    known.status == UNASKED || refuses(then) != refuses(now.status())
}

/// Of whom an entry may say that they stood otherwise: not those that only tell of a step on the way.
fn practitioner(entry: &Entry) -> Option<&str> {
    use EntryKind::{
        ActClosed, ActFound, ActReopened, AppraisalBegun, AppraisalReturned, PointsAppealed, PointsDelivered,
        PointsNoticed, RepairApplied, RepairRefused, RestoreApplied, RestoreRefused,
    };
    let subject = entry.subject.as_ref().filter(|subject| subject.kind() == SubjectKind::Practitioner)?;
    let on_the_way = matches!(
        entry.kind(),
        ActClosed
            | ActFound
            | ActReopened
            | AppraisalBegun
            | AppraisalReturned
            | PointsAppealed
            | PointsDelivered
            | PointsNoticed
            | RepairApplied
            | RepairRefused
            | RestoreApplied
            | RestoreRefused
    );
    (!on_the_way).then_some(&subject.code)
}

#[cfg(test)]
mod tests {
    use yizhan_proto::credit::v1::Subject;

    use super::*;

    #[test]
    fn an_entry_that_may_change_how_somebody_stands_is_looked_at() {
        let entry = |kind: EntryKind, subject: SubjectKind| Entry {
            subject: Some(Subject { kind: subject.into(), code: "D1".to_owned() }),
            kind: kind.into(),
            ..Entry::default()
        };
        let looked = |kind, subject| practitioner(&entry(kind, subject)).is_some();
        for kind in [EntryKind::PointsDecided, EntryKind::Withdrawn, EntryKind::Restored, EntryKind::Left] {
            assert!(looked(kind, SubjectKind::Practitioner), "{kind:?}");
        }
        assert!(!looked(EntryKind::PointsNoticed, SubjectKind::Practitioner));
        assert!(!looked(EntryKind::PointsDecided, SubjectKind::Institution));
        let later = Entry { kind: 9999, ..entry(EntryKind::Restored, SubjectKind::Practitioner) };
        assert_eq!(practitioner(&later), Some("D1"), "a kind of later");
    }
}
