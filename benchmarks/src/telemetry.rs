//! What TLS, metrics, traces and logs cost: settle with everything on next to settle with nothing, in turns on the same machine.

use yizhan_testkit::TestDatabase;

use crate::bill::Kind;
use crate::everything::Everything;
use crate::load::{Until, closed_loop};
use crate::options::Options;
use crate::platform::Platform;
use crate::report::{Report, count, ratio};
use crate::settling::Settling;

/// Settlements in flight.
const IN_FLIGHT: usize = 128;
/// Times each is measured in a round: many short turns, so that both see the same machine.
const TURNS: u32 = 4;

/// Settles on two platforms in turns.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let everything = Everything::new().await?;
    let quiet = started(options, None).await?;
    let telling = started(options, Some(&everything)).await?;
    let until = Until::Elapsed(options.rate_time / 2);
    let (mut without, mut with) = (0, 0);
    for turn in 0..options.rounds * TURNS {
        for told in [turn % 2 == 0, turn % 2 != 0] {
            let (_, settling) = if told { &telling } else { &quiet };
            let job = settling.clone();
            let rate = closed_loop(IN_FLIGHT, until, move || job.clone().settle()).await?.per_second();
            *(if told { &mut with } else { &mut without }) += rate;
        }
        eprintln!("turn {turn}: {without} without, {with} with, in all");
    }
    for (_, settling) in [&quiet, &telling] {
        settling.check_books().await?;
    }
    let turns = u64::from(options.rounds * TURNS);
    let received = everything.collector().received();
    report.info(
        "Exported meanwhile: spans; requests with metrics and logs",
        format!(
            "{}; {}, {}",
            count(received.spans().len() as u64),
            count(received.metrics.len() as u64),
            count(received.logs.len() as u64),
        ),
    );
    report.target(
        "Settle a stay with TLS both ways, metrics, traces (1 in 100) and logs, against settle without",
        format!("{}/s of {}/s; ratio {}", count(with / turns), count(without / turns), ratio(with, without)),
        "≥ 0.90",
        with * 100 >= without * 90,
    );
    Ok(())
}

/// A platform with people to settle for.
async fn started(options: &Options, everything: Option<&Everything>) -> anyhow::Result<(Platform, Settling)> {
    let databases = [TestDatabase::postgres_durable(), TestDatabase::postgres_durable()];
    let platform = Platform::start_with(databases, everything).await?;
    platform.register(options.people).await?;
    platform.wait_for_the_follower().await?;
    let settling = Settling::on(&platform, options.people)?.of(Kind::Stay)?;
    Ok((platform, settling))
}
