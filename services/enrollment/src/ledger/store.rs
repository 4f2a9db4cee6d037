//! Counting residents in the database, and finding who is not insured. One statement each, whatever the area's size.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

use yizhan_terms::Insutype;

/// Of whom.
#[derive(Clone, Debug)]
pub struct Scope {
    /// 统筹区.
    pub poolarea_no: String,
    /// The day.
    pub as_of: NaiveDate,
    /// Beginning of the 统计用区划代码, at most 12 digits; empty for everyone.
    pub code_prefix: String,
}

/// Counts of one township or village.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Line {
    /// Beginning of the 统计用区划代码.
    pub code: String,
    /// Residents.
    pub residents: i64,
    /// Insured here in 310.
    pub insured_310: i64,
    /// Insured here in 390.
    pub insured_390: i64,
    /// Insured here otherwise.
    pub insured_other: i64,
    /// Insured elsewhere only.
    pub insured_elsewhere: i64,
}

/// Counts of one identity in one township or village.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Group {
    /// Beginning of the 统计用区划代码.
    pub code: String,
    /// Name of the identity.
    pub name: String,
    /// Residents with it.
    pub persons: i64,
    /// Of these insured.
    pub insured: i64,
}

/// Who is not insured.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Unenrolled {
    /// 人员编号.
    pub psn_no: String,
    /// 统计用区划代码.
    pub resd_code: String,
}

/// The lines whose codes of `digits` digits are behind `after`, in their order, `limit` at most.
pub async fn lines<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    digits: u32,
    after: Option<&str>,
    limit: Option<u64>,
) -> Result<Vec<Line>, DbErr> {
    let limit = limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
    let how = |number: u32| format!("COUNT(CASE WHEN how = {number} THEN 1 END)");
    let sql = format!(
        "WITH {}, {} SELECT code, COUNT(*) AS residents, {} AS insured_310, {} AS insured_390, \
         {} AS insured_other, {} AS insured_elsewhere \
         FROM resident LEFT JOIN insured ON insured.psn_no = resident.psn_no \
         GROUP BY code ORDER BY code{limit}",
        resident(digits, after),
        insured(),
        how(1),
        how(2),
        how(3),
        how(4),
    );
    Line::find_by_statement(statement(db, sql, values(scope, after))).all(db).await
}

/// The key groups of lines behind `after`, up to and with the line `until`.
pub async fn groups<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    digits: u32,
    after: Option<&str>,
    until: Option<&str>,
) -> Result<Vec<Group>, DbErr> {
    let mut values = values(scope, after);
    let mut until_line = String::new();
    if let Some(until) = until {
        values.push(until.into());
        until_line = format!(" AND substr(resd_code, 1, {digits}) <= ${}", values.len());
    }
    let sql = format!(
        "WITH {} SELECT substr(resd_code, 1, {digits}) AS code, name, COUNT(*) AS persons, \
         COUNT(CASE WHEN {} THEN 1 END) AS insured \
         FROM held JOIN person ON person.psn_no = held.psn_no WHERE {RESIDENT}{}{until_line} \
         GROUP BY 1, name ORDER BY 1, name",
        held(""),
        is_insured(),
        behind(after),
    );
    Group::find_by_statement(statement(db, sql, values)).all(db).await
}

/// Who is not insured, behind a (resd_code, psn_no), in their order; with a name, only who has the identity that day.
pub async fn unenrolled<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    identity_name: Option<&str>,
    after: Option<[String; 2]>,
    limit: u64,
) -> Result<Vec<Unenrolled>, DbErr> {
    let mut values = values(scope, None);
    let (mut with, mut from, mut behind) = (String::new(), "person", String::new());
    if let Some(name) = identity_name {
        values.push(name.into());
        with = format!("WITH {} ", held(&format!(" AND name = ${}", values.len())));
        from = "held JOIN person ON person.psn_no = held.psn_no";
    }
    if let Some([resd_code, psn_no]) = after {
        values.extend([resd_code.into(), psn_no.into()]);
        behind = format!(" AND (resd_code, person.psn_no) > (${}, ${})", values.len() - 1, values.len());
    }
    let sql = format!(
        "{with}SELECT person.psn_no AS psn_no, resd_code FROM {from} WHERE {RESIDENT}{behind} AND NOT {} \
         ORDER BY resd_code, person.psn_no LIMIT {limit}",
        is_insured()
    );
    Unenrolled::find_by_statement(statement(db, sql, values)).all(db).await
}

/// Alive on the day, not merged, and in the part of the area: parameters 1 to 4.
const RESIDENT: &str = "person.poolarea_no = $1 AND merged_into = '' AND brdy <= $2 \
    AND (die_date IS NULL OR die_date >= $2) AND resd_code >= $3 AND resd_code <= $4";

fn resident(digits: u32, after: Option<&str>) -> String {
    let behind = behind(after);
    format!(
        "resident AS (SELECT psn_no, substr(resd_code, 1, {digits}) AS code FROM person WHERE {RESIDENT}{behind})"
    )
}

/// Parameter 5: the last code of the line before. A range of resd_code, so that the index serves it.
fn behind(after: Option<&str>) -> &'static str {
    if after.is_some() { " AND resd_code > $5" } else { "" }
}

/// Who has an identity on the day, once per name. Materialized: they are few among the residents, and are looked up one by one.
fn held(filter: &str) -> String {
    format!(
        "held AS MATERIALIZED (SELECT DISTINCT psn_no, name FROM identity WHERE poolarea_no = $1 AND begndate <= $2 \
         AND (enddate IS NULL OR enddate >= $2){filter})"
    )
}

/// Whether a person is insured on the day.
fn is_insured() -> String {
    format!(
        "EXISTS (SELECT 1 FROM coverage c WHERE c.poolarea_no = $1 AND c.psn_no = person.psn_no AND {})",
        normal_basic()
    )
}

/// How somebody is insured: 1 here in 310, 2 here in 390, 3 here otherwise, 4 elsewhere; the first that is true.
fn insured() -> String {
    format!(
        "insured AS (SELECT psn_no, MIN(CASE WHEN paying_poolarea_no NOT IN ('', $1) THEN 4 WHEN insutype = '{}' THEN 1 \
         WHEN insutype = '{}' THEN 2 ELSE 3 END) AS how FROM coverage c WHERE poolarea_no = $1 AND {} GROUP BY psn_no)",
        Insutype::Employee,
        Insutype::Resident,
        normal_basic()
    )
}

/// 正常 on the day, in a basic scheme.
fn normal_basic() -> String {
    let schemes = Insutype::BASIC.map(|insutype| format!("'{insutype}'")).join(", ");
    format!(
        "c.psn_insu_stas = '1' AND c.insutype IN ({schemes}) AND c.begndate <= $2 \
         AND (c.enddate IS NULL OR c.enddate >= $2)"
    )
}

/// Parameters 1 to 4, and 5 where a line was before. Digits compare alike under every collation; the empty code, of who has
/// none, comes first, and behind it is every other.
fn values(scope: &Scope, after: Option<&str>) -> Vec<Value> {
    let padded = |code: &str, digit: char| match code {
        "" => String::new(),
        code => code.chars().chain(std::iter::repeat(digit)).take(12).collect(),
    };
    let last = format!("{:9<12}", scope.code_prefix);
    let first = padded(&scope.code_prefix, '0');
    let mut values: Vec<Value> =
        vec![scope.poolarea_no.clone().into(), scope.as_of.into(), first.into(), last.into()];
    values.extend(after.map(|code| Value::from(padded(code, '9'))));
    values
}

fn statement<C: ConnectionTrait>(db: &C, sql: String, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}
