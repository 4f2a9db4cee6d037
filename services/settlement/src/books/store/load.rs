//! What a settlement reads of a person before it is calculated, for many persons in one round trip.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use futures::future::{try_join, try_join4};
use sea_orm::{DbBackend, DbErr, EntityTrait, FromQueryResult};
use serde::de::DeserializeOwned;
use yizhan_policy::case::Accumulated;
use yizhan_runtime::db::{DatabaseConnection, ask_each, find_rows, rows_as_json};
use yizhan_terms::Area;

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
    /// Area that keeps the person's own account, where it moved from that of the books.
    pub account_in: Option<String>,
    /// Other areas in whose books the person may stand.
    pub elsewhere: Vec<String>,
    /// Owner and id of the request, to see whether it was handled before.
    pub request: Option<(String, String)>,
    /// First and last day of a visit, where it is to be compared with those of the person that stand: YYYY-MM-DD.
    pub days: Option<[String; 2]>,
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
    /// What the books of other areas say of the person, where they say something.
    pub elsewhere: BTreeMap<String, Years>,
    /// The person's account, where it is kept now.
    pub own: Balance,
    /// The relative's account.
    pub shared: Balance,
    /// The last settlement of the person when the years were read, which guard what follows on it; empty before the first.
    pub last_setl_id: String,
    /// The number that took this one's place when records were merged: nothing is settled or paid in under this one any more.
    pub merged_into: Option<String>,
    /// The request, when it was handled before.
    pub handled: Option<request::Model>,
    /// Visits of the person that stand, wherever they were paid, and share a day with the wanted ones.
    pub visits: Vec<claim::Model>,
    /// Whether somebody holds what was asked for.
    pub claimed: bool,
    /// Where the codes stand that were asked about; those of others too.
    pub codes: Arc<BTreeMap<String, Held>>,
}

/// A person as the books know them at one moment: a visit that is not seen came after the years, whose versions then guard.
#[derive(FromQueryResult)]
struct PersonRow {
    poolarea_no: String,
    psn_no: String,
    last_setl_id: Option<String>,
    merged_into: Option<String>,
    years: Option<String>,
    visits: Option<String>,
}

impl PersonRow {
    /// The columns. The ids of a person's settlements sort in the order of commit: each is made behind the last one, see
    /// [`PersonState::last_setl_id`].
    fn columns(backend: DbBackend) -> String {
        let person =
            |table: &str| format!("{table}.poolarea_no = key.poolarea_no AND {table}.psn_no = key.psn_no");
        let years = rows_as_json::<accumulated::Entity>(backend, &person("accumulated"));
        let met = format!(
            "claims.psn_no = key.psn_no AND claims.enddate >= key.first_day AND claims.begndate <= key.last_day \
             AND {IS_VISIT}"
        );
        let visits = rows_as_json::<claim::Entity>(backend, &met);
        format!(
            "key.poolarea_no, key.psn_no, \
             (SELECT MAX(setl_id) FROM settlements WHERE {}) AS last_setl_id, \
             (SELECT stays_psn_no FROM merged_person WHERE merged_person.psn_no = key.psn_no) AS merged_into, \
             {years} AS years, {visits} AS visits",
            person("settlements"),
        )
    }

    fn read(self) -> Result<PersonState, DbErr> {
        let mut years = Years::new();
        for row in rows_in::<accumulated::Model>("accumulated", self.years)? {
            let damaged = |error| DbErr::Type(format!("accumulated.policy_year: {error}"));
            years.insert(row.policy_year.parse().map_err(damaged)?, (row.version, row.totals()?));
        }
        Ok(PersonState {
            years,
            last_setl_id: self.last_setl_id.unwrap_or_default(),
            merged_into: self.merged_into,
            visits: rows_in("claims", self.visits)?,
            ..PersonState::default()
        })
    }
}

fn rows_in<M: DeserializeOwned>(table: &str, json: Option<String>) -> Result<Vec<M>, DbErr> {
    let Some(json) = json else { return Ok(Vec::new()) };
    serde_json::from_str(&json).map_err(|error| DbErr::Type(format!("{table}: {error}")))
}

/// An account as it was read; version 0 where nothing was ever paid in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Version to guard a change with.
    pub version: i64,
    /// Fen.
    pub fen: i64,
    /// The area in whose books it was read; `None` where it has no row.
    pub area: Option<Area>,
    /// The area that keeps it since a transfer, where that one was not asked about.
    pub moved_to: Option<Area>,
}

impl Balance {
    fn of(row: account::Model) -> (Pair, Balance) {
        let [area, moved_to] = [&row.poolarea_no, &row.moved_to].map(|area| Area::parse(area));
        let balance = Balance { version: row.version, fen: row.balance_fen, area, moved_to };
        ((row.poolarea_no, row.psn_no), balance)
    }
}

/// Area and person, or owner and id of a request.
pub type Pair = (String, String);

/// Reads the states of many persons at once: at most five statements side by side, and one more where there are trace codes.
pub async fn load(db: &DatabaseConnection, wanted: &[Wanted]) -> Result<Vec<PersonState>, DbErr> {
    let relatives = wanted.iter().filter_map(|wanted| wanted.relative.clone());
    let holders = wanted.iter().flat_map(Wanted::accounts).chain(relatives).collect();
    let requests = wanted.iter().filter_map(|wanted| wanted.request.clone()).collect();
    let person_key = ["poolarea_no", "psn_no", "first_day", "last_day"];
    let account_key = [account::Column::PoolareaNo, account::Column::PsnNo];
    let request_key = [request::Column::Owner, request::Column::RequestId];
    let rows: BTreeSet<Key> = wanted.iter().flat_map(|wanted| &wanted.claims.rows).map(key_of).collect();
    let tens: BTreeSet<Ten> = wanted.iter().flat_map(|wanted| &wanted.claims.lines).map(ten_of).collect();
    let claimed = try_join(
        claims::standing(db, rows.into_iter().collect()),
        claims::lines(db, tens.into_iter().collect()),
    );
    let columns = PersonRow::columns(db.get_database_backend());
    let (persons, accounts, requests, (rows, lines)) = try_join4(
        ask_each::<PersonRow, 4>(db, person_key, persons(wanted), &columns),
        find_rows::<account::Entity, 2>(db, account_key, keys(holders)),
        find_rows::<request::Entity, 2>(db, request_key, keys(requests)),
        claimed,
    )
    .await?;
    let codes: BTreeSet<String> = wanted.iter().flat_map(|wanted| wanted.codes.iter().cloned()).collect();
    let codes = Arc::new(trace_codes::held(db, codes).await?);
    let mut known: BTreeMap<Pair, PersonState> = BTreeMap::new();
    for row in persons {
        known.insert((row.poolarea_no.clone(), row.psn_no.clone()), row.read()?);
    }
    let balances: BTreeMap<Pair, Balance> = accounts.into_iter().map(Balance::of).collect();
    let balance = |key: &Pair| balances.get(key).copied().unwrap_or_default();
    let requests: BTreeMap<Pair, request::Model> =
        requests.into_iter().map(|row| ((row.owner.clone(), row.request_id.clone()), row)).collect();
    let rows: BTreeSet<Key> = rows.iter().map(key_of).collect();
    let lines: BTreeMap<Ten, i64> = lines.iter().map(|line| (ten_of(line), line.digits)).collect();
    let is_claimed = |claims: &Claims| {
        let held = |line: &claimed_line::Model| {
            lines.get(&ten_of(line)).is_some_and(|digits| digits & line.digits != 0)
        };
        claims.rows.iter().any(|row| rows.contains(&key_of(row))) || claims.lines.iter().any(held)
    };
    let state = |wanted: &Wanted| {
        let mut state = known.get(&wanted.person()).cloned().unwrap_or_default();
        state.visits.retain(|visit| wanted.meets(visit));
        PersonState {
            elsewhere: wanted.years_elsewhere(&known),
            own: wanted.account(&balances),
            shared: wanted.relative.as_ref().map(balance).unwrap_or_default(),
            handled: wanted.request.as_ref().and_then(|key| requests.get(key)).cloned(),
            claimed: is_claimed(&wanted.claims),
            codes: codes.clone(),
            ..state
        }
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
            let read = if row.psn_no == settled.psn_no { self.own } else { self.shared };
            let balance = Balance { version: row.version - 1, fen: row.balance_fen, ..read };
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

    /// Where the person may stand besides.
    fn elsewhere(&self) -> impl Iterator<Item = Pair> {
        self.elsewhere.iter().map(|area| (area.clone(), self.psn_no.clone()))
    }

    fn years_elsewhere(&self, known: &BTreeMap<Pair, PersonState>) -> BTreeMap<String, Years> {
        let years = |person: Pair| Some((known.get(&person)?.years.clone(), person.0));
        self.elsewhere().filter_map(years).map(|(years, area)| (area, years)).collect()
    }

    /// Where the person's own account may be kept.
    fn accounts(&self) -> Vec<Pair> {
        let area = self.account_in.as_ref().unwrap_or(&self.poolarea_no);
        std::iter::once((area.clone(), self.psn_no.clone())).chain(self.elsewhere()).collect()
    }

    /// The account, where it is kept now, as far as that was read.
    fn account(&self, balances: &BTreeMap<Pair, Balance>) -> Balance {
        let of = |area: &str| balances.get(&(area.to_owned(), self.psn_no.clone())).copied();
        let mut kept = of(self.account_in.as_ref().unwrap_or(&self.poolarea_no)).unwrap_or_default();
        for _ in &self.elsewhere {
            kept = kept.moved_to.and_then(|area| of(area.as_str())).unwrap_or(kept);
        }
        kept
    }

    fn meets(&self, visit: &claim::Model) -> bool {
        self.days.as_ref().is_some_and(|[first, last]| *first <= visit.enddate && visit.begndate <= *last)
    }
}

/// Each person once, with the days that their visits are wanted of: none are, where the last day is before every other.
fn persons(wanted: &[Wanted]) -> Vec<[String; 4]> {
    let mut days: BTreeMap<Pair, [String; 2]> = BTreeMap::new();
    for wanted in wanted {
        let [first, last] = days.entry(wanted.person()).or_default();
        let Some([begin, end]) = &wanted.days else { continue };
        if last.is_empty() || begin < first {
            first.clone_from(begin);
        }
        if end > last {
            last.clone_from(end);
        }
    }
    // Of other areas' books the years are wanted, and no visits.
    for person in wanted.iter().flat_map(Wanted::elsewhere) {
        days.entry(person).or_default();
    }
    days.into_iter()
        .map(|((poolarea_no, psn_no), [first, last])| [poolarea_no, psn_no, first, last])
        .collect()
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
