//! What is counted: one function for each thing that happens, which costs next to nothing where nothing is exported.
//!
//! The names are in one [table](Metric); the table in docs/OPERATIONS.md is written from it. Labels come from the contract, from settings and from
//! what this process is made of, never from what a caller sends, and never say anything of a person.

mod calls;
pub(crate) mod rpc;
pub(crate) mod scrape;
mod state;
mod table;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;

use state::{Labels, state, whole};

pub use calls::Watched;
pub use table::{Kind, Metric};

/// Begins to count for this provider: once in a process, before anything that is read when somebody collects is made.
pub fn install(meters: &impl MeterProvider) {
    state::install(meters);
    set(Metric::BuildInfo, [env!("CARGO_PKG_VERSION")], 1);
    // What must stay 0 is seen to be 0.
    add(Metric::IdentityViolations, 0, &[]);
}

/// Whether anything is counted.
pub fn installed() -> bool {
    state().is_some()
}

/// Another service was asked again.
pub fn retried(peer: &'static str) {
    add(Metric::RpcRetries, 1, &[KeyValue::new("peer", peer)]);
}

/// Another service is not asked any more for a while, or is again.
pub fn circuit_open(peer: &str, open: bool) {
    set(Metric::CircuitOpen, [peer], u64::from(open));
}

/// A call was refused unread; `why` is one of few words in the code.
pub fn shed(why: &'static str) {
    add(Metric::Shed, 1, &[KeyValue::new("why", why)]);
}

/// A certificate in use (`server`, `peer enrollment`, …) ends at this time, in seconds since 1970.
pub fn certificate_expires(of: &str, unix_seconds: i64) {
    set(Metric::CertificateExpires, [of], u64::try_from(unix_seconds).unwrap_or_default());
}

/// CheckBooks went through an area, at this time in seconds since 1970, and found so many differences.
pub fn books_checked(area: &str, differences: usize, unix_seconds: i64) {
    add(Metric::BooksDifferences, differences as u64, &[KeyValue::new("area", area.to_owned())]);
    set(Metric::BooksChecked, [area], u64::try_from(unix_seconds).unwrap_or_default());
}

/// Amounts that do not add up were refused.
pub fn identities_violated() {
    add(Metric::IdentityViolations, 1, &[]);
}

/// A chained log was verified.
pub fn chain_checked(log: &'static str, broken: bool) {
    add(Metric::ChainBreaks, u64::from(broken), &[KeyValue::new("log", log)]);
}

/// A list or figure was read from a replica, or from the primary because the replica is `behind` or `failed`.
pub(crate) fn replica_read(outcome: &'static str) {
    add(Metric::DbReplicaReads, 1, &[KeyValue::new("outcome", outcome)]);
}

/// Settlements of a kind (`settle`, `reverse`, `resettle`, `manual`) are committed.
pub fn settled(kind: &'static str, count: u64) {
    add(Metric::Settlements, count, &[KeyValue::new("kind", kind)]);
}

/// A Settle was answered: so many pay a part.
pub fn settle_took(time: Duration, payers: usize) {
    const COUNTS: [&str; 9] = ["0", "1", "2", "3", "4", "5", "6", "7", "8+"];
    let payers = COUNTS[payers.min(COUNTS.len() - 1)];
    took(Metric::SettleDuration, time, &[KeyValue::new("payers", payers)]);
}

/// So many items of a worklist are open.
pub fn worklist_open(list: &'static str, items: u64) {
    set(Metric::WorklistOpen, [list], items);
}

/// A table has partitions for so many months to come, and so many rows outside of any month's.
pub fn partitions(table: &'static str, ahead: u64, rest: u64) {
    set(Metric::PartitionsAhead, [table], ahead);
    set(Metric::PartitionRest, [table], rest);
}

/// Measures a transaction until dropped.
#[derive(Debug)]
pub(crate) struct Transaction(Option<Instant>);

/// A transaction begins.
pub(crate) fn transaction() -> Transaction {
    Transaction(installed().then(Instant::now))
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(begun) = self.0 {
            took(Metric::DbTransaction, begun.elapsed(), &[]);
        }
    }
}

/// A gauge that is read when somebody collects: `None` is not told.
pub(crate) fn sample<const N: usize>(
    metric: Metric,
    of: [&str; N],
    read: impl Fn() -> Option<u64> + Send + Sync + 'static,
) {
    if let Some(state) = state() {
        state.sample(metric, labels(of), Box::new(move || read().map(whole)));
    }
}

/// A call that is under way until dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(());

pub(crate) fn under_way() -> Option<UnderWay> {
    let state = state()?;
    state.in_flight.fetch_add(1, Ordering::Relaxed);
    Some(UnderWay(()))
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(state) = state() {
            state.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn add(metric: Metric, amount: u64, labels: &[KeyValue]) {
    if let Some(state) = state() {
        state.add(metric, amount, labels);
    }
}

fn took(metric: Metric, time: Duration, labels: &[KeyValue]) {
    if let Some(state) = state() {
        state.took(metric, time, labels);
    }
}

fn set<const N: usize>(metric: Metric, of: [&str; N], value: u64) {
    if let Some(state) = state() {
        state.set(metric, labels(of), whole(value));
    }
}

fn labels<const N: usize>(of: [&str; N]) -> Labels {
    of.map(str::to_owned).into()
}
