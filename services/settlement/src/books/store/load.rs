//! What a settlement reads of a person before it is calculated, for many persons in one round trip.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures::future::try_join5;
use sea_orm::{DbErr, EntityTrait, FromQueryResult};
use yizhan_policy::case::Accumulated;
use yizhan_runtime::db::{DatabaseConnection, find_rows, find_rows_and, find_rows_from};

use super::claims::{self, Key};
use super::entities::{account, accumulated, claim, request};
use crate::books::domain::claims::IS_VISIT;

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
    pub claims: Vec<Key>,
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
    /// The request, when it was handled before.
    pub handled: Option<request::Model>,
    /// Visits of the person that stand, wherever they were paid, and end on the wanted first day or later.
    pub visits: Vec<claim::Model>,
    /// Who holds what was asked for.
    pub claimed: Vec<claim::Model>,
}

/// A year, and the person's last settlement at the same moment.
#[derive(FromQueryResult)]
struct YearRow {
    #[sea_orm(nested)]
    year: accumulated::Model,
    last_setl_id: Option<String>,
}

/// The ids of a person's settlements sort in the order of commit: each is made behind the last one, see [`PersonState::last_setl_id`].
const LAST_SETL_ID: &str = "(SELECT MAX(setl_id) FROM settlements WHERE settlements.poolarea_no = accumulated.poolarea_no \
    AND settlements.psn_no = accumulated.psn_no) AS last_setl_id";

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

/// Reads the states of many persons at once: at most five statements, side by side.
pub async fn load(db: &DatabaseConnection, wanted: &[Wanted]) -> Result<Vec<PersonState>, DbErr> {
    let persons: BTreeSet<Pair> = wanted.iter().map(Wanted::person).collect();
    let relatives = wanted.iter().filter_map(|wanted| wanted.relative.clone());
    let holders = persons.iter().cloned().chain(relatives).collect();
    let requests = wanted.iter().filter_map(|wanted| wanted.request.clone()).collect();
    let year_key = [accumulated::Column::PoolareaNo, accumulated::Column::PsnNo];
    let account_key = [account::Column::PoolareaNo, account::Column::PsnNo];
    let request_key = [request::Column::Owner, request::Column::RequestId];
    let mut since: BTreeMap<&str, &str> = BTreeMap::new();
    for (psn_no, begin) in
        wanted.iter().filter_map(|one| Some((one.psn_no.as_str(), one.begndate.as_deref()?)))
    {
        let first = since.entry(psn_no).or_insert(begin);
        *first = begin.min(*first);
    }
    let since = since.into_iter().map(|(psn_no, begin)| [psn_no, begin].map(str::to_owned));
    let visit_key = (claim::Column::PsnNo, claim::Column::Enddate);
    let claims: BTreeSet<Key> = wanted.iter().flat_map(|wanted| wanted.claims.iter().cloned()).collect();
    let (years, accounts, requests, visits, claims) = try_join5(
        find_rows_and::<accumulated::Entity, YearRow, 2>(db, year_key, keys(persons), LAST_SETL_ID),
        find_rows::<account::Entity, 2>(db, account_key, keys(holders)),
        find_rows::<request::Entity, 2>(db, request_key, keys(requests)),
        find_rows_from::<claim::Entity>(db, visit_key, since.collect(), IS_VISIT),
        claims::standing(db, claims.into_iter().collect()),
    )
    .await?;
    let balances: BTreeMap<Pair, Balance> = accounts
        .into_iter()
        .map(|row| ((row.poolarea_no, row.psn_no), Balance { version: row.version, fen: row.balance_fen }))
        .collect();
    let balance = |key: &Pair| balances.get(key).copied().unwrap_or_default();
    let requests: BTreeMap<Pair, request::Model> =
        requests.into_iter().map(|row| ((row.owner.clone(), row.request_id.clone()), row)).collect();
    let mut years_of: BTreeMap<Pair, Years> = BTreeMap::new();
    let mut last_of: BTreeMap<Pair, String> = BTreeMap::new();
    for YearRow { year: row, last_setl_id } in years {
        let damaged = |error| DbErr::Type(format!("accumulated.policy_year: {error}"));
        let (year, totals) = (row.policy_year.parse().map_err(damaged)?, row.totals()?);
        let person = (row.poolarea_no, row.psn_no);
        last_of.insert(person.clone(), last_setl_id.unwrap_or_default());
        years_of.entry(person).or_default().insert(year, (row.version, totals));
    }
    let state = |wanted: &Wanted| PersonState {
        years: years_of.get(&wanted.person()).cloned().unwrap_or_default(),
        own: balance(&wanted.person()),
        shared: wanted.relative.as_ref().map(balance).unwrap_or_default(),
        last_setl_id: last_of.get(&wanted.person()).cloned().unwrap_or_default(),
        handled: wanted.request.as_ref().and_then(|key| requests.get(key)).cloned(),
        visits: visits.iter().filter(|visit| wanted.meets(visit)).cloned().collect(),
        claimed: claims.iter().filter(|claim| wanted.asks_for(claim)).cloned().collect(),
    };
    Ok(wanted.iter().map(state).collect())
}

impl Wanted {
    fn person(&self) -> Pair {
        (self.poolarea_no.clone(), self.psn_no.clone())
    }

    fn meets(&self, visit: &claim::Model) -> bool {
        visit.psn_no == self.psn_no && self.begndate.as_ref().is_some_and(|begin| *begin <= visit.enddate)
    }

    fn asks_for(&self, claim: &claim::Model) -> bool {
        self.claims.iter().any(|[kind, owner, number]| {
            *number == claim.number && *owner == claim.owner && *kind == claim.kind
        })
    }
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
