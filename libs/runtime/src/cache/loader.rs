//! Reading from the database: one load per key at a time, many keys in one query.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::sync::watch;
use tracing::Instrument;

use super::format::Token;
use super::stats::Counters;
use super::store::Store;
use super::trust::Trust;
use super::{Cached, Source};
use crate::batcher::Batcher;
use crate::error::ServiceError;

/// Queries at a time.
const WORKERS: usize = 4;
/// Absent keys remembered at most, and for how long.
const ABSENT_KEYS: u64 = 100_000;
const ABSENT_FOR: Duration = Duration::from_secs(1);

/// How long a load is shared after it landed: who looked before the value was stored, and comes here after, joins it.
const LINGER: Duration = Duration::from_millis(100);

type Outcome<T> = Result<Option<Arc<T>>, Arc<ServiceError>>;

/// Loads under way, and keys that were found absent a moment ago.
pub(super) struct Loader<T> {
    batcher: Batcher<String, Result<Option<Arc<T>>, ServiceError>>,
    flights: Mutex<Flights<T>>,
    /// When the load began that found the key absent.
    absent: moka::sync::Cache<String, Instant>,
    store: Arc<Store<T>>,
    trust: Arc<Trust>,
    counters: Arc<Counters>,
}

/// By key. A flight may be replaced by a younger one; the number tells them apart.
struct Flights<T> {
    by_key: HashMap<String, Flight<T>>,
    last: u64,
}

impl<T> Flights<T> {
    /// Whether no younger flight took this one's place, and no writer made it be forgotten.
    fn is_current(&self, key: &str, number: u64) -> bool {
        self.by_key.get(key).is_some_and(|flight| flight.number == number)
    }
}

struct Flight<T> {
    number: u64,
    began: Instant,
    outcome: watch::Receiver<Option<Outcome<T>>>,
}

impl<T: Cached> Loader<T> {
    pub(super) fn new(
        source: Arc<impl Source<T>>,
        store: Arc<Store<T>>,
        trust: Arc<Trust>,
        counters: Arc<Counters>,
    ) -> Arc<Self> {
        let loads = counters.clone();
        let batcher = Batcher::start_reading(WORKERS, move |keys: Vec<String>| {
            let source = source.clone();
            loads.loads.add(keys.len());
            async move { source.load(keys).await }.boxed()
        });
        let flights = Mutex::new(Flights { by_key: HashMap::new(), last: 0 });
        let absent = moka::sync::Cache::builder().max_capacity(ABSENT_KEYS).time_to_live(ABSENT_FOR).build();
        Arc::new(Loader { batcher, flights, absent, store, trust, counters })
    }

    /// The value as of now, or as of a load that began at most `max_staleness` before the question.
    pub(super) async fn load(
        self: &Arc<Self>,
        key: &str,
        asked: Instant,
        token: Option<Token>,
    ) -> Result<Option<Arc<T>>, ServiceError> {
        if self.absent.get(key).is_some_and(|began| self.recently(began, asked)) {
            self.counters.negative_hits.add(1);
            return Ok(None);
        }
        let mut outcome = self.join_or_begin(key, asked, token);
        let landed = outcome.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
        match landed {
            Ok(Some(Ok(value))) => Ok(value),
            Ok(Some(Err(error))) => Err(error.duplicate()),
            Ok(None) | Err(_) => Err(ServiceError::internal(anyhow::anyhow!("a load has panicked"))),
        }
    }

    /// A writer changed these: loads under way may not see it, so nobody shall join them, and they are not absent.
    pub(super) fn forget<'a>(&self, keys: impl Iterator<Item = &'a String>) {
        let mut flights = self.flights();
        for key in keys {
            flights.by_key.remove(key);
            self.absent.invalidate(key);
        }
    }

    fn recently(&self, began: Instant, asked: Instant) -> bool {
        self.trust.fresh_enough(began, asked) && asked.saturating_duration_since(began) < ABSENT_FOR
    }

    fn join_or_begin(
        self: &Arc<Self>,
        key: &str,
        asked: Instant,
        token: Option<Token>,
    ) -> watch::Receiver<Option<Outcome<T>>> {
        let mut flights = self.flights();
        if let Some(flight) = flights.by_key.get(key)
            && self.trust.fresh_enough(flight.began, asked)
        {
            self.counters.loads_shared.add(1);
            return flight.outcome.clone();
        }
        flights.last += 1;
        let (landing, outcome) = watch::channel(None);
        let flight = Flight { number: flights.last, began: Instant::now(), outcome: outcome.clone() };
        let (number, began) = (flight.number, flight.began);
        flights.by_key.insert(key.to_owned(), flight);
        let landed = Landed { loader: self.clone(), key: key.to_owned(), number };
        tokio::spawn(fly(landed, began, token, landing).in_current_span());
        outcome
    }

    /// Remembers an absent key, unless a writer came between.
    fn note_absent(&self, key: &str, number: u64, began: Instant) {
        let flights = self.flights();
        if flights.is_current(key, number) {
            self.absent.insert(key.to_owned(), began);
        }
    }

    fn flights(&self) -> MutexGuard<'_, Flights<T>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loads, tells the askers, and stores. It goes on when the askers go away.
async fn fly<T: Cached>(
    landed: Landed<T>,
    began: Instant,
    token: Option<Token>,
    landing: watch::Sender<Option<Outcome<T>>>,
) {
    let Landed { loader, key, number } = &landed;
    let outcome = loader.batcher.submit(key.clone()).await.and_then(|loaded| loaded).map_err(Arc::new);
    if let Ok(None) = &outcome {
        loader.note_absent(key, *number, began);
    }
    if outcome.is_err() {
        // Only those who came before it failed are told so: who comes later tries anew.
        drop(landed);
        landing.send_replace(Some(outcome));
        return;
    }
    let found = outcome.as_ref().ok().and_then(Clone::clone);
    landing.send_replace(Some(outcome));
    // A writer that came between has put its newer value, or found none to put it in the place of: this one would be older.
    let current = loader.flights().is_current(key, *number);
    if let (Some(value), Some(token), true) = (found, token, current) {
        loader.store.put(key, token, &value).await;
    }
    tokio::time::sleep(LINGER).await;
}

/// Takes the flight from the list when it is over, also by a panic. It stays there for a moment after the value is stored: who
/// comes in between shares it.
struct Landed<T: Cached> {
    loader: Arc<Loader<T>>,
    key: String,
    number: u64,
}

impl<T: Cached> Drop for Landed<T> {
    fn drop(&mut self) {
        let mut flights = self.loader.flights();
        if flights.is_current(&self.key, self.number) {
            flights.by_key.remove(&self.key);
        }
    }
}
