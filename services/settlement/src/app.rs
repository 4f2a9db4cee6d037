//! What every use case works with.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use chrono::{Datelike, NaiveDate};
use futures::FutureExt;
use sea_orm::DbBackend;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;
use yizhan_clients::{Audit, Credit, Enrollment, Filing, person_merged};
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_runtime::batcher::Batcher;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::page::Pages;
use yizhan_runtime::secret::Secret;
use yizhan_runtime::{Clock, Reason, ServiceError, once};

use crate::books::merge::{self, Merge};
use crate::books::store::commit::{self, Change, Committed};
use crate::books::store::followed::Followed;
use crate::books::store::load::{self, PersonState, Wanted};
use crate::reference::store::Reference;
use crate::rules::SettlementFamilies;

/// The policies of this process, each version ever published: few, small, and read on every visit.
pub type Policies = yizhan_rules::Book<yizhan_policy::Policy>;

/// The rules of settling that are no benefits, likewise.
pub type RulesBook = yizhan_rules::RulesBook<SettlementFamilies>;

/// Persons are kept apart by so many locks: more than requests at once, so that few collide.
const LOCKS: usize = 4096;
/// Visits of so many years before are guarded against being settled under a number that goes at that moment.
const LATE_YEARS: i32 = 3;
/// Batches read at the same time.
const LOADERS: usize = 2;
/// Batches committed at the same time: while one waits for the disk another is written. SQLite has one writer.
const COMMITTERS: usize = 2;
/// Changes in one commit at most, so that two committers do not halve what shares a statement.
const COMMIT_LIMIT: usize = 128;

/// The settlement service's parts. Shared by all requests.
pub struct App {
    /// The database.
    pub db: DatabaseConnection,
    /// Now.
    pub clock: Clock,
    /// enrollment
    pub enrollment: Box<dyn Enrollment>,
    /// filing
    pub filing: Box<dyn Filing>,
    /// audit, where it is asked.
    pub audit: Option<Box<dyn Audit>>,
    /// credit, where it is asked.
    pub credit: Option<Box<dyn Credit>>,
    /// Institutions and catalogue.
    pub reference: Reference,
    /// Benefit policies.
    pub policies: Policies,
    /// Rules of settling.
    pub rules: RulesBook,
    /// The change log.
    pub feed: Feed<Followed>,
    /// Seals the tokens of its pages.
    pub pages: Pages,
    /// How long a quote holds.
    pub quote_ttl: Duration,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
    loader: Batcher<Wanted, Result<PersonState, ServiceError>>,
    committer: Batcher<Change, Result<Committed, ServiceError>>,
    locks: Vec<Mutex<()>>,
}

/// The other services.
pub struct Peers {
    /// enrollment
    pub enrollment: Box<dyn Enrollment>,
    /// filing
    pub filing: Box<dyn Filing>,
    /// audit, where it is asked.
    pub audit: Option<Box<dyn Audit>>,
    /// credit, where it is asked.
    pub credit: Option<Box<dyn Credit>>,
}

/// The gRPC services over an app. Cheap to clone.
#[derive(Clone)]
pub struct Api(pub Arc<App>);

/// Administrative changes; what settles is committed with others, see [`App::commit`].
impl once::Service for App {
    type Changed = ();

    fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Those who follow hear of items that were closed.
    async fn committed(&self, (): ()) {
        self.feed.wake();
    }
}

impl App {
    /// Over a database and its secret: puts the parts together and starts the workers.
    pub fn new(
        (db, secret): (DatabaseConnection, &Secret),
        (policies, rules): (Policies, RulesBook),
        clock: Clock,
        Peers { enrollment, filing, audit, credit }: Peers,
        quote_ttl: Duration,
        stopping: CancellationToken,
    ) -> App {
        let feed = Feed::reading(Followed(db.clone()), "settlement.settlements", db.clone(), secret);
        let pages = Pages::new(secret);
        App {
            loader: loader(db.clone()),
            committer: committer(db.clone(), feed.clone()),
            reference: Reference::new(db.clone(), clock.clone(), pages.clone()),
            policies,
            rules,
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            db,
            clock,
            enrollment,
            filing,
            audit,
            credit,
            feed,
            pages,
            quote_ttl,
            stopping,
        }
    }

    /// What the database knows of a person now.
    ///
    /// # Errors
    /// PERSON_MERGED where another number took this one's place: nothing is written under this one any more.
    pub async fn person_state(&self, wanted: Wanted) -> Result<PersonState, ServiceError> {
        let psn_no = wanted.psn_no.clone();
        let state: PersonState = self.loader.submit(wanted).await??;
        match &state.merged_into {
            Some(into) => Err(person_merged(&psn_no, into)),
            None => Ok(state),
        }
    }

    /// The pooling area that keeps a person's account on a day.
    ///
    /// # Errors
    /// PERSON_UNKNOWN when there is no such person.
    pub async fn poolarea_of(&self, psn_no: &str, day: NaiveDate) -> Result<String, ServiceError> {
        Ok(self.known(psn_no, day).await?.poolarea_no)
    }

    /// What enrollment says of a person on a day.
    ///
    /// # Errors
    /// PERSON_UNKNOWN when there is no such person.
    pub async fn known(&self, psn_no: &str, day: NaiveDate) -> Result<Eligibility, ServiceError> {
        let question = GetEligibilityRequest {
            psn_no: psn_no.to_owned(),
            as_of: day.to_string(),
            ..GetEligibilityRequest::default()
        };
        self.enrollment.eligibility(question).await
    }

    /// The number that took this one's place; `None` where enrollment knows of none.
    pub async fn merged_into(&self, psn_no: &str) -> Result<Option<String>, ServiceError> {
        let question =
            GetEligibilityRequest { psn_no: psn_no.to_owned(), ..GetEligibilityRequest::default() };
        match self.enrollment.eligibility(question).await {
            Ok(_) => Ok(None),
            Err(merged) if merged.reason() == Reason::PersonMerged => {
                Ok(merged.metadata().get("merged_into").cloned())
            }
            Err(unknown) if unknown.reason() == Reason::PersonUnknown => Ok(None),
            Err(away) => Err(away),
        }
    }

    /// Whether two numbers are one person's, by enrollment: the books may not have heard of the merge yet.
    pub async fn is_same_person(&self, one: &str, other: &str) -> Result<bool, ServiceError> {
        if one == other {
            return Ok(true);
        }
        let stays = async |psn_no: &str| {
            Ok::<_, ServiceError>(self.merged_into(psn_no).await?.unwrap_or_else(|| psn_no.to_owned()))
        };
        Ok(stays(one).await? == stays(other).await?)
    }

    /// A merge of enrollment's, with the policy years in which somebody might be settling under the old number at this moment.
    pub fn merge_of(&self, psn_no: &str, into: &str, poolarea_no: &str) -> Merge {
        let today = self.clock.today();
        let policies = self.policies.current();
        let own = policies
            .documents()
            .iter()
            .filter(|policy| policy.areas.iter().any(|area| area.as_str() == poolarea_no));
        let starts: BTreeSet<(u32, u32)> = own.map(|policy| policy.year_starts).collect();
        let years = (today.year() - LATE_YEARS..=today.year()).flat_map(|year| {
            starts.iter().filter_map(move |(month, day)| NaiveDate::from_ymd_opt(year, *month, *day))
        });
        let years = years.map(|year| (poolarea_no.to_owned(), year)).collect();
        Merge { psn_no: psn_no.to_owned(), into: into.to_owned(), years }
    }

    /// What stands under numbers that were merged into a person's counts with it, before anything is decided on it.
    pub async fn bring_together(&self, eligibility: &Eligibility) -> Result<(), ServiceError> {
        let Eligibility { merged_psn_nos, psn_no, poolarea_no, .. } = eligibility;
        if merged_psn_nos.is_empty() {
            return Ok(());
        }
        let merges: Vec<Merge> =
            merged_psn_nos.iter().map(|went| self.merge_of(went, psn_no, poolarea_no)).collect();
        merge::bring_together(&self.db, &merges).await
    }

    /// Commits a change, together with others that are ready.
    ///
    /// # Errors
    /// AREA_NOT_HERE, of another shard's.
    pub async fn commit(&self, change: Change) -> Result<Committed, ServiceError> {
        commit::require_here(&change)?;
        self.committer.submit(change).await?
    }

    /// Takes the persons' turns in this process, so that their requests do not get in each other's way. What guards the
    /// books are the versions in the database; this only saves calculating twice. Empty numbers are nobody.
    pub async fn turn_of(&self, persons: &[&str]) -> Vec<MutexGuard<'_, ()>> {
        let named = persons.iter().filter(|psn_no| !psn_no.is_empty());
        let mut places: Vec<usize> = named.map(|psn_no| place(psn_no)).collect();
        // One order for all, or two requests would wait for each other.
        places.sort_unstable();
        places.dedup();
        let mut guards = Vec::with_capacity(places.len());
        for place in places {
            guards.push(self.locks[place].lock().await);
        }
        guards
    }
}

fn place(psn_no: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    psn_no.hash(&mut hasher);
    (hasher.finish() % LOCKS as u64) as usize
}

fn loader(db: DatabaseConnection) -> Batcher<Wanted, Result<PersonState, ServiceError>> {
    Batcher::start_reading(LOADERS, move |wanted: Vec<Wanted>| {
        let db = db.clone();
        async move { load::load(&db, &wanted).await }.boxed()
    })
}

fn committer(
    db: DatabaseConnection,
    feed: Feed<Followed>,
) -> Batcher<Change, Result<Committed, ServiceError>> {
    let committers = if db.get_database_backend() == DbBackend::Sqlite { 1 } else { COMMITTERS };
    Batcher::start_with((committers, COMMIT_LIMIT), move |changes: Vec<Change>| {
        let (db, feed) = (db.clone(), feed.clone());
        async move {
            let results = commit::commit_all(db, changes).await;
            feed.wake();
            results
        }
        .boxed()
    })
}
