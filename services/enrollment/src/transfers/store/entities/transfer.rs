//! Transfers (关系转移接续).

use sea_orm::entity::prelude::*;

use crate::transfers::domain::codes::Direction;
use crate::transfers::domain::{Initiator, Position, Side, State};

/// One transfer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    /// Sorts by the time it was opened.
    #[sea_orm(primary_key, auto_increment = false)]
    pub transfer_id: String,
    /// 人员编号.
    pub psn_no: String,
    /// 转出地.
    pub from_poolarea_no: String,
    /// 转入地.
    pub to_poolarea_no: String,
    /// 业务流程编码.
    pub biz_prcs_codg: Initiator,
    /// 转移方向.
    pub traf_prot_dirc: Direction,
    /// 转移方式.
    pub trans_mode: String,
    /// The last document generated; empty before the first.
    pub node_codg: String,
    /// Where it stands.
    pub state: State,
    /// While locked: where it stood.
    pub locked_state: Option<State>,
    /// While locked: which side locked it.
    pub locked_side: Option<Side>,
    /// Steps taken so far.
    pub step_count: i32,
    /// T2102, an encoded ContributionStatement; empty before.
    pub statement: Vec<u8>,
    /// T2103, an encoded TransferResult; empty before.
    pub result: Vec<u8>,
    /// The day since which the side whose turn it is has had it; none of transfers opened before this was noted.
    pub waiting_since: Option<Date>,
}

impl Model {
    /// What of it decides which steps it may take.
    pub fn position(&self) -> Position {
        let locked = self.locked_state.zip(self.locked_side);
        Position { state: self.state, initiator: self.biz_prcs_codg, locked }
    }
}

impl ActiveModelBehavior for ActiveModel {}
