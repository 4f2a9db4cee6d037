//! What a settlement reads of a person before it is calculated, for many persons in one round trip.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use futures::future::{try_join, try_join3};
use sea_orm::{DbBackend, DbErr, EntityTrait, FromQueryResult, Iterable};
use serde::de::DeserializeOwned;
use yizhan_policy::case::Accumulated;
use yizhan_runtime::db::{DatabaseConnection, ask_each, monthly, rows_as_json};
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
    /// The last settlement of the person when the years were read, which guard what follows on it; empty where every new id is above
    /// theirs, as before the first.
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

/// What is wanted, as the books know it at one moment: a visit that is not seen came after the years, whose versions then guard.
#[derive(FromQueryResult)]
struct Row {
    place: String,
    poolarea_no: String,
    last_setl_id: Option<String>,
    merged_into: Option<String>,
    handled: Option<i32>,
    years: Option<String>,
    visits: Option<String>,
    own: Option<String>,
    shared: Option<String>,
}

/// Parts of a key: its place among those that are wanted, the person, the days, the areas that keep the accounts, the relative, the
/// request.
const KEY: [&str; 10] = [
    "place",
    "poolarea_no",
    "psn_no",
    "first_day",
    "last_day",
    "account_area",
    "relative_area",
    "relative_no",
    "owner",
    "request_id",
];

/// What is read of a policy year.
const YEAR: [accumulated::Column; 3] =
    [accumulated::Column::PolicyYear, accumulated::Column::Version, accumulated::Column::Totals];
type Year = (String, i64, String);

impl Row {
    /// The columns. The ids of a person's settlements sort in the order of commit: each is made behind the last one, see
    /// [`PersonState::last_setl_id`]. Each is looked up by its key: for an EXISTS PostgreSQL might read the whole table once. What a later id of
    /// ours is above anyway is not looked for: partitions of months that are over stay untouched.
    fn columns(backend: DbBackend) -> String {
        let person =
            |table: &str| format!("{table}.poolarea_no = key.poolarea_no AND {table}.psn_no = key.psn_no");
        let met = format!(
            "claims.psn_no = key.psn_no AND claims.enddate >= key.first_day AND claims.begndate <= key.last_day \
             AND {IS_VISIT}"
        );
        let own = "accounts.poolarea_no = key.account_area AND accounts.psn_no = key.psn_no";
        let relative = "accounts.poolarea_no = key.relative_area AND accounts.psn_no = key.relative_no";
        format!(
            "key.place, key.poolarea_no, \
             (SELECT MAX(setl_id) FROM settlements WHERE {} AND setl_id >= '{}') AS last_setl_id, \
             (SELECT stays_psn_no FROM merged_person WHERE merged_person.psn_no = key.psn_no) AS merged_into, \
             (SELECT 1 FROM requests WHERE requests.owner = key.owner AND requests.request_id = key.request_id) AS handled, \
             {} AS years, {} AS visits, {} AS own, {} AS shared",
            person("settlements"),
            monthly::recent(),
            rows_as_json::<accumulated::Entity>(backend, YEAR, &person("accumulated")),
            rows_as_json::<claim::Entity>(backend, claim::Column::iter(), &met),
            rows_as_json::<account::Entity>(backend, account::Column::iter(), own),
            rows_as_json::<account::Entity>(backend, account::Column::iter(), relative),
        )
    }

    fn read(self) -> Result<PersonState, DbErr> {
        let mut years = Years::new();
        for (policy_year, version, totals) in rows_in::<Year>("accumulated", self.years)? {
            let damaged = |error| DbErr::Type(format!("accumulated.policy_year: {error}"));
            years.insert(policy_year.parse().map_err(damaged)?, (version, accumulated::read(&totals)?));
        }
        Ok(PersonState {
            years,
            own: Balance::in_row(self.own)?,
            shared: Balance::in_row(self.shared)?,
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
    fn in_row(json: Option<String>) -> Result<Balance, DbErr> {
        let Some(row) = rows_in::<account::Model>("accounts", json)?.pop() else {
            return Ok(Balance::default());
        };
        let [area, moved_to] = [&row.poolarea_no, &row.moved_to].map(|area| Area::parse(area));
        Ok(Balance { version: row.version, fen: row.balance_fen, area, moved_to })
    }

    /// The account where it is kept now, as far as that was read.
    fn followed(self, elsewhere: &[Balance]) -> Balance {
        let of = |area| elsewhere.iter().chain([&self]).find(|balance| balance.area == Some(area)).copied();
        elsewhere.iter().fold(self, |kept, _| kept.moved_to.and_then(of).unwrap_or(kept))
    }
}

/// Area and person, or owner and id of a request.
pub type Pair = (String, String);

/// Reads the states of many persons at once: one statement, and more only where claims or trace codes are asked about or a request was
/// handled before.
pub async fn load(db: &DatabaseConnection, wanted: &[Wanted]) -> Result<Vec<PersonState>, DbErr> {
    let columns = Row::columns(db.get_database_backend());
    let keys = wanted.iter().enumerate().flat_map(|(place, wanted)| wanted.keys(place)).collect();
    let claims = wanted.iter().map(|wanted| &wanted.claims);
    let codes: BTreeSet<String> = wanted.iter().flat_map(|wanted| wanted.codes.iter().cloned()).collect();
    let (rows, standing, codes) = try_join3(
        ask_each::<Row, 10>(db, KEY, keys, &columns),
        Standing::among(db, claims),
        trace_codes::held(db, codes),
    )
    .await?;
    let codes = Arc::new(codes);
    let mut states = vec![PersonState::default(); wanted.len()];
    let mut accounts = vec![Vec::new(); wanted.len()];
    for row in rows {
        let damaged = |error| DbErr::Type(format!("the place of an answer: {error}"));
        let place: usize = row.place.parse().map_err(damaged)?;
        let (wanted, state) = (&wanted[place], &mut states[place]);
        if row.poolarea_no != wanted.poolarea_no {
            let area = row.poolarea_no.clone();
            let read = row.read()?;
            accounts[place].push(read.own);
            state.elsewhere.insert(area, read.years);
            continue;
        }
        let handled = match &wanted.request {
            Some((owner, request_id)) if row.handled.is_some() => {
                handled_request(db, owner, request_id).await?
            }
            _ => None,
        };
        let (elsewhere, claimed) = (std::mem::take(&mut state.elsewhere), standing.holds(&wanted.claims));
        *state = PersonState { elsewhere, handled, claimed, codes: codes.clone(), ..row.read()? };
    }
    for (state, accounts) in states.iter_mut().zip(accounts) {
        state.own = state.own.followed(&accounts);
    }
    Ok(states)
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
    /// In the order of [`KEY`]. Without days no visit is found, without a relative or a request none of theirs. Of the books of other
    /// areas years and account are wanted.
    fn keys(&self, place: usize) -> Vec<[String; 10]> {
        let pair = |pair: &Option<Pair>| pair.clone().unwrap_or_default();
        let ((area, relative), (owner, request_id)) = (pair(&self.relative), pair(&self.request));
        let [first, last] = self.days.clone().unwrap_or_default();
        let (poolarea_no, psn_no) = (self.poolarea_no.clone(), self.psn_no.clone());
        let account = self.account_in.as_ref().unwrap_or(&poolarea_no).clone();
        let place = place.to_string();
        let mut keys = vec![[
            place.clone(),
            poolarea_no,
            psn_no.clone(),
            first,
            last,
            account,
            area,
            relative,
            owner,
            request_id,
        ]];
        keys.extend(self.elsewhere.iter().map(|area| {
            let mut key = [const { String::new() }; 10];
            key[..3].clone_from_slice(&[place.clone(), area.clone(), psn_no.clone()]);
            key[5].clone_from(area);
            key
        }));
        keys
    }
}

/// What stands of some claims.
struct Standing {
    rows: BTreeSet<Key>,
    lines: BTreeMap<Ten, i64>,
}

impl Standing {
    async fn among<'c>(
        db: &DatabaseConnection,
        claims: impl Iterator<Item = &'c Claims> + Clone,
    ) -> Result<Standing, DbErr> {
        let rows: BTreeSet<Key> = claims.clone().flat_map(|claims| &claims.rows).map(key_of).collect();
        let tens: BTreeSet<Ten> = claims.flat_map(|claims| &claims.lines).map(ten_of).collect();
        let (rows, lines) = try_join(
            claims::standing(db, rows.into_iter().collect()),
            claims::lines(db, tens.into_iter().collect()),
        )
        .await?;
        let lines = lines.iter().map(|line| (ten_of(line), line.digits)).collect();
        Ok(Standing { rows: rows.iter().map(key_of).collect(), lines })
    }

    /// Whether some of it is held.
    fn holds(&self, claims: &Claims) -> bool {
        let held = |line: &claimed_line::Model| {
            self.lines.get(&ten_of(line)).is_some_and(|digits| digits & line.digits != 0)
        };
        claims.rows.iter().any(|row| self.rows.contains(&key_of(row))) || claims.lines.iter().any(held)
    }
}

/// One handled request.
pub async fn handled_request(
    db: &DatabaseConnection,
    owner: &str,
    request_id: &str,
) -> Result<Option<request::Model>, DbErr> {
    request::Entity::find_by_id((owner.to_owned(), request_id.to_owned())).one(db).await
}
