//! When all is well again: everything that was acknowledged is there, once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::database::{number, open};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{Settlement, SettlementInfo};
use yizhan_runtime::config::Service;

use super::contest::two_numbers_of;
use super::exact;
use super::follow::{Feed, Heard};
use super::load::{CLIENTS, PERSONS, Record, is_not_now};
use super::world::World;
use super::write::{Callers, Told, Write};

/// Requests at once.
const AT_ONCE: usize = 8;
/// How long anything may take now, on a machine that runs forty tests at once.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long settlement may need to hear of everything.
const SETTLES_DOWN: Duration = Duration::from_secs(5);

/// What is wrong, if anything; and everything that has been done now.
pub async fn check(callers: &Callers, record: Record, feeds: &[(Feed, Heard)], world: &World) -> Vec<String> {
    let Record { mut done, abandoned, refused, mut troubles, .. } = record;
    let settled = done.iter().filter(|(write, _)| write.settles()).count();
    let open = abandoned.iter().chain(refused.iter().map(|(write, _)| write));
    let open = open.filter(|write| write.settles()).count();
    let there = settlements(callers, &mut troubles).await;
    if there < settled || there > settled + open {
        troubles.push(format!("{settled} settlements acknowledged, {open} open, {there} are there"));
    }
    // Of who was second nothing is there; whoever asks again is first now, or second still.
    for (write, error) in refused.clone() {
        match stubbornly(async || write.send(callers, PATIENCE).await).await {
            Ok(told) => done.push((write, told)),
            Err(again) if write.is_second(&again) => {}
            Err(again) => troubles.push(format!("refused with {error:?}, then {again:?}: {write:?}")),
        }
    }
    // A caller that went away comes back. Whether it was done or not, it is done now, once.
    for write in abandoned {
        match stubbornly(async || write.send(callers, PATIENCE).await).await {
            Ok(told) => done.push((write, told)),
            Err(error) if write.is_second(&error) => {}
            Err(error) => troubles.push(format!("refused afterwards: {error:?} for {write:?}")),
        }
    }
    let again =
        stream::iter(&done).map(|(write, told)| again(callers, write, told)).buffer_unordered(AT_ONCE);
    troubles.extend(again.filter_map(async |trouble| trouble).collect::<Vec<String>>().await);

    let settled: Vec<&Settlement> = done.iter().filter_map(|(_, told)| told.settlement.as_ref()).collect();
    let there = settlements(callers, &mut troubles).await;
    if there != settled.len() {
        troubles.push(format!("{} settlements acknowledged, {there} are there", settled.len()));
    }
    troubles.extend(exact::check(callers, &done, &refused).await);
    troubles.extend(accounts(callers, &done).await);
    for (feed, heard) in feeds {
        troubles.extend(told_once(*feed, heard, &done).await);
    }
    troubles.extend(followed(&settled, world).await);
    troubles
}

/// Audit and credit have heard of every settlement once: what stands with them is what stands, with its amounts.
async fn followed(settled: &[&Settlement], world: &World) -> Option<String> {
    let takes_back = |one: &&&Settlement| !info(one).reverses_setl_id.is_empty();
    let reversed: BTreeSet<&str> =
        settled.iter().filter(takes_back).map(|one| info(one).reverses_setl_id.as_str()).collect();
    let visits = settled.iter().filter(|one| !takes_back(one)).map(|one| info(one));
    let standing: Vec<_> = visits.clone().filter(|info| !reversed.contains(info.setl_id.as_str())).collect();
    let sums =
        |of: &[&SettlementInfo]| (of.len() as i64, of.iter().map(|info| info.medfee_sumamt_fen).sum::<i64>());
    // What was paid by hand (结算类型 1) an institution did not bill.
    let billed: Vec<_> = standing.iter().copied().filter(|info| info.setl_type != "1").collect();
    let ((visits_standing, fen), (billed, billed_fen)) = (sums(&standing), sums(&billed));
    let expected = (visits.count() as i64, visits_standing, fen, billed, billed_fen);
    let audit = open(world.database(Service::Audit)).await;
    let credit = open(world.database(Service::Credit)).await;
    let sum = |what: &str| format!("SELECT CAST(COALESCE(SUM({what}), 0) AS bigint) AS value FROM");
    let begun = Instant::now();
    loop {
        let there = (
            number(&audit, "SELECT COUNT(*) AS value FROM visit").await,
            number(&audit, "SELECT COUNT(*) AS value FROM visit WHERE stands").await,
            number(&audit, &format!("{} visit WHERE stands", sum("medfee_sumamt_fen"))).await,
            number(&credit, &format!("{} figure_month", sum("settlements"))).await,
            number(&credit, &format!("{} figure_month", sum("fee_fen"))).await,
        );
        if there == expected {
            return None;
        }
        if begun.elapsed() > PATIENCE {
            return Some(format!("audit and credit followed {there:?} instead of {expected:?}"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The same request again is answered as before, and what it made is found.
async fn again(callers: &Callers, write: &Write, told: &Told) -> Option<String> {
    match stubbornly(async || write.send(callers, PATIENCE).await).await {
        Ok(now) if now.replayed && (now.bytes == told.bytes || is_same(&now, told)) => {}
        Ok(now) => {
            return Some(format!(
                "LOST or CHANGED: replayed {}, {write:?}: {told:?}, now {now:?}",
                now.replayed
            ));
        }
        Err(error) => return Some(format!("refused when repeated: {error:?} for {write:?}")),
    }
    let settlement = told.settlement.as_ref()?;
    let setl_id = &info(settlement).setl_id;
    match stubbornly(async || callers.everybody.get(setl_id).await).await {
        Ok(found) if unreversed(found.clone()) == unreversed(settlement.clone()) => None,
        Ok(found) => Some(format!("CHANGED: {settlement:?}, now {found:?}")),
        Err(error) if is_not_now(&error) => Some(format!("not to be read though all is well: {error:?}")),
        Err(error) => Some(format!("LOST: {setl_id}, now {error:?}")),
    }
}

/// Asks again while it is told “not now”: on a machine that has much to do even now.
async fn stubbornly<T>(call: impl AsyncFn() -> Answer<T>) -> Answer<T> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match call().await {
            Err(error) if is_not_now(&error) && Instant::now() < give_up => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            answer => return answer,
        }
    }
}

/// The same settlement, which may have been reversed since.
fn is_same(now: &Told, told: &Told) -> bool {
    now.settlement.is_some()
        && now.settlement.clone().map(unreversed) == told.settlement.clone().map(unreversed)
}

/// Without what a later reversal or merge leaves.
fn unreversed(mut settlement: Settlement) -> Settlement {
    let info = settlement.setlinfo.as_mut().expect("a header");
    info.refd_setl_flag.clear();
    info.reversed_by_setl_id.clear();
    info.stays_psn_no.clear();
    settlement
}

/// How many there are; the books of every area balance.
async fn settlements(callers: &Callers, troubles: &mut Vec<String>) -> usize {
    let mut there = 0;
    for area in [COMPOSITE_AREA, NANCHANG] {
        let mut books = callers.everybody.check_books(area).await;
        // What settlement hears of a merge it may bring together while its books are read; what is wrong is wrong once more.
        if !books.discrepancies.is_empty() {
            tokio::time::sleep(SETTLES_DOWN).await;
            books = callers.everybody.check_books(area).await;
        }
        troubles.extend(books.discrepancies.into_iter().map(|one| format!("books of {area}: {one}")));
        there += books.settlements as usize;
    }
    there
}

/// What is on an account is what was paid in, less what it paid; of merged records on one, as soon as settlement has heard of it.
async fn accounts(callers: &Callers, done: &[(Write, Told)]) -> Vec<String> {
    let merges = done.iter().filter_map(|(write, _)| match write {
        Write::Merge(merge) => Some((merge.merged_psn_no.clone(), merge.keep_psn_no.clone())),
        _ => None,
    });
    let merges: BTreeMap<String, String> = merges.collect();
    let whose = |psn_no: &str| merges.get(psn_no).map_or(psn_no, String::as_str).to_owned();
    let mut expected: BTreeMap<String, i64> = (0..PERSONS).map(|number| (format!("P{number}"), 0)).collect();
    expected.extend((0..CLIENTS).flat_map(two_numbers_of).map(|psn_no| (whose(&psn_no), 0)));
    for (write, told) in done {
        if let Write::Deposit(deposit) = write {
            *expected.entry(whose(&deposit.psn_no)).or_default() += deposit.amount_fen;
        }
        if let Some(info) = told.settlement.as_ref().map(info).filter(|info| info.acct_pay_fen != 0) {
            *expected.entry(whose(&info.psn_no)).or_default() -= info.acct_pay_fen;
        }
    }
    let mut troubles = Vec::new();
    let begun = Instant::now();
    for psn_no in expected.keys().chain(merges.keys()) {
        let expected = expected[&whose(psn_no)];
        let mut there = callers.everybody.balance(psn_no, COMPOSITE_AREA).await;
        while there != expected && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(100)).await;
            there = callers.everybody.balance(psn_no, COMPOSITE_AREA).await;
        }
        if there != expected {
            troubles.push(format!("account of {psn_no}: {there} instead of {expected} fen"));
        }
    }
    troubles
}

/// A feed told everything once, and what belongs together in order.
async fn told_once(feed: Feed, heard: &Heard, done: &[(Write, Told)]) -> Vec<String> {
    let expected = expected_events(feed, done);
    let give_up = Instant::now() + PATIENCE;
    let complete = |events: &[String]| expected.iter().all(|event| events.contains(event));
    while !complete(&heard.events()) && Instant::now() < give_up {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let events = heard.events();
    let mut troubles = heard.errors();
    let missing = expected.iter().filter(|event| !events.contains(event));
    troubles.extend(missing.map(|event| format!("{feed:?} did not tell {event}")));
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for event in &events {
        let (thing, version) = event.split_once('#').unwrap_or((event, "1"));
        let before = last.insert(thing, version.parse().expect("a version")).unwrap_or(0);
        if last[thing] != before + 1 {
            troubles.push(format!("{feed:?} told {event} behind version {before}"));
        }
    }
    if feed == Feed::Settlements && events.len() != expected.len() {
        troubles.push(format!("{feed:?} told {} events for {} settlements", events.len(), expected.len()));
    }
    troubles
}

/// The last that is to be heard of everything that was done.
fn expected_events(feed: Feed, done: &[(Write, Told)]) -> Vec<String> {
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    let mut events = Vec::new();
    for (write, told) in done {
        match (feed, write) {
            (Feed::Settlements, _) => {
                events.extend(told.settlement.iter().map(|one| info(one).setl_id.clone()))
            }
            (Feed::Filings, _) => {
                events.extend(told.filing.iter().map(|one| format!("{}#{}", one.filing_id, one.version)));
            }
            (Feed::Register, Write::Person(request)) => {
                *versions.entry(&request.rows[0].psn_no).or_default() += 1
            }
            (Feed::Register, Write::Coverage(request)) => {
                *versions.entry(&request.rows[0].psn_no).or_default() += 1
            }
            (Feed::Register, Write::Identity(request)) => {
                *versions.entry(&request.rows[0].psn_no).or_default() += 1
            }
            (Feed::Register, _) => {}
        }
    }
    events.extend(versions.into_iter().map(|(psn_no, version)| format!("{psn_no}#{version}")));
    events
}
