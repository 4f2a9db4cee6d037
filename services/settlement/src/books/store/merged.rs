//! Numbers of one person: enrollment merged records, and what stands under the number that went is the person's under the one that stays.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use yizhan_runtime::db::{find_rows, insert};
use yizhan_runtime::ids::new_id;

use super::parted;

/// A number that another one took the place of, as the books know it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "merged_person")]
pub struct Model {
    /// 人员编号 that went.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// The one that took its place then.
    pub into_psn_no: String,
    /// The one that stays now: merges chain.
    pub stays_psn_no: String,
    /// Sorts behind what was settled before the books were brought together, and before what was settled after it.
    pub merge_id: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// One that was merged.
pub async fn find<C: ConnectionTrait>(db: &C, psn_no: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(psn_no.to_owned()).one(db).await
}

/// A number with those that had been merged into it before it was merged itself.
pub fn behind(merges: &[Model], psn_no: &str) -> BTreeSet<String> {
    let mut behind = BTreeSet::from([psn_no.to_owned()]);
    loop {
        let before = behind.len();
        let further = merges.iter().filter(|merge| behind.contains(&merge.into_psn_no));
        behind.extend(further.map(|merge| merge.psn_no.clone()).collect::<Vec<_>>());
        if behind.len() == before {
            return behind;
        }
    }
}

/// Forgets a merge that was taken back: its number stays again, for those behind it too. That they were together is noted.
pub(in crate::books) async fn part<C: ConnectionTrait>(
    tx: &C,
    went: &BTreeSet<String>,
    merge: &Model,
) -> Result<(), DbErr> {
    Entity::delete_by_id(merge.psn_no.clone()).exec(tx).await?;
    Entity::update_many()
        .col_expr(Column::StaysPsnNo, Expr::value(&merge.psn_no))
        .filter(Column::PsnNo.is_in(went))
        .exec(tx)
        .await?;
    let parted_id = new_id();
    let parted = went.iter().map(|psn_no| parted::Model {
        psn_no: psn_no.clone(),
        parted_id: parted_id.clone(),
        kept_psn_no: merge.stays_psn_no.clone(),
        merge_id: merge.merge_id.clone(),
    });
    insert::<parted::Entity>(tx, parted.collect()).await
}

/// The number that stays of a person; a number nobody merged is its own.
pub async fn stays<C: ConnectionTrait>(db: &C, psn_no: &str) -> Result<String, DbErr> {
    let found = Entity::find_by_id(psn_no.to_owned()).one(db).await?;
    Ok(found.map_or_else(|| psn_no.to_owned(), |row| row.stays_psn_no))
}

/// Those of several that were merged, with the number that stays.
pub async fn among<C: ConnectionTrait>(
    db: &C,
    psn_nos: impl IntoIterator<Item = &str>,
) -> Result<BTreeMap<String, String>, DbErr> {
    let psn_nos: BTreeSet<&str> = psn_nos.into_iter().collect();
    let keys = psn_nos.into_iter().map(|psn_no| [psn_no.to_owned()]).collect();
    let found = find_rows::<Entity, 1>(db, [Column::PsnNo], keys).await?;
    Ok(found.into_iter().map(|row| (row.psn_no, row.stays_psn_no)).collect())
}

/// All merged numbers with those that stay: merges are few beside persons.
pub async fn all<C: ConnectionTrait>(db: &C) -> Result<BTreeMap<String, String>, DbErr> {
    let found = Entity::find().all(db).await?;
    Ok(found.into_iter().map(|row| (row.psn_no, row.stays_psn_no)).collect())
}

/// Everything that was merged into the number that stays, in the order it came together.
pub async fn into<C: ConnectionTrait>(db: &C, stays_psn_no: &str) -> Result<Vec<Model>, DbErr> {
    let merged = Entity::find().filter(Column::StaysPsnNo.eq(stays_psn_no));
    merged.order_by_asc(Column::MergeId).all(db).await
}

/// All numbers of a person, that which stays first.
pub async fn numbers<C: ConnectionTrait>(db: &C, psn_no: &str) -> Result<Vec<String>, DbErr> {
    let stays = stays(db, psn_no).await?;
    let merged = into(db, &stays).await?;
    Ok(std::iter::once(stays).chain(merged.into_iter().map(|row| row.psn_no)).collect())
}

/// Notes a merge; what was merged into the number that goes now goes with it.
pub(in crate::books) async fn note<C: ConnectionTrait>(tx: &C, row: Model) -> Result<(), DbErr> {
    let (went, stays) = (row.psn_no.clone(), row.stays_psn_no.clone());
    insert::<Entity>(tx, vec![row]).await?;
    Entity::update_many()
        .col_expr(Column::StaysPsnNo, Expr::value(stays))
        .filter(Column::StaysPsnNo.eq(went))
        .exec(tx)
        .await
        .map(drop)
}

/// Two numbers of one person count together from here on, in the order of merge ids; `None` while they do not.
pub fn together_since<'m>(merges: &'m [Model], one: &str, other: &str) -> Option<&'m str> {
    let mut joined = BTreeSet::from([one.to_owned()]);
    // Merges in their order; what one of them joins may reach back to numbers joined among themselves before.
    for upto in 1..=merges.len() {
        loop {
            let before = joined.len();
            for merge in &merges[..upto] {
                if joined.contains(&merge.psn_no) || joined.contains(&merge.into_psn_no) {
                    joined.extend([merge.psn_no.clone(), merge.into_psn_no.clone()]);
                }
            }
            if joined.len() == before {
                break;
            }
        }
        if joined.contains(other) {
            return Some(&merges[upto - 1].merge_id);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(psn_no: &str, into_psn_no: &str, merge_id: &str) -> Model {
        Model {
            psn_no: psn_no.to_owned(),
            into_psn_no: into_psn_no.to_owned(),
            stays_psn_no: "D".to_owned(),
            merge_id: merge_id.to_owned(),
        }
    }

    #[test]
    fn what_came_together_into_one_goes_with_it() {
        let merges = [merge("A", "B", "1"), merge("C", "D", "2"), merge("B", "D", "3")];
        let names = |of: &str| behind(&merges, of).into_iter().collect::<Vec<_>>();
        assert_eq!(
            (names("B"), names("C"), names("A")),
            (vec!["A".into(), "B".into()], vec!["C".into()], vec!["A".into()])
        );
    }

    #[test]
    fn two_count_together_from_the_merge_that_joins_them() {
        let merges = [merge("A", "B", "1"), merge("C", "D", "2"), merge("B", "D", "3")];
        let since = |one, other| together_since(&merges, one, other);
        assert_eq!((since("A", "B"), since("C", "D")), (Some("1"), Some("2")));
        assert_eq!((since("A", "C"), since("D", "A"), since("B", "C")), (Some("3"), Some("3"), Some("3")));
        assert_eq!(since("A", "X"), None);
    }
}
