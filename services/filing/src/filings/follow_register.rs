//! Enrollment's register: filings follow a person whose records are merged, or whose insurance moves to another area.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use sea_orm::DatabaseTransaction;
use tonic::{Status, async_trait};
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    CoverageRow, GetPersonRequest, Person, RegisterChangeKind, WatchRegisterRequest, WatchRegisterResponse,
};
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::follow::{Events, Follower};
use yizhan_runtime::once::Service as _;
use yizhan_runtime::{Reason, ServiceError};

use crate::app::Register;
use crate::filings::changes::{self, Held, Taken};
use crate::filings::domain::filing::Filing;
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
    what: What,
}

enum What {
    MergedInto(String),
    Moved(Vec<Paid>),
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

    /// Asks about those who have filings, and only what became of merges and moves: most events are neither.
    async fn prepare(&self, events: Vec<WatchRegisterResponse>) -> Result<Vec<Happened>, ServiceError> {
        let concerns = |event: &&WatchRegisterResponse| {
            matches!(event.kind(), RegisterChangeKind::Merged | RegisterChangeKind::Moved)
        };
        // Somebody told of twice (a move is, for both areas) is asked about once.
        let psn_nos: BTreeSet<String> =
            events.iter().filter(concerns).map(|event| event.psn_no.clone()).collect();
        let happened = stream::iter(psn_nos).map(|psn_no| self.ask(psn_no)).buffered(QUESTIONS);
        let happened: Vec<Option<Happened>> = happened.try_collect().await?;
        Ok(happened.into_iter().flatten().collect())
    }

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        work: &Vec<Happened>,
    ) -> Result<Vec<StoredStandings>, ServiceError> {
        // All at once and in their order, as everybody locks; then one after the other, each as those before it left them.
        let psn_nos: Vec<String> = work.iter().flat_map(Happened::psn_nos).map(str::to_owned).collect();
        Held::lock(tx, psn_nos).await?;
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
    async fn ask(&self, psn_no: String) -> Result<Option<Happened>, ServiceError> {
        if store::of_person(&self.register.db, &psn_no, None, 1).await?.is_empty() {
            return Ok(None);
        }
        let request = GetPersonRequest { psn_no: psn_no.clone(), ..GetPersonRequest::default() };
        let person = match self.questions.clone().get_person(request).await {
            Ok(answer) => answer.into_inner().person.unwrap_or_default(),
            Err(status) => return Err(away(&status)),
        };
        let what = match person.merged_into.is_empty() {
            false => What::MergedInto(person.merged_into),
            true => What::Moved(paid(&person)),
        };
        Ok(Some(Happened { psn_no, what }))
    }
}

fn away(status: &Status) -> ServiceError {
    let told = RemoteError::from(status);
    ServiceError::new(
        Reason::EnrollmentAway,
        format!("enrollment cannot say what became of a person: {:?} {}", told.code, told.reason),
    )
    .with_text("参保服务暂不可用")
}

/// By whom the person is paid for. A stretch that names no area is the person's own area's.
fn paid(person: &Person) -> Vec<Paid> {
    let normal = person.coverages.iter().filter(|coverage| coverage.psn_insu_stas == NORMAL);
    let area = |coverage: &CoverageRow| match coverage.poolarea_no.as_str() {
        "" => person.poolarea_no.clone(),
        named => named.to_owned(),
    };
    let paid = |coverage: &CoverageRow| Paid {
        poolarea_no: area(coverage),
        insutype: coverage.insutype.clone(),
        enddate: parse_date(&coverage.enddate),
    };
    normal.map(paid).collect()
}

impl Happened {
    fn psn_nos(&self) -> impl Iterator<Item = &str> {
        let into = match &self.what {
            What::MergedInto(into) => Some(into.as_str()),
            What::Moved(_) => None,
        };
        [Some(self.psn_no.as_str()), into].into_iter().flatten()
    }

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        register: &Register,
    ) -> Result<Vec<StoredStandings>, ServiceError> {
        let held = Held::lock(tx, self.psn_nos().map(str::to_owned).collect()).await?;
        let filings = store::all_of_person(tx, &self.psn_no).await?;
        let steps =
            |step: &dyn Fn(&Filing) -> Option<Taken>| filings.iter().filter_map(step).collect::<Vec<_>>();
        match &self.what {
            What::MergedInto(into) => {
                let taken = steps(&|filing| Some(following::merged(filing, into)));
                changes::record_of_merged(tx, register, held, &self.psn_no, taken).await
            }
            What::Moved(paid) => {
                let today = register.clock.today();
                let taken = steps(&|filing| following::moved(filing, paid, today));
                changes::record(tx, register, held, taken).await
            }
        }
    }
}
