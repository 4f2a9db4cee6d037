//! Why somebody stands as they do, and what would change it: from the entries, never from what is stored beside them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use yizhan_proto::credit::v1::{
    Entry, EntryKind, ExplainPointsRequest, ExplainPointsResponse, ExplainedAct, ExplainedDecision,
    PointsAdvice, PointsReduction, PointsReductionKind, Subject, SubjectKind,
};
use yizhan_runtime::clock::{day_text, parse_date};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::domain::advice::advice;
use super::domain::matter::{Matter, points_of};
use super::domain::timeline::{Change, Timeline};
use super::messages::{self, qualification, scheme_of};
use crate::app::Credit;
use crate::ledger::{self, is_code, standing};
use crate::schemes::Schemes;

/// Acts that are named as the costliest at most.
const MAX_COSTLIEST: usize = 5;
/// Years that may be asked about.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2999;

/// Of one practitioner.
pub async fn explain_points(
    credit: &Credit,
    caller: &Caller,
    request: ExplainPointsRequest,
) -> Result<ExplainPointsResponse, ServiceError> {
    if !speaks_of_work(caller) {
        return Err(ServiceError::area_not_owned(""));
    }
    let mut wrong = Violations::new();
    wrong.require(is_code(&request.practitioner_code), "practitioner_code", Reason::Characters);
    let day = Fields::of(&mut wrong).optional("day", &request.day, Fields::date);
    let day = day.map(|day| day.unwrap_or_else(|| credit.clock.today()));
    let year = day.map(|day| if request.year == 0 { day.year() } else { request.year });
    let fits = year.zip(day).is_none_or(|(year, day)| YEARS.contains(&year) && year <= day.year());
    wrong.require(fits, "year", Reason::DateInvalid.saying("年份不能晚于所问之日"));
    let (day, year) = wrong.finish(day.zip(year))?;
    let subject = ledger::subject(SubjectKind::Practitioner, &request.practitioner_code);
    let entries = ledger::of_subject(&credit.db, &subject).await?;
    if entries.is_empty() {
        return Err(ledger::subject_unknown(&subject));
    }
    let today = credit.clock.today();
    let schemes = &credit.schemes.current();
    Explained { caller, subject: &subject, entries: &entries, schemes, today }.on(day, year)
}

/// Whoever employs, pays or decides about practitioners.
fn speaks_of_work(caller: &Caller) -> bool {
    use Caller::{Agency, Institution, LocalAdministrator, Service};
    matches!(caller, Agency { .. } | Institution { .. } | LocalAdministrator | Service { .. })
}

/// What is told to whom, from which entries.
pub struct Explained<'e> {
    /// Who asks.
    pub caller: &'e Caller,
    /// Of whom.
    pub subject: &'e Subject,
    /// All entries about them.
    pub entries: &'e [Entry],
    /// What they are read by.
    pub schemes: &'e Schemes,
    /// On which day it is asked.
    pub today: NaiveDate,
}

impl Explained<'_> {
    fn on(&self, day: NaiveDate, year: i32) -> Result<ExplainPointsResponse, ServiceError> {
        let (events, all) = (messages::events(self.entries, self.schemes)?, standing(self.entries));
        let ways = advice(
            &events,
            &messages::stages(&all, self.schemes, day)?,
            &|ends_on| messages::restore_from(&all, self.schemes, ends_on),
            day,
        );
        let hidden = |matter: &str| all.iter().any(|entry| entry.matter_id == matter && !self.sees(entry));
        let ways = ways.into_iter().filter(|one| one.matter.is_empty() || !hidden(&one.matter));
        let advice = ways.map(messages::advised).collect::<Vec<PointsAdvice>>();
        Ok(ExplainPointsResponse { advice, ..self.points(day, year)? })
    }

    /// How they stand on a day, and what the points of a year are made of; no advice.
    pub fn points(&self, day: NaiveDate, year: i32) -> Result<ExplainPointsResponse, ServiceError> {
        let (timeline, trail) = Timeline::with_trail(&messages::events(self.entries, self.schemes)?);
        let until = NaiveDate::from_ymd_opt(year, 12, 31).map_or(day, |last| last.min(day));
        let decisions = self.decisions(&standing(self.entries), &trail, until)?;
        let version = self.entries.len().try_into().unwrap_or(i64::MAX);
        Ok(ExplainPointsResponse {
            qualification: Some(qualification(&self.subject.code, day, None, (&timeline, version))),
            year,
            points: number(timeline.points_on(until)),
            costliest: costliest(&decisions),
            decisions,
            advice: Vec::new(),
        })
    }

    /// Those of a year up to a day of it.
    fn decisions(
        &self,
        all: &[&Entry],
        trail: &[Change],
        until: NaiveDate,
    ) -> Result<Vec<ExplainedDecision>, ServiceError> {
        let decided = all.iter().filter(|entry| entry.kind() == EntryKind::PointsDecided);
        let in_year = |day: NaiveDate| day.year() == until.year() && day <= until;
        let decided = decided.filter(|entry| parse_date(&entry.decided_on).is_some_and(in_year));
        let mut seen = BTreeSet::new();
        let mut firsts: Vec<&&Entry> = decided.filter(|entry| seen.insert(&entry.matter_id)).collect();
        firsts.sort_by_key(|first| (&first.decided_on, &first.entry_id));
        firsts
            .into_iter()
            .map(|first| {
                let of_it: Vec<&Change> =
                    trail.iter().filter(|one| one.matter == first.matter_id && in_year(one.day)).collect();
                self.decision(first, &Matter::of(all, &first.matter_id), &of_it)
            })
            .collect()
    }

    fn decision(
        &self,
        first: &Entry,
        matter: &Matter,
        trail: &[&Change],
    ) -> Result<ExplainedDecision, ServiceError> {
        let counted: i64 = trail.iter().map(|one| one.points).sum();
        let told = ExplainedDecision {
            decided_on: first.decided_on.clone(),
            points: number(matter.acts().map(points_of).sum()),
            counted: counted.try_into().unwrap_or(i32::MAX),
            ..ExplainedDecision::default()
        };
        if !self.sees(first) {
            return Ok(told);
        }
        let dated = scheme_of(first, self.schemes)?;
        let act = |act: &Entry| ExplainedAct {
            entry_id: act.entry_id.clone(),
            item: act.item.clone(),
            item_name: dated.rule.item(&act.item).map(|item| item.name.clone()).unwrap_or_default(),
            responsibility: act.responsibility,
            act_id: act.act_id.clone(),
            occurred_on: act.occurred_on.clone(),
            points: number(points_of(act)),
            points_now: number(matter.points(act)),
        };
        Ok(ExplainedDecision {
            matter_id: first.matter_id.clone(),
            poolarea_no: first.poolarea_no.clone(),
            fixmedins_code: first.fixmedins_code.clone(),
            basis: first.basis.clone(),
            scheme: first.scheme.clone(),
            state: messages::state_of(matter, (first, self.schemes), self.today)?.number(),
            acts: matter.acts().map(act).collect(),
            reductions: reductions(matter, trail),
            ..told
        })
    }

    fn sees(&self, entry: &Entry) -> bool {
        ledger::sees(self.caller, self.subject, entry)
    }
}

/// What appeals struck, and what repairs gave back.
fn reductions(matter: &Matter, trail: &[&Change]) -> Vec<PointsReduction> {
    let struck = matter.acts().filter_map(|act| {
        let less = points_of(act).checked_sub(matter.points(act)).filter(|less| *less > 0)?;
        let by =
            matter.0.iter().rev().find(|entry| {
                entry.kind() == EntryKind::PointsRevised && entry.about_entry_id == act.entry_id
            })?;
        Some(PointsReduction {
            kind: PointsReductionKind::Appeal.into(),
            points: number(less),
            entry_id: by.entry_id.clone(),
            day: by.decided_on.clone(),
            about_entry_id: act.entry_id.clone(),
        })
    });
    let repaired = trail.iter().filter(|one| one.points < 0).map(|one| PointsReduction {
        kind: PointsReductionKind::Repair.into(),
        points: one.points.unsigned_abs().try_into().unwrap_or(i32::MAX),
        entry_id: one.entry.clone(),
        day: day_text(Some(one.day)),
        about_entry_id: String::new(),
    });
    struck.chain(repaired).collect()
}

/// Entries of the acts with most points, of equals the older first.
fn costliest(decisions: &[ExplainedDecision]) -> Vec<String> {
    let acts = decisions.iter().flat_map(|decision| &decision.acts).filter(|act| act.points_now > 0);
    let mut acts: Vec<&ExplainedAct> = acts.collect();
    acts.sort_by_key(|act| Reverse(act.points_now));
    acts.into_iter().take(MAX_COSTLIEST).map(|act| act.entry_id.clone()).collect()
}

fn number(points: u32) -> i32 {
    points.try_into().unwrap_or(i32::MAX)
}
