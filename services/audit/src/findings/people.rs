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

/// What finds the rulebook for a visit.
type Find<'b> = dyn Fn(&Visit) -> Arc<Rulebook> + Send + Sync + 'b;

/// The rulebooks of areas.
pub struct Books<'b>(Box<Find<'b>>);

impl<'b> Books<'b> {
    /// Those in force now.
    pub fn current(audit: &'b Audit) -> Books<'b> {
        let documents = audit.rules.current();
        Books(Box::new(move |visit| rules::rulebook(&documents, visit.area)))
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

    /// What is raised about a visit by the rules of a stage, with the person's others.
    pub fn raised(&self, standing: &Standing, others: &[Visit], stage: Stage) -> Vec<Raised> {
        let raised = |found: rules::Found| {
            let shadow = found.rule.life == rules::Life::Shadow;
            let mut violation = rules::violation(&found, &standing.visit);
            if shadow {
                // Beside what the rule that is in force finds.
                violation.jr_id.push_str("-shadow");
            }
            let line = violation.judge_result_detail_dtos.iter().find(|line| line.setl_id.is_empty());
            Raised {
                origin: Origin::Screening,
                shadow,
                poolarea_no: standing.visit.area.into(),
                key: standing.key.clone(),
                setl_id: standing.setl_id_of(line.map(|line| line.feedetl_sn.as_str())).to_owned(),
                enddate: standing.visit.end.to_string(),
                violation,
            }
        };
        self.0(&standing.visit).check(&standing.visit, others, stage).into_iter().map(raised).collect()
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
            spans
                .get(psn_no)
                .is_some_and(|(first, last)| one.visit.end >= *first && books.since(&one.visit) <= *last)
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
                let look_at = at.map(|at| (at, first(at))).collect();
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

    /// What is to be looked at, each with what stands of the person as far back as it matters.
    pub fn to_look_at(&self) -> impl Iterator<Item = (&Standing, &[Visit])> {
        self.0.iter().flat_map(|person| {
            person.look_at.iter().map(|(at, first)| (&person.standing[*at], &person.visits[*first..]))
        })
    }

    /// Everything that was read.
    pub fn standing(&self) -> impl Iterator<Item = &Standing> {
        self.0.iter().flat_map(|person| &person.standing)
    }
}
