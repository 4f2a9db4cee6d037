//! A step of a points matter.

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{AdvancePointsRequest, AdvancePointsResponse, Entry, EntryKind};
use yizhan_runtime::clock::{day_text, parse_date};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, Said, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_workflow::{Refused, Why, is_reason};

use super::changes::Held;
use super::domain::matter::{Matter, kind_of};
use super::domain::table::{Action, MATTERS, Need, State};
use super::domain::timeline::Timeline;
use super::messages::{self, due, is_met, qualification, roles, scheme_of};
use super::queries::matter_unknown;
use super::register::{check_papers, entry};
use crate::app::Credit;
use crate::ledger::{self, standing};
use crate::officer::check_opter;
use crate::proposals;
use crate::schemes::points::Points;

/// Takes it; of two who take one at once, one does, and the other is told what it finds.
pub async fn advance_points(
    credit: &Credit,
    caller: &Caller,
    mut request: AdvancePointsRequest,
) -> Result<AdvancePointsResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    let action = Action::of(request.action).filter(|action| *action != Action::Decide);
    let action = wrong.some(action, "action", Reason::ActionUnknown);
    let is = |one: Action| action == Some(one);
    wrong.require(is(Action::DecideAppeal) || request.points.is_empty(), "points", Reason::FieldNotExpected);
    let repair = request.repaired_points == 0 && request.until_date.is_empty();
    wrong.require(is(Action::Repair) != repair, "repaired_points", Reason::FieldNotExpected);
    wrong.require(request.repaired_points >= 0, "repaired_points", Reason::CountInvalid);
    let says_why = action.is_some_and(|action| MATTERS.says_why(action));
    wrong.require(!says_why || !request.reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    wrong.require(is_reason(&request.reason), "reason", Reason::ReasonInvalid);
    check_papers("file_ids", &request.file_ids, is(Action::Appeal), &mut wrong);
    let rectified = !is(Action::ApplyRepair) || !request.file_ids.is_empty();
    wrong.require(rectified, "file_ids", Reason::RectificationMissing);
    let today = credit.clock.today();
    let mut fields = Fields::of(&mut wrong);
    fields.optional("until_date", &request.until_date, Fields::date);
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let day = fields.optional("day", &request.day, past);
    let officer = request.day.is_empty() || !matches!(caller, Caller::Institution { .. });
    fields.require(officer, "day", Reason::FieldNotExpected);
    let (action, day) = wrong.finish(action.zip(day))?;
    let step = Step { caller, request: &request, action, day: day.unwrap_or(today) };
    once::once(credit, &key, |write| Box::pin(step.write(write))).await
}

struct Step<'a> {
    caller: &'a Caller,
    request: &'a AdvancePointsRequest,
    action: Action,
    day: NaiveDate,
}

impl Step<'_> {
    async fn write(
        &self,
        Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    ) -> Result<Done<AdvancePointsResponse, ()>, ServiceError> {
        let matter_id = self.request.matter_id.as_str();
        let first = ledger::of_matter(tx, matter_id).await?.into_iter().next().ok_or_else(matter_unknown)?;
        let roles = roles(self.caller, &first);
        if first.kind() != EntryKind::PointsDecided || roles.is_empty() {
            return Err(matter_unknown());
        }
        let subject = first.subject.clone().unwrap_or_default();
        let mut held = Held::read(tx, credit, ledger::hold(tx, &subject).await?).await?;
        let current = held.entries.iter().filter(|entry| entry.matter_id == matter_id).count();
        self.check_version(current)?;
        let (all, timeline) = (standing(&held.entries), held.timeline()?);
        let matter = Matter::of(&all, matter_id);
        let scheme = &scheme_of(&first, &held.schemes)?.rule;
        let area = Area::parse(&first.poolarea_no).ok_or_else(matter_unknown)?;
        let last_day = due(&matter, scheme, &held.schemes, area);
        let state = matter.state(self.day, last_day);
        if self.action == Action::Appeal && state != matter.left_in() {
            let told = ServiceError::new(Reason::AppealTooLate, "nobody appealed in time");
            return Err(told.with("last_day", day_text(last_day)));
        }
        let met = |need| is_met(need, (self.day, area), (&matter, &timeline), (scheme, &held.schemes));
        MATTERS.case(state, met).next(self.action, &roles).map_err(refused)?;
        if matter.last_day().is_some_and(|last| self.day < last) {
            return Err(wrong("day", Reason::DatesReversed.saying("不能早于上一步的日期")));
        }
        let place = (first.poolarea_no.as_str(), first.fixmedins_code.as_str(), self.request.opter.as_str());
        let said = Entry {
            matter_id: matter_id.to_owned(),
            note: self.request.reason.clone(),
            file_ids: self.request.file_ids.clone(),
            scheme: first.scheme.clone(),
            basis: first.basis.clone(),
            ..entry(self.caller, place, self.day)
        };
        let entries = self.entries(said, (&matter, &all), &timeline, scheme)?;
        let timeline = held.record(tx, credit, entries).await?;
        if self.action == Action::TakeBack
            && !standing(&held.entries).iter().any(|entry| entry.matter_id == matter_id)
        {
            proposals::undecided(tx, matter_id).await?;
        }
        let today = credit.clock.today();
        let matter = messages::matter(&held.entries, matter_id, &held.schemes, (self.caller, today))?;
        let told = qualification(&subject.code, today, None, (&timeline, held.known.version));
        let answer =
            AdvancePointsResponse { matter: Some(matter), qualification: Some(told), replayed: false };
        Ok(Done { answer, changed: () })
    }

    /// Who decides decides on what they saw.
    fn check_version(&self, current: usize) -> Result<(), ServiceError> {
        let known = self.request.version;
        if usize::try_from(known) == Ok(current) || known == 0 && self.action != Action::TakeBack {
            return Ok(());
        }
        let told = ServiceError::new(Reason::CaseVersionStale, "the matter has had another step since");
        Err(told.with("known", known).with("current", current))
    }

    /// What the step enters.
    fn entries(
        &self,
        said: Entry,
        (matter, all): (&Matter, &[&Entry]),
        timeline: &Timeline,
        scheme: &Points,
    ) -> Result<Vec<Entry>, ServiceError> {
        let Some(kind) = kind_of(self.action) else {
            let undone = matter.last_step();
            let whole = undone.iter().any(|entry| entry.kind() == EntryKind::PointsDecided);
            // That the other acts of the proposal give none was said with it.
            let dismissed = all.iter().copied().filter(|entry| {
                let of_it = entry.about_entry_id == said.matter_id;
                whole && of_it && entry.kind() == EntryKind::ActClosed
            });
            let undone = undone.into_iter().chain(dismissed).map(|undone| Entry {
                kind: EntryKind::Withdrawn.into(),
                matter_id: undone.matter_id.clone(),
                undoes_entry_id: undone.entry_id.clone(),
                ..said.clone()
            });
            return Ok(undone.collect());
        };
        let mut step = Entry { kind: kind.into(), ..said.clone() };
        match self.action {
            Action::Restore => {
                let after = timeline.suspended_until(self.day).and_then(|ends_on| ends_on.succ_opt());
                step.from_date = after.map_or(self.day, |after| after.max(self.day)).to_string();
            }
            Action::Repair => self.check_repair((matter, all), timeline, scheme).map(|()| {
                step.value = self.request.repaired_points.to_string();
                step.until_date.clone_from(&self.request.until_date);
            })?,
            _ => {}
        }
        let revised = self.revised(matter, &said)?;
        Ok([vec![step], revised].concat())
    }

    /// Acts whose points an appeal changes.
    fn revised(&self, matter: &Matter, said: &Entry) -> Result<Vec<Entry>, ServiceError> {
        let mut violations = Violations::new();
        let revised = self.request.points.iter().enumerate().filter_map(|(at, revised)| {
            let act = matter.acts().find(|act| act.entry_id == revised.entry_id);
            let twice = self.request.points[..at].iter().any(|other| other.entry_id == revised.entry_id);
            let act = violations.some(
                act.filter(|_| !twice),
                format!("points[{at}].entry_id"),
                Reason::CodeUnknown,
            )?;
            let points = u32::try_from(revised.points).ok().filter(|points| *points <= matter.points(act));
            let points =
                violations.some(points, format!("points[{at}].points"), Reason::PointsOutsideBand)?;
            Some(Entry {
                kind: EntryKind::PointsRevised.into(),
                about_entry_id: act.entry_id.clone(),
                item: act.item.clone(),
                value: points.to_string(),
                ..said.clone()
            })
        });
        let revised: Vec<Entry> = revised.collect();
        violations.finish(Some(revised))
    }

    /// No more than the scheme lets a year get back, and the matter gave; no suspension shorter than it says.
    fn check_repair(
        &self,
        (matter, all): (&Matter, &[&Entry]),
        timeline: &Timeline,
        scheme: &Points,
    ) -> Result<(), ServiceError> {
        let mut violations = Violations::new();
        let most = matter.repairable(all, scheme, self.day);
        let asked = u32::try_from(self.request.repaired_points).unwrap_or(u32::MAX);
        let told = format!("最多修复 {most} 分");
        violations.require(asked <= most, "repaired_points", Reason::RepairTooMuch.saying(told));
        if let Some(until) = parse_date(&self.request.until_date) {
            let ends_on = timeline.suspended_until(self.day);
            let shorter = ends_on.is_some_and(|ends_on| until < ends_on);
            let fits = shorter && matter.shortest(scheme).is_some_and(|least| least <= until);
            violations.require(fits, "until_date", Reason::RepairTooMuch);
        }
        violations.none()
    }
}

fn wrong(field: &str, said: impl Into<Said>) -> ServiceError {
    let mut violations = Violations::new();
    violations.push(field, said);
    match violations.none() {
        Err(error) => error,
        Ok(()) => ServiceError::internal(anyhow::anyhow!("a violation was not told")),
    }
}

/// Where it stands, why not, and what can be done.
fn refused(refused: Refused<State, Action, Need>) -> ServiceError {
    let Refused { state, why, allowed } = refused;
    let labels: Vec<&str> = allowed.iter().map(|action| action.label()).collect();
    let names: Vec<&str> = allowed.iter().map(|action| action.name()).collect();
    let can = if labels.is_empty() {
        "没有可办理的操作".to_owned()
    } else {
        format!("可以：{}", labels.join("、"))
    };
    let why = match why {
        Why::Needs(Need::Suspended) => "当日未被暂停，",
        Why::Needs(Need::EndsSoon) => "未到可以申请恢复的日期，",
        Why::Needs(Need::LongEnough) => "未到可以申请修复的日期，",
        Why::NotByThisRole | Why::NotInThisState => "",
    };
    ServiceError::new(Reason::PointsStepRefused, "the matter does not allow this step now")
        .with_text(format!("该记分事项现为“{}”，{why}不能办理此操作；{can}", state.label()))
        .with("state", state.name())
        .with("allowed_actions", names.join(","))
}
