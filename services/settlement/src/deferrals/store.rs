//! What persons agreed to: every version of it.

use prost::Message;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use yizhan_proto::settlement::v1::PayLaterAgreement;
use yizhan_runtime::db::{DatabaseTransaction, insert};

/// A row of `pay_later_agreements`; never changed after it is written.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pay_later_agreements")]
pub struct Model {
    /// 人员编号
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// Counts what was said.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// When, microseconds.
    pub said_at_us: i64,
    /// The whole of it, encoded `yizhan.settlement.v1.PayLaterAgreement`.
    pub agreement: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// What was said last under any of a person's numbers.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    numbers: &[String],
) -> Result<Option<PayLaterAgreement>, DbErr> {
    let of_person = Column::PsnNo.is_in(numbers.iter().map(String::as_str));
    let row = Entity::find().filter(of_person).order_by_desc(Column::SaidAtUs).order_by_desc(Column::Version);
    let row = row.one(db).await?;
    let read = |row: Model| PayLaterAgreement::decode(row.agreement.as_slice());
    row.map(read).transpose().map_err(|error| DbErr::Type(format!("pay_later_agreements: {error}")))
}

/// The number of what is said next under any of them.
pub async fn next_version<C: ConnectionTrait>(db: &C, numbers: &[String]) -> Result<i32, DbErr> {
    let of_person = Column::PsnNo.is_in(numbers.iter().map(String::as_str));
    let row = Entity::find().filter(of_person).order_by_desc(Column::Version).one(db).await?;
    Ok(row.map_or(0, |row| row.version) + 1)
}

/// Writes what is said now.
pub async fn write(tx: &DatabaseTransaction, of: &PayLaterAgreement, said_at_us: i64) -> Result<(), DbErr> {
    let row =
        Model { psn_no: of.psn_no.clone(), version: of.version, said_at_us, agreement: of.encode_to_vec() };
    insert::<Entity>(tx, vec![row]).await
}
