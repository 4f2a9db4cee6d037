//! The reversals and new settlements, each on what those before it leave.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use prost::Message;
use yizhan_money::Fen;
use yizhan_policy::case::Case;
use yizhan_proto::settlement::v1::{ResettleResponse, ResettledVisit, SameDays, Settlement, SettlementInfo};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::ids::new_id_after;
use yizhan_runtime::{Reason, ServiceError};

use crate::app::App;
use crate::books::domain::ledger::relative_in;
use crate::books::messages::claims::{claims_of, days_of};
use crate::books::messages::parts::{header, postings_of};
use crate::books::messages::rows::change_of;
use crate::books::messages::trace_codes::codes_of;
use crate::books::retries::only_request;
use crate::books::store::commit::Change;
use crate::books::store::entities::{request, settlement};
use crate::books::store::load::{Balance, Pair, PersonState, Wanted};
use crate::books::store::practitioner_days::UNASKED;
use crate::books::store::uploaded::{FeesChange, VisitKey};
use crate::books::store::{merged, recoveries};
use crate::settlements::again::{paid_of, policy_of};
use crate::settlements::calculate::refused;
use crate::settlements::domain::paid::{Paid, Why};
use crate::settlements::later::{Later, Plan, Visit, later_visit, visit_of};
use crate::settlements::messages::answer::{self, Identity};
use crate::settlements::messages::previous::{Charged, charged_now, follow};
use crate::settlements::messages::reversal;
use crate::settlements::reverse::reversal_of;
use crate::settlements::standing::met;

/// By which request, and why.
#[derive(Clone, Copy, Debug)]
pub struct By<'b> {
    /// Whose id it is, and the id.
    pub key: &'b (String, String),
    /// SHA-256 of the request, hex.
    pub digest: &'b str,
    /// Why.
    pub reason: &'b str,
}

/// What is to be committed.
pub struct Made {
    /// In order.
    pub changes: Vec<Change>,
    /// Of each settlement that was settled again the one that takes its place.
    pub replaced: BTreeMap<String, String>,
    /// The answer.
    pub answer: ResettleResponse,
}

/// A settlement that is reversed, with the ids that are made for it.
struct Item<'p> {
    visit: &'p Visit,
    /// As under the numbers that stay.
    original: Settlement,
    reversal_setl_id: String,
    /// Of what takes its place, and why it is settled again; none of the one whose reversal was asked for.
    new: Option<(String, &'p Why)>,
}

/// Reverses from the last one back, and settles again in order; `None` where there is nothing to do.
pub async fn make(
    app: &App,
    (row, psn_nos): (&settlement::Model, &[String]),
    state: PersonState,
    (later, plan): (Option<&Later>, &Plan),
    by: By<'_>,
) -> Result<Option<Made>, ServiceError> {
    let first = match later {
        Some(later) => later.first.clone(),
        None => visit_of(app, row, psn_nos).await?,
    };
    let first = Some(&first).filter(|first| !first.is_reversed());
    if first.is_none() && plan.again.is_empty() {
        return Ok(None);
    }
    require_whole(first)?;
    require_unrecovered(app, first, plan).await?;
    let last =
        later.map(|later| &later.last_setl_id).into_iter().chain([&row.setl_id, &state.last_setl_id]).max();
    let items = items(app, &psn_nos[0], first, plan, last.cloned().unwrap_or_default()).await?;
    let gone = later.map(|later| later.gone.clone()).unwrap_or_default();
    let work = Work::on(app, &items, (state, gone), by).await?;
    work.done(row, &items).map(Some)
}

/// Parts of a stay (中途结算) are reversed by Reverse, the last one first.
fn require_whole(first: Option<&Visit>) -> Result<(), ServiceError> {
    let Some(part) = first.filter(|first| header(&first.answer).setl_part > 0) else { return Ok(()) };
    let error = ServiceError::new(Reason::ResettleBlocked, "a part of a stay that stands: reverse it first");
    Err(error.with("why", Reason::SettledInParts.code()).with("setl_ids", &part.row.setl_id))
}

/// What something was recovered of stays until its case is corrected.
async fn require_unrecovered(app: &App, first: Option<&Visit>, plan: &Plan) -> Result<(), ServiceError> {
    let visits = first.into_iter().chain(plan.again.iter().map(|(visit, ..)| visit));
    let ids: Vec<&str> = visits.map(|visit| visit.row.setl_id.as_str()).collect();
    let standing = recoveries::standing(&app.db, &ids).await?;
    let ids: BTreeSet<&str> = standing.iter().map(|row| row.setl_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let error =
        ServiceError::new(Reason::ResettleBlocked, "something of it was recovered by a case of audit");
    let ids: Vec<&str> = ids.into_iter().collect();
    Err(error.with("why", Reason::Recovered.code()).with("setl_ids", ids.join(",")))
}

/// What is reversed, in the order it was settled.
async fn items<'p>(
    app: &App,
    psn_no: &str,
    first: Option<&'p Visit>,
    plan: &'p Plan,
    mut last: String,
) -> Result<Vec<Item<'p>>, ServiceError> {
    let mut id = || {
        last = new_id_after(&last);
        last.clone()
    };
    let again = plan.again.iter().map(|(visit, why, _)| (visit, Some(why)));
    let reversed: Vec<(&Visit, Option<&Why>)> =
        first.map(|first| (first, None)).into_iter().chain(again).collect();
    // Reversed from the last one back, then settled in order: so the ids sort.
    let mut reversals: Vec<String> = reversed.iter().map(|_| id()).collect();
    let mut items = Vec::with_capacity(reversed.len());
    for (visit, why) in reversed {
        let [_, relative] = reversal::numbers_of(&visit.answer);
        let numbers = [psn_no.to_owned(), merged::stays(&app.db, &relative).await?];
        items.push(Item {
            visit,
            original: reversal::under(visit.answer.clone(), &numbers),
            reversal_setl_id: reversals.pop().unwrap_or_default(),
            new: why.map(|why| (id(), why)),
        });
    }
    Ok(items)
}

/// What the person's state has become by what was made so far.
struct Work<'w> {
    app: &'w App,
    by: By<'w>,
    at: DateTime<Utc>,
    state: PersonState,
    /// Of the relatives who helped.
    balances: BTreeMap<Pair, Balance>,
    /// What was charged at stays from which others followed by transfer.
    charged: Charged,
    /// Of each settlement that was settled again the one that takes its place.
    replaced: BTreeMap<String, String>,
    changes: Vec<Change>,
}

impl<'w> Work<'w> {
    /// Reads besides what stands of their trace codes and on their days, and the accounts of relatives.
    async fn on(
        app: &'w App,
        items: &[Item<'_>],
        (mut state, charged): (PersonState, Charged),
        by: By<'w>,
    ) -> Result<Work<'w>, ServiceError> {
        let codes: BTreeSet<String> = items.iter().flat_map(|item| codes_of(&item.original)).collect();
        let relatives: BTreeSet<Pair> = items.iter().filter_map(|item| relative_of(&item.original)).collect();
        let wanted = wanted_of(items);
        let known = app.person_state(Wanted { codes, ..wanted.clone() }).await?;
        (state.codes, state.visits) = (known.codes, known.visits);
        let mut balances: BTreeMap<Pair, Balance> = BTreeMap::new();
        for relative in relatives {
            let wanted = Wanted { relative: Some(relative.clone()), ..wanted.clone() };
            balances.insert(relative, app.person_state(wanted).await?.shared);
        }
        // Accounts that a transfer took to another area are given back by Reverse; the plan says so of later visits.
        let used = items.iter().any(|item| item.visit.paid.own_fen != 0);
        if used && state.own.moved_to.is_some() || balances.values().any(|balance| balance.moved_to.is_some())
        {
            let first = items.iter().filter(|item| item.new.is_none());
            let first: Vec<&str> = first.map(|item| item.visit.row.setl_id.as_str()).collect();
            let error = ServiceError::new(Reason::ResettleBlocked, "an account moved to another area since");
            return Err(error.with("why", Reason::AccountMoved.code()).with("setl_ids", first.join(",")));
        }
        let (changes, replaced) = (Vec::new(), BTreeMap::new());
        Ok(Work { app, by, at: app.clock.now(), state, balances, charged, replaced, changes })
    }

    fn done(mut self, row: &settlement::Model, items: &[Item<'_>]) -> Result<Made, ServiceError> {
        for item in items.iter().rev() {
            self.take_back(item)?;
        }
        let mut answer = ResettleResponse::default();
        for item in items {
            let Some((new_setl_id, why)) = &item.new else {
                answer.reversal_setl_id.clone_from(&item.reversal_setl_id);
                continue;
            };
            let paid = self.settle(item, new_setl_id)?;
            self.replaced.insert(item.visit.row.setl_id.clone(), new_setl_id.clone());
            answer.visits.push(ResettledVisit {
                visit: Some(later_visit(item.visit, why, Some(&paid))),
                reversal_setl_id: item.reversal_setl_id.clone(),
                new_setl_id: new_setl_id.clone(),
                cash_due_fen: paid.cash_fen - item.visit.paid.cash_fen,
            });
        }
        let request = request::Model {
            owner: self.by.key.0.clone(),
            request_id: self.by.key.1.clone(),
            digest: self.by.digest.to_owned(),
            poolarea_no: row.poolarea_no.clone(),
            psn_no: row.psn_no.clone(),
            setl_id: String::new(),
            answer: answer.encode_to_vec(),
        };
        self.changes.push(only_request(request, self.at));
        Ok(Made { changes: self.changes, replaced: self.replaced, answer })
    }

    fn take_back(&mut self, item: &Item<'_>) -> Result<(), ServiceError> {
        self.see_relative_of(&item.original);
        let identity = self.identity(&item.reversal_setl_id);
        let mut reversal = reversal_of(&item.original, &identity, self.by.reason, &self.state);
        if let Some((new_setl_id, _)) = &item.new {
            reversal::replaced_by(&mut reversal, new_setl_id);
        }
        let mut change = self.change(&reversal, String::new())?;
        // Lines that were brought before go over to what takes its place.
        change.fees = change.fees.filter(|_| item.new.is_none());
        self.state.visits.retain(|visit| visit.held_by != item.visit.row.setl_id);
        self.keep(change, &item.original)
    }

    /// The visit as it was recorded, on what the person's years add up to now.
    fn settle(&mut self, item: &Item<'_>, new_setl_id: &str) -> Result<Paid, ServiceError> {
        self.see_relative_of(&item.original);
        let internal =
            |why: Why| ServiceError::internal(anyhow::anyhow!("cannot be settled again: {}", why.code));
        let policies = self.app.policies.current();
        let policy = policy_of(&policies, &item.visit.row).map_err(internal)?;
        let case = self.case(item.visit.case().map_err(internal)?);
        let outcome = yizhan_policy::replay(policy, &case).map_err(refused)?;
        self.charged.insert(item.visit.row.setl_id.clone(), Some(charged_now(&outcome, &case)));
        let identity = self.identity(new_setl_id);
        let mut taken = item.original.clone();
        if let Some(info) = taken.setlinfo.as_mut() {
            info.replaces_setl_id = std::mem::replace(&mut info.setl_id, identity.setl_id);
            info.medins_setl_id = identity.request_id;
            info.setl_time = Some(identity.time);
            info.same_days = self.same_days(&item.original);
        }
        let settlement = answer::again(&taken, &case, policy, &outcome)?;
        let case_json = serde_json::to_string(&case).map_err(ServiceError::internal)?;
        let fees = taken_over(header(&settlement));
        let mut change = Change { fees, ..self.change(&settlement, case_json)? };
        // What credit said then may be otherwise now, and of the one before something may have been given back.
        change.practitioners.iter_mut().for_each(|day| day.status = UNASKED);
        self.state.visits.extend(change.claims.rows.iter().cloned());
        self.keep(change, &item.original)?;
        Ok(paid_of(&outcome))
    }

    fn case(&self, mut case: Case) -> Case {
        let years = self.state.years.iter();
        case.accumulated = years.map(|(year, (_, totals))| (*year, totals.clone())).collect();
        follow(&mut case, &self.charged, true);
        if let Some(previous) = &mut case.visit.previous
            && let Some(new) = self.replaced.get(&previous.setl_id)
        {
            previous.setl_id.clone_from(new);
        }
        if case.account.used {
            case.account.kept_fen = Fen(self.state.own.fen) - case.account.own_fen;
        }
        case
    }

    /// Other visits of the person on the same days, as they stand by now.
    fn same_days(&self, original: &Settlement) -> Vec<SameDays> {
        let Some(days) = claims_of(original).rows.iter().find_map(days_of) else { return Vec::new() };
        let others = self.state.visits.iter().filter_map(|other| met(days, other));
        let mut marks: Vec<SameDays> = others.map(|(_, mark)| mark).collect();
        marks.sort_by(|a, b| a.setl_id.cmp(&b.setl_id));
        marks
    }

    fn identity(&self, setl_id: &str) -> Identity {
        let time = timestamp(self.at);
        Identity { setl_id: setl_id.to_owned(), request_id: self.by.key.1.clone(), time }
    }

    fn change(&self, settlement: &Settlement, case_json: String) -> Result<Change, ServiceError> {
        let change = change_of(settlement, case_json, (self.by.key, self.by.digest), &self.state, self.at)?;
        Ok(Change { request: None, ..change })
    }

    fn see_relative_of(&mut self, original: &Settlement) {
        let balance = relative_of(original).and_then(|relative| self.balances.get(&relative));
        self.state.shared = balance.copied().unwrap_or_default();
    }

    fn keep(&mut self, change: Change, original: &Settlement) -> Result<(), ServiceError> {
        self.state.after(&change)?;
        if let Some(relative) = relative_of(original) {
            self.balances.insert(relative, self.state.shared);
        }
        self.changes.push(change);
        Ok(())
    }
}

/// The person, and the days of all of it.
fn wanted_of(items: &[Item<'_>]) -> Wanted {
    let infos = || items.iter().map(|item| header(&item.original));
    let begin = infos().map(|info| &info.begndate).min();
    let days = begin.zip(infos().map(|info| &info.enddate).max());
    let person = infos().next().map(|info| (info.poolarea_no.clone(), info.psn_no.clone()));
    let (poolarea_no, psn_no) = person.unwrap_or_default();
    let days = days.map(|(begin, end)| [begin.clone(), end.clone()]);
    Wanted { poolarea_no, psn_no, days, ..Wanted::default() }
}

/// Whose account helped, and the area that keeps it.
fn relative_of(settlement: &Settlement) -> Option<Pair> {
    let (info, booked) = (header(settlement), postings_of(settlement));
    let relative = relative_in(&booked, &info.psn_no, &info.poolarea_no)?;
    Some((relative.poolarea_no.to_owned(), relative.psn_no.to_owned()))
}

/// Lines that were brought before, which the settlement of before held.
fn taken_over(info: &SettlementInfo) -> Option<FeesChange> {
    let visit = VisitKey { fixmedins_code: info.fixmedins_code.clone(), mdtrt_id: info.mdtrt_id.clone() };
    info.fees_uploaded.then(|| FeesChange::TakeOver(visit, info.replaces_setl_id.clone()))
}
