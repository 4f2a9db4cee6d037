//! What goes wrong, when and for how long: all of it follows from a number.

use std::time::Duration;

use yizhan_runtime::config::Service;
use yizhan_testkit::Backend;

/// Numbers that follow from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Draws(u64);

impl Draws {
    /// Those of a seed; of each `part` others.
    pub fn of(seed: u64, part: u64) -> Draws {
        let mut draws = Draws(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ part);
        draws.below(1);
        draws
    }

    /// The next, below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// In one of so many cases.
    pub fn one_in(&mut self, cases: u64) -> bool {
        self.below(cases) == 0
    }

    /// So many milliseconds, at random between these.
    pub fn between_ms(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

/// A connection between processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Road {
    /// From a service to its database.
    ToDatabase(Service),
    /// From enrollment and filing to their cache.
    ToRedis,
    /// From other services to this one.
    To(Service),
}

/// What can happen to a road.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Break {
    /// Packets are dropped and nobody is told.
    Drops,
    /// Connections are reset, new ones too.
    Refuses,
    /// Connections are reset once.
    Cuts,
    /// Connections get nothing through any more, and nobody is told; new ones are carried.
    Loses,
}

/// What can happen to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// `kill -9`; it is started again.
    Killed,
    /// SIGTERM; it is started again.
    Terminated,
    /// SIGSTOP, then SIGCONT.
    StandsStill,
}

/// Something that goes wrong. In this order all is put right again, so that a process that starts finds what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    FullDisk,
    Postgres(Stop),
    Redis(Stop),
    Road(Road, Break),
    Process(Service, Stop),
}

/// One thing after the other.
#[derive(Clone, Debug)]
pub struct Round {
    /// In order; one or two, never two of the same thing.
    pub faults: Vec<Fault>,
    pub lasts: Duration,
    /// Until the next.
    pub calm: Duration,
}

/// Everything that can go wrong with a platform on this database.
fn deck(backend: Backend) -> Vec<Fault> {
    use {Break::*, Road::*, Stop::*};
    let mut deck = vec![Fault::FullDisk];
    for service in Service::ALL {
        deck.extend([Killed, Terminated, StandsStill].map(|stop| Fault::Process(service, stop)));
    }
    let mut roads: Vec<Road> = Service::ALL.map(To).into();
    match backend {
        Backend::Sqlite => deck.extend([Fault::FullDisk; 4]),
        Backend::Postgres => {
            roads.extend(Service::ALL.map(ToDatabase));
            roads.push(ToRedis);
            deck.extend([Killed, StandsStill].map(Fault::Postgres));
            deck.extend([Killed, StandsStill].map(Fault::Redis));
        }
    }
    deck.extend(
        roads.into_iter().flat_map(|road| [Drops, Refuses, Cuts, Loses].map(|how| Fault::Road(road, how))),
    );
    deck
}

/// The faults of a seed. Each kind comes before one comes again.
pub fn plan(seed: u64, rounds: usize, backend: Backend) -> Vec<Round> {
    let mut draws = Draws::of(seed, 0);
    let mut left: Vec<Fault> = Vec::new();
    let mut next = |draws: &mut Draws| {
        if left.is_empty() {
            left = deck(backend);
        }
        left.swap_remove(draws.below(left.len() as u64) as usize)
    };
    let mut round = || {
        let mut faults = vec![next(&mut draws)];
        if draws.one_in(4) {
            let second = next(&mut draws);
            faults.extend((!same_thing(faults[0], second)).then_some(second));
        }
        faults.sort_unstable();
        let lasts = if draws.one_in(8) { draws.between_ms(2000, 5000) } else { draws.between_ms(100, 1200) };
        Round { faults, lasts, calm: draws.between_ms(100, 700) }
    };
    (0..rounds).map(|_| round()).collect()
}

/// A server that found no room is told apart from one that stands still or was killed.
fn same_thing(one: Fault, other: Fault) -> bool {
    match (one, other) {
        (Fault::FullDisk, Fault::Postgres(_)) | (Fault::Postgres(_), Fault::FullDisk) => true,
        (Fault::Road(one, _), Fault::Road(other, _)) => one == other,
        (Fault::Process(one, _), Fault::Process(other, _)) => one == other,
        (one, other) => std::mem::discriminant(&one) == std::mem::discriminant(&other),
    }
}
