//! How long and how much: defaults for a real measurement, `--quick` for checking that the benchmark works.

use std::env;
use std::time::Duration;

use anyhow::{Context, bail};

/// Printed by `--help`.
pub const HELP: &str = "\
benchmarks/run [--quick] [PART…]

Prints one table. --quick measures for a moment only: its numbers mean nothing.
Parts: settlement, lookups, filings, rosters, audit, credit, overload, telemetry, trial; without any, all of them. And soak and scale, only where they are named.

Environment:
  BENCH_PEOPLE           people to import; each settlement is the next one's    60000
  BENCH_SECONDS          of each measurement of a rate                             10
  BENCH_ROUNDS           bare transaction and settle alternate so many times        2
  BENCH_ARRIVAL_SECONDS  of constant arrival                                       60
  BENCH_INSURED          people whose eligibility, and practitioners whose standing is looked up   1000000
  BENCH_FILINGS          filings that are looked through, of 7 persons for every 10   1000000
  BENCH_ROSTER_ROWS      rows of a department's roster, over as many people     1000000
  BENCH_CASES            stored cases that a draft is tried on                1000000
  BENCH_SETTLEMENTS      before memory is read the second time                 100000
  BENCH_SCALE_ROWS       settlements of two years, against 100000            10000000
  BENCH_SCALE_PLAIN      1: without partitions, as it was before                    0
  BENCH_SOAK_SAMPLES     of the soak; memory and latency are told of each          30
  BENCH_SOAK_SECONDS     of each sample                                            60
  BENCH_SOAK_RATE        settlements a second that arrive                         250
";

/// A part that can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Engine, settle and preview.
    Settlement,
    /// Eligibility lookups.
    Lookups,
    /// Filings of remote care.
    Filings,
    /// Rosters of departments.
    Rosters,
    /// Audit's engine and checks.
    Audit,
    /// How practitioners stand.
    Credit,
    /// More than can be done.
    Overload,
    /// A long time at one rate, everything on.
    Soak,
    /// Settle with everything exported.
    Telemetry,
    /// Settle with ten million settlements behind it.
    Scale,
    /// A draft of a policy on stored cases.
    Trial,
}

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which parts; empty for all.
    parts: Vec<Part>,
    /// People to import.
    pub people: u64,
    /// People whose eligibility is looked up.
    pub insured: u64,
    /// Filings that are looked through.
    pub filings: u64,
    /// Rows of a roster.
    pub roster_rows: u64,
    /// Stored cases that a draft is tried on.
    pub cases: u64,
    /// Length of one measurement of a rate.
    pub rate_time: Duration,
    /// Rounds of bare transaction and settle.
    pub rounds: u32,
    /// Length of the constant arrival.
    pub arrival_time: Duration,
    /// Settlements before memory is read the first time.
    pub warm_up: u64,
    /// Settlements before memory is read the second time.
    pub settlements: u64,
    /// Settlements that stand before it is measured at scale.
    pub scale_rows: u64,
    /// Whether tables stay whole then.
    pub scale_plain: bool,
    /// Samples of the soak.
    pub soak_samples: u64,
    /// Length of each.
    pub soak_sample: Duration,
    /// Settlements a second of the soak.
    pub soak_rate: u32,
}

impl Options {
    /// From the command line and the environment; `None` when help was asked for.
    pub fn read() -> anyhow::Result<Option<Options>> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let (mut quick, mut parts) = (false, Vec::new());
        for argument in &arguments {
            match argument.as_str() {
                "--quick" => quick = true,
                "settlement" => parts.push(Part::Settlement),
                "lookups" => parts.push(Part::Lookups),
                "filings" => parts.push(Part::Filings),
                "rosters" => parts.push(Part::Rosters),
                "audit" => parts.push(Part::Audit),
                "credit" => parts.push(Part::Credit),
                "overload" => parts.push(Part::Overload),
                "soak" => parts.push(Part::Soak),
                "telemetry" => parts.push(Part::Telemetry),
                "scale" => parts.push(Part::Scale),
                "trial" => parts.push(Part::Trial),
                "--help" | "-h" => return Ok(None),
                _ => bail!("unknown argument {argument}\n{HELP}"),
            }
        }
        let default = |full: u64, short: u64| if quick { short } else { full };
        Ok(Some(Options {
            parts,
            people: variable("BENCH_PEOPLE", default(60_000, 1_000))?,
            insured: variable("BENCH_INSURED", default(1_000_000, 20_000))?,
            filings: variable("BENCH_FILINGS", default(1_000_000, 20_000))?,
            roster_rows: variable("BENCH_ROSTER_ROWS", default(1_000_000, 20_000))?,
            cases: variable("BENCH_CASES", default(1_000_000, 2_000))?,
            rate_time: Duration::from_secs(variable("BENCH_SECONDS", default(10, 1))?),
            rounds: u32::try_from(variable("BENCH_ROUNDS", default(2, 1))?)?,
            arrival_time: Duration::from_secs(variable("BENCH_ARRIVAL_SECONDS", default(60, 2))?),
            warm_up: default(10_000, 500),
            settlements: variable("BENCH_SETTLEMENTS", default(100_000, 1_000))?,
            scale_rows: variable("BENCH_SCALE_ROWS", default(10_000_000, 20_000))?,
            scale_plain: variable("BENCH_SCALE_PLAIN", 0)? == 1,
            soak_samples: variable("BENCH_SOAK_SAMPLES", default(30, 6))?,
            soak_sample: Duration::from_secs(variable("BENCH_SOAK_SECONDS", default(60, 3))?),
            soak_rate: u32::try_from(variable("BENCH_SOAK_RATE", default(250, 50))?)?,
        }))
    }
}

impl Options {
    /// Whether the part is wanted. The soak takes as long as all others together, and so does it to fill tables.
    pub fn wants(&self, part: Part) -> bool {
        (self.parts.is_empty() && ![Part::Soak, Part::Scale].contains(&part)) || self.parts.contains(&part)
    }
}

fn variable(name: &str, default: u64) -> anyhow::Result<u64> {
    match env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name}={text}: not a whole number")),
        Err(_) => Ok(default),
    }
}
