//! Lines that were brought before their visit is settled (费用明细上传). They are asked by institution and visit, so their keys lead with
//! the institution.
//!
//! Every change of a visit's lines makes the next version of the visit, in the same transaction. A settlement of them is committed only on
//! the version it read, and notes itself on each line; its reversal takes that away.

use std::collections::BTreeSet;

use prost::Message;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_proto::settlement::v1::FeeLine;
use yizhan_runtime::db::{DatabaseConnection, DatabaseTransaction, find_rows};

/// A statement has so many places for values.
const NUMBERS_PER_STATEMENT: usize = 1000;

/// A line.
pub mod uploaded_fee {
    use sea_orm::entity::prelude::*;

    /// A row of `uploaded_fees`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "uploaded_fees")]
    pub struct Model {
        /// 定点医药机构编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub fixmedins_code: String,
        /// 费用明细流水号
        #[sea_orm(primary_key, auto_increment = false)]
        pub feedetl_sn: String,
        /// 就诊ID
        pub mdtrt_id: String,
        /// As brought, encoded `yizhan.settlement.v1.FeeLine`.
        pub line: Vec<u8>,
        /// The standing settlement that holds it; empty: none.
        pub setl_id: String,
        /// When it was brought.
        pub uploaded_at_us: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A visit that has lines.
pub mod visit_fees {
    use sea_orm::entity::prelude::*;

    /// A row of `visit_fees`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "visit_fees")]
    pub struct Model {
        /// 定点医药机构编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub fixmedins_code: String,
        /// 就诊ID
        #[sea_orm(primary_key, auto_increment = false)]
        pub mdtrt_id: String,
        /// 人员编号
        pub psn_no: String,
        /// Goes up by one with every change.
        pub version: i64,
        /// How many lines there are.
        pub lines: i64,
        /// What they add up to, refunds taken off.
        pub amount_fen: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A visit of an institution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VisitKey {
    /// 定点医药机构编号
    pub fixmedins_code: String,
    /// 就诊ID
    pub mdtrt_id: String,
}

/// What a settlement or its reversal does to the lines of its visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeesChange {
    /// Takes those that nobody holds, if the visit is still in the version that was read.
    Take(VisitKey, i64),
    /// The same of those with these numbers: the others are of a later part of the stay (中途结算).
    TakeSome(VisitKey, i64, Vec<String>),
    /// Gives back those that the settlement of this id holds.
    GiveBack(VisitKey, String),
    /// Takes over those that the settlement of this id held, whose place it takes.
    TakeOver(VisitKey, String),
}

/// A visit's row, locked until the transaction ends.
pub async fn lock_visit(
    tx: &DatabaseTransaction,
    visit: &VisitKey,
) -> Result<Option<visit_fees::Model>, DbErr> {
    visit_fees::Entity::find_by_id(visit.key()).lock_exclusive().one(tx).await
}

/// A visit's row.
pub async fn visit(db: &DatabaseConnection, visit: &VisitKey) -> Result<Option<visit_fees::Model>, DbErr> {
    visit_fees::Entity::find_by_id(visit.key()).one(db).await
}

/// The version of a visit, and its lines that no standing settlement holds.
pub async fn unsettled(
    db: &DatabaseConnection,
    visit: &VisitKey,
) -> Result<Option<(visit_fees::Model, Vec<FeeLine>)>, DbErr> {
    // The version first: lines that come between make the next one, and the settlement is refused.
    let Some(row) = self::visit(db, visit).await? else { return Ok(None) };
    let lines = lines_of(visit).filter(uploaded_fee::Column::SetlId.eq("")).all(db).await?;
    Ok(Some((row, lines.iter().map(line_of).collect::<Result<_, _>>()?)))
}

/// All lines of a visit.
pub async fn all(tx: &DatabaseTransaction, visit: &VisitKey) -> Result<Vec<uploaded_fee::Model>, DbErr> {
    lines_of(visit).all(tx).await
}

/// A page of a visit's lines behind a number.
pub async fn page(
    db: &DatabaseConnection,
    visit: &VisitKey,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<uploaded_fee::Model>, DbErr> {
    let [after] = after.unwrap_or_default();
    lines_of(visit).filter(uploaded_fee::Column::FeedetlSn.gt(after)).limit(limit).all(db).await
}

/// By number.
fn lines_of(visit: &VisitKey) -> sea_orm::Select<uploaded_fee::Entity> {
    uploaded_fee::Entity::find()
        .filter(uploaded_fee::Column::FixmedinsCode.eq(&visit.fixmedins_code))
        .filter(uploaded_fee::Column::MdtrtId.eq(&visit.mdtrt_id))
        .order_by_asc(uploaded_fee::Column::FeedetlSn)
}

/// Which of these numbers lines of the institution have, of whatever visit.
pub async fn with_numbers(
    tx: &DatabaseTransaction,
    fixmedins_code: &str,
    numbers: &BTreeSet<&str>,
) -> Result<Vec<uploaded_fee::Model>, DbErr> {
    use uploaded_fee::Column::{FeedetlSn, FixmedinsCode};
    let keys = numbers.iter().map(|number| [fixmedins_code.to_owned(), (*number).to_owned()]).collect();
    find_rows::<uploaded_fee::Entity, 2>(tx, [FixmedinsCode, FeedetlSn], keys).await
}

/// Takes lines of a visit out.
pub async fn delete(tx: &DatabaseTransaction, visit: &VisitKey, numbers: &[&str]) -> Result<(), DbErr> {
    for some in numbers.chunks(NUMBERS_PER_STATEMENT) {
        uploaded_fee::Entity::delete_many()
            .filter(uploaded_fee::Column::FixmedinsCode.eq(&visit.fixmedins_code))
            .filter(uploaded_fee::Column::FeedetlSn.is_in(some.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Does what a settlement or reversal does to its visit's lines. False when they are not those any more that it read: nothing may be
/// committed on them.
pub async fn change(tx: &DatabaseTransaction, change: &FeesChange, setl_id: &str) -> Result<bool, DbErr> {
    match change {
        FeesChange::Take(visit, version) => {
            let unchanged = next_version(tx, visit, Some(*version)).await?;
            if unchanged {
                hold(tx, visit, ["", setl_id]).await?;
            }
            Ok(unchanged)
        }
        FeesChange::TakeSome(visit, version, numbers) => {
            let unchanged = next_version(tx, visit, Some(*version)).await?;
            for some in numbers.chunks(NUMBERS_PER_STATEMENT).filter(|_| unchanged) {
                uploaded_fee::Entity::update_many()
                    .col_expr(uploaded_fee::Column::SetlId, Expr::value(setl_id))
                    .filter(uploaded_fee::Column::FixmedinsCode.eq(&visit.fixmedins_code))
                    .filter(uploaded_fee::Column::FeedetlSn.is_in(some.iter().map(String::as_str)))
                    .filter(uploaded_fee::Column::SetlId.eq(""))
                    .exec(tx)
                    .await?;
            }
            Ok(unchanged)
        }
        FeesChange::GiveBack(visit, held_by) => {
            next_version(tx, visit, None).await?;
            hold(tx, visit, [held_by, ""]).await.map(|()| true)
        }
        FeesChange::TakeOver(visit, held_by) => {
            next_version(tx, visit, None).await?;
            hold(tx, visit, [held_by, setl_id]).await.map(|_| true)
        }
    }
}

async fn next_version(tx: &DatabaseTransaction, visit: &VisitKey, read: Option<i64>) -> Result<bool, DbErr> {
    let mut next = visit_fees::Entity::update_many()
        .col_expr(visit_fees::Column::Version, Expr::col(visit_fees::Column::Version).add(1))
        .filter(visit_fees::Column::FixmedinsCode.eq(&visit.fixmedins_code))
        .filter(visit_fees::Column::MdtrtId.eq(&visit.mdtrt_id));
    if let Some(version) = read {
        next = next.filter(visit_fees::Column::Version.eq(version));
    }
    Ok(next.exec(tx).await?.rows_affected == 1)
}

async fn hold(tx: &DatabaseTransaction, visit: &VisitKey, [from, to]: [&str; 2]) -> Result<(), DbErr> {
    uploaded_fee::Entity::update_many()
        .col_expr(uploaded_fee::Column::SetlId, Expr::value(to))
        .filter(uploaded_fee::Column::FixmedinsCode.eq(&visit.fixmedins_code))
        .filter(uploaded_fee::Column::MdtrtId.eq(&visit.mdtrt_id))
        .filter(uploaded_fee::Column::SetlId.eq(from))
        .exec(tx)
        .await
        .map(drop)
}

impl FeesChange {
    /// Whose lines.
    pub fn visit(&self) -> &VisitKey {
        match self {
            FeesChange::Take(visit, _)
            | FeesChange::TakeSome(visit, ..)
            | FeesChange::GiveBack(visit, _)
            | FeesChange::TakeOver(visit, _) => visit,
        }
    }
}

impl VisitKey {
    fn key(&self) -> (String, String) {
        (self.fixmedins_code.clone(), self.mdtrt_id.clone())
    }
}

/// The line of a row.
pub fn line_of(row: &uploaded_fee::Model) -> Result<FeeLine, DbErr> {
    let damaged = |error| DbErr::Type(format!("uploaded_fees.line of {}: {error}", row.feedetl_sn));
    FeeLine::decode(row.line.as_slice()).map_err(damaged)
}
