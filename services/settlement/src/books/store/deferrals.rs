//! Debts of persons for what they did not pay in cash (信用支付).

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryOrder, QuerySelect};
use yizhan_proto::settlement::v1::{Deferral, DeferralState as State};
use yizhan_runtime::clock::{day_of, timestamp};
use yizhan_runtime::db::{DatabaseTransaction, upsert};
use yizhan_runtime::feed::{NewChange, append};

use super::commit::DEFERRAL;
use super::journal::{self, entries};
use crate::books::domain::deferral::{ended, repaid, settle};
use crate::books::domain::ledger::Posting;

/// A debt, with what is asked for next to it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deferrals")]
pub struct Model {
    /// Sorts by the time it was deferred.
    #[sea_orm(primary_key, auto_increment = false)]
    pub deferral_id: String,
    /// 统筹区
    pub poolarea_no: String,
    /// 人员编号
    pub psn_no: String,
    /// 结算ID
    pub setl_id: String,
    /// 定点医药机构编号
    pub fixmedins_code: String,
    /// The contract's DeferralState.
    pub state: i32,
    /// What was deferred.
    pub amount_fen: i64,
    /// What is owed.
    pub owed_fen: i64,
    /// Last day without being overdue.
    pub due_date: String,
    /// Last day of grace.
    pub grace_until: String,
    /// In default.
    pub defaulted: bool,
    /// The whole of it, encoded `yizhan.settlement.v1.Deferral`.
    pub deferral: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

fn read(row: &Model) -> Result<Deferral, DbErr> {
    decode(&row.deferral)
}

/// As it is stored, and told in the feed.
pub fn decode(bytes: &[u8]) -> Result<Deferral, DbErr> {
    Deferral::decode(bytes).map_err(|error| DbErr::Type(format!("a deferral: {error}")))
}

/// One.
pub async fn find<C: ConnectionTrait>(db: &C, id: &str) -> Result<Option<Deferral>, DbErr> {
    Entity::find_by_id(id.to_owned()).one(db).await?.as_ref().map(read).transpose()
}

/// The same, and nobody else changes it until the transaction ends.
pub async fn hold(tx: &DatabaseTransaction, id: &str) -> Result<Option<Deferral>, DbErr> {
    let row = Entity::find_by_id(id.to_owned()).lock_exclusive().one(tx).await?;
    row.as_ref().map(read).transpose()
}

/// A page, oldest first, behind one.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    wanted: Condition,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Deferral>, DbErr> {
    let behind = after.map(|[id]| Column::DeferralId.gt(id));
    let found = Entity::find().filter(wanted.add_option(behind)).order_by_asc(Column::DeferralId);
    found.limit(limit).all(db).await?.iter().map(read).collect()
}

/// The same, and nobody else changes them until the transaction ends.
pub async fn hold_all(
    tx: &DatabaseTransaction,
    wanted: Condition,
    limit: u64,
) -> Result<Vec<Deferral>, DbErr> {
    let found = Entity::find().filter(wanted).order_by_asc(Column::DeferralId).limit(limit);
    found.lock_exclusive().all(tx).await?.iter().map(read).collect()
}

/// Writes it with what is booked by the change, and tells it: where it stands follows from what it holds.
pub async fn write(
    tx: &DatabaseTransaction,
    of: &mut Deferral,
    postings: Vec<Posting>,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    settle(of, day_of(at));
    of.version += 1;
    of.changed_at = Some(timestamp(at));
    let booked = format!("{}-{}", of.deferral_id, of.version);
    journal::book(tx, &entries(&of.poolarea_no, &of.psn_no, &booked, postings)).await?;
    let row = Model {
        deferral_id: of.deferral_id.clone(),
        poolarea_no: of.poolarea_no.clone(),
        psn_no: of.psn_no.clone(),
        setl_id: of.setl_id.clone(),
        fixmedins_code: of.fixmedins_code.clone(),
        state: of.state,
        amount_fen: of.amount_fen,
        owed_fen: of.owed_fen,
        due_date: of.due_date.clone(),
        grace_until: of.grace_until.clone(),
        defaulted: of.defaulted,
        deferral: of.encode_to_vec(),
    };
    upsert::<Entity>(tx, vec![row]).await?;
    let change = NewChange {
        area: of.poolarea_no.clone(),
        kind: DEFERRAL,
        subject: of.deferral_id.clone(),
        payload: of.encode_to_vec(),
        recorded_at: at,
    };
    append(tx, vec![change]).await.map(drop)
}

/// Debts of settlements that stand: open or repaid.
pub fn standing_of<'s>(setl_ids: impl IntoIterator<Item = &'s str>) -> Condition {
    let stands = [State::Open, State::Repaid].map(i32::from);
    Condition::all().add(Column::SetlId.is_in(setl_ids)).add(Column::State.is_in(stands))
}

/// The debt of a settlement that stands, if its cash is paid later.
pub async fn of_settlement<C: ConnectionTrait>(db: &C, setl_id: &str) -> Result<Option<Deferral>, DbErr> {
    let row = Entity::find().filter(standing_of([setl_id])).one(db).await?;
    row.as_ref().map(read).transpose()
}

/// Lets the debts of settlements fall that are reversed in this transaction; what was repaid goes back.
pub async fn fall<'s>(
    tx: &DatabaseTransaction,
    reversed: impl IntoIterator<Item = &'s str>,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    for mut of in hold_all(tx, standing_of(reversed), u64::from(u32::MAX)).await? {
        let postings = ended(&of);
        of.refund_fen = repaid(&of);
        of.set_state(State::Reversed);
        write(tx, &mut of, postings, at).await?;
    }
    Ok(())
}
