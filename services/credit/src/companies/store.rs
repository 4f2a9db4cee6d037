//! What stands of companies: papers and consents that were not taken back. All of it is in the ledger too.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;
use sea_orm::{ModelTrait, QueryOrder, QuerySelect, Statement};
use yizhan_proto::credit::v1::EntryKind;
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::{DatabaseTransaction, insert, read_sum, sum_of};

/// Entries of conduct that a profile tells at most.
pub const MAX_CONDUCT: u64 = 100;

/// Papers.
pub mod item {
    use sea_orm::entity::prelude::*;

    /// A paper that is entered.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "company_item")]
    pub struct Model {
        /// 统筹区 whose agency entered it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 统一社会信用代码
        #[sea_orm(primary_key, auto_increment = false)]
        pub company_code: String,
        /// The contract's EntryKind.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: i32,
        /// Number of the paper.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: String,
        /// Its entry.
        pub entry_id: String,
        /// The day of it, YYYY-MM-DD.
        pub occurred_on: String,
        /// Fen; 0 of conduct.
        pub amount_fen: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Consents.
pub mod consent {
    use sea_orm::entity::prelude::*;

    /// A consent that was not withdrawn.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "company_consent")]
    pub struct Model {
        /// Its entry.
        #[sea_orm(primary_key, auto_increment = false)]
        pub consent_id: String,
        /// 统一社会信用代码
        pub company_code: String,
        /// 统筹区 where it lies.
        pub poolarea_no: String,
        /// Who may look, as the caller header says it.
        pub reader: String,
        /// First day, YYYY-MM-DD.
        pub from_date: String,
        /// Last day.
        pub until_date: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A kind of paper in a month.
#[derive(Debug)]
pub struct MonthSum {
    /// `2026-05`
    pub month: String,
    /// The contract's EntryKind.
    pub kind: i32,
    /// How many.
    pub entries: i64,
    /// Together, fen.
    pub amount_fen: i64,
}

/// The same paper, if it is entered.
pub async fn same_paper(tx: &DatabaseTransaction, row: &item::Model) -> Result<Option<item::Model>, DbErr> {
    let key = (row.poolarea_no.clone(), row.company_code.clone(), row.kind, row.number.clone());
    item::Entity::find_by_id(key).one(tx).await
}

/// Keeps a paper.
pub async fn add_item(tx: &DatabaseTransaction, row: item::Model) -> Result<(), DbErr> {
    insert::<item::Entity>(tx, vec![row]).await
}

/// A paper by its entry.
pub async fn item(
    tx: &DatabaseTransaction,
    code: &str,
    entry_id: &str,
) -> Result<Option<item::Model>, DbErr> {
    let of = item::Entity::find().filter(item::Column::EntryId.eq(entry_id));
    of.filter(item::Column::CompanyCode.eq(code)).one(tx).await
}

/// A paper stands no more.
pub async fn remove_item(tx: &DatabaseTransaction, row: item::Model) -> Result<(), DbErr> {
    row.delete(tx).await.map(drop)
}

/// Keeps a consent.
pub async fn add_consent(tx: &DatabaseTransaction, row: consent::Model) -> Result<(), DbErr> {
    insert::<consent::Entity>(tx, vec![row]).await
}

/// A consent of a company.
pub async fn consent(
    tx: &DatabaseTransaction,
    code: &str,
    id: &str,
) -> Result<Option<consent::Model>, DbErr> {
    let found = consent::Entity::find_by_id(id.to_owned()).one(tx).await?;
    Ok(found.filter(|row| row.company_code == code))
}

/// The consent for a reader that holds longest of those that hold on a day.
pub async fn consent_for(
    tx: &DatabaseTransaction,
    code: &str,
    reader: &str,
    day: NaiveDate,
) -> Result<Option<consent::Model>, DbErr> {
    let day = day.to_string();
    consent::Entity::find()
        .filter(consent::Column::CompanyCode.eq(code))
        .filter(consent::Column::Reader.eq(reader))
        .filter(consent::Column::FromDate.lte(&day))
        .filter(consent::Column::UntilDate.gte(&day))
        .order_by_desc(consent::Column::UntilDate)
        .order_by_asc(consent::Column::ConsentId)
        .one(tx)
        .await
}

/// A consent stands no more.
pub async fn remove_consent(tx: &DatabaseTransaction, row: consent::Model) -> Result<(), DbErr> {
    row.delete(tx).await.map(drop)
}

/// What stands from a day on, by month and kind.
pub async fn months(
    tx: &DatabaseTransaction,
    code: &str,
    since: &str,
) -> Result<Vec<MonthSum>, ServiceError> {
    let sql = format!(
        "SELECT SUBSTR(occurred_on, 1, 7) AS month, kind, COUNT(*) AS entries, {} FROM company_item \
         WHERE company_code = $1 AND occurred_on >= $2 GROUP BY 1, 2 ORDER BY 1, 2",
        sum_of("amount_fen")
    );
    let values = [code.into(), since.into()];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    let mut sums = Vec::new();
    for row in tx.query_all_raw(statement).await? {
        let amount_fen = i64::try_from(read_sum(&row, "amount_fen")?).map_err(ServiceError::internal)?;
        sums.push(MonthSum {
            month: row.try_get("", "month")?,
            kind: row.try_get("", "kind")?,
            entries: row.try_get("", "entries")?,
            amount_fen,
        });
    }
    Ok(sums)
}

/// Conduct from a day on, the newest first.
pub async fn conduct(tx: &DatabaseTransaction, code: &str, since: &str) -> Result<Vec<item::Model>, DbErr> {
    item::Entity::find()
        .filter(item::Column::CompanyCode.eq(code))
        .filter(item::Column::Kind.eq(i32::from(EntryKind::CompanyConduct)))
        .filter(item::Column::OccurredOn.gte(since))
        .order_by_desc(item::Column::OccurredOn)
        .order_by_desc(item::Column::EntryId)
        .limit(MAX_CONDUCT)
        .all(tx)
        .await
}
