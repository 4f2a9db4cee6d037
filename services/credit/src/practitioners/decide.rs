//! 记分: what one check found of one practitioner.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{
    DecidePointsRequest, DecidePointsResponse, Entry, EntryKind, PointsAct, SubjectKind,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::is_fixmedins_code;
use yizhan_workflow::is_reason;

use super::changes::Held;
use super::domain::matter::standing;
use super::messages::{self, qualification};
use super::register::entry;
use crate::app::Credit;
use crate::ledger::{self, is_code};
use crate::officer::check_opter;
use crate::proposals;
use crate::schemes::not_in_force;
use crate::schemes::points::{Points, Responsibility};

/// Acts in one decision at most.
const MAX_ACTS: usize = 50;
/// Items of an act at most.
const MAX_ITEMS: usize = 10;
/// Longest act_id.
const MAX_ACT_ID: usize = 64;

/// Begins a matter.
pub async fn decide_points(
    credit: &Credit,
    caller: &Caller,
    mut request: DecidePointsRequest,
) -> Result<DecidePointsResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    wrong.require(is_code(&request.practitioner_code), "practitioner_code", Reason::Characters);
    wrong.require(!request.basis.trim().is_empty(), "basis", Reason::Required);
    wrong.require(is_reason(&request.basis), "basis", Reason::ReasonInvalid);
    let case = request.case_id.is_empty() || is_code(&request.case_id);
    wrong.require(case, "case_id", Reason::Characters);
    let fits = (1..=MAX_ACTS).contains(&request.acts.len());
    wrong.require(fits, "acts", Reason::CountInvalid.saying("每次 1 至 50 个行为"));
    let today = credit.clock.today();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    fields.code("fixmedins_code", &request.fixmedins_code, is_fixmedins_code);
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let day = fields.optional("decided_on", &request.decided_on, past);
    let day = day.map(|day| day.unwrap_or(today));
    let Some((area, day)) = area.zip(day) else { return Err(refused(wrong)) };
    caller.check_manages(&request.poolarea_no)?;
    let schemes = credit.schemes.current();
    let scheme = schemes.find::<Points>(area, day).map_err(not_in_force)?;
    let acts = request.acts.iter().take(MAX_ACTS).enumerate().map(|(at, act)| {
        let prefix = format!("acts[{at}].");
        judged(act, &scheme.rule, day, &mut Fields::within(&prefix, &mut wrong))
    });
    let acts: Vec<_> = acts.collect();
    let acts = wrong.finish(acts.into_iter().collect::<Option<Vec<_>>>())?;
    let place = (request.poolarea_no.as_str(), request.fixmedins_code.as_str(), request.opter.as_str());
    let entries = request.acts.iter().zip(acts).map(|(act, (item, points))| Entry {
        kind: EntryKind::PointsDecided.into(),
        item,
        value: points.to_string(),
        basis: request.basis.clone(),
        case_id: request.case_id.clone(),
        decision_no: request.decision_no,
        responsibility: act.responsibility,
        occurred_on: act.occurred_on.clone(),
        act_id: act.act_id.clone(),
        scheme: scheme.id.clone(),
        note: note(act).to_owned(),
        ..entry(caller, place, day)
    });
    let entries: Vec<Entry> = entries.collect();
    let (code, entries) = (&request.practitioner_code, &entries);
    once::once(credit, &key, |write| Box::pin(decide(write, caller, code, entries))).await
}

/// Item and points of an act: of its items the one that gives most.
fn judged(act: &PointsAct, scheme: &Points, day: NaiveDate, fields: &mut Fields) -> Option<(String, u32)> {
    let named =
        (1..=MAX_ACT_ID).contains(&act.act_id.len()) && act.act_id.bytes().all(|b| b.is_ascii_graphic());
    fields.require(named, "act_id", Reason::Characters.saying("1 至 64 位可见 ASCII 字符"));
    fields.past_date("occurred_on", &act.occurred_on, day);
    let count = (1..=MAX_ITEMS).contains(&act.items.len());
    fields.require(count, "items", Reason::CountInvalid.saying("1 至 10 个情形"));
    let items: Option<Vec<_>> = act.items.iter().map(|name| scheme.item(name)).collect();
    let items = fields.some(items, "items", Reason::CodeUnknown);
    let responsibility =
        fields.some(Responsibility::of(act.responsibility), "responsibility", Reason::CodeUnknown);
    let (items, responsibility) = (items?, responsibility?);
    // The first of equals.
    let item = items.into_iter().rev().max_by_key(|item| item.band)?;
    let given = scheme.given(item, responsibility);
    let asked = u32::try_from(act.points).unwrap_or(u32::MAX);
    let points = if asked == 0 { given } else { asked };
    let allowed = scheme.allowed(given, act.disclosed, act.instigated);
    if !allowed.contains(&points) {
        let told = format!("该情形应记 {} 至 {} 分", allowed.start(), allowed.end());
        fields.wrong("points", Reason::PointsOutsideBand.saying(told));
        return None;
    }
    Some((item.item.clone(), points))
}

fn note(act: &PointsAct) -> &'static str {
    match (act.disclosed, act.instigated) {
        (true, true) => "主动交代；胁迫、诱导、教唆他人",
        (true, false) => "主动交代",
        (false, true) => "胁迫、诱导、教唆他人",
        (false, false) => "",
    }
}

fn refused(wrong: Violations) -> ServiceError {
    match wrong.none() {
        Err(refused) => refused,
        Ok(()) => ServiceError::internal(anyhow::anyhow!("area or day is wrong without being told")),
    }
}

async fn decide(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    code: &str,
    acts: &[Entry],
) -> Result<Done<DecidePointsResponse, ()>, ServiceError> {
    let subject = ledger::subject(SubjectKind::Practitioner, code);
    let mut held = Held::read(tx, credit, ledger::hold(tx, &subject).await?).await?;
    let all = standing(&held.entries);
    let decided = all.into_iter().filter(|entry| entry.kind() == EntryKind::PointsDecided);
    let decided: Vec<Entry> = decided.cloned().collect();
    check_once(acts, &decided, &held.entries)?;
    let mut entries = acts.iter().cloned();
    let mut timeline = held.record(tx, credit, entries.next().into_iter().collect()).await?;
    let matter_id = held.entries.last().map(|first| first.matter_id.clone()).unwrap_or_default();
    let others: Vec<Entry> = entries.map(|entry| Entry { matter_id: matter_id.clone(), ..entry }).collect();
    if !others.is_empty() {
        timeline = held.record(tx, credit, others).await?;
    }
    if let Some(first) = acts.first().filter(|first| !first.case_id.is_empty()) {
        proposals::decided(tx, code, (&first.case_id, first.decision_no), &matter_id).await?;
    }
    let today = credit.clock.today();
    let matter = messages::matter(&held.entries, &matter_id, &held.schemes, (caller, today))?;
    let told = qualification(code, today, None, (&timeline, held.known.version));
    let first = acts.first().cloned().unwrap_or_default();
    let answer = DecidePointsResponse {
        matter: Some(matter),
        qualification: Some(told),
        replayed: false,
        open_proposals: proposals::waiting(tx, code, &first.poolarea_no).await?,
        same_case_matters: of_case(&decided, &first.case_id),
    };
    Ok(Done { answer, changed: () })
}

/// Refuses acts that have their points already: under the same name, or by another decision of audit in the same case against the same line.
fn check_once(acts: &[Entry], decided: &[Entry], entries: &[Entry]) -> Result<(), ServiceError> {
    for (at, act) in acts.iter().enumerate() {
        let before = decided.iter().chain(&acts[..at]);
        let mut same = before.filter(|other| other.act_id == act.act_id || is_same(act, other, entries));
        if let Some(by) = same.next() {
            let told = ServiceError::new(Reason::ActCounted, "the act has its points already");
            return Err(told.with("act_id", &act.act_id).with("matter_id", &by.matter_id));
        }
    }
    Ok(())
}

/// Whether two decisions of audit found both acts against one line: what audit corrects it finds anew.
fn is_same(act: &Entry, other: &Entry, entries: &[Entry]) -> bool {
    let found = |act: &Entry| {
        entries.iter().find(|entry| entry.kind() == EntryKind::ActFound && entry.entry_id == act.act_id)
    };
    let Some((one, other)) = found(act).zip(found(other)) else { return false };
    let corrected = one.case_id == other.case_id && one.decision_no != other.decision_no;
    corrected && one.lines.iter().any(|line| other.lines.contains(line))
}

/// Matters that gave points by a case of audit.
fn of_case(decided: &[Entry], case_id: &str) -> Vec<String> {
    let of_it = decided.iter().filter(|entry| !case_id.is_empty() && entry.case_id == case_id);
    of_it.map(|entry| entry.matter_id.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}
