//! What a settlement reads of a person before it is calculated, for many persons in one round trip.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures::future::try_join3;
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};
use yizhan_policy::case::Accumulated;
use yizhan_runtime::db::find_rows;

use super::entities::{account, accumulated, request};

/// Whose state is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// 统筹区
    pub poolarea_no: String,
    /// 人员编号
    pub psn_no: String,
    /// Relative whose account helps; empty: none.
    pub mulaid_psn_no: String,
    /// Owner and id of the request, to see whether it was handled before.
    pub request: Option<(String, String)>,
}

/// The state found.
#[derive(Clone, Debug, Default)]
pub struct PersonState {
    /// By policy year: version and totals.
    pub years: BTreeMap<NaiveDate, (i64, Accumulated)>,
    /// The person's account.
    pub own: Balance,
    /// The relative's account.
    pub shared: Balance,
    /// The request, when it was handled before.
    pub handled: Option<request::Model>,
}

/// An account as it was read; version 0 where nothing was ever paid in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Version to guard a change with.
    pub version: i64,
    /// Fen.
    pub fen: i64,
}

/// Reads the states of many persons at once: three statements, side by side.
pub async fn load(db: &DatabaseConnection, wanted: &[Wanted]) -> Result<Vec<PersonState>, DbErr> {
    let persons: BTreeSet<(&str, &str)> =
        wanted.iter().map(|wanted| (wanted.poolarea_no.as_str(), wanted.psn_no.as_str())).collect();
    let mut holders = persons.clone();
    holders.extend(
        wanted
            .iter()
            .filter(|wanted| !wanted.mulaid_psn_no.is_empty())
            .map(|wanted| (wanted.poolarea_no.as_str(), wanted.mulaid_psn_no.as_str())),
    );
    let requests = wanted.iter().filter_map(|wanted| wanted.request.as_ref());
    let requests = requests.map(|(owner, request_id)| (owner.as_str(), request_id.as_str())).collect();
    let (years, accounts, requests) =
        try_join3(read_years(db, &persons), read_accounts(db, &holders), read_requests(db, &requests))
            .await?;
    wanted.iter().map(|wanted| state_of(wanted, &years, &accounts, &requests)).collect()
}

type Years = BTreeMap<(String, String), Vec<accumulated::Model>>;
type Accounts = BTreeMap<(String, String), Balance>;
type Requests = BTreeMap<(String, String), request::Model>;

fn state_of(
    wanted: &Wanted,
    years: &Years,
    accounts: &Accounts,
    requests: &Requests,
) -> Result<PersonState, DbErr> {
    let person = (wanted.poolarea_no.clone(), wanted.psn_no.clone());
    let relative = (wanted.poolarea_no.clone(), wanted.mulaid_psn_no.clone());
    let mut state = PersonState {
        own: accounts.get(&person).copied().unwrap_or_default(),
        shared: accounts.get(&relative).copied().unwrap_or_default(),
        handled: wanted.request.as_ref().and_then(|key| requests.get(key)).cloned(),
        ..PersonState::default()
    };
    for row in years.get(&person).into_iter().flatten() {
        let year = row.policy_year.parse().map_err(|error| damaged("policy_year", error))?;
        let totals = serde_json::from_str(&row.totals).map_err(|error| damaged("totals", error))?;
        state.years.insert(year, (row.version, totals));
    }
    Ok(state)
}

fn damaged(column: &str, error: impl std::fmt::Display) -> DbErr {
    DbErr::Type(format!("accumulated.{column}: {error}"))
}

async fn read_years(db: &DatabaseConnection, persons: &BTreeSet<(&str, &str)>) -> Result<Years, DbErr> {
    use accumulated::Column::{PoolareaNo, PsnNo};
    let mut years = Years::new();
    for row in find_rows::<accumulated::Entity, 2>(db, [PoolareaNo, PsnNo], keys(persons)).await? {
        years.entry((row.poolarea_no.clone(), row.psn_no.clone())).or_default().push(row);
    }
    Ok(years)
}

async fn read_accounts(db: &DatabaseConnection, holders: &BTreeSet<(&str, &str)>) -> Result<Accounts, DbErr> {
    use account::Column::{PoolareaNo, PsnNo};
    let rows = find_rows::<account::Entity, 2>(db, [PoolareaNo, PsnNo], keys(holders)).await?;
    let balance = |row: account::Model| {
        ((row.poolarea_no, row.psn_no), Balance { version: row.version, fen: row.balance_fen })
    };
    Ok(rows.into_iter().map(balance).collect())
}

async fn read_requests(
    db: &DatabaseConnection,
    requests: &BTreeSet<(&str, &str)>,
) -> Result<Requests, DbErr> {
    use request::Column::{Owner, RequestId};
    let rows = find_rows::<request::Entity, 2>(db, [Owner, RequestId], keys(requests)).await?;
    Ok(rows.into_iter().map(|row| ((row.owner.clone(), row.request_id.clone()), row)).collect())
}

fn keys(values: &BTreeSet<(&str, &str)>) -> Vec<[String; 2]> {
    values.iter().map(|(first, second)| [*first, *second].map(str::to_owned)).collect()
}

/// One handled request.
pub async fn handled_request(
    db: &DatabaseConnection,
    owner: &str,
    request_id: &str,
) -> Result<Option<request::Model>, DbErr> {
    request::Entity::find_by_id((owner.to_owned(), request_id.to_owned())).one(db).await
}
