//! A case written by hand, for the policy officer's bench: amounts in yuan, classes as
//! 甲乙丙. Read with the same readers as policies, so its problems come with line and column.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use yizhan_documents::value::{amount, area, date, digits, mistyped, period, plain_number, ratio, whole};
use yizhan_documents::{At, Kind, Map, TREATMENT, condition_words, half_width};
use yizhan_money::Fen;
use yizhan_terms::{Care, DiseaseKind, Filing, Insutype, Status, Tier};

use super::condition::{RECOGNISED, disease_code};
use crate::case::{
    Account, Accumulated, Case, Continuity, Counted, DaysOut, Disease, Line, PaidElsewhere, Person,
    PreviousStay, RemoteRule, Visit,
};

const MAX_AGE: i64 = 200;
const MAX_VISITS: i64 = 1_000_000;

/// Keys of a case.
pub(super) const CASE_KEYS: &[&str] =
    &["title", "area", "scheme", "person", "visit", "lines", "accumulated", "paid_elsewhere", "account"];

/// Reads a case; `None` after everything wrong with it was reported.
pub(super) fn case(root: &At) -> Option<Case> {
    let map = root.map(CASE_KEYS)?;
    let title = map.optional("title", |at| at.text());
    let area = map.required("area", |at| area(&at, "a pooling area (admdvs)"));
    let scheme = map.required("scheme", |at| at.code(&Insutype::SETTLED, Insutype::code));
    let person = map.required("person", person);
    let visit = map.required("visit", visit);
    let lines = map.required("lines", |at| numbered_lines(&at));
    let accumulated = map.optional("accumulated", |at| accumulated(&at));
    let paid_elsewhere = map.optional("paid_elsewhere", |at| at.list_of(|at| paid_elsewhere(&at)));
    let account = map.optional("account", account);
    title?;
    Some(Case {
        area: area?,
        scheme: scheme?,
        person: person?,
        visit: visit?,
        lines: lines?,
        accumulated: accumulated?.unwrap_or_default(),
        paid_elsewhere: paid_elsewhere?.unwrap_or_default(),
        account: account?.unwrap_or_default(),
        counted: Counted::Claims,
        earlier: None,
    })
}

pub(super) fn person(at: At) -> Option<Person> {
    let map = at.map(&["status", "age", "identity", "membership", "years_insured", "continuity"])?;
    let status = map.required("status", |at| at.code(Status::ALL, Status::code));
    let age = map.required("age", |at| whole(at, 0, MAX_AGE));
    let identities = words(&map, "identity");
    let memberships = words(&map, "membership");
    let years = map.optional("years_insured", |at| whole(at, 0, MAX_AGE));
    let continuity = map.optional("continuity", |at| continuity(&at));
    Some(Person {
        status: status?,
        age: u32::try_from(age?).ok()?,
        identities: identities?.into_iter().collect(),
        memberships: memberships?.into_iter().collect(),
        years_insured: u32::try_from(years?.unwrap_or(0)).ok()?,
        continuity: continuity?,
    })
}

/// What enrollment would answer of 连续参保、零报销激励: `{ years: 3000, per_zero_claim_year: 3000, zero_claim_years: [2026], … }`.
fn continuity(at: &At) -> Option<Continuity> {
    let keys = ["years", "per_zero_claim_year", "zero_claim_years", "open_years", "limit_amount", "limit"];
    let map = at.map(&[keys.as_slice(), &["use_clears", "rule", "citation"]].concat())?;
    let fen = |at: At| amount(at).and_then(Fen::try_round);
    let years = map.required("years", fen);
    let per_year = map.optional("per_zero_claim_year", fen);
    let list =
        |key| map.optional(key, |at| at.set_of(|at| whole(at, 1, 9999))).map(Option::unwrap_or_default);
    let (zero_claim, open) = (list("zero_claim_years"), list("open_years"));
    let limit_fen = map.optional("limit_amount", fen);
    let limit = map.optional("limit", ratio);
    let use_clears = map.optional("use_clears", |at| at.boolean());
    let rule = map.required("rule", |at| at.text());
    let citation = map.required("citation", |at| at.text());
    let years_of = |years: Vec<i64>| years.into_iter().filter_map(|year| i32::try_from(year).ok()).collect();
    let permille = limit?.unwrap_or(Decimal::new(2, 1)) * Decimal::ONE_THOUSAND;
    Some(Continuity {
        years_fen: years?,
        per_zero_claim_year_fen: per_year?.unwrap_or_default(),
        zero_claim_years: years_of(zero_claim?),
        open_years: years_of(open?),
        use_clears: use_clears?.unwrap_or(true),
        limit_fen: limit_fen?,
        limit_permille: u32::try_from(permille.trunc().mantissa()).ok()?,
        rule: rule?.to_owned(),
        citation: citation?.to_owned(),
    })
}

/// Keys of a visit.
pub(super) const VISIT_KEYS: &[&str] = &[
    "care",
    "level",
    "date",
    "admitted",
    "filing",
    "remote",
    "in_province",
    "contracted",
    "diagnosis",
    "disease",
    "tag",
    "not_covered",
    "previous",
];

fn visit(at: At) -> Option<Visit> {
    visit_of(&at.map(VISIT_KEYS)?)
}

/// The visit of a mapping that may have other keys beside.
pub(super) fn visit_of(map: &Map) -> Option<Visit> {
    let care = map.required("care", |at| at.code(Care::ALL, Care::code));
    let level = map.required("level", |at| at.code(Tier::ALL, Tier::code));
    let end = map.required("date", date);
    let begin = map.optional("admitted", date);
    let filing = map.optional("filing", |at| at.code(Filing::ALL, Filing::code));
    let in_province = map.optional("in_province", |at| at.boolean());
    let remote = map.optional("remote", |at| remote(&at));
    let contracted = map.optional("contracted", |at| at.boolean());
    // Rows ask in capital letters and half-width digits.
    let narrow = |words: Vec<String>| words.iter().map(|word| half_width(word).into_owned()).collect();
    let diagnoses = words(map, "diagnosis").map(narrow);
    let disease = map.optional("disease", |at| disease(&at));
    let tags = words(map, "tag");
    let not_covered = map.optional("not_covered", |at| at.list_of(|at| days_out(&at)));
    let previous = map.optional("previous", |at| previous(&at));
    let (begin, end) = (begin?.or(end)?, end?);
    if end < begin {
        let message = format!("admitted on {begin}, after the visit ends on {end}");
        return map.get("admitted").and_then(|at| at.problem(Kind::DatesReversed, message));
    }
    Some(Visit {
        care: care?,
        level: level?,
        begin,
        end,
        filing: filing?.unwrap_or(Filing::Local),
        remote: remote?,
        in_province: in_province?.unwrap_or(true),
        contracted: contracted?.unwrap_or(true),
        diagnoses: diagnoses?,
        disease: disease?,
        tags: tags?.into_iter().collect(),
        not_covered: not_covered?.unwrap_or_default(),
        previous: previous?,
    })
}

/// The stay before: `{ level: second, date: 2024-05-01, transferred: true, deductible: 800 }`.
fn previous(at: &At) -> Option<PreviousStay> {
    let map = at.map(&["level", "date", "transferred", "deductible"])?;
    let level = map.required("level", |at| at.code(Tier::ALL, Tier::code));
    let end = map.required("date", date);
    let transferred = map.required("transferred", |at| at.boolean());
    let deductible = map.required("deductible", |at| amount(at).and_then(Fen::try_round));
    Some(PreviousStay {
        setl_id: String::new(),
        level: level?,
        end: end?,
        transferred: transferred?,
        deductible_fen: deductible?,
    })
}

/// What the register recognises: `{ code: M03900, kind: two_diseases, since: 2026-01-01 }`.
fn disease(at: &At) -> Option<Disease> {
    let map = at.map(&["code", "kind", "since"])?;
    let code = map.required("code", |at| disease_code(&at));
    let kind = map.required("kind", |at| at.code(&RECOGNISED, DiseaseKind::code));
    let since = map.optional("since", date);
    Some(Disease { code: code?, kind: kind?, since: since? })
}

/// Days on which the person is not entitled: `{ from: 2024-05-01, to: 2024-05-03, reason: WAITING_PERIOD }`.
fn days_out(at: &At) -> Option<DaysOut> {
    let map = at.map(&["from", "to", "reason"])?;
    let days = period(&map, None);
    let to = map.required("to", date);
    let reason = map.required("reason", |at| at.text());
    Some(DaysOut { from: days?.from, to: to?, reason: reason?.to_owned() })
}

/// What the filing register would answer: `{ prepay: 10%, rule: …, citation: … }`.
fn remote(at: &At) -> Option<RemoteRule> {
    let map = at.map(&[TREATMENT.keys, &["rule", "citation"]].concat())?;
    let treatment = (TREATMENT.read)(&map);
    let rule = map.required("rule", |at| at.text());
    let citation = map.required("citation", |at| at.text());
    Some(RemoteRule { treatment: treatment?, rule: rule?.to_owned(), citation: citation?.to_owned() })
}

fn words(map: &Map, key: &str) -> Option<Vec<String>> {
    map.optional(key, condition_words).map(Option::unwrap_or_default)
}

/// A line without an `id` is called by its number, the first is 1.
pub(super) fn numbered_lines(at: &At) -> Option<Vec<Line>> {
    let mut number = 0;
    let lines = at.list_of(|at| {
        number += 1;
        line(&at, number)
    })?;
    let ids: BTreeSet<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    if ids.len() < lines.len() {
        return at.problem(Kind::DuplicateValue, "two lines have the same `id`");
    }
    Some(lines)
}

fn line(at: &At, number: usize) -> Option<Line> {
    let map = at.map(&[
        "id",
        "name",
        "code",
        "quantity",
        "price",
        "amount",
        "class",
        "list_type",
        "ceiling",
        "prepay",
        "label",
        "date",
        "paid_elsewhere",
    ])?;
    let id = map.optional("id", |at| at.text());
    let name = map.optional("name", |at| at.text());
    let code = map.optional("code", |at| at.text());
    let quantity = map.optional("quantity", |at| decimal(&at));
    let price = map.optional("price", |at| decimal(&at));
    let amount = map.required("amount", amount);
    let class = map.required("class", |at| at.code(&["甲", "乙", "丙"], |class| class));
    let list_type = map.optional("list_type", |at| digits(&at, 3, "a list_type"));
    let ceiling = map.optional("ceiling", |at| decimal(&at));
    let prepay = map.optional("prepay", ratio);
    let labels = words(&map, "label");
    let day = map.optional("date", date);
    let elsewhere =
        map.optional("paid_elsewhere", |at| yizhan_documents::value::amount(at).and_then(Fen::try_round));
    name?;
    let amount = amount?;
    if class == Some("丙") && map.get("prepay").is_some() {
        let message = "a line of class 丙 is paid by the person whole: its `prepay` changes nothing";
        map.key("prepay").iter().for_each(|at| at.finding(Kind::PrepayOfSelfPaid, message));
    }
    check_amount(&map, amount, quantity.flatten(), price.flatten());
    Some(Line {
        id: id?.map_or_else(|| number.to_string(), str::to_owned),
        code: code?.unwrap_or_default().to_owned(),
        quantity: quantity?.unwrap_or(Decimal::ONE),
        price_fen: price?.map_or(amount, |yuan| yuan * Decimal::ONE_HUNDRED),
        amount_fen: Fen::try_round(amount)?,
        class: class_code(class?).to_owned(),
        list_type: list_type?.unwrap_or_default(),
        ceiling_fen: ceiling?.map(|yuan| yuan * Decimal::ONE_HUNDRED),
        prepay: prepay?,
        labels: labels?,
        day: day?,
        paid_elsewhere_fen: elsewhere?.unwrap_or_default(),
        earlier: None,
    })
}

/// Quantity × price, half up to the fen, is the amount; one that is not said is 1.
fn check_amount(map: &Map, amount_fen: Decimal, quantity: Option<Decimal>, price: Option<Decimal>) {
    let product = price.and_then(|price| price.checked_mul(quantity.unwrap_or(Decimal::ONE)));
    let Some(product) = product.and_then(|yuan| yuan.checked_mul(Decimal::ONE_HUNDRED)) else { return };
    if product.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero) != amount_fen {
        let (product, amount) = (product / Decimal::ONE_HUNDRED, amount_fen / Decimal::ONE_HUNDRED);
        let message =
            format!("quantity × price is {}, and the amount {}", product.normalize(), amount.normalize());
        map.key("amount").iter().for_each(|at| at.finding(Kind::LineAmountDiffers, message.clone()));
    }
}

/// What somebody outside this platform paid: `{ by: 惠民保, amount: 3000 }`.
pub(super) fn paid_elsewhere(at: &At) -> Option<PaidElsewhere> {
    let map = at.map(&["by", "amount"])?;
    let by = map.required("by", |at| at.text());
    let paid = map.required("amount", |at| amount(at).and_then(Fen::try_round));
    Some(PaidElsewhere { by: by?.to_owned(), paid_fen: paid? })
}

/// 收费项目等级 `chrgitm_lv`
fn class_code(class: &str) -> &'static str {
    match class {
        "甲" => "01",
        "乙" => "02",
        _ => "03",
    }
}

/// A quantity, or a unit price in yuan: prices may have more than two decimals.
fn decimal(at: &At) -> Option<Decimal> {
    let text = at.scalar("a number")?;
    let largest = Decimal::from(10_i64.pow(14));
    let fits = |number: &Decimal| !number.is_sign_negative() && number.scale() <= 8 && *number < largest;
    let read = |text: &str| plain_number(&half_width(text)).filter(fits);
    let number = read(text);
    if number.is_none() {
        mistyped(at, Kind::InvalidValue, |text| read(text).is_some())?;
    }
    number
        .or_else(|| at.problem(Kind::InvalidValue, format!("`{text}` is not a number of at most 8 decimals")))
}

/// What earlier visits of each policy year (its first day) added up to.
pub(super) fn accumulated(at: &At) -> Option<BTreeMap<NaiveDate, Accumulated>> {
    let years = at.entries()?.into_iter().map(|(key, value)| {
        let (year, totals) = (date(key), totals(&value));
        Some((year?, totals?))
    });
    years.collect::<Vec<_>>().into_iter().collect()
}

pub(super) fn totals(at: &At) -> Option<Accumulated> {
    let map = at.map(&["yuan", "visits", "days"])?;
    let fen = |at: At| amount(at).and_then(Fen::try_round).map(|fen| fen.0);
    let yuan = map.optional("yuan", |at| named(&at, fen));
    let visits = map.optional("visits", |at| named(&at, |at| whole(at, 0, MAX_VISITS)));
    let days = map.optional("days", |at| named(&at, |at| whole(at, 0, MAX_VISITS)));
    let mut totals = yuan?.unwrap_or_default();
    totals.extend(visits?.unwrap_or_default());
    totals.extend(days?.unwrap_or_default());
    Some(totals)
}

fn named(at: &At, read: impl Fn(At) -> Option<i64>) -> Option<Accumulated> {
    let named = at.entries()?.into_iter().map(|(key, value)| {
        let (name, total) = (key.text().map(str::to_owned), read(value));
        Some((name?, total?))
    });
    named.collect::<Vec<_>>().into_iter().collect()
}

/// Balances of the accounts; giving one means that it may be used.
pub(super) fn account(at: At) -> Option<Account> {
    let map = at.map(&["own", "shared"])?;
    let balance =
        |key| map.optional(key, |at| amount(at).and_then(Fen::try_round)).map(Option::unwrap_or_default);
    let (own, shared) = (balance("own"), balance("shared"));
    Some(Account { used: true, own_fen: own?, shared_fen: shared?, ..Account::default() })
}
