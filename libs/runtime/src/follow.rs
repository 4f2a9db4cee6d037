//! Following another service's feed: every event counts exactly once.
//!
//! A service that follows adds [`CreateFollowedFeeds`] to its migrations, implements [`Follower`], and sets it to work by
//! [`keep_following`].
//!
//! The token behind the last event dealt with is kept in the follower's own database and moves on in the transaction of what
//! was done with the event; killed at any moment, both are there or neither. The token moves on only from where it was read: of
//! two replicas that follow the same feed one is told that it was overtaken, and goes on behind the other.
//!
//! An event that cannot be dealt with holds the follower up, with growing pauses, until it can: none is skipped. So does a token
//! that the feed refuses: beginning anew would count everything twice. What stands in table `followed_feed` can be put right by
//! an operator; it is read again before every attempt.

mod behind;
mod table;

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;
use tonic::{Status, async_trait};
use tracing::Instrument;

use crate::db::{DatabaseConnection, DatabaseTransaction, Transient, begin_write, retry_transient};
use crate::error::RemoteError;
use crate::task::surviving;
use crate::{Reason, ServiceError};

use behind::Behind;
pub use prost_types::Timestamp;
pub use table::CreateFollowedFeeds;

/// Events dealt with in one transaction at most: those that are there already.
const TOGETHER: usize = 200;
/// How long opening the feed may take.
const OPEN_WITHIN: Duration = Duration::from_secs(5);
/// Pause after a failure; doubles with each that follows, and begins anew with each success.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Events as they come.
pub type Events<E> = BoxStream<'static, Result<E, Status>>;

/// A service in its role as follower of one feed.
#[async_trait]
pub trait Follower: Send + Sync + 'static {
    /// An event of the feed.
    type Event: Send + Sync + 'static;
    /// What is to be written because of some.
    type Work: Send + Sync;
    /// What the service must know after the commit.
    type Changed: Send;

    /// Names the feed in this service's database, for good: `enrollment.register`.
    fn feed(&self) -> &'static str;
    /// Opens the feed behind a token; the empty one is its beginning.
    async fn open(&self, resume_token: String) -> Result<Events<Self::Event>, Status>;
    /// The token behind an event.
    fn resume_token(event: &Self::Event) -> &str;
    /// When it happened, where it says so: how far this service is behind is counted from there, else from when it was heard.
    fn happened(_event: &Self::Event) -> Option<Timestamp> {
        None
    }
    /// Asks, of others too, what is needed to deal with events, in their order. No transaction is open yet.
    async fn prepare(&self, events: Vec<Self::Event>) -> Result<Self::Work, ServiceError>;
    /// Writes it, in the transaction in which the token moves on. Runs again if another transaction was in the way.
    async fn apply(&self, tx: &DatabaseTransaction, work: &Self::Work)
    -> Result<Self::Changed, ServiceError>;
    /// After the commit: tells caches and followers of one's own.
    async fn committed(&self, changed: Self::Changed);
}

/// Sets a follower to work, until the server stops.
pub fn keep_following(db: DatabaseConnection, follower: impl Follower, stopping: &CancellationToken) {
    tokio::spawn(stopping.clone().run_until_cancelled_owned(follow(db, follower)));
}

/// Follows, for ever. Dropping it at any moment is safe.
pub async fn follow<F: Follower>(db: DatabaseConnection, follower: F) {
    let (mut pause, behind) = (FIRST_PAUSE, Behind::tell(follower.feed()));
    loop {
        match surviving(follower.feed(), run(&db, &follower, &behind, &mut pause)).await {
            Some(Stopped::Overtaken) => Stopped::Overtaken.log(follower.feed()),
            Some(stopped) => {
                behind.stopped();
                stopped.log(follower.feed());
            }
            None => behind.stopped(),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Why following stopped for a moment.
#[derive(Debug)]
enum Stopped {
    /// The feed ended: its service stops.
    Ended,
    /// The feed is away, or refuses the token.
    Feed(Status),
    /// Somebody else who follows for this service went on from the same token.
    Overtaken,
    /// Events could not be dealt with.
    Failed(ServiceError),
}

impl Stopped {
    fn log(&self, feed: &str) {
        match self {
            Stopped::Ended => tracing::info!(feed, "the feed ended; following again"),
            Stopped::Overtaken => tracing::debug!(feed, "overtaken by another follower of the same feed"),
            Stopped::Feed(status) => {
                let told = RemoteError::from(status);
                if told.says(Reason::ResumeTokenInvalid.code()) {
                    tracing::error!(
                        feed,
                        "RESUME_TOKEN_INVALID: the feed does not have the event that was dealt with last, so the other service's database is \
                         another one, or was restored to an earlier state. Nothing of it is followed until table followed_feed is put \
                         right: see docs/OPERATIONS.md, A feed that refuses its token"
                    );
                } else {
                    tracing::warn!(feed, code = ?told.code, reason = told.reason, "the feed is away");
                }
            }
            Stopped::Failed(error) => {
                tracing::error!(feed, %error, "events could not be dealt with; trying again")
            }
        }
    }
}

impl From<ServiceError> for Stopped {
    fn from(error: ServiceError) -> Self {
        Stopped::Failed(error)
    }
}

impl From<DbErr> for Stopped {
    fn from(error: DbErr) -> Self {
        Stopped::Failed(error.into())
    }
}

impl Transient for Stopped {
    fn is_transient(&self) -> bool {
        matches!(self, Stopped::Failed(error) if error.is_transient())
    }
}

/// Follows from the stored token on until something stops it.
async fn run<F: Follower>(
    db: &DatabaseConnection,
    follower: &F,
    behind: &Behind,
    pause: &mut Duration,
) -> Stopped {
    match try_run(db, follower, behind, pause).await {
        Ok(()) => Stopped::Ended,
        Err(stopped) => stopped,
    }
}

async fn try_run<F: Follower>(
    db: &DatabaseConnection,
    follower: &F,
    told: &Behind,
    pause: &mut Duration,
) -> Result<(), Stopped> {
    let mut token = table::token(db, follower.feed()).await?;
    let opened = tokio::time::timeout(OPEN_WITHIN, follower.open(token.clone())).await;
    let events = opened.unwrap_or_else(|_| Err(Status::deadline_exceeded("the feed did not open in time")));
    let mut chunks = events.map_err(Stopped::Feed)?.ready_chunks(TOGETHER);
    told.follows();
    while let Some(chunk) = chunks.next().await {
        let mut events = Vec::with_capacity(chunk.len());
        let mut failed = None;
        for event in chunk {
            match event {
                Ok(event) => events.push(event),
                Err(status) => {
                    failed = Some(status);
                    break;
                }
            }
        }
        if let Some(last) = events.last() {
            let behind = F::resume_token(last).to_owned();
            told.heard(events.first().and_then(F::happened));
            let step = tracing::info_span!("follow", feed = follower.feed());
            deal_with(db, follower, events, (&token, &behind)).instrument(step).await?;
            told.dealt_with();
            token = behind;
            *pause = FIRST_PAUSE;
        }
        if let Some(status) = failed {
            return Err(Stopped::Feed(status));
        }
    }
    Ok(())
}

/// Deals with events that lie between two tokens.
async fn deal_with<F: Follower>(
    db: &DatabaseConnection,
    follower: &F,
    events: Vec<F::Event>,
    (before, behind): (&str, &str),
) -> Result<(), Stopped> {
    let work = follower.prepare(events).await?;
    let changed = retry_transient(|| async {
        let tx = begin_write(db).await?;
        // First, and so whoever else follows waits here for the outcome.
        if !table::move_on(&tx, follower.feed(), before, behind).await? {
            return Err(Stopped::Overtaken);
        }
        let changed = follower.apply(&tx, &work).await?;
        tx.commit().await?;
        Ok(changed)
    })
    .await?;
    follower.committed(changed).await;
    Ok(())
}
