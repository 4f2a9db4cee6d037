//! Writing, reading and giving back what is claimed.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_runtime::db::{Failure, classify, find_rows, insert, insert_new, upsert_with};

use super::entities::{claim, claimed_line};

/// Keys in one statement.
const AT_ONCE: usize = 1000;

/// Lines of several settlements in one row, as long as they are not the same.
const JOIN: &str = "DO UPDATE SET digits = claimed_lines.digits | excluded.digits, \
    held_by = claimed_lines.held_by || excluded.held_by WHERE claimed_lines.digits & excluded.digits = 0";

/// What a settlement claims, or what stands of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The visit, and whatever else is one thing.
    pub rows: Vec<claim::Model>,
    /// The lines.
    pub lines: Vec<claimed_line::Model>,
}

/// The key of a claim: kind, owner and number.
pub type Key = [String; 3];
/// The key of a row of lines: owner and ten.
pub type Ten = [String; 2];

/// Claims all of it, or answers that somebody holds some of it: then the transaction is to be rolled back.
pub async fn claim<'c>(
    tx: &impl ConnectionTrait,
    claims: impl Iterator<Item = &'c Claims> + Clone,
) -> Result<bool, DbErr> {
    // In one order, or two batches could wait for each other.
    let mut rows: Vec<claim::Model> = claims.clone().flat_map(|claims| claims.rows.clone()).collect();
    rows.sort_by(|a, b| (&a.kind, &a.owner, &a.number).cmp(&(&b.kind, &b.owner, &b.number)));
    let Some(lines) = joined(claims.flat_map(|claims| &claims.lines)) else { return Ok(false) };
    let count = lines.len() as u64;
    if upsert_with::<claimed_line::Entity>(tx, lines, JOIN).await? < count {
        return Ok(false);
    }
    match insert::<claim::Entity>(tx, rows).await {
        Err(error) if classify(&error) == Failure::UniqueViolation => Ok(false),
        done => done.map(|()| true),
    }
}

/// Claims what nobody holds, row by row: a row of lines of which some are held is left out.
pub async fn claim_what_is_free(tx: &impl ConnectionTrait, claims: &[Claims]) -> Result<(), DbErr> {
    let rows = claims.iter().flat_map(|claims| claims.rows.clone()).collect();
    insert_new::<claim::Entity>(tx, rows).await?;
    if let Some(lines) = joined(claims.iter().flat_map(|claims| &claims.lines)) {
        let count = lines.len() as u64;
        if upsert_with::<claimed_line::Entity>(tx, lines, JOIN).await? == count {
            return Ok(());
        }
    }
    for claims in claims {
        upsert_with::<claimed_line::Entity>(tx, claims.lines.clone(), JOIN).await?;
    }
    Ok(())
}

/// Rows of lines as they are written together, in the order of the key; `None` when a line is in two of them.
fn joined<'l>(lines: impl Iterator<Item = &'l claimed_line::Model>) -> Option<Vec<claimed_line::Model>> {
    let mut joined: BTreeMap<(&str, &str), claimed_line::Model> = BTreeMap::new();
    for line in lines {
        let row = joined.entry((&line.owner, &line.ten)).or_insert_with(|| claimed_line::Model {
            digits: 0,
            held_by: String::new(),
            ..line.clone()
        });
        if row.digits & line.digits != 0 {
            return None;
        }
        row.digits |= line.digits;
        row.held_by.push_str(&line.held_by);
    }
    Some(joined.into_values().collect())
}

/// Gives back what is held by those who held it. A row of lines stays, and is empty at last.
pub async fn release<'c>(
    tx: &impl ConnectionTrait,
    released: impl Iterator<Item = &'c Claims>,
) -> Result<(), DbErr> {
    for claims in released {
        for row in &claims.rows {
            claim::Entity::delete_many()
                .filter(claim::Column::Kind.eq(&row.kind))
                .filter(claim::Column::Owner.eq(&row.owner))
                .filter(claim::Column::Number.eq(&row.number))
                .filter(claim::Column::HeldBy.eq(&row.held_by))
                .exec(tx)
                .await?;
        }
        for line in &claims.lines {
            let held_by = Expr::col(claimed_line::Column::HeldBy);
            let without = Func::cust("replace").arg(held_by).arg(line.held_by.as_str()).arg("");
            let digits = Expr::col(claimed_line::Column::Digits).sub(line.digits);
            claimed_line::Entity::update_many()
                .col_expr(claimed_line::Column::Digits, digits)
                .col_expr(claimed_line::Column::HeldBy, without.into())
                .filter(claimed_line::Column::Owner.eq(&line.owner))
                .filter(claimed_line::Column::Ten.eq(&line.ten))
                .filter(claimed_line::Column::HeldBy.contains(&line.held_by))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

/// What stands of these rows.
pub async fn standing(db: &impl ConnectionTrait, keys: Vec<Key>) -> Result<Vec<claim::Model>, DbErr> {
    let columns = [claim::Column::Kind, claim::Column::Owner, claim::Column::Number];
    let mut standing = Vec::new();
    for keys in keys.chunks(AT_ONCE) {
        standing.extend(find_rows::<claim::Entity, 3>(db, columns, keys.to_vec()).await?);
    }
    Ok(standing)
}

/// The rows of these tens.
pub async fn lines(db: &impl ConnectionTrait, keys: Vec<Ten>) -> Result<Vec<claimed_line::Model>, DbErr> {
    let columns = [claimed_line::Column::Owner, claimed_line::Column::Ten];
    let mut lines = Vec::new();
    for keys in keys.chunks(AT_ONCE) {
        lines.extend(find_rows::<claimed_line::Entity, 2>(db, columns, keys.to_vec()).await?);
    }
    Ok(lines)
}

/// The key of a row.
pub fn key_of(row: &claim::Model) -> Key {
    [&row.kind, &row.owner, &row.number].map(String::clone)
}

/// The key of a row of lines.
pub fn ten_of(line: &claimed_line::Model) -> Ten {
    [&line.owner, &line.ten].map(String::clone)
}

/// Rows of lines behind one, in the order of the key.
pub async fn lines_behind(
    db: &impl ConnectionTrait,
    owner: &str,
    ten: Option<&str>,
    limit: u64,
) -> Result<Vec<claimed_line::Model>, DbErr> {
    let mut lines = claimed_line::Entity::find().filter(claimed_line::Column::Owner.eq(owner));
    if let Some(ten) = ten {
        lines = lines.filter(claimed_line::Column::Ten.gt(ten));
    }
    lines.order_by_asc(claimed_line::Column::Ten).limit(limit).all(db).await
}
