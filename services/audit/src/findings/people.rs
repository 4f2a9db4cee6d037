//! Persons with what stands of them, and which of their visits are to be looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use sea_orm::ConnectionTrait;
use yizhan_runtime::ServiceError;

use super::domain::{Origin, Raised};
use crate::app::Audit;
use crate::rules::{self, Rulebook, Stage, Visit};
use crate::visits::{Standing, store, together};

/// First and last day of what changed.
pub type Span = (NaiveDate, NaiveDate);

/// The rulebooks of areas and days.
pub struct Books<'b>(Box<dyn Fn(&Visit) -> Arc<Rulebook> + Send + Sync + 'b>);

impl<'b> Books<'b> {
    /// Those in force now, for the areas of visits on their last days.
    pub fn current(audit: &'b Audit) -> Books<'b> {
        let documents = audit.rules.current();
        Books(Box::new(move |visit| rules::rulebook(&documents, visit.area, visit.end)))
    }

    /// Others.
    pub fn of(find: impl Fn(&Visit) -> Arc<Rulebook> + Send + Sync + 'b) -> Books<'b> {
        Books(Box::new(find))
    }

    /// The first day of earlier visits that matter to one.
    fn since(&self, visit: &Visit) -> NaiveDate {
        let days = Days::new(self.0(visit).look_back().into());
        visit.begin.checked_sub_days(days).unwrap_or(NaiveDate::MIN)
    }

    /// What is raised about a visit, behind the earlier ones of the person.
    pub fn raised(&self, standing: &Standing, earlier: &[Visit], stages: &[Stage]) -> Vec<Raised> {
        let book = self.0(&standing.visit);
        let found = stages.iter().flat_map(|stage| book.check(&standing.visit, earlier, *stage));
        let raised = |found: rules::Found| {
            let violation = rules::violation(&found, &standing.visit);
            let line = violation.judge_result_detail_dtos.iter().find(|line| line.setl_id.is_empty());
            Raised {
                origin: Origin::Screening,
                shadow: found.rule.life == rules::Life::Shadow,
                poolarea_no: standing.visit.area.into(),
                key: standing.key.clone(),
                setl_id: standing.setl_id_of(line.map(|line| line.feedetl_sn.as_str())).to_owned(),
                enddate: standing.visit.end.to_string(),
                violation,
            }
        };
        found.map(raised).collect()
    }
}

/// Persons, by the numbers that stay.
pub struct People(Vec<Person>);

struct Person {
    /// What stands of them, by last day.
    standing: Vec<Standing>,
    /// The same as rules ask about it.
    visits: Vec<Visit>,
    /// Which of them are to be looked at, each with the first of those that matter to it.
    look_at: Vec<(usize, usize)>,
}

impl People {
    /// Of whom something changed on these days: to be looked at is what ended then or later and looks back as far.
    pub async fn touched<C: ConnectionTrait>(
        db: &C,
        books: &Books<'_>,
        spans: BTreeMap<String, Span>,
    ) -> Result<People, ServiceError> {
        let touched = |psn_no: &str, one: &Standing| {
            spans.get(psn_no).is_some_and(|(first, last)| one.visit.end >= *first && books.since(&one.visit) <= *last)
        };
        let from = spans.values().map(|(first, _)| *first).min().unwrap_or_default();
        People::read(db, books, (spans.keys().cloned().collect(), from), touched).await
    }

    /// Reads what stands of them, from as far back as what is to be looked at asks for. `from`: the first last day of that.
    pub async fn read<C: ConnectionTrait>(
        db: &C,
        books: &Books<'_>,
        (psn_nos, from): (BTreeSet<String>, NaiveDate),
        look_at: impl Fn(&str, &Standing) -> bool,
    ) -> Result<People, ServiceError> {
        let mut since = from;
        loop {
            let known = store::of_persons(db, &psn_nos, since).await?;
            let mut people = Vec::new();
            for (psn_no, rows) in known {
                let standing = together(rows)?;
                let visits: Vec<Visit> = standing.iter().map(|one| one.visit.clone()).collect();
                let first = |at: usize| visits.partition_point(|one| one.end < books.since(&visits[at]));
                let at = (0..standing.len()).filter(|at| look_at(&psn_no, &standing[*at]));
                let look_at = at.map(|at| (at, first(at).min(at))).collect();
                people.push(Person { standing, visits, look_at });
            }
            let people = People(people);
            let needed = people.to_look_at().map(|(one, _)| books.since(&one.visit)).min();
            match needed.filter(|needed| *needed < since) {
                Some(needed) => since = needed,
                None => return Ok(people),
            }
        }
    }

    /// What is to be looked at, each with what came before it of the person: of two on the same days it is the later one that is wrong, in
    /// whatever order they were told.
    pub fn to_look_at(&self) -> impl Iterator<Item = (&Standing, &[Visit])> {
        self.0.iter().flat_map(|person| {
            person.look_at.iter().map(|(at, first)| (&person.standing[*at], &person.visits[*first..*at]))
        })
    }

    /// Everything that was read.
    pub fn standing(&self) -> impl Iterator<Item = &Standing> {
        self.0.iter().flat_map(|person| &person.standing)
    }
}
