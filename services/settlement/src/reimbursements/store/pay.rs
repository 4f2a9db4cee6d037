//! Runs and their payments.

use prost::Message;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{Payment, PaymentRun, PaymentState};
use yizhan_runtime::db::upsert;
use yizhan_terms::Area;

use crate::books::domain::ledger::payout;
use crate::books::store::journal::{self, entries};

/// Lists of payments, one for a day of an area.
pub mod run {
    use sea_orm::entity::prelude::*;

    /// A row of `payment_runs`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "payment_runs")]
    pub struct Model {
        /// Sorts by the time it was made.
        #[sea_orm(primary_key, auto_increment = false)]
        pub run_id: String,
        /// 统筹区
        pub poolarea_no: String,
        /// The day.
        pub run_date: String,
        /// What its payments come to.
        pub total_fen: i64,
        /// The whole of it, encoded `yizhan.settlement.v1.PaymentRun`.
        pub run: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Payments.
pub mod payment {
    use sea_orm::entity::prelude::*;

    /// A row of `reimbursement_payments`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reimbursement_payments")]
    pub struct Model {
        /// Its number; its postings have it as `setl_id`, those of its return with an R behind.
        #[sea_orm(primary_key, auto_increment = false)]
        pub payment_id: String,
        /// The run.
        pub run_id: String,
        /// 统筹区
        pub poolarea_no: String,
        /// The application.
        pub reimbursement_id: String,
        /// 人员编号
        pub psn_no: String,
        /// How much.
        pub amount_fen: i64,
        /// The contract's PaymentState.
        pub state: i32,
        /// The whole of it, encoded `yizhan.settlement.v1.Payment`.
        pub payment: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn read_run(row: &run::Model) -> Result<PaymentRun, DbErr> {
    PaymentRun::decode(row.run.as_slice()).map_err(|error| DbErr::Type(format!("payment_runs.run: {error}")))
}

fn read_payment(row: &payment::Model) -> Result<Payment, DbErr> {
    Payment::decode(row.payment.as_slice())
        .map_err(|error| DbErr::Type(format!("reimbursement_payments.payment: {error}")))
}

/// A run.
pub async fn find_run<C: ConnectionTrait>(db: &C, run_id: &str) -> Result<Option<PaymentRun>, DbErr> {
    run::Entity::find_by_id(run_id.to_owned()).one(db).await?.as_ref().map(read_run).transpose()
}

/// That of a day.
pub async fn run_of_day<C: ConnectionTrait>(
    db: &C,
    (poolarea_no, run_date): (&str, &str),
) -> Result<Option<PaymentRun>, DbErr> {
    let of =
        Condition::all().add(run::Column::PoolareaNo.eq(poolarea_no)).add(run::Column::RunDate.eq(run_date));
    run::Entity::find().filter(of).one(db).await?.as_ref().map(read_run).transpose()
}

/// Writes a run as it is now.
pub async fn write_run<C: ConnectionTrait>(tx: &C, run: &PaymentRun) -> Result<(), DbErr> {
    let row = run::Model {
        run_id: run.run_id.clone(),
        poolarea_no: run.poolarea_no.clone(),
        run_date: run.run_date.clone(),
        total_fen: run.total_fen,
        run: run.encode_to_vec(),
    };
    upsert::<run::Entity>(tx, vec![row]).await
}

/// A payment.
pub async fn find_payment<C: ConnectionTrait>(db: &C, payment_id: &str) -> Result<Option<Payment>, DbErr> {
    let row = payment::Entity::find_by_id(payment_id.to_owned()).one(db).await?;
    row.as_ref().map(read_payment).transpose()
}

/// Payments of a run in a state; of one application, where it is named.
pub async fn in_run<C: ConnectionTrait>(
    tx: &C,
    (run_id, reimbursement_id): (&str, Option<&str>),
    state: PaymentState,
) -> Result<Vec<Payment>, DbErr> {
    let of = Condition::all()
        .add(payment::Column::RunId.eq(run_id))
        .add(payment::Column::State.eq(i32::from(state)))
        .add_option(reimbursement_id.map(|id| payment::Column::ReimbursementId.eq(id)));
    let rows = payment::Entity::find().filter(of).order_by_asc(payment::Column::PaymentId).all(tx).await?;
    rows.iter().map(read_payment).collect()
}

/// Writes payments as they are now.
pub async fn write_payments<C: ConnectionTrait>(tx: &C, payments: &[Payment]) -> Result<(), DbErr> {
    let row = |payment: &Payment| payment::Model {
        payment_id: payment.payment_id.clone(),
        run_id: payment.run_id.clone(),
        poolarea_no: payment.poolarea_no.clone(),
        reimbursement_id: payment.reimbursement_id.clone(),
        psn_no: payment.psn_no.clone(),
        amount_fen: payment.amount_fen,
        state: payment.state,
        payment: payment.encode_to_vec(),
    };
    upsert::<payment::Entity>(tx, payments.iter().map(row).collect()).await
}

/// Books what was paid out under an id, or, below zero, what came back.
pub async fn book<C: ConnectionTrait>(
    tx: &C,
    (poolarea_no, psn_no, id): (&str, &str, &str),
    amount_fen: i64,
) -> Result<(), DbErr> {
    let postings = payout(poolarea_no, psn_no, Fen(amount_fen));
    journal::book(tx, &entries(poolarea_no, psn_no, id, postings)).await
}

/// A page of runs, newest first, older than one.
pub async fn runs<C: ConnectionTrait>(
    db: &C,
    area: Area,
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<PaymentRun>, DbErr> {
    let of = Condition::all()
        .add(run::Column::PoolareaNo.starts_with(area.prefix()))
        .add_option(before.map(|[id]| run::Column::RunId.lt(id)));
    let rows = run::Entity::find().filter(of).order_by_desc(run::Column::RunId).limit(limit).all(db).await?;
    rows.iter().map(read_run).collect()
}

/// A page of payments, in the order of their ids, behind one.
pub async fn payments<C: ConnectionTrait>(
    db: &C,
    (area, run_id, reimbursement_id): (Area, Option<&str>, Option<&str>),
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Payment>, DbErr> {
    use payment::Column;
    let of = Condition::all()
        .add(Column::PoolareaNo.starts_with(area.prefix()))
        .add_option(run_id.map(|id| Column::RunId.eq(id)))
        .add_option(reimbursement_id.map(|id| Column::ReimbursementId.eq(id)))
        .add_option(after.map(|[id]| Column::PaymentId.gt(id)));
    let rows =
        payment::Entity::find().filter(of).order_by_asc(Column::PaymentId).limit(limit).all(db).await?;
    rows.iter().map(read_payment).collect()
}
