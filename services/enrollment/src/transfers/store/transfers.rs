//! Reading and writing transfers.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::entities::transfer::{Column, Entity, Model};
use super::entities::transfer_step;
use crate::transfers::domain::due::Overdue;
use crate::transfers::domain::{Side, State};

/// One transfer.
pub async fn find<C: ConnectionTrait>(db: &C, transfer_id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(transfer_id.to_owned()).one(db).await
}

/// The same, locked until the end of the transaction.
pub async fn lock<C: ConnectionTrait>(tx: &C, transfer_id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(transfer_id.to_owned()).lock_exclusive().one(tx).await
}

/// The open transfer of one of some persons.
pub async fn find_open<C: ConnectionTrait>(db: &C, psn_nos: &[&str]) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::PsnNo.is_in(psn_nos.iter().copied()))
        .filter(Column::State.is_in(State::open()))
        .one(db)
        .await
}

/// Its steps, in order.
pub async fn steps<C: ConnectionTrait>(
    db: &C,
    transfer_id: &str,
) -> Result<Vec<transfer_step::Model>, DbErr> {
    transfer_step::Entity::find()
        .filter(transfer_step::Column::TransferId.eq(transfer_id))
        .order_by_asc(transfer_step::Column::StepNo)
        .all(db)
        .await
}

/// Up to `limit` of an area, behind an id, in the order they were opened.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    (poolarea_no, side): (&str, Option<Side>),
    states: Vec<State>,
    overdue: Option<Overdue>,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut of_area = Condition::any();
    if side != Some(Side::Receiving) {
        of_area = of_area.add(Column::FromPoolareaNo.eq(poolarea_no));
    }
    if side != Some(Side::Sending) {
        of_area = of_area.add(Column::ToPoolareaNo.eq(poolarea_no));
    }
    let mut query = Entity::find().filter(of_area).filter(Column::State.is_in(states));
    if let Some(overdue) = overdue {
        let late = [(Side::Sending, overdue.sending), (Side::Receiving, overdue.receiving)];
        let late = late.into_iter().filter_map(|(side, since)| Some((side, since?)));
        query =
            query.filter(late.fold(Condition::any().add(Column::TransferId.eq("")), |any, (side, since)| {
                let turn = State::open().filter(|state| state.turn() == Some(side));
                any.add(Condition::all().add(Column::State.is_in(turn)).add(Column::WaitingSince.lte(since)))
            }));
    }
    if let Some([transfer_id]) = after {
        query = query.filter(Column::TransferId.gt(transfer_id));
    }
    query.order_by_asc(Column::TransferId).limit(limit).all(db).await
}

/// Writes a new transfer.
pub async fn insert<C: ConnectionTrait>(tx: &C, transfer: &Model) -> Result<(), DbErr> {
    let row = transfer.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(tx).await.map(drop)
}

/// Writes a transfer that [`lock`] gave.
pub async fn update<C: ConnectionTrait>(tx: &C, transfer: &Model) -> Result<(), DbErr> {
    Entity::update(transfer.clone().into_active_model().reset_all()).exec(tx).await.map(drop)
}

/// Writes a step.
pub async fn insert_step<C: ConnectionTrait>(tx: &C, step: transfer_step::Model) -> Result<(), DbErr> {
    let row = step.into_active_model().reset_all();
    transfer_step::Entity::insert(row).exec_without_returning(tx).await.map(drop)
}
