//! Items as stored: one row each, whole.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use yizhan_proto::settlement::v1::{FundDifference, WorkItem, WorkItemState};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::db::{DatabaseConnection, DatabaseTransaction, insert};
use yizhan_runtime::feed::{NewChange, append};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Reason, ServiceError};

use super::domain::{State, Step, step};
use crate::books::store::commit::WORK_ITEM;

pub mod work_item;

use work_item::{Column, Entity, Model};

/// A settlement that was checked, with what is to be said of it; and whether it would be paid otherwise.
pub struct Checked {
    /// What an item of it says.
    pub item: WorkItem,
    /// Whether there is to be an item.
    pub differs: bool,
}

/// By whose feed an item was found: of a settlement one by each is open at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// Enrollment's register.
    Register,
    /// Credit's ledger.
    Credit,
}

impl FoundBy {
    fn code(self) -> &'static str {
        match self {
            FoundBy::Register => "",
            FoundBy::Credit => "CREDIT",
        }
    }
}

/// How many items are open, by whose feed they were found. Reads an index of the open ones.
pub async fn count_open(db: &DatabaseConnection) -> Result<[(&'static str, u64); 2], DbErr> {
    let open = |by: FoundBy| {
        let open = Entity::find().filter(Column::State.eq(State::Open.code()));
        open.filter(Column::FoundBy.eq(by.code())).count(db)
    };
    Ok([("register", open(FoundBy::Register).await?), ("credit", open(FoundBy::Credit).await?)])
}

/// Settlements whose items are looked for at a time.
const AT_ONCE: usize = 500;

/// Writes what became of settlements that were checked: new items, changed ones, those that are taken off.
pub async fn record(
    tx: &DatabaseTransaction,
    found_by: FoundBy,
    checked: &[Checked],
    at: DateTime<Utc>,
) -> Result<(), ServiceError> {
    for some in checked.chunks(AT_ONCE) {
        let last = last_of(tx, found_by, some.iter().map(|checked| checked.item.setl_id.as_str())).await?;
        let mut new = Vec::new();
        for checked in some {
            let now = checked.differs.then_some(&checked.item);
            let row = last.get(checked.item.setl_id.as_str());
            let item = row.map(item_of).transpose()?;
            let held = row.map(state_of).transpose()?;
            let last = held.zip(item.as_ref().map(said));
            match step(last.as_ref().map(|(state, said)| (*state, said)), now.map(said).as_ref()) {
                Step::Leave => {}
                Step::Open => {
                    let row = opened(&checked.item, found_by, at);
                    tell(tx, &item_of(&row)?, State::Open, at).await?;
                    new.push(row);
                }
                Step::Update | Step::Resolve => {
                    let Some(item) = item else { continue };
                    let state = if checked.differs { State::Open } else { State::Resolved };
                    let (item_id, found_at) = (item.item_id.clone(), item.found_at);
                    let content = if checked.differs { checked.item.clone() } else { item };
                    let item = WorkItem { item_id, found_at, changed_at: Some(timestamp(at)), ..content };
                    move_on(tx, &item, state, at).await?;
                }
            }
        }
        insert::<Entity>(tx, new).await?;
    }
    Ok(())
}

/// What becomes of open items of settlements that were settled again: one that was only about what earlier visits add up to is taken off;
/// any other is of what took the place of its settlement, and is calculated anew with the next change of the register.
pub async fn settled_again(
    tx: &DatabaseTransaction,
    replaced: &BTreeMap<String, String>,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let by_order = [Reason::EarlierVisits, Reason::RecordsMerged].map(Reason::code);
    let open = Entity::find()
        .filter(Column::SetlId.is_in(replaced.keys()))
        .filter(Column::State.eq(State::Open.code()));
    for row in open.all(tx).await? {
        let item = WorkItem { changed_at: Some(timestamp(at)), ..item_of(&row)? };
        let (state, item) = match replaced.get(&row.setl_id) {
            Some(new) if !by_order.contains(&item.why.as_str()) => (State::Open, moved(item, new)),
            _ => (State::Resolved, item),
        };
        Entity::update_many()
            .col_expr(Column::SetlId, Expr::value(item.setl_id.as_str()))
            .col_expr(Column::State, Expr::value(state.code()))
            .col_expr(Column::Item, Expr::value(item.encode_to_vec()))
            .filter(Column::ItemId.eq(&row.item_id))
            .exec(tx)
            .await?;
        tell(tx, &item, state, at).await?;
    }
    Ok(())
}

/// Tells those who follow.
async fn tell(
    tx: &DatabaseTransaction,
    item: &WorkItem,
    state: State,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let told = WorkItem { state: self::state(state).into(), ..item.clone() };
    let change = NewChange {
        area: item.poolarea_no.clone(),
        kind: WORK_ITEM,
        subject: item.item_id.clone(),
        payload: told.encode_to_vec(),
        recorded_at: at,
    };
    append(tx, vec![change]).await
}

/// The item of what took the place: what it said of amounts was of the settlement of before.
fn moved(item: WorkItem, setl_id: &str) -> WorkItem {
    WorkItem {
        setl_id: setl_id.to_owned(),
        calculated: false,
        paid_fen: 0,
        would_pay_fen: 0,
        differs_fen: 0,
        funds: Vec::new(),
        ..item
    }
}

fn opened(item: &WorkItem, found_by: FoundBy, at: DateTime<Utc>) -> Model {
    let at = Some(timestamp(at));
    let item = WorkItem { item_id: new_id(), found_at: at, changed_at: at, ..item.clone() };
    Model {
        item_id: item.item_id.clone(),
        poolarea_no: item.poolarea_no.clone(),
        setl_id: item.setl_id.clone(),
        found_by: found_by.code().to_owned(),
        state: State::Open.code().to_owned(),
        item: item.encode_to_vec(),
    }
}

/// The last item of each settlement that has one.
async fn last_of<'s>(
    tx: &DatabaseTransaction,
    found_by: FoundBy,
    setl_ids: impl Iterator<Item = &'s str>,
) -> Result<BTreeMap<String, Model>, DbErr> {
    let of = Entity::find().filter(Column::SetlId.is_in(setl_ids));
    let rows = of.filter(Column::FoundBy.eq(found_by.code())).order_by_asc(Column::ItemId).all(tx).await?;
    Ok(rows.into_iter().map(|row| (row.setl_id.clone(), row)).collect())
}

/// Writes an item that is open, which says something else now or is open no longer.
///
/// # Errors
/// CONCURRENT_CHANGE where it is no longer open.
pub async fn move_on(
    tx: &DatabaseTransaction,
    item: &WorkItem,
    state: State,
    at: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let moved = Entity::update_many()
        .col_expr(Column::State, Expr::value(state.code()))
        .col_expr(Column::Item, Expr::value(item.encode_to_vec()))
        .filter(Column::ItemId.eq(&item.item_id))
        .filter(Column::State.eq(State::Open.code()))
        .exec(tx)
        .await?;
    if moved.rows_affected == 1 {
        return Ok(tell(tx, item, state, at).await?);
    }
    Err(ServiceError::new(Reason::ConcurrentChange, "somebody else changed the item"))
}

/// One item.
pub async fn find<C: ConnectionTrait>(db: &C, item_id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(item_id.to_owned()).one(db).await
}

/// Items of an area behind one of them, the oldest first.
pub async fn of_area<C: ConnectionTrait>(
    db: &C,
    poolarea_no: &str,
    state: Option<State>,
    behind: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().filter(Column::PoolareaNo.eq(poolarea_no));
    if let Some(state) = state {
        query = query.filter(Column::State.eq(state.code()));
    }
    if let Some([item_id]) = behind {
        query = query.filter(Column::ItemId.gt(item_id));
    }
    query.order_by_asc(Column::ItemId).limit(limit).all(db).await
}

/// The item of a row.
pub fn item_of(row: &Model) -> Result<WorkItem, DbErr> {
    let item = WorkItem::decode(row.item.as_slice());
    let item = item.map_err(|error| DbErr::Type(format!("work_item.item: {error}")))?;
    Ok(WorkItem { state: state(state_of(row)?).into(), ..item })
}

fn state_of(row: &Model) -> Result<State, DbErr> {
    State::from_code(&row.state).ok_or_else(|| DbErr::Type(format!("work_item.state: {}", row.state)))
}

/// What an item says, to be compared: not by which version it was calculated.
fn said(item: &WorkItem) -> (&str, &str, bool, &[FundDifference]) {
    (&item.why, &item.why_text, item.calculated, &item.funds)
}

/// Where it stands, in the contract's words.
fn state(state: State) -> WorkItemState {
    match state {
        State::Open => WorkItemState::Open,
        State::Closed => WorkItemState::Closed,
        State::Resolved => WorkItemState::Resolved,
    }
}

/// From the contract's words; `None` where no state is said.
pub fn asked_state(asked: WorkItemState) -> Option<State> {
    State::ALL.into_iter().find(|known| state(*known) == asked)
}
