//! Four times as many settlements as can be done: how many of those that can are done in time all the same.

use std::collections::BTreeMap;
use std::time::Duration;

use tonic::Code;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::TestDatabase;

use crate::load::{Until, arrivals, closed_loop};
use crate::machine;
use crate::options::Options;
use crate::platform::Platform;
use crate::report::{Report, count, ratio};
use crate::settling::Settling;

/// In flight while it is measured what can be done; the best counts.
const IN_FLIGHT: [usize; 3] = [64, 128, 256];
/// How many times that arrive.
const TIMES: u64 = 4;
/// How long whoever asks waits.
const DEADLINE: Duration = Duration::from_secs(2);
/// The longest it is measured.
const MOST: Duration = Duration::from_secs(20);

/// Measures it, with the services and their databases on one half of the cores and those who ask on the other.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let databases = [TestDatabase::postgres_durable(), TestDatabase::postgres_durable()];
    let platform = Platform::start(databases).await?;
    platform.register(options.people).await?;
    platform.wait_for_the_follower().await?;
    let settling = Settling::on(&platform, options.people)?;
    let job = settling.clone();
    closed_loop(IN_FLIGHT[1], Until::Done(options.warm_up), move || job.clone().settle()).await?;
    machine::asked_apart()?;
    let measured = against_capacity(options, report, &settling).await;
    machine::together()?;
    measured
}

async fn against_capacity(options: &Options, report: &mut Report, settling: &Settling) -> anyhow::Result<()> {
    let mut capacity = 0;
    for in_flight in IN_FLIGHT {
        let (job, until) = (settling.clone(), Until::Elapsed(options.rate_time));
        let rate = closed_loop(in_flight, until, move || job.clone().settle()).await?;
        capacity = capacity.max(rate.per_second());
    }
    let (done, time) = (settling.so_far(), options.arrival_time.min(MOST));
    let job = settling.clone();
    let came = arrivals(TIMES * capacity, time, move || job.clone().settle_within(DEADLINE)).await?;
    let (arrived, mut in_time, mut told) = (came.len() as u64, 0, BTreeMap::new());
    for (answer, took) in came {
        match answer? {
            Ok(()) if took <= DEADLINE => in_time += 1,
            Ok(()) => *told.entry("late".to_owned()).or_insert(0) += 1,
            Err(status) => *told.entry(what(&status.into())).or_insert(0_u64) += 1,
        }
    }
    settling.check_books_of(done + in_time..=settling.so_far()).await?;
    let goodput = in_time * 1000 / u64::try_from(time.as_millis())?.max(1);
    report.info("Overload: others of the settlements that arrived", format!("{told:?}"));
    let arrived = arrived * 1000 / u64::try_from(time.as_millis())?.max(1);
    report.target(
        format!(
            "Overload: settlements in time ({} s) of {}/s that arrive",
            DEADLINE.as_secs(),
            count(arrived)
        ),
        format!(
            "{}/s of {}/s that can be done: ratio {}",
            count(goodput),
            count(capacity),
            ratio(goodput, capacity)
        ),
        "≥ 0.80",
        goodput * 100 >= capacity * 80,
    );
    Ok(())
}

/// How a refusal is counted.
fn what(said: &RemoteError) -> String {
    match (said.reason.as_str(), said.code) {
        ("", Code::Cancelled) => "given up by who asked".to_owned(),
        ("", code) => format!("{code:?}"),
        (reason, _) => reason.to_owned(),
    }
}
