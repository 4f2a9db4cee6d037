//! Numbers of one person, as enrollment's register tells: what was settled under the number that went counts as the person's.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use yizhan_runtime::db::{find_rows, upsert};

/// A number that another one took the place of.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "merged_person")]
pub struct Model {
    /// 人员编号 that went.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// The one that took its place then.
    pub into_psn_no: String,
    /// The one that stays now: merges chain.
    pub stays_psn_no: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// The number that stays; one that nobody merged is its own.
pub async fn stays<C: ConnectionTrait>(db: &C, psn_no: &str) -> Result<String, DbErr> {
    let found = Entity::find_by_id(psn_no.to_owned()).one(db).await?;
    Ok(found.map_or_else(|| psn_no.to_owned(), |row| row.stays_psn_no))
}

/// Those of several that were merged, with the number that stays.
pub async fn among<C: ConnectionTrait>(
    db: &C,
    psn_nos: BTreeSet<&str>,
) -> Result<BTreeMap<String, String>, DbErr> {
    let keys = psn_nos.into_iter().map(|psn_no| [psn_no.to_owned()]).collect();
    let found = find_rows::<Entity, 1>(db, [Column::PsnNo], keys).await?;
    Ok(found.into_iter().map(|row| (row.psn_no, row.stays_psn_no)).collect())
}

/// Notes a merge: the numbers that count as another's since, with whose. What had been merged into the number that goes, goes with it.
pub async fn merge<C: ConnectionTrait>(
    tx: &C,
    went: &str,
    into: &str,
) -> Result<(BTreeSet<String>, String), DbErr> {
    let stays = self::stays(tx, into).await?;
    let mut numbers = behind(&of(tx, went).await?, went);
    // A merge that was noted the other way round was taken back in between: its own event parts it.
    if numbers.remove(&stays) {
        return Ok((BTreeSet::new(), stays));
    }
    let row = Model { psn_no: went.into(), into_psn_no: into.into(), stays_psn_no: stays.clone() };
    upsert::<Entity>(tx, vec![row]).await?;
    count_as(tx, &numbers, &stays).await?;
    Ok((numbers, stays))
}

/// Forgets a merge that was taken back: its number stays again, for those behind it too. With whose they were.
pub async fn part<C: ConnectionTrait>(tx: &C, psn_no: &str) -> Result<(BTreeSet<String>, String), DbErr> {
    let was = stays(tx, psn_no).await?;
    let numbers = behind(&of(tx, &was).await?, psn_no);
    Entity::delete_by_id(psn_no.to_owned()).exec(tx).await?;
    count_as(tx, &numbers, psn_no).await?;
    Ok((numbers, was))
}

async fn count_as<C: ConnectionTrait>(tx: &C, numbers: &BTreeSet<String>, stays: &str) -> Result<(), DbErr> {
    let update = Entity::update_many().col_expr(Column::StaysPsnNo, Expr::value(stays));
    update.filter(Column::PsnNo.is_in(numbers)).exec(tx).await.map(drop)
}

/// What was merged into a number.
async fn of<C: ConnectionTrait>(db: &C, stays: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::StaysPsnNo.eq(stays)).all(db).await
}

/// A number with those that had been merged into it.
fn behind(merges: &[Model], psn_no: &str) -> BTreeSet<String> {
    let mut behind = BTreeSet::from([psn_no.to_owned()]);
    loop {
        let further = merges.iter().filter(|merge| behind.contains(&merge.into_psn_no));
        let further: Vec<String> = further.map(|merge| merge.psn_no.clone()).collect();
        let before = behind.len();
        behind.extend(further);
        if behind.len() == before {
            return behind;
        }
    }
}
