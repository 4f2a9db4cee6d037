//! Steps of items: appended, never changed.

use chrono::{DateTime, Utc};
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use yizhan_runtime::db::insert;

/// One step.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_step")]
pub struct Model {
    /// Which item.
    #[sea_orm(primary_key, auto_increment = false)]
    pub item_id: String,
    /// The version of the item since; in order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub step_no: i32,
    /// The contract's PersonAction.
    pub action: i32,
    /// The contract's PersonItemState since.
    pub state: i32,
    /// Whether what it rests on stands since.
    pub stands: bool,
    /// Why it changed by itself; else empty.
    pub why: String,
    /// The note.
    pub note: String,
    /// Who, as the caller header says it.
    pub actor: String,
    /// 经办人编号; empty where no officer acted.
    pub opter: String,
    /// When.
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The step that led to an item as it is, without what it was.
    pub fn behind(row: &super::Model, at: DateTime<Utc>) -> Model {
        Model {
            item_id: row.item_id.clone(),
            step_no: row.version,
            action: 0,
            state: row.state,
            stands: row.stands,
            why: String::new(),
            note: String::new(),
            actor: String::new(),
            opter: String::new(),
            recorded_at: at,
        }
    }
}

/// Appends steps.
pub async fn append<C: ConnectionTrait>(tx: &C, rows: Vec<Model>) -> Result<(), DbErr> {
    insert::<Entity>(tx, rows).await
}

/// Those of an item, the first one first.
pub async fn of<C: ConnectionTrait>(db: &C, item_id: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::ItemId.eq(item_id)).order_by_asc(Column::StepNo).all(db).await
}
