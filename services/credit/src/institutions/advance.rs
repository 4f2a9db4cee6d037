//! A step of an assessment, or of conduct.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_documents::value::plain_number;
use yizhan_proto::credit::v1::{AdvanceGradeRequest, AdvanceGradeResponse, Entry, EntryKind};
use yizhan_runtime::clock::day_text;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_workflow::{Refused, Why, is_reason};

use super::changes::Held;
use super::domain::facts::{Facts, as_of, year_of};
use super::domain::matter::{Matter, begins, kind_of};
use super::domain::score::score;
use super::domain::table::{Action, MATTERS, Need, State};
use super::messages::{self, due, matter_unknown, roles, scheme_of};
use crate::app::Credit;
use crate::ledger::{self, standing};
use crate::officer::check_opter;
use crate::practitioners::check_papers;
use crate::schemes::scorecard::{DIGITS, Scorecard};

/// Conduct that one objection undoes at most.
pub const MAX_UNDONE: usize = 50;

/// Takes it; of two who take one at once, one does, and the other is told what it finds.
pub async fn advance_grade(
    credit: &Credit,
    caller: &Caller,
    mut request: AdvanceGradeRequest,
) -> Result<AdvanceGradeResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    let begun = |action: &Action| matches!(action, Action::Propose | Action::Record);
    let action = Action::of(request.action).filter(|action| !begun(action));
    let action = wrong.some(action, "action", Reason::ActionUnknown);
    let is = |one: Action| action == Some(one);
    let undone = &request.undone_entry_ids;
    let decides = is(Action::DecideObjection) || undone.is_empty();
    wrong.require(decides, "undone_entry_ids", Reason::FieldNotExpected);
    let fits = undone.len() <= MAX_UNDONE;
    wrong.require(fits, "undone_entry_ids", Reason::TooMany.saying("最多 50 条"));
    let repairs = is(Action::Repair) || request.repaired_points.is_empty();
    wrong.require(repairs, "repaired_points", Reason::FieldNotExpected);
    let says_why = action.is_some_and(|action| MATTERS.says_why(action));
    wrong.require(!says_why || !request.reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    wrong.require(is_reason(&request.reason), "reason", Reason::ReasonInvalid);
    check_papers("file_ids", &request.file_ids, false, &mut wrong);
    let rectified = !is(Action::ApplyRepair) || !request.file_ids.is_empty();
    wrong.require(rectified, "file_ids", Reason::RectificationMissing);
    let today = credit.clock.today();
    let mut fields = Fields::of(&mut wrong);
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
    request: &'a AdvanceGradeRequest,
    action: Action,
    day: NaiveDate,
}

impl Step<'_> {
    async fn write(
        &self,
        Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    ) -> Result<Done<AdvanceGradeResponse, ()>, ServiceError> {
        let matter_id = self.request.matter_id.as_str();
        let first = ledger::of_matter(tx, matter_id).await?.into_iter().next().ok_or_else(matter_unknown)?;
        if !begins(&first) || roles(self.caller, &first).is_empty() {
            return Err(matter_unknown());
        }
        let subject = first.subject.clone().unwrap_or_default();
        let known = ledger::hold(tx, &subject).await?;
        let mut held = Held::read(tx, credit, known, &first.poolarea_no).await?;
        self.check_version(held.entries.iter().filter(|entry| entry.matter_id == matter_id).count())?;
        let entries = self.entries(&held, &first)?;
        held.record(tx, credit, entries).await?;
        let on = (self.caller, credit.clock.today());
        let matter = messages::matter(&held.entries, matter_id, &held.schemes, on)?;
        Ok(Done { answer: AdvanceGradeResponse { matter: Some(matter), replayed: false }, changed: () })
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

    /// What the step enters, if it may be taken.
    fn entries(&self, held: &Held, first: &Entry) -> Result<Vec<Entry>, ServiceError> {
        let all = standing(&held.entries);
        let matter = Matter::of(&all, &self.request.matter_id);
        let (dated, area) = scheme_of(first, &held.schemes)?;
        let last_day = due(&matter, &dated.rule, &held.schemes, area);
        let met = |need| matter.is_met(need, self.day, last_day, &dated.rule);
        let allowed = MATTERS.case(matter.state(), met).next(self.action, &roles(self.caller, first));
        allowed.map_err(|refused| told(refused, last_day))?;
        let mut wrong = Violations::new();
        let in_order = matter.last_day().is_none_or(|last| last <= self.day);
        wrong.require(in_order, "day", Reason::DatesReversed.saying("不能早于上一步的日期"));
        wrong.none()?;
        let said = Entry {
            matter_id: self.request.matter_id.clone(),
            note: self.request.reason.clone(),
            file_ids: self.request.file_ids.clone(),
            scheme: first.scheme.clone(),
            basis: first.basis.clone(),
            ..messages::entry(self.caller, (&held.poolarea_no, &self.request.opter), self.day)
        };
        let step = |kind: EntryKind| Entry { kind: kind.into(), ..said.clone() };
        let Some(kind) = kind_of(self.action) else {
            let undone = self.undone_with(held, &matter).into_iter();
            let undone = undone.chain(matter.last_step().into_iter().map(|entry| entry.entry_id.as_str()));
            return Ok(undone.map(|id| withdrawal(&said, id)).collect());
        };
        match self.action {
            Action::DecideObjection => self.objection_decided(held, &matter, (step(kind), &dated.rule)),
            Action::Finalise => {
                let assessed = matter.assessed().ok_or_else(matter_unknown)?;
                Ok(vec![with_grade(step(kind), assessed, (&assessed.value, &assessed.item))])
            }
            Action::Repair => {
                let value = self.repaired(&matter)?.normalize().to_string();
                Ok(vec![Entry { value, ..step(kind) }])
            }
            _ => Ok(vec![step(kind)]),
        }
    }

    /// Conduct that does not count any more, and the score that is left: calculated, not said.
    fn objection_decided(
        &self,
        held: &Held,
        matter: &Matter,
        (decision, scheme): (Entry, &Scorecard),
    ) -> Result<Vec<Entry>, ServiceError> {
        let assessed = matter.assessed().ok_or_else(matter_unknown)?;
        let year = year_of(assessed).ok_or_else(matter_unknown)?;
        let stands = as_of(&held.entries, &held.poolarea_no, self.day);
        let (mut wrong, mut seen) = (Violations::new(), BTreeSet::new());
        for (at, id) in self.request.undone_entry_ids.iter().enumerate() {
            let conduct = stands.iter().find(|entry| entry.entry_id == *id);
            let conduct = conduct.is_some_and(|entry| entry.kind() == EntryKind::Conduct) && seen.insert(id);
            wrong.require(conduct, format!("undone_entry_ids[{at}]"), Reason::CodeUnknown);
        }
        wrong.none()?;
        let left: Vec<&Entry> = stands.iter().filter(|entry| !seen.contains(&entry.entry_id)).collect();
        let scored = score(&Facts::of(&left, scheme, year), scheme).map_err(|missing| {
            ServiceError::internal(anyhow::anyhow!("assessed without values: {}", missing.join(", ")))
        })?;
        let undone = self.request.undone_entry_ids.iter().map(|id| withdrawal(&decision, id));
        let grade = scored.grade(scheme);
        let decided = with_grade(decision.clone(), assessed, (&format!("{:.2}", scored.score), grade));
        Ok(undone.chain([decided]).collect())
    }

    /// Withdrawals that came with the step which is taken back: of conduct, by the decision on an objection.
    fn undone_with<'h>(&self, held: &'h Held, matter: &Matter) -> Vec<&'h str> {
        if matter.state() != State::ObjectionDecided {
            return Vec::new();
        }
        let of = |id: &str| held.entries.iter().find(|entry| entry.entry_id == id);
        let others = |entry: &&Entry| {
            entry.matter_id == matter.id()
                && of(&entry.undoes_entry_id).is_some_and(|undone| undone.matter_id != matter.id())
        };
        let withdrawn: BTreeSet<&str> =
            held.entries.iter().map(|entry| entry.undoes_entry_id.as_str()).collect();
        let stands = held.entries.iter().filter(others).map(|entry| entry.entry_id.as_str());
        stands.filter(|id| !withdrawn.contains(id)).collect()
    }

    /// No more than is left of it; of a veto nothing is said.
    fn repaired(&self, matter: &Matter) -> Result<Decimal, ServiceError> {
        let (points, repaired) = matter.points();
        let asked = &self.request.repaired_points;
        let mut wrong = Violations::new();
        if points.is_zero() {
            wrong.require(asked.is_empty(), "repaired_points", Reason::FieldNotExpected);
            return wrong.finish(Some(Decimal::ZERO));
        }
        let left = points - repaired;
        let number = plain_number(asked).map(|number| number.normalize());
        let fits =
            number.filter(|number| *number > Decimal::ZERO && *number <= left && number.scale() <= DIGITS);
        let told = Reason::RepairTooMuch.saying(format!("应大于 0，最多修复 {} 分", left.normalize()));
        let fits = wrong.some(fits, "repaired_points", told);
        wrong.finish(fits)
    }
}

/// That an entry does not count any more.
fn withdrawal(said: &Entry, entry_id: &str) -> Entry {
    Entry { kind: EntryKind::Withdrawn.into(), undoes_entry_id: entry_id.to_owned(), ..said.clone() }
}

/// A step with score and grade, of the year of an assessment.
fn with_grade(step: Entry, assessed: &Entry, (score, grade): (&str, &str)) -> Entry {
    Entry {
        value: score.to_owned(),
        item: grade.to_owned(),
        from_date: assessed.from_date.clone(),
        until_date: assessed.until_date.clone(),
        ..step
    }
}

/// Where it stands, why not, and what can be done.
fn told(refused: Refused<State, Action, Need>, last_day: Option<NaiveDate>) -> ServiceError {
    let Refused { state, why, allowed } = refused;
    if why == Why::Needs(Need::InTime) {
        let told = ServiceError::new(Reason::AppealTooLate, "nobody objected in time");
        return told.with("last_day", day_text(last_day));
    }
    let labels: Vec<&str> = allowed.iter().map(|action| action.label()).collect();
    let names: Vec<&str> = allowed.iter().map(|action| action.name()).collect();
    let can = if labels.is_empty() {
        "没有可办理的操作".to_owned()
    } else {
        format!("可以：{}", labels.join("、"))
    };
    let why = match why {
        Why::Needs(Need::TimeOver) => "异议期未过，",
        Why::Needs(Need::Clean) => "距最近一次违规未满规定月数，",
        Why::Needs(Need::Left) => "没有可修复的分值，",
        Why::Needs(Need::InTime) | Why::NotByThisRole | Why::NotInThisState => "",
    };
    ServiceError::new(Reason::GradeStepRefused, "the matter does not allow this step now")
        .with_text(format!("该信用评价事项现为“{}”，{why}不能办理此操作；{can}", state.label()))
        .with("state", state.name())
        .with("allowed_actions", names.join(","))
}
