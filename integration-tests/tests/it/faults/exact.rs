//! When all is well again: what was raced for was got by one, lines that were brought are there, merged records are one person, and what was
//! learned late is on the worklist.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::*;
use yizhan_runtime::error::RemoteError;

use super::contest::{LATE, LINES_OF, STAYS};
use super::write::{BROUGHT, Callers, IN_PARTS, Told, Write};
use crate::support::YEAR_2024;

/// How long settlement may be behind the register.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is wrong, if anything.
pub async fn check(
    callers: &Callers,
    done: &[(Write, Told)],
    refused: &[(Write, RemoteError)],
) -> Vec<String> {
    let standing = standing(done);
    let mut troubles = paid_once(&standing);
    troubles.extend(holders_are_there(done, refused));
    for which in 0..LINES_OF {
        troubles.extend(lines_are_there(callers, &format!("{BROUGHT}{which}"), done, &standing).await);
    }
    for which in 0..STAYS {
        troubles.extend(one_stay(callers, &format!("{IN_PARTS}{which}"), &standing).await);
    }
    troubles.extend(worklist(callers, done).await);
    troubles
}

type Standing<'d> = BTreeMap<&'d str, &'d Settlement>;

/// What was acknowledged and not taken back, by id.
fn standing(done: &[(Write, Told)]) -> Standing<'_> {
    let all: BTreeMap<&str, &Settlement> = done
        .iter()
        .filter_map(|(_, told)| told.settlement.as_ref())
        .map(|settlement| (info(settlement).setl_id.as_str(), settlement))
        .collect();
    let reversed: BTreeSet<&str> = all.values().map(|one| info(one).reverses_setl_id.as_str()).collect();
    let stands = |one: &Settlement| {
        info(one).reverses_setl_id.is_empty() && !reversed.contains(info(one).setl_id.as_str())
    };
    all.into_iter().filter(|(_, settlement)| stands(settlement)).collect()
}

/// No visit, line or code stands twice.
fn paid_once(standing: &Standing<'_>) -> Vec<String> {
    let mut holders: BTreeMap<[&str; 3], Vec<&str>> = BTreeMap::new();
    for (setl_id, settlement) in standing {
        let (info, lines) = (info(settlement), &settlement.feedetail);
        let owner = info.fixmedins_code.as_str();
        let codes = lines.iter().flat_map(|line| &line.drug_trac_info);
        let visit = std::iter::once(["visit", owner, info.mdtrt_id.as_str()]).filter(|_| info.setl_part == 0);
        let lines = lines.iter().map(|line| ["line", owner, line.feedetl_sn.as_str()]);
        let codes = codes.map(|code| ["code", "", code.drug_trac_codg.as_str()]);
        for thing in visit.chain(lines).chain(codes) {
            holders.entry(thing).or_default().push(setl_id);
        }
    }
    let twice = holders.into_iter().filter(|(_, holders)| holders.len() > 1);
    twice.map(|(thing, holders)| format!("PAID TWICE: {thing:?} by {holders:?}")).collect()
}

/// Who was refused was told of a settlement that was acknowledged to somebody.
fn holders_are_there(done: &[(Write, Told)], refused: &[(Write, RemoteError)]) -> Vec<String> {
    let ids: BTreeSet<&str> =
        done.iter().filter_map(|(_, told)| Some(info(told.settlement.as_ref()?).setl_id.as_str())).collect();
    let named = refused.iter().filter_map(|(write, error)| Some((write, error.metadata.get("setl_id")?)));
    let unknown = named.filter(|(_, setl_id)| !ids.contains(setl_id.as_str()));
    unknown.map(|(write, setl_id)| format!("refused for {setl_id}, which is not there: {write:?}")).collect()
}

/// Lines that were brought and not taken back are there, each once, held by the settlement that has it.
async fn lines_are_there(
    callers: &Callers,
    mdtrt_id: &str,
    done: &[(Write, Told)],
    standing: &Standing<'_>,
) -> Vec<String> {
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for (write, _) in done {
        if let Write::Upload(upload) = write
            && upload.mdtrt_id == mdtrt_id
        {
            expected.extend(upload.feedetail.iter().map(|line| (line.feedetl_sn.clone(), String::new())));
        }
    }
    for (write, _) in done {
        if let Write::CancelFees(cancel) = write
            && cancel.mdtrt_id == mdtrt_id
        {
            cancel.feedetl_sn.iter().for_each(|number| drop(expected.remove(number)));
        }
    }
    for (setl_id, settlement) in standing {
        for line in settlement.feedetail.iter().filter(|_| info(settlement).mdtrt_id == mdtrt_id) {
            match expected.get_mut(&line.feedetl_sn) {
                Some(held_by) => (*setl_id).clone_into(held_by),
                None => {
                    return vec![format!("{setl_id} has the line {}, which is not there", line.feedetl_sn)];
                }
            }
        }
    }
    let mut there = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListFeesRequest {
            fixmedins_code: THIRD_LEVEL.to_owned(),
            mdtrt_id: mdtrt_id.to_owned(),
            page_size: 500,
            page_token,
        };
        let page = match callers.everybody.fees().list_fees(request).await {
            Ok(page) => page.into_inner(),
            Err(unknown) if expected.is_empty() => {
                let unknown = RemoteError::from(unknown);
                return if unknown.reason == "FEE_UNKNOWN" {
                    Vec::new()
                } else {
                    vec![format!("{unknown:?}")]
                };
            }
            Err(error) => return vec![format!("lines of {mdtrt_id}: {error:?}")],
        };
        there.extend(page.fees.into_iter().map(|fee| (fee.line.unwrap_or_default().feedetl_sn, fee.setl_id)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if there == expected {
        return Vec::new();
    }
    let left_out = expected.iter().filter(|line| there.get(line.0) != Some(line.1)).collect::<Vec<_>>();
    let beside = there.iter().filter(|line| expected.get(line.0) != Some(line.1)).collect::<Vec<_>>();
    vec![format!("LINES of {mdtrt_id}: {left_out:?} expected, {beside:?} there")]
}

/// However many parts of a stay stand: one deductible was taken, one stay is counted, and no part stands twice.
async fn one_stay(callers: &Callers, psn_no: &str, standing: &Standing<'_>) -> Vec<String> {
    let parts: Vec<&SettlementInfo> =
        standing.values().map(|one| info(one)).filter(|info| info.psn_no == psn_no).collect();
    let numbers: BTreeSet<i32> = parts.iter().map(|part| part.setl_part).collect();
    let taken: i64 = parts.iter().map(|part| part.act_pay_dedc_fen).sum();
    let total =
        async |name: &str| callers.everybody.accumulator(psn_no, COMPOSITE_AREA, YEAR_2024, name).await;
    let (counted, used) = (total("stays@third").await, total("deductible_used").await);
    let expected = i64::from(!parts.is_empty());
    if (counted, used) == (expected, taken) && taken <= 110_000 && numbers.len() == parts.len() {
        return Vec::new();
    }
    vec![format!(
        "STAY of {psn_no} in parts: {counted} counted, {used} of deductible, {taken} taken by {parts:?}"
    )]
}

/// The worklist has what was learned late, and nothing of what turned out to be wrong.
async fn worklist(callers: &Callers, done: &[(Write, Told)]) -> Vec<String> {
    let mut over: BTreeSet<&str> = BTreeSet::new();
    for (write, _) in done {
        let Write::Coverage(request) = write else { continue };
        let row = &request.rows[0];
        if row.enddate.is_empty() {
            over.remove(row.psn_no.as_str());
        } else {
            over.insert(&row.psn_no);
        }
    }
    let settled = done.iter().filter_map(|(_, told)| told.settlement.as_ref()).map(info);
    let expected: BTreeSet<&str> = settled
        .filter(|info| over.contains(info.psn_no.as_str()))
        .map(|info| info.setl_id.as_str())
        .collect();
    let begun = Instant::now();
    loop {
        match open_items(&callers.everybody).await {
            Ok(items) => {
                let open: BTreeSet<&str> = items.iter().map(String::as_str).collect();
                if open == expected {
                    return Vec::new();
                }
                if begun.elapsed() > PATIENCE {
                    return vec![format!("WORKLIST: {expected:?} expected, {open:?} open")];
                }
            }
            Err(error) if super::load::is_not_now(&error) && begun.elapsed() < PATIENCE => {}
            Err(error) => return vec![format!("no worklist: {error:?}")],
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Settlements of open items of persons of whom the register learned late.
async fn open_items(client: &Client) -> Answer<Vec<String>> {
    let (mut items, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListWorklistRequest {
            poolarea_no: COMPOSITE_AREA.to_owned(),
            state: WorkItemState::Open.into(),
            page_size: 100,
            page_token,
            ..ListWorklistRequest::default()
        };
        let page = super::write::told(client.worklist().list_worklist(request).await)?;
        let late = page.items.into_iter().filter(|item| item.psn_no.starts_with(LATE));
        items.extend(late.map(|item| item.setl_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(items);
        }
    }
}
