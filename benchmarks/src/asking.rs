//! Questions about persons, as many as a load generator can ask, and what is measured of them in the same way for every service.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use http::uri::PathAndQuery;
use prost::Message;
use prost::bytes::Bytes;
use tonic::Request;
use tonic::client::Grpc;
use yizhan_runtime::Caller;
use yizhan_runtime::client::PeerChannel;

use crate::load::{Until, closed_loop, constant_arrival};
use crate::options::Options;
use crate::platform::channel_of;
use crate::raw::RawAnswer;
use crate::report::{Report, count, ms};

/// Connections of the load generator.
const CONNECTIONS: usize = 4;
/// Every so-manieth answer is looked into.
pub const CHECKED: u64 = 64;
/// Askers of one cold key at the same time.
pub const ASKERS: u64 = 8;
/// Cold keys asked for at the same time.
const COLD_KEYS: u64 = 16;

/// What is asked about a person.
pub trait Question: Clone + Send + Sync + 'static {
    /// What is sent.
    type Message: Message + 'static;
    /// The method's path.
    const METHOD: &'static str;

    /// The question about this person; `turn` is another each time.
    fn message(&self, number: u64, turn: u64) -> Self::Message;

    /// An answer that would be wrong to count.
    fn check(&self, number: u64, turn: u64, answer: Bytes) -> anyhow::Result<()>;
}

/// A load generator. Cheap to clone.
#[derive(Clone)]
pub struct Asking<Q> {
    channels: Arc<Vec<PeerChannel>>,
    people: u64,
    next: Arc<AtomicU64>,
    random: Arc<RandomState>,
    question: Q,
    /// Whether answers mean something: the bare server's do not.
    checked: bool,
}

impl<Q: Question> Asking<Q> {
    /// Of a service, about so many people.
    pub fn of(url: &str, caller: &Caller, people: u64, question: Q) -> anyhow::Result<Asking<Q>> {
        let channels = (0..CONNECTIONS).map(|_| channel_of(url, caller)).collect::<anyhow::Result<_>>()?;
        let (next, random) = (Arc::default(), Arc::new(RandomState::new()));
        Ok(Asking { channels: Arc::new(channels), people, next, random, question, checked: true })
    }

    /// The same of a bare server.
    pub fn of_bare(url: &str, caller: &Caller, people: u64, question: Q) -> anyhow::Result<Asking<Q>> {
        Ok(Asking { checked: false, ..Asking::of(url, caller, people, question)? })
    }

    /// How many people it asks about.
    pub fn people(&self) -> u64 {
        self.people
    }

    /// One of its connections.
    pub fn channel(&self) -> PeerChannel {
        self.channels[0].clone()
    }

    /// Asks about somebody: the n-th most frequent is asked about with a frequency of 1/n (Zipf).
    #[expect(clippy::disallowed_types, clippy::float_arithmetic, reason = "a draw, no money")]
    pub async fn skewed(self) -> anyhow::Result<()> {
        let draw = self.random.hash_one(self.next.load(Ordering::Relaxed)) >> 11;
        let uniform = draw as f64 / (1u64 << 53) as f64;
        let rank = (self.people as f64).powf(uniform) as u64;
        // Neighbours in rank are no neighbours in the table.
        let number = rank.wrapping_mul(0x9E37_79B1) % self.people;
        self.ask(number).await.map(|_| ())
    }

    /// Asks about this person; the bytes of the answer.
    pub async fn ask(self, number: u64) -> anyhow::Result<usize> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let mut grpc = Grpc::new(self.channels[turn as usize % CONNECTIONS].clone());
        grpc.ready().await?;
        let request = Request::new(self.question.message(number, turn));
        let answer = grpc.unary(request, PathAndQuery::from_static(Q::METHOD), RawAnswer::default()).await?;
        let answer = answer.into_inner();
        let bytes = answer.len();
        if self.checked && turn.is_multiple_of(CHECKED) {
            self.question.check(number, turn, answer)?;
        }
        Ok(bytes)
    }

    /// Asks about everybody once.
    pub async fn about_everybody(&self, in_flight: usize) -> anyhow::Result<()> {
        let (asking, next) = (self.clone(), Arc::new(AtomicU64::new(0)));
        let job = move || {
            let number = next.fetch_add(1, Ordering::Relaxed) % asking.people;
            let asking = asking.clone();
            async move { asking.ask(number).await.map(|_| ()) }
        };
        closed_loop(in_flight, Until::Done(self.people), job).await?;
        Ok(())
    }

    /// Answers a second.
    pub async fn rate(&self, options: &Options, in_flight: usize) -> anyhow::Result<u64> {
        let asking = self.clone();
        let rate = closed_loop(in_flight, Until::Elapsed(options.rate_time), move || asking.clone().skewed());
        Ok(rate.await?.per_second())
    }

    /// In turns with a bare server, so that both see the same machine.
    pub async fn against(
        &self,
        bare: &Asking<Q>,
        options: &Options,
        in_flight: usize,
    ) -> anyhow::Result<Turns> {
        let mut turns = Turns::default();
        for _ in 0..options.rounds.max(2) {
            let (of_bare, own) = (bare.rate(options, in_flight).await?, self.rate(options, in_flight).await?);
            turns.rounds.push(format!("{}/s of {}/s", count(own), count(of_bare)));
            turns.bare += of_bare;
            turns.own += own;
        }
        Ok(turns)
    }

    /// `what` at so many a second, whatever the answers do.
    pub async fn at_a_constant_rate(
        &self,
        options: &Options,
        report: &mut Report,
        what: &str,
        per_second: u32,
    ) -> anyhow::Result<()> {
        let job = self.clone();
        let times = constant_arrival(per_second, options.arrival_time, move || job.clone().skewed()).await?;
        let p99 = times.percentile(99_000);
        report.target(
            format!(
                "{what} at {}/s, constant arrival, {} questions",
                count(per_second.into()),
                count(times.count() as u64)
            ),
            format!("p50 {}, p99 {}, max {}", ms(times.percentile(50_000)), ms(p99), ms(times.max())),
            "p99 ≤ 5 ms",
            p99 <= Duration::from_millis(5),
        );
        Ok(())
    }

    /// Several who ask for each of the first `keys` people at the same time; answers a second.
    pub async fn together(&self, keys: u64) -> anyhow::Result<u64> {
        let start = Instant::now();
        for from in (0..keys).step_by(COLD_KEYS as usize) {
            let asked = from..keys.min(from + COLD_KEYS);
            let askers = asked.flat_map(|number| (0..ASKERS).map(move |_| number));
            try_join_all(askers.map(|number| self.clone().ask(number))).await?;
        }
        Ok(keys * ASKERS * 1000 / start.elapsed().as_millis().max(1) as u64)
    }
}

/// What came of a service and a bare server in turns.
#[derive(Debug, Default)]
pub struct Turns {
    /// Of every round: so many of so many a second.
    pub rounds: Vec<String>,
    /// Answers a second, summed over the rounds.
    pub own: u64,
    /// The bare server's.
    pub bare: u64,
}
