//! Enrollment's register: filings follow a person whose records are merged, or whose insurance moves to another area.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use tonic::{Status, async_trait};
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    CoverageRow, GetPersonRequest, Person, RegisterChangeKind, WatchRegisterRequest, WatchRegisterResponse,
};
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower, Timestamp};
use yizhan_runtime::once::Service as _;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::{Area, Insutype};

use crate::app::Register;
use crate::filings::changes::{self, Held};
use crate::filings::domain::following::{self, Paid};
use crate::filings::store;
use crate::standings::store::StoredStandings;

/// 参保状态 in which an area pays: 1 正常.
const NORMAL: &str = "1";
/// Questions to enrollment at the same time.
const QUESTIONS: usize = 8;

/// This service as follower of enrollment.
pub struct FollowRegister {
    /// What is changed.
    pub register: Register,
    /// Enrollment, by the channel for the feed.
    pub feed: EnrollmentServiceClient<PeerChannel>,
    /// Enrollment, by the channel for questions.
    pub questions: EnrollmentServiceClient<PeerChannel>,
}

/// What happened to somebody who has filings, as enrollment knows it now: a merge or move that came later is in it already, and its own event
/// then finds nothing left to do.
pub struct Happened {
    psn_no: String,
    /// The record that took the place of this one; `None`: the person may have moved.
    into: Option<String>,
    /// A record that was merged into this one and is a person of its own again.
    parted: Option<String>,
    /// By whom the person is paid for now.
    paid: Vec<Paid>,
}

#[async_trait]
impl Follower for FollowRegister {
    type Event = WatchRegisterResponse;
    type Work = Vec<Happened>;
    type Changed = Vec<StoredStandings>;

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

    /// Asks about those who have filings, and only what became of merges and moves: most events are neither.
    async fn prepare(&self, events: Vec<WatchRegisterResponse>) -> Result<Vec<Happened>, ServiceError> {
        let concerns = |event: &&WatchRegisterResponse| {
            matches!(event.kind(), RegisterChangeKind::Merged | RegisterChangeKind::Moved)
        };
        // Somebody told of twice (a move is, for both areas) is asked about once.
        let psn_nos: BTreeSet<String> =
            events.iter().filter(concerns).map(|event| event.psn_no.clone()).collect();
        let parted = events.iter().filter(|event| event.kind() == RegisterChangeKind::Unmerged);
        let mut all: Vec<Happened> = parted.map(Happened::parted).collect();
        let back: BTreeSet<String> = all.iter().filter_map(|happened| happened.parted.clone()).collect();
        let asked = stream::iter(psn_nos).map(|psn_no| {
            // Filings are about to come to it.
            let surely = back.contains(&psn_no);
            self.ask(psn_no, surely)
        });
        let happened: Vec<Option<Happened>> = asked.buffered(QUESTIONS).try_collect().await?;
        all.extend(happened.into_iter().flatten());
        Ok(all)
    }

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        work: &Vec<Happened>,
    ) -> Result<Vec<StoredStandings>, ServiceError> {
        // All at once and in their order, as everybody locks; then one after the other, each as those before it left them.
        Held::lock(tx, work.iter().flat_map(Happened::psn_nos).collect()).await?;
        let mut changed = Vec::new();
        for happened in work {
            changed.extend(happened.apply(tx, &self.register).await?);
        }
        Ok(changed)
    }

    async fn committed(&self, changed: Vec<StoredStandings>) {
        if !changed.is_empty() {
            self.register.committed(changed).await;
        }
    }
}

impl FollowRegister {
    /// What enrollment knows of somebody; `None` if nothing of it concerns us.
    async fn ask(&self, psn_no: String, surely: bool) -> Result<Option<Happened>, ServiceError> {
        if !surely && store::of_person(&self.register.db, &psn_no, None, Some(1)).await?.is_empty() {
            return Ok(None);
        }
        let request = GetPersonRequest { psn_no: psn_no.clone(), ..GetPersonRequest::default() };
        let person = match self.questions.clone().get_person(request).await {
            Ok(answer) => answer.into_inner().person.unwrap_or_default(),
            Err(status) => {
                let told = "enrollment cannot say what became of a person";
                return Err(ServiceError::new(Reason::EnrollmentAway, told).caused_by(status));
            }
        };
        let paid = paid(&person);
        let into = Some(person.merged_into).filter(|into| !into.is_empty());
        Ok(Some(Happened { psn_no, into, parted: None, paid }))
    }
}

/// By whom the person is paid for. A stretch that names no area is the person's own area's; one that names none of ours pays for no filing.
fn paid(person: &Person) -> Vec<Paid> {
    let normal = person.coverages.iter().filter(|coverage| coverage.psn_insu_stas == NORMAL);
    let area = |coverage: &CoverageRow| match coverage.poolarea_no.as_str() {
        "" => Area::parse(&person.poolarea_no),
        named => Area::parse(named),
    };
    let paid = |coverage: &CoverageRow| {
        let insutype = Insutype::from_code(&coverage.insutype)?;
        Some(Paid { poolarea_no: area(coverage)?, insutype, enddate: parse_date(&coverage.enddate) })
    };
    normal.filter_map(paid).collect()
}

impl Happened {
    fn parted(event: &WatchRegisterResponse) -> Happened {
        let WatchRegisterResponse { psn_no, unmerged_from_psn_no, .. } = event;
        let (psn_no, parted) = (unmerged_from_psn_no.clone(), Some(psn_no.clone()));
        Happened { psn_no, into: None, parted, paid: Vec::new() }
    }

    /// Whose filings it changes.
    fn psn_nos(&self) -> Vec<String> {
        [Some(&self.psn_no), self.into.as_ref(), self.parted.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        register: &Register,
    ) -> Result<Vec<StoredStandings>, ServiceError> {
        let held = Held::lock(tx, self.psn_nos()).await?;
        // As they came.
        let mut filings = store::of_person(tx, &self.psn_no, None, None).await?;
        filings.reverse();
        if let Some(parted) = &self.parted {
            let taken = filings.iter().filter_map(|filing| following::unmerged(filing, parted)).collect();
            return changes::record_of_merged(tx, register, held, &self.psn_no, taken).await;
        }
        if let Some(into) = &self.into {
            let taken = filings.iter().map(|filing| following::merged(filing, into)).collect();
            return changes::record_of_merged(tx, register, held, &self.psn_no, taken).await;
        }
        let today = register.clock.today();
        let taken = filings.iter().filter_map(|filing| following::moved(filing, &self.paid, today));
        changes::record(tx, register, held, taken.collect()).await
    }
}
