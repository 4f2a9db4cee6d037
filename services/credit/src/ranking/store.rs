//! Measured values, answers, and published rankings.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QuerySelect};
use yizhan_runtime::db::{DatabaseTransaction, find_rows, insert, insert_new, upsert};

pub use answer::Model as Answer;
pub use figure::Model as Figure;
pub use ranking::Model as Published;

/// Measured values.
pub mod figure {
    use sea_orm::entity::prelude::*;

    /// A value that holds; those it replaced are in the ledger.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ranking_figure")]
    pub struct Model {
        /// 统筹区
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// Of which year.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ranking_year: i32,
        /// 定点医药机构编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub fixmedins_code: String,
        /// Of the scheme.
        #[sea_orm(primary_key, auto_increment = false)]
        pub indicator: String,
        /// A decimal.
        pub measured: String,
        /// Its entry.
        pub entry_id: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Answers of patients.
pub mod answer {
    use sea_orm::entity::prelude::*;

    /// One a visit.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "survey_answer")]
    pub struct Model {
        /// 统筹区
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 结算ID of the visit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub setl_id: String,
        /// 定点医药机构编号
        pub fixmedins_code: String,
        /// The day of the visit, YYYY-MM-DD.
        pub visited_on: String,
        /// Its year.
        pub survey_year: i32,
        /// 1 to 5.
        pub score: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Published rankings.
pub mod ranking {
    use sea_orm::entity::prelude::*;

    /// One that was not taken back.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "published_ranking")]
    pub struct Model {
        /// 统筹区
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// Of which year.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ranking_year: i32,
        /// The matter of its entries.
        pub matter_id: String,
        /// Encoded `yizhan.credit.v1.InstitutionRanking`.
        pub ranking: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// How often an answer was given.
#[derive(Debug, FromQueryResult)]
pub struct Count {
    /// 定点医药机构编号
    pub fixmedins_code: String,
    /// 1 to 5.
    pub score: i32,
    /// How often.
    pub answers: i64,
}

/// The values of a year.
pub async fn figures(db: &impl ConnectionTrait, poolarea_no: &str, year: i32) -> Result<Vec<Figure>, DbErr> {
    let of = figure::Entity::find().filter(figure::Column::PoolareaNo.eq(poolarea_no));
    of.filter(figure::Column::RankingYear.eq(year)).all(db).await
}

/// Writes values over those there were.
pub async fn write_figures(tx: &DatabaseTransaction, rows: Vec<Figure>) -> Result<(), DbErr> {
    upsert::<figure::Entity>(tx, rows).await
}

/// How often each answer was given in a year.
pub async fn counts(db: &impl ConnectionTrait, poolarea_no: &str, year: i32) -> Result<Vec<Count>, DbErr> {
    answer::Entity::find()
        .select_only()
        .column(answer::Column::FixmedinsCode)
        .column(answer::Column::Score)
        .column_as(answer::Column::SetlId.count(), "answers")
        .filter(answer::Column::PoolareaNo.eq(poolarea_no))
        .filter(answer::Column::SurveyYear.eq(year))
        .group_by(answer::Column::FixmedinsCode)
        .group_by(answer::Column::Score)
        .into_model::<Count>()
        .all(db)
        .await
}

/// Answers that are there, by visit.
pub async fn answered(
    tx: &DatabaseTransaction,
    poolarea_no: &str,
    setl_ids: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, Answer>, DbErr> {
    let keys = setl_ids.map(|id| [poolarea_no.to_owned(), id]).collect();
    let columns = [answer::Column::PoolareaNo, answer::Column::SetlId];
    let rows = find_rows::<answer::Entity, 2>(tx, columns, keys).await?;
    Ok(rows.into_iter().map(|row| (row.setl_id.clone(), row)).collect())
}

/// Keeps answers; gives how many were new.
pub async fn add_answers(tx: &DatabaseTransaction, rows: Vec<Answer>) -> Result<u64, DbErr> {
    insert_new::<answer::Entity>(tx, rows).await
}

/// The ranking of a year, if it is published.
pub async fn published(
    db: &impl ConnectionTrait,
    poolarea_no: &str,
    year: i32,
) -> Result<Option<Published>, DbErr> {
    ranking::Entity::find_by_id((poolarea_no.to_owned(), year)).one(db).await
}

/// Publishes one.
pub async fn publish(tx: &DatabaseTransaction, row: Published) -> Result<(), DbErr> {
    insert::<ranking::Entity>(tx, vec![row]).await
}

/// Takes one back.
pub async fn remove(tx: &DatabaseTransaction, row: Published) -> Result<(), DbErr> {
    row.delete(tx).await.map(drop)
}
