//! Between entries and messages, and the domain.

use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_documents::Dated;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::credit::v1::{
    Entry, EntryKind, PointsAct, PointsAdvice, PointsMatter, Qualification, QualificationStatus,
};
use yizhan_runtime::clock::{day_text, parse_date};
use yizhan_runtime::{Caller, ServiceError};
use yizhan_terms::Area;

use super::domain::advice::{Advice, Kind, Stage};
use super::domain::event::{Event, What};
use super::domain::matter::{Matter, points_of};
use super::domain::table::{MATTERS, Need, Role, State};
use super::domain::timeline::{Standing, Status, Timeline};
use super::store::matters;
use crate::ledger::standing;
use crate::schemes::points::Points;
use crate::schemes::{Schemes, not_in_force};

/// What entries come to.
pub fn timeline(entries: &[Entry], schemes: &Schemes) -> Result<Timeline, ServiceError> {
    Ok(Timeline::of(&events(entries, schemes)?))
}

/// Entries that stand and matter to how somebody stands, read.
pub fn events(entries: &[Entry], schemes: &Schemes) -> Result<Vec<Event>, ServiceError> {
    standing(entries).into_iter().filter_map(|entry| event(entry, schemes).transpose()).collect()
}

/// The scheme an entry was decided by.
pub fn scheme_of<'s>(entry: &Entry, schemes: &'s Schemes) -> Result<&'s Dated<Points>, ServiceError> {
    if let Some(dated) = schemes.by_id::<Points>(&entry.scheme) {
        return Ok(dated);
    }
    let area = Area::parse(&entry.poolarea_no).zip(parse_date(&entry.decided_on));
    let (area, day) = area.ok_or_else(|| unreadable(entry))?;
    schemes.find::<Points>(area, day).map_err(not_in_force)
}

/// `None`: it does not matter to how somebody stands.
fn event(entry: &Entry, schemes: &Schemes) -> Result<Option<Event>, ServiceError> {
    let (what, day) = match entry.kind() {
        EntryKind::Registered => (What::Registered(entry.fixmedins_code.clone()), &entry.from_date),
        EntryKind::Left => (What::Left(entry.fixmedins_code.clone()), &entry.until_date),
        EntryKind::PointsDecided => {
            let scheme = Arc::new(scheme_of(entry, schemes)?.rule.clone());
            (What::Points(points_of(entry), scheme), &entry.decided_on)
        }
        EntryKind::PointsRevised => {
            let act = entry.about_entry_id.clone();
            (What::Revised { act, points: points_of(entry) }, &entry.decided_on)
        }
        EntryKind::Restored => (What::Restored, &entry.from_date),
        EntryKind::Repaired => {
            let until = parse_date(&entry.until_date);
            (What::Repaired { points: points_of(entry), until }, &entry.decided_on)
        }
        _ => return Ok(None),
    };
    let day = parse_date(day).ok_or_else(|| unreadable(entry))?;
    let (id, matter) = (entry.entry_id.clone(), entry.matter_id.clone());
    Ok(Some(Event { id, matter, day, basis: entry.basis.clone(), what }))
}

fn unreadable(entry: &Entry) -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("entry {} has no day or area", entry.entry_id))
}

/// How somebody stands on a day, as it is told.
pub fn qualification(
    practitioner_code: &str,
    day: NaiveDate,
    institution: Option<&str>,
    (timeline, version): (&Timeline, i64),
) -> Qualification {
    let told = timeline.on(day, institution);
    let Standing { status, from, until, ends_on, entry, basis, points, elsewhere } = told;
    Qualification {
        practitioner_code: practitioner_code.to_owned(),
        day: day.to_string(),
        status: QualificationStatus::try_from(status.number()).unwrap_or_default().into(),
        from_date: day_text(from),
        until_date: day_text(until),
        ends_on: day_text(ends_on),
        entry_id: entry,
        basis,
        points: points.try_into().unwrap_or(i32::MAX),
        registered_elsewhere: elsewhere,
        version,
    }
}

/// What of a caller matters to a matter.
pub fn roles(caller: &Caller, first: &Entry) -> Vec<Role> {
    let officer = caller.may_manage_area(Area::parse(&first.poolarea_no));
    let institution = matches!(caller, Caller::Institution { code } if *code == first.fixmedins_code);
    [(officer, Role::Officer), (institution, Role::Institution)]
        .into_iter()
        .filter_map(|(is, role)| is.then_some(role))
        .collect()
}

/// The last day for the step that is next.
pub fn due(matter: &Matter, scheme: &Points, schemes: &Schemes, area: Area) -> Option<NaiveDate> {
    let days = WorkingDays::of(schemes, area);
    matter.due(scheme, |day, count| days.add(day, count).0, |from, to| days.between(from, to).0)
}

/// Whether a step's need is met on a day.
pub fn is_met(
    need: Need,
    (day, area): (NaiveDate, Area),
    (matter, timeline): (&Matter, &Timeline),
    (scheme, schemes): (&Points, &Schemes),
) -> bool {
    let ends_on = timeline.suspended_until(day);
    let decided = matter.acts().next().and_then(|act| parse_date(&act.decided_on));
    match need {
        Need::Suspended => ends_on.is_some(),
        Need::EndsSoon => ends_on.is_some_and(|ends_on| {
            WorkingDays::of(schemes, area).between(day, ends_on).0 <= scheme.restore_apply_days
        }),
        Need::LongEnough => {
            decided.is_some_and(|decided| (day - decided).num_days() >= scheme.repair_after_days.into())
        }
    }
}

/// A matter as a caller sees it today.
pub fn matter(
    entries: &[Entry],
    matter_id: &str,
    schemes: &Schemes,
    (caller, today): (&Caller, NaiveDate),
) -> Result<PointsMatter, ServiceError> {
    let of_it: Vec<&Entry> = entries.iter().filter(|entry| entry.matter_id == matter_id).collect();
    let Some(first) = of_it.first() else { return Ok(PointsMatter::default()) };
    let all = standing(entries);
    let matter = Matter::of(&all, matter_id);
    let dated = scheme_of(first, schemes)?;
    let area = Area::parse(&first.poolarea_no).ok_or_else(|| unreadable(first))?;
    let due = due(&matter, &dated.rule, schemes, area);
    let state = matter.state(today, due);
    let due = due.filter(|_| state != State::Settled);
    let timeline = timeline(entries, schemes)?;
    let met = |need| is_met(need, (today, area), (&matter, &timeline), (&dated.rule, schemes));
    let allowed = MATTERS.case(state, met).allowed(&roles(caller, first));
    let number = |points: u32| points.try_into().unwrap_or(i32::MAX);
    let acts = of_it.iter().filter(|entry| entry.kind() == EntryKind::PointsDecided).map(|act| PointsAct {
        items: vec![act.item.clone()],
        responsibility: act.responsibility,
        points: number(points_of(act)),
        act_id: act.act_id.clone(),
        occurred_on: act.occurred_on.clone(),
        entry_id: act.entry_id.clone(),
        item: act.item.clone(),
        points_now: if matter.0.is_empty() { 0 } else { number(matter.points(act)) },
        ..PointsAct::default()
    });
    Ok(PointsMatter {
        matter_id: matter_id.to_owned(),
        practitioner_code: first.subject.clone().unwrap_or_default().code,
        poolarea_no: first.poolarea_no.clone(),
        fixmedins_code: first.fixmedins_code.clone(),
        state: state.number(),
        acts: acts.collect(),
        points: number(matter.total()),
        decided_on: first.decided_on.clone(),
        due_date: day_text(due),
        overdue: due.is_some_and(|due| due < today),
        allowed_actions: allowed.into_iter().map(|action| action.number()).collect(),
        version: of_it.len().try_into().unwrap_or(i32::MAX),
        basis: first.basis.clone(),
        scheme: first.scheme.clone(),
    })
}

/// A points matter as the worklist finds it; `None` of another.
pub fn matter_row(entries: &[Entry], matter_id: &str) -> Option<matters::Model> {
    let first = entries.iter().find(|entry| entry.matter_id == matter_id)?;
    if first.kind() != EntryKind::PointsDecided {
        return None;
    }
    let matter = Matter::of(&standing(entries), matter_id);
    Some(matters::Model {
        matter_id: matter_id.to_owned(),
        practitioner_code: first.subject.clone().unwrap_or_default().code,
        poolarea_no: first.poolarea_no.clone(),
        fixmedins_code: first.fixmedins_code.clone(),
        state: matter.left_in().number(),
        since: day_text(matter.last_day()),
    })
}

/// Where a matter stands on a day.
pub fn state_of(
    matter: &Matter,
    (first, schemes): (&Entry, &Schemes),
    day: NaiveDate,
) -> Result<State, ServiceError> {
    Ok(matter.state(day, due_of(matter, (first, schemes))?))
}

/// The last day for the step that is next, by the scheme of the decision.
fn due_of(matter: &Matter, (first, schemes): (&Entry, &Schemes)) -> Result<Option<NaiveDate>, ServiceError> {
    let area = Area::parse(&first.poolarea_no).ok_or_else(|| unreadable(first))?;
    Ok(due(matter, &scheme_of(first, schemes)?.rule, schemes, area))
}

/// Where matters stand on a day, as far as advice goes by it, in their order.
pub fn stages(
    all: &[&Entry],
    schemes: &Schemes,
    day: NaiveDate,
) -> Result<Vec<(String, Stage)>, ServiceError> {
    let firsts = all
        .iter()
        .filter(|entry| entry.kind() == EntryKind::PointsDecided && entry.entry_id == entry.matter_id);
    let stage = |first: &&Entry| {
        let matter = Matter::of(all, &first.matter_id);
        let due = due_of(&matter, (first, schemes))?;
        let stage = match matter.state(day, due) {
            State::Decided | State::Noticed => Stage::Appealable(None),
            State::Delivered => Stage::Appealable(due),
            State::Appealed | State::Appraised => Stage::Appealed(due),
            State::Settled => Stage::Settled,
            State::Restoring | State::Repairing | State::Withdrawn => Stage::Applied,
        };
        Ok((first.matter_id.clone(), stage))
    };
    firsts.map(stage).collect()
}

/// The first day on which restoring may be applied for of a suspension with this last day, by the scheme of the last decision.
pub fn restore_from(all: &[&Entry], schemes: &Schemes, ends_on: NaiveDate) -> NaiveDate {
    let last = all.iter().rev().find(|entry| entry.kind() == EntryKind::PointsDecided);
    let found = last.and_then(|last| Some((Area::parse(&last.poolarea_no)?, scheme_of(last, schemes).ok()?)));
    let Some((area, dated)) = found else { return ends_on };
    let days = WorkingDays::of(schemes, area);
    let (mut first, mut left) = (ends_on, dated.rule.restore_apply_days);
    // Back as long as no more working days than that lie behind the day.
    while let Some(before) = first.pred_opt() {
        let working = u32::from(days.is_working_day(first).0);
        if left < working {
            break;
        }
        (first, left) = (before, left - working);
    }
    first
}

/// As it is told.
pub fn advised(one: Advice) -> PointsAdvice {
    let number = |points: u32| points.try_into().unwrap_or(i32::MAX);
    let text = said(&one);
    PointsAdvice {
        kind: one.kind.number(),
        matter_id: one.matter,
        points: number(one.points),
        day: one.day.to_string(),
        until_date: day_text(one.until),
        status: one.status.number(),
        from_date: one.from.to_string(),
        points_left: number(one.left),
        is_least: one.is_least,
        text,
    }
}

fn said(one: &Advice) -> String {
    let Advice { kind, points, day, until, status, from, left, is_least, .. } = one;
    let label =
        if *status == Status::Unregistered { "未登记备案（须另行登记）" } else { status.label() };
    let by = until.map(|until| format!("，最迟 {until}")).unwrap_or_default();
    match kind {
        Kind::Appeal | Kind::Appealed => {
            let begin = match (kind, until) {
                (Kind::Appealed, _) => format!("申诉正在处理{by}"),
                (_, Some(until)) => format!("可以申诉至 {until}"),
                (_, None) => "送达后可以申诉".to_owned(),
            };
            if *is_least {
                return format!(
                    "{begin}；核减 {points} 分即自 {from} 起为“{label}”，所问之日年度记分 {left} 分"
                );
            }
            format!("{begin}；即使 {points} 分全部核减，状态仍为“{label}”，所问之日年度记分 {left} 分")
        }
        Kind::Repair if *is_least => {
            format!("{day} 起可以申请修复；修复 {points} 分即降至 {left} 分，低于暂停标准；状态为“{label}”")
        }
        Kind::Repair => {
            format!("{day} 起可以申请修复，最多修复 {points} 分，年度记分降至 {left} 分；状态为“{label}”")
        }
        Kind::Shorten => {
            format!(
                "{day} 起可以申请修复缩短暂停{}；{from} 恢复后为“{label}”",
                until.map(|until| format!("至 {until}")).unwrap_or_default()
            )
        }
        Kind::Restore => format!("{day} 起可以申请恢复；经审核同意，最早 {from} 起为“{label}”"),
        Kind::Register => format!("{from} 起可以登记备案，登记后为“{label}”"),
        Kind::YearEnd => format!("{points} 分于 {from} 清零；届时状态为“{label}”，暂停、终止不因清零结束"),
    }
}
