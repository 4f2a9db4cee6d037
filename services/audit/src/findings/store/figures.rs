//! What institutions billed in months, by statistic; and the months that are to be added up.

use std::collections::BTreeSet;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use yizhan_runtime::db::{insert, upsert_with};

pub use due::Model as Due;

/// A sum of an institution's month.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "statistic_figure")]
pub struct Model {
    /// 统筹区 that paid.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// `2026-05`
    #[sea_orm(primary_key, auto_increment = false)]
    pub month: String,
    /// 定点医药机构编号
    #[sea_orm(primary_key, auto_increment = false)]
    pub fixmedins_code: String,
    /// Names the statistic, with the version of its document.
    #[sea_orm(primary_key, auto_increment = false)]
    pub statistic: String,
    /// Level of the institution; empty where not told.
    pub level: String,
    /// What is measured, fen.
    pub part_fen: i64,
    /// The whole, fen.
    pub total_fen: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// A sum of an institution's month.
pub type Figure = Model;

/// Months that are to be added up.
pub mod due {
    use sea_orm::entity::prelude::*;

    /// An institution's month.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statistic_due")]
    pub struct Model {
        /// 统筹区 that paid.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// `2026-05`
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: String,
        /// 定点医药机构编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub fixmedins_code: String,
        /// How often it was noted since it was added up.
        pub noted: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Institutions that are added up in one transaction.
const AT_ONCE: u64 = 100;

/// Notes that months changed: area, month, institution of each.
pub async fn note<C: ConnectionTrait>(tx: &C, changed: BTreeSet<[String; 3]>) -> Result<(), DbErr> {
    let due = |[poolarea_no, month, fixmedins_code]: [String; 3]| Due {
        poolarea_no,
        month,
        fixmedins_code,
        noted: 1,
    };
    let again = "DO UPDATE SET noted = statistic_due.noted + 1";
    upsert_with::<due::Entity>(tx, changed.into_iter().map(due).collect(), again).await.map(drop)
}

/// Institutions that are due of the first area and month, before this one, that has any.
pub async fn next_due<C: ConnectionTrait>(db: &C, before: &str) -> Result<Vec<Due>, DbErr> {
    let due = || due::Entity::find().filter(due::Column::Month.lt(before));
    let first = due().order_by_asc(due::Column::PoolareaNo).order_by_asc(due::Column::Month).one(db).await?;
    let Some(first) = first else { return Ok(Vec::new()) };
    due()
        .filter(due::Column::PoolareaNo.eq(first.poolarea_no))
        .filter(due::Column::Month.eq(first.month))
        .order_by_asc(due::Column::FixmedinsCode)
        .limit(AT_ONCE)
        .all(db)
        .await
}

/// They were added up; what was noted meanwhile stays.
pub async fn done<C: ConnectionTrait>(tx: &C, added_up: &[Due]) -> Result<(), DbErr> {
    for one in added_up {
        due::Entity::delete_many()
            .filter(due::Column::PoolareaNo.eq(&one.poolarea_no))
            .filter(due::Column::Month.eq(&one.month))
            .filter(due::Column::FixmedinsCode.eq(&one.fixmedins_code))
            .filter(due::Column::Noted.eq(one.noted))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Writes the sums of a month anew.
pub async fn replace<C: ConnectionTrait>(tx: &C, of: &Due, sums: Vec<Figure>) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::PoolareaNo.eq(&of.poolarea_no))
        .filter(Column::Month.eq(&of.month))
        .filter(Column::FixmedinsCode.eq(&of.fixmedins_code))
        .exec(tx)
        .await?;
    insert::<Entity>(tx, sums).await
}

/// The sums of an area's year.
pub async fn of_year<C: ConnectionTrait>(
    db: &C,
    poolarea_no: &str,
    year: &str,
) -> Result<Vec<Figure>, DbErr> {
    let months = format!("{year}-01")..=format!("{year}-12");
    Entity::find()
        .filter(Column::PoolareaNo.eq(poolarea_no))
        .filter(Column::Month.between(months.start().as_str(), months.end().as_str()))
        .all(db)
        .await
}
