//! One reader of the log for all who follow it in this process. It reads while somebody follows, tells everybody the same entries, and
//! waits for nobody: what was told last is kept for a while, and who is behind that reads from the database, few at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::broadcast::{self, Receiver, Sender, WeakSender};
use tokio::sync::{Semaphore, watch};
use tonic::async_trait;
use yizhan_terms::Area;

use super::{Change, Position, log};
use crate::Caller;
use crate::db::DatabaseConnection;
use crate::task::surviving;

/// How often the log is looked at when nobody wakes the reader: changes by other processes are seen this late at most.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Chunks that are kept for followers that are slow.
const WINDOW: usize = 16;
/// Bytes of a chunk that is kept; what is larger each follower reads for itself.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// Followers that read for themselves at the same time.
const CATCHING_UP: usize = 2;

/// What followers are told of entries: more than the log holds, where the log only names it.
#[async_trait]
pub trait Reading: Send + Sync + 'static {
    /// An entry, and what was read of it.
    type Entry: AsRef<Change> + Send + Sync + 'static;
    /// Entries read at a time.
    const PAGE: u64;

    /// Reads what belongs to entries: of all of them, or of those that one caller may see, and then leaves out the others.
    async fn read(&self, changes: Vec<Change>, whom: Option<&Caller>) -> Result<Vec<Self::Entry>, DbErr>;
    /// Bytes it takes in memory.
    fn bytes(entry: &Self::Entry) -> usize;
}

/// Nothing more than the log holds.
#[derive(Clone, Copy, Debug)]
pub struct Bare;

#[async_trait]
impl Reading for Bare {
    type Entry = Change;
    const PAGE: u64 = 500;

    async fn read(&self, changes: Vec<Change>, whom: Option<&Caller>) -> Result<Vec<Change>, DbErr> {
        Ok(changes.into_iter().filter(|change| may_see_area(whom, change)).collect())
    }

    fn bytes(change: &Change) -> usize {
        change.payload.len()
    }
}

impl AsRef<Change> for Change {
    fn as_ref(&self) -> &Change {
        self
    }
}

/// Whether a caller reads the area of a change; whoever is no single caller does.
pub fn may_see_area(whom: Option<&Caller>, change: &Change) -> bool {
    whom.is_none_or(|caller| caller.may_read_area(Area::parse(&change.area)))
}

/// Entries that lie between two places of the log.
pub(super) struct Chunk<E> {
    pub behind: Position,
    pub end: Position,
    /// All of them; none of a chunk that is too large to be kept.
    pub entries: Option<Vec<Arc<E>>>,
}

type Told<E> = Result<Arc<Chunk<E>>, DbErr>;

/// The log as the followers of this process share it.
pub(super) struct Shared<R: Reading> {
    pub db: DatabaseConnection,
    pub commits: watch::Sender<()>,
    reading: R,
    running: Mutex<WeakSender<Told<R::Entry>>>,
    catching_up: Semaphore,
}

impl<R: Reading> Shared<R> {
    pub(super) fn new(db: DatabaseConnection, reading: R) -> Self {
        Shared {
            db,
            commits: watch::Sender::new(()),
            reading,
            running: Mutex::new(nobody()),
            catching_up: Semaphore::new(CATCHING_UP),
        }
    }

    /// What is read from now on, by the reader that others follow already or by one that begins.
    pub(super) fn subscribe(self: &Arc<Self>) -> Receiver<Told<R::Entry>> {
        let mut running = self.running();
        if let Some(sender) = running.upgrade() {
            return sender.subscribe();
        }
        let (sender, receiver) = broadcast::channel(WINDOW);
        *running = sender.downgrade();
        tokio::spawn(read_for_all(self.clone(), sender));
        receiver
    }

    /// Some entries behind a place for one follower: those it may see, how many there were, and the place behind them.
    pub(super) async fn page(
        &self,
        after: Position,
        whom: Option<&Caller>,
    ) -> Result<(Vec<R::Entry>, bool, Position), DbErr> {
        let _turn = self.catching_up.acquire().await;
        let changes = log::behind(&self.db, after, R::PAGE).await?;
        let more = changes.len() as u64 == R::PAGE;
        let end = changes.last().map_or(after, Change::position);
        let entries = self.reading.read(changes, whom).await?;
        Ok((entries, more, end))
    }

    async fn tell(&self, followers: &Sender<Told<R::Entry>>) -> Result<(), DbErr> {
        let mut commits = self.commits.subscribe();
        let mut at = log::end(&self.db).await?;
        // Whoever looked before this was read looks again.
        let _ = followers.send(Ok(Arc::new(Chunk { behind: at, end: at, entries: None })));
        while self.is_followed(followers) {
            // Marked before reading: a commit during the read wakes the wait below at once.
            commits.mark_unchanged();
            let changes = log::behind(&self.db, at, R::PAGE).await?;
            let Some(end) = changes.last().map(Change::position) else {
                let _ = tokio::time::timeout(POLL_INTERVAL, commits.changed()).await;
                continue;
            };
            let entries = self.reading.read(changes, None).await?;
            let fits = entries.iter().map(R::bytes).sum::<usize>() <= CHUNK_BYTES;
            let entries = fits.then(|| entries.into_iter().map(Arc::new).collect());
            let _ = followers.send(Ok(Arc::new(Chunk { behind: at, end, entries })));
            at = end;
        }
        Ok(())
    }

    /// Whether somebody follows; if not, whoever comes next begins a new reader.
    fn is_followed(&self, followers: &Sender<Told<R::Entry>>) -> bool {
        let mut running = self.running();
        if followers.receiver_count() == 0 {
            *running = nobody();
            return false;
        }
        true
    }

    fn running(&self) -> MutexGuard<'_, WeakSender<Told<R::Entry>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nobody<T>() -> WeakSender<T> {
    Sender::new(1).downgrade()
}

/// Until nobody follows any longer. Who follows hears of an error, and that is the end of their stream.
async fn read_for_all<R: Reading>(shared: Arc<Shared<R>>, followers: Sender<Told<R::Entry>>) {
    if let Some(Err(error)) = surviving("reading the feed", shared.tell(&followers)).await {
        let _ = followers.send(Err(error));
    }
}
