//! Steps of transfers: append-only.

use sea_orm::entity::prelude::*;

use crate::person::store::entities::person::PersonalText;
use crate::transfers::domain::{Action, Side, State};

/// One step.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer_step")]
pub struct Model {
    /// Of which transfer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub transfer_id: String,
    /// Counts from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub step_no: i32,
    /// What was done.
    pub action: Action,
    /// Where the transfer stood, the contract's TransferState; 0 for the first.
    pub from_state: i32,
    /// Where it stands since.
    pub to_state: State,
    /// For which side.
    pub side: Side,
    /// Who.
    pub actor: String,
    /// When.
    pub recorded_at: DateTimeUtc,
    /// Why, in an agency's own words: may name a person.
    pub reason: PersonalText,
}

impl ActiveModelBehavior for ActiveModel {}
