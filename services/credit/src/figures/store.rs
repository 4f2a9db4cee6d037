//! Sums of institutions' months, and the decisions against them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, Statement, Value};
use yizhan_runtime::db::{DatabaseTransaction, find_rows, insert_new, upsert, upsert_with};
use yizhan_terms::Area;

use super::domain::{Against, DECISIONS, Followed, Key, SETTLEMENTS, Sums};

pub use decision::Model as Decision;
pub use recovered::Model as Recovered;

/// What settlements of an institution in a month come to.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "figure_month")]
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
    /// [`Sums`], as the columns below.
    pub settlements: i64,
    /// Visits.
    pub visits: i64,
    /// Stays.
    pub stays: i64,
    /// Days of stays.
    pub stay_days: i64,
    /// 医疗费总额, fen.
    pub fee_fen: i64,
    /// 基金支付总额, fen.
    pub fund_fen: i64,
    /// Outside the catalogue, fen.
    pub own_fen: i64,
    /// Of stays, fen.
    pub stay_fee_fen: i64,
    /// Of stays, fen.
    pub stay_fund_fen: i64,
    /// Of stays, fen.
    pub stay_own_fen: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn of([poolarea_no, month, fixmedins_code]: Key, sums: Sums) -> Model {
        Model {
            poolarea_no,
            month,
            fixmedins_code,
            settlements: sums.settlements,
            visits: sums.visits,
            stays: sums.stays,
            stay_days: sums.stay_days,
            fee_fen: sums.fee_fen,
            fund_fen: sums.fund_fen,
            own_fen: sums.own_fen,
            stay_fee_fen: sums.stay_fee_fen,
            stay_fund_fen: sums.stay_fund_fen,
            stay_own_fen: sums.stay_own_fen,
        }
    }

    fn sums(&self) -> Sums {
        Sums {
            settlements: self.settlements,
            visits: self.visits,
            stays: self.stays,
            stay_days: self.stay_days,
            fee_fen: self.fee_fen,
            fund_fen: self.fund_fen,
            own_fen: self.own_fen,
            stay_fee_fen: self.stay_fee_fen,
            stay_fund_fen: self.stay_fund_fen,
            stay_own_fen: self.stay_own_fen,
        }
    }
}

/// Decisions of audit.
pub mod decision {
    use sea_orm::entity::prelude::*;

    /// A decision against an institution.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "figure_decision")]
    pub struct Model {
        /// The case of audit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: String,
        /// Which decision of it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub decision_no: i32,
        /// 统筹区 that paid.
        pub poolarea_no: String,
        /// Of the day on which it was told, `2026-05`.
        pub month: String,
        /// 定点医药机构编号
        pub fixmedins_code: String,
        /// It was not taken back.
        pub stands: bool,
        /// Lines with an amount.
        pub lines: i64,
        /// 违规金额 of these, fen of fees.
        pub fee_fen: i64,
        /// What settlement took back by it, fen.
        pub recovered_fen: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was taken back of lines.
pub mod recovered {
    use sea_orm::entity::prelude::*;

    /// What settlement told of a line.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "figure_recovered")]
    pub struct Model {
        /// The case of audit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: String,
        /// Which decision of it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub decision_no: i32,
        /// 结算ID
        #[sea_orm(primary_key, auto_increment = false)]
        pub setl_id: String,
        /// 费用明细流水号; empty: the visit as a whole.
        #[sea_orm(primary_key, auto_increment = false)]
        pub feedetl_sn: String,
        /// What the funds got back, fen.
        pub recovered_fen: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Adds to months. Whoever follows the feed holds its token until the transaction ends, so nobody else adds meanwhile.
pub async fn add(tx: &DatabaseTransaction, parts: &BTreeMap<Key, Sums>) -> Result<(), DbErr> {
    let columns = [Column::PoolareaNo, Column::Month, Column::FixmedinsCode];
    let known = find_rows::<Entity, 3>(tx, columns, parts.keys().cloned().collect()).await?;
    let mut rows: BTreeMap<Key, Sums> = parts.clone();
    for row in known {
        let sums = row.sums();
        let part = rows.entry([row.poolarea_no, row.month, row.fixmedins_code]).or_default();
        *part = sums.plus(*part);
    }
    upsert::<Entity>(tx, rows.into_iter().map(|(key, sums)| Model::of(key, sums)).collect()).await
}

/// Begins at nothing: the feed is followed from its beginning again.
pub async fn forget(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    Entity::delete_many().exec(tx).await.map(drop)
}

/// A decision was made, unless it is known, taken back or not.
pub async fn decide(tx: &DatabaseTransaction, row: Decision) -> Result<(), DbErr> {
    insert_new::<decision::Entity>(tx, vec![row]).await.map(drop)
}

/// A decision was taken back.
pub async fn withdraw(tx: &DatabaseTransaction, row: Decision) -> Result<(), DbErr> {
    let again = "DO UPDATE SET stands = excluded.stands";
    upsert_with::<decision::Entity>(tx, vec![row], again).await.map(drop)
}

/// What was taken back of lines, each as it was told last.
pub async fn recover(tx: &DatabaseTransaction, rows: Vec<Recovered>) -> Result<(), DbErr> {
    upsert::<recovered::Entity>(tx, rows).await
}

/// Notes with a decision what was taken back of its lines.
pub async fn add_up_recovered(
    tx: &DatabaseTransaction,
    (case_id, decision_no): (&str, i32),
) -> Result<(), DbErr> {
    let sql = "UPDATE figure_decision SET recovered_fen = (SELECT CAST(COALESCE(SUM(told.recovered_fen), 0) AS bigint) \
               FROM figure_recovered AS told WHERE told.case_id = $1 AND told.decision_no = $2) \
               WHERE case_id = $1 AND decision_no = $2";
    let values = [Value::from(case_id), decision_no.into()];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    tx.execute_raw(statement).await.map(drop)
}

/// Whose figures of which year.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// An area with everything inside it.
    pub area: Area,
    /// Calendar year.
    pub year: i32,
    /// Only these institutions; `None`: all.
    pub institutions: Option<Vec<String>>,
}

impl Wanted {
    fn areas(&self) -> RangeInclusive<Area> {
        self.area.codes()
    }

    fn months(&self) -> [String; 2] {
        ["01", "12"].map(|month| format!("{:04}-{month}", self.year))
    }
}

/// What is known of institutions, by code and month.
pub type Known = BTreeMap<String, BTreeMap<String, (Sums, Against)>>;

/// All of it. Institutions of which nothing stands and nothing was found are not there.
pub async fn read(db: &impl ConnectionTrait, wanted: &Wanted) -> Result<Known, DbErr> {
    let mut known = Known::new();
    for row in months(db, wanted).await? {
        let (sums, _) = month(&mut known, &row.fixmedins_code, &row.month);
        *sums = sums.plus(row.sums());
    }
    for row in decided(db, wanted).await? {
        let (_, against) = month(&mut known, &row.fixmedins_code, &row.month);
        *against = against.plus(of_decision(&row));
    }
    Ok(known)
}

fn month<'k>(known: &'k mut Known, code: &str, month: &str) -> &'k mut (Sums, Against) {
    known.entry(code.to_owned()).or_default().entry(month.to_owned()).or_default()
}

fn of_decision(row: &Decision) -> Against {
    match row.stands {
        true => Against {
            decisions: 1,
            withdrawn: 0,
            lines: row.lines,
            fee_fen: row.fee_fen,
            fund_fen: row.recovered_fen,
        },
        false => Against { withdrawn: 1, ..Against::default() },
    }
}

async fn months(db: &impl ConnectionTrait, wanted: &Wanted) -> Result<Vec<Model>, DbErr> {
    let (areas, [first, last]) = (wanted.areas(), wanted.months());
    let of = Condition::all()
        .add(Column::PoolareaNo.between(areas.start().as_str(), areas.end().as_str()))
        .add(Column::Month.between(first, last))
        .add(Column::Settlements.ne(0))
        .add_option(wanted.institutions.as_ref().map(|codes| Column::FixmedinsCode.is_in(codes)));
    Entity::find().filter(of).all(db).await
}

/// Decisions that found something, taken back or not.
async fn decided(db: &impl ConnectionTrait, wanted: &Wanted) -> Result<Vec<Decision>, DbErr> {
    use decision::Column;
    let (areas, [first, last]) = (wanted.areas(), wanted.months());
    let of = Condition::all()
        .add(Column::PoolareaNo.between(areas.start().as_str(), areas.end().as_str()))
        .add(Column::Month.between(first, last))
        .add(Column::Lines.gt(0))
        .add_option(wanted.institutions.as_ref().map(|codes| Column::FixmedinsCode.is_in(codes)));
    decision::Entity::find().filter(of).all(db).await
}

/// Codes of institutions of which anything is known, behind one of them, in order.
pub async fn institutions(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let of = "poolarea_no BETWEEN $1 AND $2 AND month BETWEEN $3 AND $4 AND fixmedins_code > $5";
    let sql = format!(
        "SELECT fixmedins_code FROM figure_month WHERE {of} AND settlements <> 0 \
         UNION SELECT fixmedins_code FROM figure_decision WHERE {of} AND lines > 0 ORDER BY fixmedins_code LIMIT $6"
    );
    let (areas, months) = (wanted.areas(), wanted.months());
    let after = after.map(|[code]| code).unwrap_or_default();
    let texts = [areas.start().as_str(), areas.end().as_str(), &months[0], &months[1], &after];
    let mut values: Vec<Value> = texts.into_iter().map(Value::from).collect();
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "fixmedins_code")).collect()
}

/// Which feeds are or were followed: whoever follows one has a row, before the first event.
pub async fn followed(db: &impl ConnectionTrait) -> Result<Followed, DbErr> {
    let rows = Statement::from_string(db.get_database_backend(), "SELECT feed FROM followed_feed");
    let rows = db.query_all_raw(rows).await?;
    let feeds = rows.iter().map(|row| row.try_get("", "feed")).collect::<Result<Vec<String>, _>>()?;
    let knows = |feed: &str| feeds.iter().any(|known| known == feed);
    Ok(Followed { settlements: knows(SETTLEMENTS), decisions: knows(DECISIONS) })
}
