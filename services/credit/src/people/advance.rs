//! Steps of a matter of conduct: the person objects, the agency decides, or takes the last step back.

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{
    DecideObjectionRequest, DecideObjectionResponse, Entry, EntryKind, ObjectToConductRequest,
    ObjectToConductResponse, PersonMatter, TakeBackConductRequest, TakeBackConductResponse,
};
use yizhan_runtime::clock::{day_text, parse_date};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_workflow::{Refused, is_reason, no_needs};

use super::domain::matter::{Matter, kind_of};
use super::domain::table::{Action, MATTERS, State};
use super::messages::{self, Asked, To, due, roles, scheme_of};
use super::persons;
use crate::app::Credit;
use crate::ledger::{self, is_code};
use crate::officer::check_opter;
use crate::practitioners::{check_papers, entry};

/// What somebody does with a matter.
struct Step<'a> {
    caller: &'a Caller,
    /// Numbers of the caller, where it is a person.
    own: Vec<String>,
    matter_id: &'a str,
    action: Action,
    reason: &'a str,
    opter: &'a str,
    file_ids: &'a [String],
    version: i32,
    day: NaiveDate,
}

/// 异议
pub async fn object_to_conduct(
    credit: &Credit,
    caller: &Caller,
    mut request: ObjectToConductRequest,
) -> Result<ObjectToConductResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(credit, &key).await? {
        return Ok(answer);
    }
    check(caller, (&request.matter_id, &request.reason, &request.opter), &mut wrong);
    check_papers("file_ids", &request.file_ids, false, &mut wrong);
    let today = credit.clock.today();
    let mut fields = Fields::of(&mut wrong);
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let day = fields.optional("day", &request.day, past);
    let officer = request.day.is_empty() || !matches!(caller, Caller::Person { .. });
    fields.require(officer, "day", Reason::FieldNotExpected);
    let day = wrong.finish(day)?.unwrap_or(today);
    let ObjectToConductRequest { matter_id, reason, opter, file_ids, .. } = &request;
    let own = own(credit, caller).await?;
    let step =
        Step { caller, own, matter_id, action: Action::Object, reason, opter, file_ids, version: 0, day };
    let answer = |matter| ObjectToConductResponse { matter: Some(matter), replayed: false };
    once::once(credit, &key, |write| Box::pin(step.done(write, answer))).await
}

/// 异议决定
pub async fn decide_objection(
    credit: &Credit,
    caller: &Caller,
    mut request: DecideObjectionRequest,
) -> Result<DecideObjectionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(credit, &key).await? {
        return Ok(answer);
    }
    check(caller, (&request.matter_id, &request.reason, &request.opter), &mut wrong);
    wrong.none()?;
    let DecideObjectionRequest { matter_id, reason, opter, version, .. } = &request;
    let action = if request.upheld { Action::Uphold } else { Action::Refuse };
    let (own, day, version) = (own(credit, caller).await?, credit.clock.today(), *version);
    let step = Step { caller, own, matter_id, action, reason, opter, file_ids: &[], version, day };
    let answer = |matter| DecideObjectionResponse { matter: Some(matter), replayed: false };
    once::once(credit, &key, |write| Box::pin(step.done(write, answer))).await
}

/// 撤回上一步
pub async fn take_back_conduct(
    credit: &Credit,
    caller: &Caller,
    mut request: TakeBackConductRequest,
) -> Result<TakeBackConductResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(credit, &key).await? {
        return Ok(answer);
    }
    check(caller, (&request.matter_id, &request.reason, &request.opter), &mut wrong);
    wrong.none()?;
    let TakeBackConductRequest { matter_id, reason, opter, version, .. } = &request;
    let (own, day, version) = (own(credit, caller).await?, credit.clock.today(), *version);
    let action = Action::TakeBack;
    let step = Step { caller, own, matter_id, action, reason, opter, file_ids: &[], version, day };
    let answer = |matter| TakeBackConductResponse { matter: Some(matter), replayed: false };
    once::once(credit, &key, |write| Box::pin(step.done(write, answer))).await
}

fn check(caller: &Caller, (matter_id, reason, opter): (&str, &str, &str), wrong: &mut Violations) {
    check_opter(caller, opter, wrong);
    wrong.require(is_code(matter_id), "matter_id", Reason::Characters);
    wrong.require(!reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    wrong.require(is_reason(reason), "reason", Reason::ReasonInvalid);
}

/// The numbers of a person who calls: conduct may stand under one that went.
async fn own(credit: &Credit, caller: &Caller) -> Result<Vec<String>, ServiceError> {
    match caller {
        Caller::Person { psn_no } => Ok(persons::find(credit, psn_no).await?.numbers),
        _ => Ok(Vec::new()),
    }
}

/// No such matter, or not one the caller may know of.
fn unknown() -> ServiceError {
    ServiceError::new(Reason::ConductUnknown, "no such matter of conduct")
}

impl Step<'_> {
    async fn done<A>(
        &self,
        write: Write<'_, '_, Credit>,
        answer: impl FnOnce(PersonMatter) -> A,
    ) -> Result<Done<A, ()>, ServiceError> {
        Ok(Done { answer: answer(self.write(write).await?), changed: () })
    }

    async fn write(
        &self,
        Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    ) -> Result<PersonMatter, ServiceError> {
        let first = ledger::of_matter(tx, self.matter_id).await?.into_iter().next().ok_or_else(unknown)?;
        let roles = roles(self.caller, &first, &self.own);
        if first.kind() != EntryKind::PersonConduct || roles.is_empty() {
            return Err(unknown());
        }
        let subject = first.subject.clone().unwrap_or_default();
        let mut known = ledger::hold(tx, &subject).await?;
        let mut entries = ledger::of_subject(tx, &subject).await?;
        let schemes = credit.schemes.current();
        let matter = Matter::find(&entries, self.matter_id).ok_or_else(unknown)?;
        self.check_version(matter.count)?;
        let last_day = due(&matter, &schemes)?;
        let state = matter.state(self.day, last_day);
        if self.action == Action::Object && state != matter.left_in() {
            let told = ServiceError::new(Reason::ObjectionTooLate, "nobody objected in time");
            return Err(told.with("last_day", day_text(last_day)));
        }
        MATTERS.case(state, no_needs).next(self.action, &roles).map_err(refused)?;
        let said = self.entry(&matter, &first)?;
        entries.extend(ledger::append(tx, credit, &mut known, vec![said]).await?);
        let matters = Matter::all(&entries);
        let today = credit.clock.today();
        let asked = Asked { schemes: &schemes, scheme: &scheme_of(&first, &schemes)?.rule, day: today };
        let told = messages::told(&matters, asked, To { caller: self.caller, own: &self.own, today })?;
        told.into_iter().find(|matter| matter.matter_id == self.matter_id).ok_or_else(unknown)
    }

    /// Who decides decides on what they saw.
    fn check_version(&self, current: usize) -> Result<(), ServiceError> {
        let known = self.version;
        if usize::try_from(known) == Ok(current) || known == 0 && self.action != Action::TakeBack {
            return Ok(());
        }
        let told = ServiceError::new(Reason::CaseVersionStale, "the matter has had another step since");
        Err(told.with("known", known).with("current", current))
    }

    /// What the step enters.
    fn entry(&self, matter: &Matter<'_>, first: &Entry) -> Result<Entry, ServiceError> {
        let last = matter.last_step().map(|(entry, _)| entry);
        if last.and_then(|last| parse_date(&last.decided_on)).is_some_and(|last| self.day < last) {
            let said = Reason::DatesReversed.saying("不能早于上一步的日期");
            return Err(ServiceError::invalid_field("day", said));
        }
        let said = Entry {
            matter_id: self.matter_id.to_owned(),
            note: self.reason.to_owned(),
            file_ids: self.file_ids.to_vec(),
            scheme: first.scheme.clone(),
            item: first.item.clone(),
            ..entry(self.caller, (&first.poolarea_no, "", self.opter), self.day)
        };
        Ok(match kind_of(self.action) {
            Some(kind) => Entry { kind: kind.into(), ..said },
            None => Entry {
                kind: EntryKind::Withdrawn.into(),
                undoes_entry_id: last.map(|last| last.entry_id.clone()).unwrap_or_default(),
                ..said
            },
        })
    }
}

/// Where it stands, why not, and what can be done.
fn refused<N>(refused: Refused<State, Action, N>) -> ServiceError {
    let Refused { state, allowed, .. } = refused;
    let labels: Vec<&str> = allowed.iter().map(|action| action.label()).collect();
    let names: Vec<&str> = allowed.iter().map(|action| action.name()).collect();
    let can = if labels.is_empty() {
        "没有可办理的操作".to_owned()
    } else {
        format!("可以：{}", labels.join("、"))
    };
    ServiceError::new(Reason::ConductStepRefused, "the matter does not allow this step now")
        .with_text(format!("该记录现为“{}”，不能办理此操作；{can}", state.label()))
        .with("state", state.name())
        .with("allowed_actions", names.join(","))
}
