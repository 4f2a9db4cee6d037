//! Items and their steps as stored. An item is written with its version counted on: whoever read it before reads it again.

pub mod steps;

use std::collections::BTreeSet;

use prost::Message;
use sea_orm::Condition;
use sea_orm::entity::prelude::*;
use yizhan_proto::audit::v1::PersonItem;
use yizhan_runtime::db::{find_rows_where, upsert_next};
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::Area;

use super::domain::{Kind, State};

/// An item.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_item")]
pub struct Model {
    /// Names it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: String,
    /// Goes up by one with every change.
    pub version: i32,
    /// The contract's PersonItemKind.
    pub kind: i32,
    /// The contract's PersonItemState.
    pub state: i32,
    /// What it rests on stands.
    pub stands: bool,
    /// It is to be worked on.
    pub is_open: bool,
    /// 统筹区 whose agency works on it.
    pub poolarea_no: String,
    /// 人员编号
    pub psn_no: String,
    /// 人员编号 of the other record; empty where there is none.
    pub other_psn_no: String,
    /// What said the area of an own share: last day and 结算ID of the last visit, or the day on which the register did; else empty.
    pub last: String,
    /// The highest line that the own share is above, fen; else 0.
    pub line_fen: i64,
    /// The day it was found first, YYYY-MM-DD.
    pub found_on: String,
    /// What it says, encoded.
    pub item: Vec<u8>,
    /// When it was found first.
    pub found_at: DateTimeUtc,
    /// When it changed last.
    pub changed_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// What an item says.
pub fn item_of(row: &Model) -> Result<PersonItem, DbErr> {
    PersonItem::decode(row.item.as_slice())
        .map_err(|error| DbErr::Type(format!("item {}: {error}", row.item_id)))
}

/// One.
pub async fn find<C: ConnectionTrait>(db: &C, item_id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(item_id.to_owned()).one(db).await
}

/// All own shares of persons.
pub async fn own_shares<C: ConnectionTrait>(db: &C, psn_nos: &BTreeSet<String>) -> Result<Vec<Model>, DbErr> {
    of(db, Column::PsnNo, psn_nos, &format!("kind = {}", Kind::OwnShare.number())).await
}

/// All doubts about records, or about others that name them.
pub async fn doubts<C: ConnectionTrait>(db: &C, psn_nos: &BTreeSet<String>) -> Result<Vec<Model>, DbErr> {
    let doubts = format!("kind <> {}", Kind::OwnShare.number());
    let mut rows = of(db, Column::PsnNo, psn_nos, &doubts).await?;
    rows.extend(of(db, Column::OtherPsnNo, psn_nos, "other_psn_no <> ''").await?);
    rows.sort_by(|one, other| one.item_id.cmp(&other.item_id));
    rows.dedup_by(|one, other| one.item_id == other.item_id);
    Ok(rows)
}

async fn of<C: ConnectionTrait>(
    db: &C,
    column: Column,
    psn_nos: &BTreeSet<String>,
    condition: &str,
) -> Result<Vec<Model>, DbErr> {
    let keys = psn_nos.iter().map(|psn_no| [psn_no.clone()]).collect();
    find_rows_where::<Entity, 1>(db, [column], keys, condition).await
}

/// Which of them.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The area, with everything inside it.
    pub area: Area,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only in this state.
    pub state: Option<State>,
    /// Only what is to be worked on.
    pub open_only: bool,
}

/// A page behind one of them, by area, day of finding and id.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted,
    after: Option<[String; 3]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let codes = wanted.area.codes();
    // As the index person_item_open says it, word for word.
    let open = wanted.open_only.then(|| Expr::cust("is_open"));
    let condition = Condition::all()
        .add(Column::PoolareaNo.between(codes.start().as_str(), codes.end().as_str()))
        .add_option(wanted.kind.map(|kind| Column::Kind.eq(kind.number())))
        .add_option(wanted.state.map(|state| Column::State.eq(state.number())))
        .add_option(open);
    let mut page =
        Entity::find().filter(condition).cursor_by((Column::PoolareaNo, Column::FoundOn, Column::ItemId));
    if let Some([poolarea_no, found_on, item_id]) = after {
        page.after((poolarea_no, found_on, item_id));
    }
    page.first(limit).all(db).await
}

/// Writes items that were read and changed, their version counted on.
///
/// # Errors
/// CONCURRENT_CHANGE where somebody else changed one meanwhile: to be read again.
pub async fn write<C: ConnectionTrait>(tx: &C, rows: Vec<Model>) -> Result<(), ServiceError> {
    let count = rows.len() as u64;
    if upsert_next::<Entity>(tx, rows).await? == count {
        return Ok(());
    }
    Err(ServiceError::new(Reason::ConcurrentChange, "an item was changed meanwhile"))
}
