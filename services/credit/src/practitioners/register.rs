//! 登记备案, and leaving.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{
    Entry, EntryKind, LeaveInstitutionRequest, LeaveInstitutionResponse, RegisterPractitionersRequest,
    RegisterPractitionersResponse, SubjectKind,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::{Area, is_fixmedins_code};

use super::changes::Held;
use super::domain::timeline::Status;
use super::messages::qualification;
use crate::app::Credit;
use crate::ledger::{self, is_code, standing};
use crate::officer::check_opter;

/// Registrations in one call at most.
const MAX_REGISTRATIONS: usize = 200;
/// Papers of an entry at most.
const MAX_PAPERS: usize = 20;

/// All or none.
pub async fn register_practitioners(
    credit: &Credit,
    caller: &Caller,
    mut request: RegisterPractitionersRequest,
) -> Result<RegisterPractitionersResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    fields.code("fixmedins_code", &request.fixmedins_code, is_fixmedins_code);
    let fits = (1..=MAX_REGISTRATIONS).contains(&request.registrations.len());
    wrong.require(fits, "registrations", Reason::CountInvalid.saying("每次 1 至 200 人"));
    let (today, mut seen) = (credit.clock.today(), BTreeSet::new());
    let asked = request.registrations.iter().take(MAX_REGISTRATIONS).enumerate().map(|(at, one)| {
        let prefix = format!("registrations[{at}].");
        check_papers(&format!("{prefix}file_ids"), &one.file_ids, true, &mut wrong);
        let mut fields = Fields::within(&prefix, &mut wrong);
        let code = is_code(&one.practitioner_code) && seen.insert(&one.practitioner_code);
        fields.require(code, "practitioner_code", Reason::Characters.saying("代码应为 1 至 30 位，且不重复"));
        let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
        fields.optional("from_date", &one.from_date, past).map(|day| day.unwrap_or(today))
    });
    let days: Vec<Option<NaiveDate>> = asked.collect();
    let (days, area) = wrong.finish(days.into_iter().collect::<Option<Vec<_>>>().zip(area))?;
    check_speaks(caller, area, &request.fixmedins_code)?;
    let (request, days) = (&request, &days);
    once::once(credit, &key, |write| Box::pin(register(write, caller, request, days))).await
}

async fn register(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    request: &RegisterPractitionersRequest,
    days: &[NaiveDate],
) -> Result<Done<RegisterPractitionersResponse, ()>, ServiceError> {
    // In one order, so that nobody waits in a circle.
    let mut order: Vec<usize> = (0..days.len()).collect();
    order.sort_by_key(|at| &request.registrations[*at].practitioner_code);
    let mut told = vec![Default::default(); days.len()];
    for at in order {
        let (one, day) = (&request.registrations[at], days[at]);
        let code = one.practitioner_code.as_str();
        let subject = ledger::subject(SubjectKind::Practitioner, code);
        let known = ledger::make_known(tx, &subject, &request.poolarea_no).await?;
        let mut held = Held::read(tx, credit, known).await?;
        let standing = held.timeline()?.on(day, None);
        let barred =
            standing.ends_on.filter(|ends_on| standing.status == Status::Terminated && day <= *ends_on);
        if let Some(until) = barred {
            let told = ServiceError::new(Reason::TerminatedStill, "terminated, and not over on that day");
            return Err(told.with("practitioner_code", code).with("until", until));
        }
        let entry = Entry {
            kind: EntryKind::Registered.into(),
            from_date: day.to_string(),
            file_ids: one.file_ids.clone(),
            ..entry(caller, (&request.poolarea_no, &request.fixmedins_code, &request.opter), day)
        };
        let timeline = held.record(tx, credit, vec![entry]).await?;
        let place = Some(request.fixmedins_code.as_str());
        told[at] = qualification(code, credit.clock.today(), place, (&timeline, held.known.version));
    }
    Ok(Done { answer: RegisterPractitionersResponse { qualifications: told, replayed: false }, changed: () })
}

/// Ends a registration, or takes the last one or its end back.
pub async fn leave_institution(
    credit: &Credit,
    caller: &Caller,
    mut request: LeaveInstitutionRequest,
) -> Result<LeaveInstitutionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    wrong.require(is_code(&request.practitioner_code), "practitioner_code", Reason::Characters);
    let taken = !request.take_back || request.until_date.is_empty();
    wrong.require(taken, "until_date", Reason::FieldNotExpected);
    let today = credit.clock.today();
    let mut fields = Fields::of(&mut wrong);
    fields.code("fixmedins_code", &request.fixmedins_code, is_fixmedins_code);
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let day = fields.optional("until_date", &request.until_date, past);
    let day = wrong.finish(day)?.unwrap_or(today);
    let request = &request;
    once::once(credit, &key, |write| Box::pin(leave(write, caller, request, day))).await
}

async fn leave(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    request: &LeaveInstitutionRequest,
    day: NaiveDate,
) -> Result<Done<LeaveInstitutionResponse, ()>, ServiceError> {
    let code = request.practitioner_code.as_str();
    let subject = ledger::subject(SubjectKind::Practitioner, code);
    let mut held = Held::read(tx, credit, ledger::hold(tx, &subject).await?).await?;
    let all = standing(&held.entries);
    let last = all.iter().rev().find(|entry| {
        let there = entry.fixmedins_code == request.fixmedins_code;
        there && matches!(entry.kind(), EntryKind::Registered | EntryKind::Left)
    });
    let open = last.filter(|entry| request.take_back || entry.kind() == EntryKind::Registered);
    let not_there = || ServiceError::new(Reason::NotRegisteredThere, "not registered at this institution");
    let open = open.filter(|entry| request.take_back || entry.from_date <= day.to_string());
    let open = (*open.ok_or_else(not_there)?).clone();
    let area = Area::parse(&open.poolarea_no).ok_or_else(not_there)?;
    check_speaks(caller, area, &request.fixmedins_code)?;
    let mut next = entry(caller, (&open.poolarea_no, &open.fixmedins_code, &request.opter), day);
    if request.take_back {
        next.kind = EntryKind::Withdrawn.into();
        next.undoes_entry_id = open.entry_id;
    } else {
        next.kind = EntryKind::Left.into();
        next.until_date = day.to_string();
    }
    next.matter_id = open.matter_id;
    let timeline = held.record(tx, credit, vec![next]).await?;
    let place = Some(request.fixmedins_code.as_str());
    let told = qualification(code, credit.clock.today(), place, (&timeline, held.known.version));
    Ok(Done { answer: LeaveInstitutionResponse { qualification: Some(told), replayed: false }, changed: () })
}

/// What every entry says: where, by whom, on which day.
pub fn entry(
    caller: &Caller,
    (poolarea_no, fixmedins_code, opter): (&str, &str, &str),
    day: NaiveDate,
) -> Entry {
    Entry {
        poolarea_no: poolarea_no.to_owned(),
        fixmedins_code: fixmedins_code.to_owned(),
        opter: opter.to_owned(),
        actor: caller.to_string(),
        decided_on: day.to_string(),
        ..Entry::default()
    }
}

/// Numbers of papers.
pub fn check_papers(field: &str, given: &[String], needed: bool, wrong: &mut Violations) {
    wrong.require(!needed || !given.is_empty(), field, Reason::Required.saying("缺少材料"));
    wrong.require(given.len() <= MAX_PAPERS, field, Reason::TooMany.saying("最多 20 份"));
    wrong.require(given.iter().all(|id| is_code(id)), field, Reason::Characters);
}

/// The agency of the area, or the institution.
fn check_speaks(caller: &Caller, area: Area, institution: &str) -> Result<(), ServiceError> {
    let speaks = caller.may_manage_area(area) || caller.may_act_for_institution(institution);
    if speaks { Ok(()) } else { Err(ServiceError::area_not_owned(area)) }
}
