//! Enrollment's register, followed: merged records, finished transfers, and changes that touch days of visits that were settled before.
//!
//! While enrollment is away the follower waits; Settle asks by itself, and brings merged records together before it settles.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt, stream};
use tonic::{Status, async_trait};
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{RegisterChangeKind, WatchRegisterRequest, WatchRegisterResponse};
use yizhan_runtime::client::{PeerChannel, feed_channel};
use yizhan_runtime::clock::{moment, parse_date};
use yizhan_runtime::db::{DatabaseTransaction, begin_write, retry_transient};
use yizhan_runtime::follow::{Events, Follower, Timestamp};
use yizhan_runtime::{Caller, ServiceError};

use super::messages;
use super::recheck::{Touched, recheck};
use super::store::{self, Checked, FoundBy};
use crate::Config;
use crate::app::App;
use crate::books::merge::{self, Merge};
use crate::books::moves::{self, Move};
use crate::books::store::merged;
use crate::books::unmerge;

/// Persons checked at the same time.
const PERSONS: usize = 4;

/// This service as follower of enrollment.
pub struct FollowRegister {
    app: Arc<App>,
    feed: EnrollmentServiceClient<PeerChannel>,
    after: Duration,
}

/// What is to be written because of some events.
pub struct Found {
    merges: Vec<Merge>,
    moves: Vec<Move>,
    checked: Vec<Checked>,
}

impl FollowRegister {
    /// Follows by a channel of its own.
    pub fn new(app: Arc<App>, config: &Config) -> anyhow::Result<FollowRegister> {
        let caller = Caller::Service { name: "settlement".to_owned() };
        let feed = EnrollmentServiceClient::new(feed_channel(&config.enrollment, &caller)?);
        Ok(FollowRegister { app, feed, after: config.follow_after })
    }

    /// Who settled by the register of before is in the books when its change is looked at: an answer of enrollment is two seconds old at
    /// most, and what rests on it is committed or given up within the time of a request.
    async fn wait_for_settlements(&self, events: &[WatchRegisterResponse]) {
        let newest = events.iter().filter_map(|event| event.recorded_at.and_then(moment)).max();
        let age = newest.and_then(|newest| (self.app.clock.now() - newest).to_std().ok()).unwrap_or_default();
        tokio::time::sleep(self.after.saturating_sub(age)).await;
    }
}

#[async_trait]
impl Follower for FollowRegister {
    type Event = WatchRegisterResponse;
    type Work = Found;
    type Changed = ();

    fn feed(&self) -> &'static str {
        "enrollment.register"
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchRegisterResponse>, Status> {
        let events = self.feed.clone().watch_register(WatchRegisterRequest { resume_token }).await?;
        Ok(events.into_inner().boxed())
    }

    fn resume_token(event: &WatchRegisterResponse) -> &str {
        &event.resume_token
    }

    fn happened(event: &WatchRegisterResponse) -> Option<Timestamp> {
        event.recorded_at
    }

    /// Most events are about people of whom nothing stands in the books, or touch no day of a visit that was settled: of those nothing is
    /// asked.
    async fn prepare(&self, events: Vec<WatchRegisterResponse>) -> Result<Found, ServiceError> {
        self.wait_for_settlements(&events).await;
        let (parted, events): (Vec<_>, Vec<_>) =
            events.iter().partition(|event| event.kind() == RegisterChangeKind::Unmerged);
        for event in &parted {
            self.part(&event.psn_no).await?;
        }
        let moves = events.iter().copied().filter_map(account_moved).collect();
        let (merged, others): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.kind() == RegisterChangeKind::Merged);
        let changed: Vec<_> = others.into_iter().filter(|event| !event.entitlement_unchanged).collect();
        let stays = merged::among(&self.app.db, changed.iter().map(|event| event.psn_no.as_str())).await?;
        let mut people: BTreeMap<String, Touched> = BTreeMap::new();
        for event in changed {
            let psn_no = stays.get(&event.psn_no).unwrap_or(&event.psn_no);
            touch(&mut people, psn_no, parse_date(&event.touched_begndate), event.person_version);
        }
        let known = merge::with_books(&self.app.db, people.keys()).await?;
        people.retain(|psn_no, _| known.contains(psn_no));
        for event in parted {
            let from = merged::stays(&self.app.db, &event.unmerged_from_psn_no).await?;
            for psn_no in [&event.psn_no, &from] {
                touch(&mut people, psn_no, None, i64::MAX);
            }
        }
        let mut merges: Vec<Merge> = Vec::new();
        for event in merged {
            let Some(into) = self.app.merged_into(&event.psn_no).await? else { continue };
            let known = merged::stays(&self.app.db, &event.psn_no).await? != event.psn_no;
            let merge = self.app.merge_of(&event.psn_no, &into, &event.poolarea_no);
            let person = touch(&mut people, &into, None, i64::MAX);
            if !known {
                person.joining.push(merge.joining());
            }
            merges.push(merge);
        }
        let checked = stream::iter(people.into_values()).map(|touched| self.check(touched)).buffered(PERSONS);
        let checked: Vec<Vec<Checked>> = checked.try_collect().await?;
        Ok(Found { merges, moves, checked: checked.into_iter().flatten().collect() })
    }

    async fn apply(&self, tx: &DatabaseTransaction, found: &Found) -> Result<(), ServiceError> {
        for merge in &found.merges {
            merge::write(tx, merge).await?;
        }
        let now = self.app.clock.now();
        for moved in &found.moves {
            moves::write(tx, moved, now).await?;
        }
        store::record(tx, FoundBy::Register, &found.checked, now).await
    }

    async fn committed(&self, (): ()) {
        self.app.feed.wake();
    }
}

impl FollowRegister {
    /// Parts the books, before anything is calculated again on either number; what an account cannot give back is an item.
    async fn part(&self, psn_no: &str) -> Result<(), ServiceError> {
        retry_transient(|| async {
            let tx = begin_write(&self.app.db).await?;
            let spent = unmerge::write(&tx, psn_no).await?;
            let items: Vec<Checked> = spent.iter().map(messages::spent).collect();
            store::record(&tx, FoundBy::Register, &items, self.app.clock.now()).await?;
            Ok::<_, ServiceError>(tx.commit().await?)
        })
        .await?;
        self.app.feed.wake();
        Ok(())
    }

    async fn check(&self, touched: Touched) -> Result<Vec<Checked>, ServiceError> {
        recheck(&self.app, &touched).await
    }
}

/// A transfer between areas that was finished. Both areas are told of one that moved the register: it is written once.
fn account_moved(event: &WatchRegisterResponse) -> Option<Move> {
    let WatchRegisterResponse { transfer_id, psn_no, from_poolarea_no, poolarea_no, .. } = event;
    let moves = !transfer_id.is_empty() && from_poolarea_no != poolarea_no;
    moves.then(|| Move {
        transfer_id: transfer_id.clone(),
        psn_no: psn_no.clone(),
        from: from_poolarea_no.clone(),
        to: poolarea_no.clone(),
    })
}

/// Somebody told of twice is checked once, from the earlier day on and up to the later version.
fn touch<'p>(
    people: &'p mut BTreeMap<String, Touched>,
    psn_no: &str,
    from: Option<NaiveDate>,
    version: i64,
) -> &'p mut Touched {
    let fresh = || Touched { psn_no: psn_no.to_owned(), from, version, joining: Vec::new() };
    let person = people.entry(psn_no.to_owned()).or_insert_with(fresh);
    person.from = person.from.zip(from).map(|(one, other)| one.min(other));
    person.version = person.version.max(version);
    person
}
