//! The connections of this process: fewer than its descriptors, so that the database, the cache and other services are reached
//! whoever connects here.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Connections at once in a process, however many descriptors it may have.
const MAX_CONNECTIONS: usize = 10_000;
/// What part of the process's descriptors may be connections.
const OF_DESCRIPTORS: usize = 2;
/// How often it is told that connections are turned away.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// All servers of a process share its descriptors.
pub(super) static CONNECTIONS: LazyLock<Connections> =
    LazyLock::new(|| Connections::new(MAX_CONNECTIONS.min(descriptors() / OF_DESCRIPTORS)));

/// How many descriptors this process may have, once it has asked for all it is allowed.
fn descriptors() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let limit = if raised.is_ok() { maximum } else { current };
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// So many connections, and which there are.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    last: u64,
    by_number: BTreeMap<u64, Arc<Connection>>,
    told: Option<Instant>,
}

impl Connections {
    /// So many at once.
    pub fn new(most: usize) -> Connections {
        Connections { most, open: Mutex::default() }
    }

    /// Lets one more in, from this address. When there are as many as may be, another goes for it: the oldest that was never asked anything;
    /// where there is no such, the newest without a request under way of the address that holds most, if that is more than the newcomer's. Else
    /// it is turned away.
    pub fn admit(&'static self, from: IpAddr) -> Option<Admitted> {
        let mut open = self.open();
        if open.by_number.len() >= self.most {
            let silent = open.by_number.values().find(|connection| connection.asked() == 0);
            let goes = silent.or_else(|| open.of_who_holds_most(from)).cloned();
            tell(&mut open.told, self.most);
            let goes = goes?;
            open.by_number.remove(&goes.number);
            goes.cut.cancel();
        }
        open.last += 1;
        let connection = Arc::new(Connection::new(open.last, from));
        open.by_number.insert(connection.number, connection.clone());
        Some(Admitted { connections: self, connection })
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.open().by_number.len() as u64
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// The newest idle connection of the address that holds most; `None` where it holds no more than this one, or has something under way on all.
    /// Not the oldest: that is where services have reached each other since before.
    fn of_who_holds_most(&self, than: IpAddr) -> Option<&Arc<Connection>> {
        let mut held: HashMap<IpAddr, usize> = HashMap::new();
        for connection in self.by_number.values() {
            *held.entry(connection.from).or_default() += 1;
        }
        let own = held.get(&than).copied().unwrap_or_default();
        let (most, count) = held.into_iter().max_by_key(|(_, count)| *count)?;
        let mut idle = self.by_number.values().filter(|one| one.from == most && one.under_way.is_empty());
        if count > own { idle.next_back() } else { None }
    }
}

fn tell(told: &mut Option<Instant>, most: usize) {
    if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
        *told = Some(Instant::now());
        tracing::warn!(
            most,
            "as many connections as this process may have: silent ones, those of who holds most, and new ones are closed"
        );
    }
}

/// A connection that is one of the counted, until dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    connections: &'static Connections,
    connection: Arc<Connection>,
}

impl std::ops::Deref for Admitted {
    type Target = Arc<Connection>;

    fn deref(&self) -> &Arc<Connection> {
        &self.connection
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.connections.open().by_number.remove(&self.number);
    }
}

/// What is known of one.
#[derive(Debug)]
pub(super) struct Connection {
    /// Its number in this process.
    pub number: u64,
    from: IpAddr,
    /// Cancelled when it has to go at once.
    pub cut: CancellationToken,
    asked: AtomicU64,
    under_way: TaskTracker,
    /// Answers that the client has not read, and since when.
    unread: Mutex<BTreeMap<u64, Instant>>,
}

impl Connection {
    fn new(number: u64, from: IpAddr) -> Connection {
        let under_way = TaskTracker::new();
        // So that it can be waited for that there is none.
        under_way.close();
        let (cut, asked, unread) = (CancellationToken::new(), AtomicU64::new(0), Mutex::default());
        Connection { number, from, cut, asked, under_way, unread }
    }

    /// A request begins. If it is one to be waited for, it ends with what this gives.
    pub fn ask(&self, waited_for: bool) -> Option<TaskTrackerToken> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        waited_for.then(|| self.under_way.token())
    }

    /// An answer begins to be sent, and is read when what this gives is dropped.
    pub fn send(self: &Arc<Connection>) -> Unread {
        let answer = self.asked.fetch_add(1, Ordering::Relaxed);
        self.unread().insert(answer, Instant::now());
        Unread { connection: self.clone(), answer }
    }

    /// Returns when there is an answer that was not read for so long.
    pub async fn unread_for(&self, time: Duration) {
        loop {
            sleep(time / 4).await;
            let oldest = self.unread().values().next().copied();
            if oldest.is_some_and(|since| since.elapsed() > time) {
                return;
            }
        }
    }

    fn unread(&self) -> MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Returns when for so long no request was under way.
    pub async fn quiet_for(&self, time: Duration) {
        loop {
            self.under_way.wait().await;
            let asked = self.asked();
            sleep(time).await;
            if self.under_way.is_empty() && self.asked() == asked {
                return;
            }
        }
    }
}

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Unread {
    connection: Arc<Connection>,
    answer: u64,
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.connection.unread().remove(&self.answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_asked_goes_for_who_comes_and_who_asked_stays() {
        let connections: &'static Connections = Box::leak(Box::new(Connections::new(2)));
        let from = IpAddr::from([192, 0, 2, 1]);
        let (asking, silent) = (connections.admit(from).unwrap(), connections.admit(from).unwrap());
        asking.ask(true);
        let next = connections.admit(from).expect("in place of the silent one");
        assert!(silent.cut.is_cancelled() && !asking.cut.is_cancelled());
        next.ask(false);
        assert!(connections.admit(from).is_none(), "both are used");
        drop(silent);
        assert!(connections.admit(from).is_none(), "it was counted out when it was cut");
        drop(asking);
        assert!(connections.admit(from).is_some());
        assert!(descriptors() > 0);
    }

    /// A health check each makes nobody silent: who has most gives way, but not what is under way, and not to one who has as many.
    #[test]
    fn who_holds_most_gives_way_to_others() {
        let connections: &'static Connections = Box::leak(Box::new(Connections::new(4)));
        let [many, other, third] = [1, 2, 3].map(|last| IpAddr::from([192, 0, 2, last]));
        let held: Vec<Admitted> = std::iter::from_fn(|| connections.admit(many))
            .take(4)
            .inspect(|connection| drop(connection.ask(false)))
            .collect();
        let under_way = held[0].ask(true);
        assert!(connections.admit(many).is_none(), "not for one more of theirs");
        let mut others = Vec::new();
        for (gone, from) in [(1, other), (2, third)] {
            let connection = connections.admit(from).expect("in place of one of theirs");
            connection.ask(false);
            others.push(connection);
            let cut: Vec<bool> = held.iter().map(|one| one.cut.is_cancelled()).collect();
            assert_eq!(cut.iter().filter(|cut| **cut).count(), gone, "{cut:?}");
            assert!(!cut[0], "it is answered first");
        }
        let last = connections.admit(other).expect("two of one, one of another");
        last.ask(false);
        let under_way = [under_way, last.ask(true), others[0].ask(true)];
        assert!(connections.admit(third).is_none(), "all of theirs who hold most are under way");
        drop(under_way);
        assert!(connections.admit(third).is_some());
    }
}
