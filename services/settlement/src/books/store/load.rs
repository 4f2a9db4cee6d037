//! What a settlement reads of a person before it is calculated, for many persons in one round trip.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use futures::future::{try_join, try_join4};
use sea_orm::{DbErr, EntityTrait, FromQueryResult};
use yizhan_policy::case::Accumulated;
use yizhan_runtime::db::{DatabaseConnection, find_rows, find_rows_and, find_rows_from};

use super::claims::{self, Claims, Key, Ten, key_of, ten_of};
use super::commit::Change;
use super::entities::{account, accumulated, claim, claimed_line, request};
use super::trace_codes;
use crate::books::domain::claims::IS_VISIT;
use crate::books::domain::trace_codes::Held;

/// Whose state is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// 统筹区
    pub poolarea_no: String,
    /// 人员编号
    pub psn_no: String,
    /// Area that keeps the account of a relative who helps, and the relative.
    pub relative: Option<Pair>,
    /// Owner and id of the request, to see whether it was handled before.
    pub request: Option<(String, String)>,
    /// First day of a visit, where it is to be compared with those of the person that stand: YYYY-MM-DD.
    pub begndate: Option<String>,
    /// What may be claimed already.
    pub claims: Claims,
    /// Trace codes, of which it is asked where they stand.
    pub codes: BTreeSet<String>,
}

/// By policy year: version and totals.
pub type Years = BTreeMap<NaiveDate, (i64, Accumulated)>;

/// The state found.
#[derive(Clone, Debug, Default)]
pub struct PersonState {
    /// The policy years.
    pub years: Years,
    /// The person's account.
    pub own: Balance,
    /// The relative's account.
    pub shared: Balance,
    /// The last settlement of the person when the years were read, which guard what follows on it; empty before the first.
    pub last_setl_id: String,
    /// The number that took this one's place when records were merged: nothing is settled or paid in under this one any more.
    pub merged_into: Option<String>,
    /// The request, when it was handled before.
    pub handled: Option<request::Model>,
    /// Visits of the person that stand, wherever they were paid, and end on the wanted first day or later.
    pub visits: Vec<claim::Model>,
    /// Whether somebody holds what was asked for.
    pub claimed: bool,
    /// Where the codes stand that were asked about; those of others too.
    pub codes: Arc<BTreeMap<String, Held>>,
}

/// A year, and the person's last settlement at the same moment.
#[derive(FromQueryResult)]
struct YearRow {
    #[sea_orm(nested)]
    year: accumulated::Model,
    last_setl_id: Option<String>,
    merged_into: Option<String>,
}

/// The ids of a person's settlements sort in the order of commit: each is made behind the last one, see [`PersonState::last_setl_id`].
/// A number that was merged into another has a row for every year that matters, see [`crate::books::merge`].
const LAST_SETL_ID: &str = "(SELECT MAX(setl_id) FROM settlements WHERE settlements.poolarea_no = accumulated.poolarea_no \
    AND settlements.psn_no = accumulated.psn_no) AS last_setl_id, \
    (SELECT stays_psn_no FROM merged_person WHERE merged_person.psn_no = accumulated.psn_no) AS merged_into";

/// An account as it was read; version 0 where nothing was ever paid in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Version to guard a change with.
    pub version: i64,
    /// Fen.
    pub fen: i64,
}

/// Area and person, or owner and id of a request.
pub type Pair = (String, String);

/// Reads the states of many persons at once: at most six statements, most of them side by side, and one more where there are trace
/// codes.
pub async fn load(db: &DatabaseConnection, wanted: &[Wanted]) -> Result<Vec<PersonState>, DbErr> {
    let persons: BTreeSet<Pair> = wanted.iter().map(Wanted::person).collect();
    let relatives = wanted.iter().filter_map(|wanted| wanted.relative.clone());
    let holders = persons.iter().cloned().chain(relatives).collect();
    let requests = wanted.iter().filter_map(|wanted| wanted.request.clone()).collect();
    let year_key = [accumulated::Column::PoolareaNo, accumulated::Column::PsnNo];
    let account_key = [account::Column::PoolareaNo, account::Column::PsnNo];
    let request_key = [request::Column::Owner, request::Column::RequestId];
    let visit_key = (claim::Column::PsnNo, claim::Column::Enddate);
    let rows: BTreeSet<Key> = wanted.iter().flat_map(|wanted| &wanted.claims.rows).map(key_of).collect();
    let tens: BTreeSet<Ten> = wanted.iter().flat_map(|wanted| &wanted.claims.lines).map(ten_of).collect();
    let claimed = try_join(
        claims::standing(db, rows.into_iter().collect()),
        claims::lines(db, tens.into_iter().collect()),
    );
    // The visits behind the years, never before: a visit that is not seen came after the version that was, which then guards.
    let years = async {
        let years =
            find_rows_and::<accumulated::Entity, YearRow, 2>(db, year_key, keys(persons), LAST_SETL_ID);
        let years = years.await?;
        Ok((years, find_rows_from::<claim::Entity>(db, visit_key, since(wanted), IS_VISIT).await?))
    };
    let ((years, visits), accounts, requests, (rows, lines)) = try_join4(
        years,
        find_rows::<account::Entity, 2>(db, account_key, keys(holders)),
        find_rows::<request::Entity, 2>(db, request_key, keys(requests)),
        claimed,
    )
    .await?;
    let codes: BTreeSet<String> = wanted.iter().flat_map(|wanted| wanted.codes.iter().cloned()).collect();
    let codes = Arc::new(trace_codes::held(db, codes).await?);
    let balances: BTreeMap<Pair, Balance> = accounts
        .into_iter()
        .map(|row| ((row.poolarea_no, row.psn_no), Balance { version: row.version, fen: row.balance_fen }))
        .collect();
    let balance = |key: &Pair| balances.get(key).copied().unwrap_or_default();
    let requests: BTreeMap<Pair, request::Model> =
        requests.into_iter().map(|row| ((row.owner.clone(), row.request_id.clone()), row)).collect();
    let mut years_of: BTreeMap<Pair, Years> = BTreeMap::new();
    let mut last_of: BTreeMap<Pair, String> = BTreeMap::new();
    let mut merged_of: BTreeMap<Pair, String> = BTreeMap::new();
    for YearRow { year: row, last_setl_id, merged_into } in years {
        let damaged = |error| DbErr::Type(format!("accumulated.policy_year: {error}"));
        let (year, totals) = (row.policy_year.parse().map_err(damaged)?, row.totals()?);
        let person = (row.poolarea_no, row.psn_no);
        last_of.insert(person.clone(), last_setl_id.unwrap_or_default());
        merged_of.extend(merged_into.map(|into| (person.clone(), into)));
        years_of.entry(person).or_default().insert(year, (row.version, totals));
    }
    let rows: BTreeSet<Key> = rows.iter().map(key_of).collect();
    let lines: BTreeMap<Ten, i64> = lines.iter().map(|line| (ten_of(line), line.digits)).collect();
    let is_claimed = |claims: &Claims| {
        let held = |line: &claimed_line::Model| {
            lines.get(&ten_of(line)).is_some_and(|digits| digits & line.digits != 0)
        };
        claims.rows.iter().any(|row| rows.contains(&key_of(row))) || claims.lines.iter().any(held)
    };
    let state = |wanted: &Wanted| PersonState {
        years: years_of.get(&wanted.person()).cloned().unwrap_or_default(),
        own: balance(&wanted.person()),
        shared: wanted.relative.as_ref().map(balance).unwrap_or_default(),
        last_setl_id: last_of.get(&wanted.person()).cloned().unwrap_or_default(),
        merged_into: merged_of.get(&wanted.person()).cloned(),
        handled: wanted.request.as_ref().and_then(|key| requests.get(key)).cloned(),
        visits: visits.iter().filter(|visit| wanted.meets(visit)).cloned().collect(),
        claimed: is_claimed(&wanted.claims),
        codes: codes.clone(),
    };
    Ok(wanted.iter().map(state).collect())
}

impl PersonState {
    /// What a change leaves, for one that is committed together with it. The versions stay those that were read.
    pub fn after(&mut self, change: &Change) -> Result<(), DbErr> {
        for row in &change.years {
            let damaged = |error| DbErr::Type(format!("accumulated.policy_year: {error}"));
            self.years.insert(row.policy_year.parse().map_err(damaged)?, (row.version - 1, row.totals()?));
        }
        let Some(settled) = &change.settlement else { return Ok(()) };
        for row in &change.accounts {
            let balance = Balance { version: row.version - 1, fen: row.balance_fen };
            *(if row.psn_no == settled.psn_no { &mut self.own } else { &mut self.shared }) = balance;
        }
        for row in &change.codes {
            let held = Held { version: row.version - 1, ..trace_codes::held_in(row)? };
            Arc::make_mut(&mut self.codes).insert(row.drug_trac_codg.clone(), held);
        }
        self.last_setl_id.clone_from(&settled.setl_id);
        Ok(())
    }
}

impl Wanted {
    fn person(&self) -> Pair {
        (self.poolarea_no.clone(), self.psn_no.clone())
    }

    fn meets(&self, visit: &claim::Model) -> bool {
        visit.psn_no == self.psn_no && self.begndate.as_ref().is_some_and(|begin| *begin <= visit.enddate)
    }
}

/// Persons whose visits are wanted, each with the first day that is asked for.
fn since(wanted: &[Wanted]) -> Vec<[String; 2]> {
    let mut since: BTreeMap<&str, &str> = BTreeMap::new();
    for wanted in wanted {
        let Some(begin) = wanted.begndate.as_deref() else { continue };
        let first = since.entry(&wanted.psn_no).or_insert(begin);
        *first = begin.min(*first);
    }
    since.into_iter().map(|(psn_no, begin)| [psn_no, begin].map(str::to_owned)).collect()
}

fn keys(keys: BTreeSet<Pair>) -> Vec<[String; 2]> {
    keys.into_iter().map(Into::into).collect()
}

/// One handled request.
pub async fn handled_request(
    db: &DatabaseConnection,
    owner: &str,
    request_id: &str,
) -> Result<Option<request::Model>, DbErr> {
    request::Entity::find_by_id((owner.to_owned(), request_id.to_owned())).one(db).await
}
