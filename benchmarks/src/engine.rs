//! The engine alone: ten lines, seven payers, full trace, on one core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use yizhan_policy::{find, together};

use crate::load::Latencies;
use crate::{allocations, bill};

const WARM_UP: usize = 2_000;
const MEASURED: usize = 50_000;

/// What one settlement costs.
pub struct Measured {
    /// Sorted.
    pub times: Latencies,
    /// Allocations of one settlement.
    pub allocations: u64,
    /// Payers that paid something.
    pub payers: usize,
}

/// Settles the same case again and again.
pub fn measure() -> anyhow::Result<Measured> {
    let loaded = yizhan_policy::embedded().iter().map(|(name, text)| yizhan_policy::load(name, text));
    let policies = together(loaded.collect::<Result<_, _>>()?)?;
    let case = bill::case()?;
    let policy = find(&policies, case.area, case.scheme, case.visit.end)?;
    let settle = || yizhan_policy::settle(black_box(policy), black_box(&case));

    let first = settle().context("the case is settled")?;
    let mut payers: Vec<_> =
        first.layers.iter().filter(|layer| layer.paid_fen.0 > 0).map(|layer| layer.payer).collect();
    payers.dedup();
    ensure!(payers.len() == 7 && first.lines.len() == 10, "seven payers pay a bill of ten lines");

    let before = allocations::so_far();
    drop(black_box(settle()?));
    let allocations = allocations::so_far() - before;

    for _ in 0..WARM_UP {
        drop(black_box(settle()?));
    }
    let mut times: Vec<Duration> = Vec::with_capacity(MEASURED);
    for _ in 0..MEASURED {
        let start = Instant::now();
        drop(black_box(settle()?));
        times.push(start.elapsed());
    }
    Ok(Measured { times: Latencies::of(times), allocations, payers: payers.len() })
}
