//! Reading and writing applications, the bills they hold, runs and payments.

pub mod pay;

use chrono::NaiveDate;
use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, FromQueryResult, QueryOrder, QuerySelect};
use yizhan_proto::settlement::v1::{Reimbursement, ReimbursementBill};
use yizhan_runtime::db::{insert_new, upsert};
use yizhan_runtime::{Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::clock::due;
use super::domain::table::State;
use crate::rules::Reimbursements;

/// An application, with what worklists ask by next to it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reimbursements")]
pub struct Model {
    /// Sorts by the time it was taken in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reimbursement_id: String,
    /// 统筹区 that pays.
    pub poolarea_no: String,
    /// 人员编号
    pub psn_no: String,
    /// The contract's ReimbursementState.
    pub state: i32,
    /// The day by which it is to be done, while that is open; otherwise empty.
    pub due: String,
    /// The run that holds it.
    pub run_id: String,
    /// 结算ID
    pub setl_id: String,
    /// What the funds pay.
    pub approved_fen: i64,
    /// Owed to the person; below zero: by them.
    pub owed_fen: i64,
    /// The whole of it, encoded `yizhan.settlement.v1.Reimbursement`.
    pub reimbursement: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Bills: each stands in one application.
pub mod bill {
    use sea_orm::entity::prelude::*;

    /// A row of `reimbursement_bills`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reimbursement_bills")]
    pub struct Model {
        /// 票据代码/票据号码
        #[sea_orm(primary_key, auto_increment = false)]
        pub bill_no: String,
        /// The application.
        pub reimbursement_id: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn read(row: &Model) -> Result<Reimbursement, DbErr> {
    Reimbursement::decode(row.reimbursement.as_slice())
        .map_err(|error| DbErr::Type(format!("reimbursements.reimbursement: {error}")))
}

/// One; whether it is overdue shows on a day.
pub async fn find<C: ConnectionTrait>(db: &C, id: &str) -> Result<Option<Reimbursement>, DbErr> {
    Entity::find_by_id(id.to_owned()).one(db).await?.as_ref().map(read).transpose()
}

/// The same, and nobody else changes it until the transaction ends.
pub async fn hold<C: ConnectionTrait>(tx: &C, id: &str) -> Result<Option<Reimbursement>, DbErr> {
    let row = Entity::find_by_id(id.to_owned()).lock_exclusive().one(tx).await?;
    row.as_ref().map(read).transpose()
}

/// Writes it as its last step left it; `rule` is that of the day it was taken in.
pub async fn write<C: ConnectionTrait>(
    tx: &C,
    of: &Reimbursement,
    rule: &Reimbursements,
) -> Result<(), DbErr> {
    let row = Model {
        reimbursement_id: of.reimbursement_id.clone(),
        poolarea_no: of.poolarea_no.clone(),
        psn_no: of.psn_no.clone(),
        state: of.state,
        due: due(of, rule).to_owned(),
        run_id: of.run_id.clone(),
        setl_id: of.setl_id.clone(),
        approved_fen: of.approved_fen,
        owed_fen: of.owed_fen,
        reimbursement: of.encode_to_vec(),
    };
    upsert::<Entity>(tx, vec![row]).await
}

/// The number under which a bill is held.
pub fn bill_no(bill: &ReimbursementBill) -> String {
    format!("{}/{}", bill.bill_code, bill.invono)
}

/// Holds the bills of an application, and no others for it.
///
/// # Errors
/// BILL_USED for each that another application holds.
pub async fn hold_bills<C: ConnectionTrait>(
    tx: &C,
    id: &str,
    bills: &[ReimbursementBill],
) -> Result<(), ServiceError> {
    release_bills(tx, id).await?;
    let row = |bill| bill::Model { bill_no: bill_no(bill), reimbursement_id: id.to_owned() };
    let written = insert_new::<bill::Entity>(tx, bills.iter().map(row).collect()).await?;
    if written == bills.len() as u64 {
        return Ok(());
    }
    let of = bill::Column::BillNo.is_in(bills.iter().map(bill_no));
    let held = bill::Entity::find().filter(of).all(tx).await?;
    let mut wrong = Violations::new();
    for (at, bill) in bills.iter().enumerate() {
        let other = |held: &&bill::Model| held.bill_no == bill_no(bill) && held.reimbursement_id != id;
        if let Some(held) = held.iter().find(other) {
            let text = format!("票据 {} 已用于报销申请 {}", bill.invono, held.reimbursement_id);
            let said = Reason::BillUsed.saying(text);
            let used = wrong.push(format!("application.bills[{at}].invono"), said);
            used.with("reimbursement_id", &held.reimbursement_id).with("invono", &bill.invono);
        }
    }
    wrong.none()
}

/// Gives its bills back.
pub async fn release_bills<C: ConnectionTrait>(tx: &C, id: &str) -> Result<(), DbErr> {
    let of = bill::Column::ReimbursementId.eq(id);
    bill::Entity::delete_many().filter(of).exec(tx).await.map(drop)
}

/// Of an area, and what lies inside it.
pub fn within(area: Area) -> Condition {
    Condition::all().add(Column::PoolareaNo.starts_with(area.prefix()))
}

/// What is to be done by a day or before it, from another on.
pub fn due_between(from: Option<NaiveDate>, to: NaiveDate) -> Condition {
    Condition::all()
        .add(Column::Due.ne(""))
        .add(Column::Due.lte(to.to_string()))
        .add_option(from.map(|from| Column::Due.gte(from.to_string())))
}

/// A page, oldest first, behind one.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    wanted: Condition,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Reimbursement>, DbErr> {
    let behind = after.map(|[id]| Column::ReimbursementId.gt(id));
    let found = Entity::find().filter(wanted.add_option(behind)).order_by_asc(Column::ReimbursementId);
    found.limit(limit).all(db).await?.iter().map(read).collect()
}

/// The same, and nobody else changes them until the transaction ends.
pub async fn hold_all<C: ConnectionTrait>(
    tx: &C,
    wanted: Condition,
    limit: u64,
) -> Result<Vec<Reimbursement>, DbErr> {
    let found = Entity::find().filter(wanted).order_by_asc(Column::ReimbursementId).limit(limit);
    found.lock_exclusive().all(tx).await?.iter().map(read).collect()
}

/// In a state in an area itself; of what is approved only what no run holds.
pub fn standing(poolarea_no: &str, state: State) -> Condition {
    Condition::all()
        .add(Column::PoolareaNo.eq(poolarea_no))
        .add(Column::State.eq(state.number()))
        .add(Column::RunId.eq(""))
}

/// How many stand in a state.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Count {
    /// The state.
    pub state: i32,
    /// How many.
    pub count: i64,
    /// What is owed to them, in all.
    pub owed_fen: i64,
}

/// How many stand where.
pub async fn counts<C: ConnectionTrait>(db: &C, area: Area) -> Result<Vec<Count>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::State)
        .column_as(Column::ReimbursementId.count(), "count")
        .column_as(Expr::cust("CAST(SUM(owed_fen) AS bigint)"), "owed_fen")
        .filter(within(area))
        .group_by(Column::State)
        .order_by_asc(Column::State)
        .into_model()
        .all(db)
        .await
}

/// How many.
pub async fn count<C: ConnectionTrait>(db: &C, wanted: Condition) -> Result<i64, DbErr> {
    let count = Entity::find().filter(wanted).count(db).await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}
