//! Screening: what is raised about visits as they stand now, and what that makes of the findings there are.
//!
//! What a visit raises depends on what stands of the person then, and on nothing else: not on when, in what order, or how often it was told. A visit
//! that changes is screened, and so is every later one of the person that looks back as far: it may raise something now, or no more.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_proto::audit::v1::{Consequence, Violation};
use yizhan_runtime::ServiceError;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::{DatabaseTransaction, lock};

use super::domain::codes;
use super::domain::{Origin, Raised};
use super::heard::{Heard, What};
use super::next::{Next, next};
use super::people::{Books, People, Span};
use super::statistics::months;
use super::store::{self, figures, steps};
use super::told::LISTED;
use crate::app::Audit;
use crate::rules::Stage;
use crate::visits::store::codes as code_uses;
use crate::visits::store::{self as visits, merged};
use crate::visits::together;

/// Who writes steps that nobody takes.
const ACTOR: &str = "service:audit";

/// What of the findings of a visit is looked at anew.
#[derive(Clone, Debug, Default)]
struct Scope {
    /// What rules raise.
    rules: bool,
    /// What trace codes raise.
    codes: bool,
    /// What settlement said with this 结算ID.
    told: Option<String>,
    /// What its worklist said of this 结算ID, by which rule.
    listed: BTreeSet<(String, &'static str)>,
    /// What is said of the institution's month or year, which stands in the place of a visit.
    statistics: bool,
}

impl Scope {
    fn covers(&self, held: &store::Model) -> bool {
        match Origin::of(held.origin) {
            Some(Origin::Screening) => self.rules,
            Some(Origin::TraceCode) => self.codes,
            Some(Origin::Check | Origin::Mark) => self.told.as_ref() == Some(&held.setl_id),
            Some(Origin::Worklist) => {
                self.listed.iter().any(|(setl_id, rule)| *setl_id == held.setl_id && *rule == held.rule_id)
            }
            Some(Origin::Statistic) => self.statistics,
            None => false,
        }
    }
}

/// What is raised now, of which visits.
#[derive(Debug, Default)]
struct Looked {
    scopes: BTreeMap<[String; 2], Scope>,
    raised: Vec<Raised>,
}

impl Looked {
    fn scope(&mut self, key: &[String; 2]) -> &mut Scope {
        self.scopes.entry(key.clone()).or_default()
    }

    /// What an event says by itself, and what it makes an end of.
    fn take(&mut self, event: &Heard, people: &People, key: &[String; 2]) {
        let setl_id = Some(event.setl_id.clone());
        let scope = self.scope(key);
        match event.what {
            What::Item(rule) => scope.listed.extend(setl_id.map(|setl_id| (setl_id, rule))),
            What::Reversed => {
                let listed = LISTED.map(|rule| (event.setl_id.clone(), rule)).into();
                let told = setl_id;
                *scope = Scope { rules: true, codes: true, told, listed, ..Scope::default() }
            }
            What::Settled(_) | What::Unreadable => {
                *scope = Scope { rules: true, codes: true, told: setl_id, ..Scope::default() };
            }
        }
        // What is told again of a visit that was reversed meanwhile stands no more.
        let settled = matches!(event.what, What::Settled(_));
        if !settled || people.standing().any(|one| one.rests_on(&event.setl_id)) {
            let of_visit = |one: &Raised| Raised {
                key: key.clone(),
                violation: Violation { mdtrt_id: key[1].clone(), ..one.violation.clone() },
                ..one.clone()
            };
            self.raised.extend(event.told.iter().map(of_visit));
        }
    }
}

/// Whoever screens takes turns with whoever brings visits of merged records together.
pub async fn turn(tx: &DatabaseTransaction) -> Result<(), ServiceError> {
    Ok(lock(tx, "screening").await?)
}

/// Takes in what settlement tells, in its order: as if each had come by itself.
pub async fn hear(tx: &DatabaseTransaction, audit: &Audit, events: &[Heard]) -> Result<(), ServiceError> {
    if events.is_empty() {
        return Ok(());
    }
    turn(tx).await?;
    let stays = merged::among(tx, events.iter().map(|event| event.own_psn_no.as_str()).collect()).await?;
    for wave in waves(events, &stays) {
        take_in(tx, audit, &wave).await?;
    }
    Ok(())
}

/// An event, with the number under which the person's visits are read.
type Told<'e> = (String, &'e Heard);

/// Events in their order, those together that have nothing to do with each other: neither a person nor a trace code.
fn waves<'e>(events: &'e [Heard], stays: &BTreeMap<String, String>) -> Vec<Vec<Told<'e>>> {
    let (mut waves, mut busy) = (vec![Vec::new()], BTreeSet::new());
    for event in events {
        let psn_no = stays.get(&event.own_psn_no).unwrap_or(&event.own_psn_no);
        let about: BTreeSet<&str> = event.codes.iter().map(String::as_str).chain([psn_no.as_str()]).collect();
        if !busy.is_disjoint(&about) {
            waves.push(Vec::new());
            busy.clear();
        }
        busy.extend(about);
        if let Some(wave) = waves.last_mut() {
            wave.push((psn_no.clone(), event));
        }
    }
    waves
}

async fn take_in(tx: &DatabaseTransaction, audit: &Audit, wave: &[Told<'_>]) -> Result<(), ServiceError> {
    let row = |(psn_no, event): &Told| match &event.what {
        What::Settled(row) => Some(visits::Model { psn_no: psn_no.clone(), ..(**row).clone() }),
        _ => None,
    };
    visits::record(tx, wave.iter().filter_map(row).collect()).await?;
    let ids = |is: fn(&What) -> bool| {
        wave.iter().filter(move |(_, event)| is(&event.what)).map(|(_, event)| event.setl_id.as_str())
    };
    visits::reverse(tx, &ids(|what| matches!(what, What::Reversed)).collect()).await?;
    let listed = visits::keys_of(tx, ids(|what| matches!(what, What::Item(_))).collect()).await?;

    let changed = wave.iter().filter(|(_, event)| !matches!(event.what, What::Item(_)));
    figures::note(tx, changed.clone().flat_map(|(_, event)| due(event)).collect()).await?;
    let spans = changed.clone().map(|(psn_no, event)| (psn_no.clone(), event.days)).collect();
    let books = Books::current(audit);
    let people = People::touched(tx, &books, spans).await?;
    let mut looked = by_rules(&people, &books);
    let visits = changed.clone().map(|(_, event)| event.key.clone()).collect();
    let codes = changed.clone().flat_map(|(_, event)| event.codes.clone()).collect();
    let first = changed.map(|(_, event)| event.setl_id.as_str()).min().unwrap_or_default();
    by_codes(tx, &people, (visits, codes, first), &mut looked).await?;
    for (_, event) in wave {
        looked.take(event, &people, listed.get(&event.setl_id).unwrap_or(&event.key));
    }
    settle(tx, audit, looked).await
}

/// The months that a visit may count to.
fn due(event: &Heard) -> impl Iterator<Item = [String; 3]> {
    let months = months(event.days.0, event.days.1).filter(|_| !event.key[0].is_empty());
    months.map(|month| [event.poolarea_no.clone(), month, event.key[0].clone()])
}

/// Compares what statistics raise with what they raised before, of institutions each with the month or year.
pub async fn settle_statistics(
    tx: &DatabaseTransaction,
    audit: &Audit,
    keys: impl Iterator<Item = [String; 2]>,
    raised: Vec<Raised>,
) -> Result<(), ServiceError> {
    let scope = || Scope { statistics: true, ..Scope::default() };
    settle(tx, audit, Looked { scopes: keys.map(|key| (key, scope())).collect(), raised }).await
}

/// Screens again all that stands of persons: of whom what stands is another than before.
pub async fn screen_again(
    tx: &DatabaseTransaction,
    audit: &Audit,
    psn_nos: BTreeSet<String>,
) -> Result<(), ServiceError> {
    let mut spans: BTreeMap<String, Span> = BTreeMap::new();
    for psn_no in psn_nos {
        let days = visits::days_of(tx, &psn_no).await?;
        let days = days.and_then(|[first, last]| Some((parse_date(&first)?, parse_date(&last)?)));
        spans.extend(days.map(|days| (psn_no, days)));
    }
    let books = Books::current(audit);
    let people = People::touched(tx, &books, spans).await?;
    let mut looked = by_rules(&people, &books);
    let visits = looked.scopes.keys().cloned().collect();
    by_codes(tx, &people, (visits, BTreeSet::new(), ""), &mut looked).await?;
    settle(tx, audit, looked).await
}

/// What rules raise about the visits that are to be looked at.
fn by_rules(people: &People, books: &Books) -> Looked {
    let mut looked = Looked::default();
    for (standing, others) in people.to_look_at() {
        looked.scope(&standing.key).rules = true;
        looked.raised.extend(books.raised(standing, others, Stage::After));
        if standing.unchecked {
            let during = books.raised(standing, others, Stage::During).into_iter();
            looked.raised.extend(during.filter(|one| one.violation.consequence() != Consequence::Remind));
        }
    }
    looked
}

/// What trace codes raise about the visits that changed, and about those that were settled with the same codes behind the `first`
/// settlement that did.
async fn by_codes(
    tx: &DatabaseTransaction,
    people: &People,
    (changed, mut about, first): (BTreeSet<[String; 2]>, BTreeSet<String>, &str),
    looked: &mut Looked,
) -> Result<(), ServiceError> {
    let stand = people.standing().filter(|one| changed.contains(&one.key)).flat_map(codes::uses_of);
    about.extend(code_uses::replace(tx, &changed, stand.collect()).await?);
    if about.is_empty() {
        return Ok(());
    }
    let later = code_uses::of(tx, about).await?.into_iter().filter(|one| one.setl_id.as_str() >= first);
    let visits: BTreeSet<[String; 2]> = later.map(|one| one.visit()).chain(changed).collect();
    let standing = together(visits::of_visits(tx, visits.iter().cloned().collect()).await?)?;
    let codes = standing.iter().flat_map(|one| one.visit.lines.iter().flat_map(|line| &line.trace_codes));
    let mut uses = code_uses::of(tx, codes.map(|(code, _)| code.clone()).collect()).await?;
    let stays = merged::among(tx, uses.iter().map(|one| one.psn_no.as_str()).collect()).await?;
    for one in &mut uses {
        if let Some(stays) = stays.get(&one.psn_no) {
            one.psn_no.clone_from(stays);
        }
    }
    visits.iter().for_each(|key| looked.scope(key).codes = true);
    let uses = codes::by_code(uses);
    looked.raised.extend(standing.iter().flat_map(|one| codes::repeated(one, &uses)));
    Ok(())
}

/// Compares what is raised with what was found before, and writes what is otherwise.
async fn settle(tx: &DatabaseTransaction, audit: &Audit, looked: Looked) -> Result<(), ServiceError> {
    let Looked { scopes, mut raised } = looked;
    let held = store::of_visits(tx, scopes.keys().cloned().collect()).await?;
    let mut now: BTreeMap<&str, &Raised> = BTreeMap::new();
    // Of two that raise the same, what settlement was told goes before what rules say behind it.
    raised.sort_by_key(|one| one.origin == Origin::Screening);
    for one in &raised {
        now.entry(&one.violation.jr_id).or_insert(one);
    }
    let at = audit.clock.now();
    let key = |row: &store::Model| [row.fixmedins_code.clone(), row.mdtrt_id.clone()];
    let gone = held.values().filter(|row| !now.contains_key(row.jr_id.as_str()));
    let gone = gone.filter(|row| scopes.get(&key(row)).is_some_and(|scope| scope.covers(row)));
    let written: Vec<Next> = gone
        .filter_map(|row| next(Some(row), None, at))
        .chain(now.values().filter_map(|one| next(held.get(&one.violation.jr_id), Some(one), at)))
        .collect();
    let step = |next: &Next| {
        Some(steps::Model {
            jr_id: next.row.jr_id.clone(),
            step_no: next.row.version,
            state: next.row.state,
            actor: ACTOR.to_owned(),
            opter: String::new(),
            reason: next.why?.to_owned(),
            recorded_at: at,
        })
    };
    steps::append(tx, written.iter().filter_map(step).collect()).await?;
    store::write(tx, written.into_iter().map(|next| next.row).collect()).await
}
