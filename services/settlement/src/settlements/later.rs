//! Later visits of a person, behind one that is reversed.

mod plan;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_documents::Documents;
use yizhan_money::Fen;
use yizhan_policy::Policy;
use yizhan_policy::case::{Account, Accumulated, Case};
use yizhan_proto::settlement::v1::{LaterVisits, Settlement};
use yizhan_runtime::{Caller, ServiceError};

pub use plan::Plan;
pub use told::{later_visit, told};

use super::again::{case_of, paid_by};
use super::domain::chain::{Chain, Settled};
use super::domain::paid::{Paid, Why};
use super::messages::previous::Charged;
use crate::app::App;
use crate::books::messages::parts::postings_of;
use crate::books::moves;
use crate::books::store::entities::settlement;
use crate::books::store::{merged, settlements};

/// Settlements and reversals behind the one that is reversed that are looked at, at most.
pub const MAX_LATER: usize = 500;
/// Settlements read at a time.
const PAGE: usize = 100;

/// What the person's years add up to.
pub type Totals = BTreeMap<NaiveDate, Accumulated>;

/// A settlement behind the one that is reversed.
#[derive(Clone, Debug)]
pub struct Visit {
    /// As stored, without its answer.
    pub row: settlement::Model,
    /// As it was answered.
    pub answer: Settlement,
    /// What was paid.
    pub paid: Paid,
    /// Its reversal, where there is one.
    reversed_by: Option<String>,
}

/// A person's settlements from one that is reversed on.
pub struct Later {
    policies: Arc<Documents<Policy>>,
    /// What those found that come behind.
    chain: Chain,
    /// Stays that are gone, by transfer from which others may have followed.
    pub gone: Charged,
    visits: Vec<Visit>,
    /// Of the visits, by setl_id, those that an account paid which went to another area since.
    moved: BTreeSet<String>,
    /// The one that is reversed.
    pub first: Visit,
    /// The id behind which the next one comes.
    pub last_setl_id: String,
    too_many: bool,
}

impl Later {
    /// Reads them; `None` where nothing comes behind. `row` is under the number that stays, which comes first of all numbers.
    pub async fn read(
        app: &App,
        row: &settlement::Model,
        psn_nos: &[String],
    ) -> Result<Option<Later>, ServiceError> {
        let person = (row.poolarea_no.as_str(), psn_nos);
        let mut ids = settlements::ids_behind(&app.db, person, &row.setl_id, MAX_LATER as u64 + 1).await?;
        let too_many = ids.len() > MAX_LATER;
        ids.truncate(MAX_LATER);
        let last_setl_id = ids.last().map_or(&row.setl_id, |(setl_id, _)| setl_id).clone();
        let behind: Vec<&str> = ids
            .iter()
            .filter(|(_, reverses)| reverses.is_empty())
            .map(|(setl_id, _)| setl_id.as_str())
            .collect();
        if behind.is_empty() {
            return Ok(None);
        }
        // Earlier ones that were reversed since: those between found them.
        let reversed =
            ids.iter().map(|(_, reverses)| reverses.as_str()).filter(|reverses| !reverses.is_empty());
        let earlier: Vec<&str> = reversed.filter(|reverses| *reverses < row.setl_id.as_str()).collect();
        let wanted: Vec<&str> =
            earlier.into_iter().chain([row.setl_id.as_str()]).chain(behind.iter().copied()).collect();
        let mut visits = visits(app, person, &wanted).await?;
        let behind = visits.split_off(visits.partition_point(|visit| visit.row.setl_id <= row.setl_id));
        let mut chain = Chain::of(merged::into(&app.db, &psn_nos[0]).await?, Vec::new());
        visits.iter().for_each(|visit| chain.push(visit.gone(), None));
        let reversed = behind.iter().filter(|visit| visit.is_reversed());
        let gone = visits.iter().chain(reversed).map(|visit| (visit.row.setl_id.clone(), None)).collect();
        let first =
            visits.pop().ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a settlement is gone")))?;
        Ok(Some(Later {
            policies: app.policies.current(),
            chain,
            gone,
            moved: moved(app, &behind, &psn_nos[0]).await?,
            visits: behind,
            first,
            last_setl_id,
            too_many,
        }))
    }
}

impl Visit {
    /// The case as recorded, but that accounts pay no more than they paid.
    pub fn case(&self) -> Result<Case, Why> {
        let case = case_of(&self.row)?;
        let (own_fen, shared_fen) = (Fen(self.paid.own_fen), Fen(self.paid.shared_fen));
        Ok(Case { account: Account { own_fen, shared_fen, kept_fen: Fen::ZERO, ..case.account }, ..case })
    }

    /// In the chain, as one that adds nothing any more.
    fn gone(&self) -> Settled {
        let settlement::Model { poolarea_no, psn_no, setl_id, .. } = self.row.clone();
        let reversed_by = self.reversed_by.clone();
        Settled {
            poolarea_no,
            psn_no,
            setl_id,
            added: self.paid.added.clone(),
            would_add: Vec::new(),
            reversed_by,
        }
    }

    /// Whether it has been reversed.
    pub fn is_reversed(&self) -> bool {
        self.reversed_by.is_some()
    }
}

/// Those that an account paid which a transfer took to another area since. `psn_no` is the number that stays.
async fn moved(app: &App, visits: &[Visit], psn_no: &str) -> Result<BTreeSet<String>, ServiceError> {
    let booked = |visit: &Visit| {
        let area = visit.row.poolarea_no.clone();
        let postings = postings_of(&visit.answer).into_iter();
        let on = postings.filter_map(|posting| {
            let books = posting.books(&area).to_owned();
            posting.personal_account().map(|whose| (books, whose.to_owned()))
        });
        on.collect::<Vec<_>>()
    };
    let standing = visits.iter().filter(|visit| !visit.is_reversed());
    let paid: Vec<_> = standing.map(|visit| (visit, booked(visit))).collect();
    let numbers: BTreeSet<&str> =
        paid.iter().flat_map(|(_, accounts)| accounts).map(|(_, whose)| whose.as_str()).collect();
    if numbers.is_empty() {
        return Ok(BTreeSet::new());
    }
    let stays = merged::among(&app.db, numbers.iter().copied()).await?;
    let now = |whose: &str| stays.get(whose).map_or(whose, String::as_str).to_owned();
    let gone = moves::moved_away(&app.db, numbers.iter().map(|whose| now(whose)).collect()).await?;
    // The own account may have been in another area at the visit already.
    let is_gone = |visit: &Visit, (books, whose): &(String, String)| {
        let whose = now(whose);
        let own = whose == psn_no && gone.contains(&(visit.row.poolarea_no.clone(), whose.clone()));
        own || gone.contains(&(books.clone(), whose))
    };
    let moved = paid.iter().filter(|(visit, accounts)| accounts.iter().any(|on| is_gone(visit, on)));
    Ok(moved.map(|(visit, _)| visit.row.setl_id.clone()).collect())
}

/// A settlement alone.
pub async fn visit_of(app: &App, row: &settlement::Model, psn_nos: &[String]) -> Result<Visit, ServiceError> {
    let alone = visits(app, (&row.poolarea_no, psn_nos), &[&row.setl_id]).await?.pop();
    alone.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a settlement is gone")))
}

/// What the years of a settlement's person add up to.
pub async fn totals_of(app: &App, row: &settlement::Model) -> Result<Totals, ServiceError> {
    let mut totals = Totals::new();
    for year in settlements::accumulated_of(&app.db, &row.poolarea_no, &row.psn_no).await? {
        totals.insert(year.policy_year.parse().map_err(ServiceError::internal)?, year.totals()?);
    }
    Ok(totals)
}

/// Later visits that would be paid otherwise now that a settlement is reversed, as far as the caller is told; `None` where there are none. `row` is
/// under the number that stays.
pub async fn after_reversal(
    app: &App,
    caller: &Caller,
    row: &settlement::Model,
) -> Result<Option<LaterVisits>, ServiceError> {
    let psn_nos = merged::numbers(&app.db, &row.psn_no).await?;
    let Some(later) = Later::read(app, row, &psn_nos).await? else { return Ok(None) };
    let told = told(&later.plan(totals_of(app, row).await?), caller.institution_code());
    Ok(Some(told).filter(|told| *told != LaterVisits::default()))
}

async fn visits(app: &App, person: (&str, &[String]), setl_ids: &[&str]) -> Result<Vec<Visit>, ServiceError> {
    let reversals = settlements::reversals_in(&app.db, [person.0.to_owned()], setl_ids).await?;
    let mut visits = Vec::with_capacity(setl_ids.len());
    for some in setl_ids.chunks(PAGE) {
        for mut row in settlements::by_ids(&app.db, person, some).await? {
            let answer = settlements::answer_of(&row)?;
            row.answer = Vec::new();
            let (paid, reversed_by) = (paid_by(&answer)?, reversals.get(&row.setl_id).cloned());
            visits.push(Visit { row, answer, paid, reversed_by });
        }
    }
    visits.sort_by(|a, b| a.row.setl_id.cmp(&b.row.setl_id));
    Ok(visits)
}
