//! What a settlement reads of a person before it is calculated, for many persons in one round trip.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures::future::try_join3;
use sea_orm::{DbErr, EntityTrait, FromQueryResult};
use yizhan_policy::case::Accumulated;
use yizhan_runtime::db::{DatabaseConnection, find_rows, find_rows_and};

use super::entities::{account, accumulated, request};

/// Whose state is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// 统筹区
    pub poolarea_no: String,
    /// 人员编号
    pub psn_no: String,
    /// Area that keeps the account of a relative who helps, and the relative.
    pub relative: Option<Key>,
    /// Owner and id of the request, to see whether it was handled before.
    pub request: Option<(String, String)>,
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
pub type Key = (String, String);

/// Reads the states of many persons at once: three statements, side by side.
pub async fn load(db: &DatabaseConnection, wanted: &[Wanted]) -> Result<Vec<PersonState>, DbErr> {
    let persons: BTreeSet<Key> = wanted.iter().map(Wanted::person).collect();
    let relatives = wanted.iter().filter_map(|wanted| wanted.relative.clone());
    let holders = persons.iter().cloned().chain(relatives).collect();
    let requests = wanted.iter().filter_map(|wanted| wanted.request.clone()).collect();
    let year_key = [accumulated::Column::PoolareaNo, accumulated::Column::PsnNo];
    let account_key = [account::Column::PoolareaNo, account::Column::PsnNo];
    let request_key = [request::Column::Owner, request::Column::RequestId];
    let (years, accounts, requests) = try_join3(
        find_rows_and::<accumulated::Entity, YearRow, 2>(db, year_key, keys(persons), LAST_SETL_ID),
        find_rows::<account::Entity, 2>(db, account_key, keys(holders)),
        find_rows::<request::Entity, 2>(db, request_key, keys(requests)),
    )
    .await?;
    let balances: BTreeMap<Key, Balance> = accounts
        .into_iter()
        .map(|row| ((row.poolarea_no, row.psn_no), Balance { version: row.version, fen: row.balance_fen }))
        .collect();
    let balance = |key: &Key| balances.get(key).copied().unwrap_or_default();
    let requests: BTreeMap<Key, request::Model> =
        requests.into_iter().map(|row| ((row.owner.clone(), row.request_id.clone()), row)).collect();
    let mut years_of: BTreeMap<Key, Years> = BTreeMap::new();
    let mut last_of: BTreeMap<Key, String> = BTreeMap::new();
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
    };
    Ok(wanted.iter().map(state).collect())
}

impl Wanted {
    fn person(&self) -> Key {
        (self.poolarea_no.clone(), self.psn_no.clone())
    }
}

fn keys(keys: BTreeSet<Key>) -> Vec<[String; 2]> {
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
