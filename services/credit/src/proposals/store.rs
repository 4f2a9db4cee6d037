//! Proposals as stored.

use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryOrder, QuerySelect};
use yizhan_proto::credit::v1::Proposal;
use yizhan_runtime::clock::{moment, timestamp};
use yizhan_runtime::db::{DatabaseTransaction, insert, upsert};
use yizhan_terms::Area;

use super::domain::State;

/// A proposal.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "proposal")]
pub struct Model {
    /// Its id: of the entry of its first act.
    #[sea_orm(primary_key, auto_increment = false)]
    pub proposal_id: String,
    /// Who.
    pub practitioner_code: String,
    /// 统筹区 that paid.
    pub poolarea_no: String,
    /// 定点医药机构编号
    pub fixmedins_code: String,
    /// The case of audit.
    pub case_id: String,
    /// Which decision of it.
    pub decision_no: i32,
    /// The day of it, YYYY-MM-DD.
    pub decided_on: String,
    /// Its acts, an encoded `yizhan.credit.v1.Proposal` with nothing else.
    pub acts: Vec<u8>,
    /// Audit's decision stands.
    pub stands: bool,
    /// An officer closed it.
    pub is_closed: bool,
    /// [`State`]
    pub state: i32,
    /// The points matter by which it was decided; empty: none.
    pub matter_id: String,
    /// Why it was closed.
    pub reason: String,
    /// 经办人编号 of who closed it.
    pub opter: String,
    /// When it was made.
    pub found_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Where it stands since what is true of it changed.
    pub fn settled(self) -> Model {
        let state = State::by(self.stands, !self.matter_id.is_empty(), self.is_closed);
        Model { state: state.number(), ..self }
    }

    /// As the contract tells it.
    pub fn told(self) -> Result<Proposal, DbErr> {
        let acts = Proposal::decode(self.acts.as_slice());
        let acts = acts.map_err(|error| DbErr::Type(format!("proposal {}: {error}", self.proposal_id)))?.acts;
        Ok(Proposal {
            acts,
            proposal_id: self.proposal_id,
            practitioner_code: self.practitioner_code,
            poolarea_no: self.poolarea_no,
            fixmedins_code: self.fixmedins_code,
            case_id: self.case_id,
            decision_no: self.decision_no,
            decided_on: self.decided_on,
            state: self.state,
            matter_id: self.matter_id,
            reason: self.reason,
            opter: self.opter,
            found_at: Some(timestamp(self.found_at)),
            same_case_matters: Vec::new(),
        })
    }

    /// As it is stored; open.
    pub fn open(told: Proposal) -> Model {
        let acts = Proposal { acts: told.acts, ..Proposal::default() };
        let row = Model {
            proposal_id: told.proposal_id,
            practitioner_code: told.practitioner_code,
            poolarea_no: told.poolarea_no,
            fixmedins_code: told.fixmedins_code,
            case_id: told.case_id,
            decision_no: told.decision_no,
            decided_on: told.decided_on,
            acts: acts.encode_to_vec(),
            stands: true,
            is_closed: false,
            state: 0,
            matter_id: String::new(),
            reason: String::new(),
            opter: String::new(),
            found_at: told.found_at.and_then(moment).unwrap_or_default(),
        };
        row.settled()
    }
}

/// What proposals are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of an area and what lies inside it.
    pub area: Area,
    /// That stand so; empty: all.
    pub states: Vec<i32>,
    /// Of this practitioner.
    pub practitioner: Option<String>,
}

/// A page of them, oldest first.
pub async fn page(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let states = Some(&wanted.states).filter(|states| !states.is_empty());
    let wanted = Condition::all()
        .add(Column::PoolareaNo.starts_with(wanted.area.prefix()))
        .add_option(states.map(|states| Column::State.is_in(states.iter().copied())))
        .add_option(wanted.practitioner.as_ref().map(|code| Column::PractitionerCode.eq(code)))
        .add_option(after.map(|[id]| Column::ProposalId.gt(id)));
    Entity::find().filter(wanted).order_by_asc(Column::ProposalId).limit(limit).all(db).await
}

/// One, which nobody else changes until the transaction ends.
pub async fn hold(tx: &DatabaseTransaction, proposal_id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(proposal_id.to_owned()).lock_exclusive().one(tx).await
}

/// Those of a decision, of one practitioner or all, likewise, in their order.
pub async fn of_decision(
    tx: &DatabaseTransaction,
    (case_id, decision_no): (&str, i32),
    practitioner: Option<&str>,
) -> Result<Vec<Model>, DbErr> {
    let wanted = Condition::all()
        .add(Column::CaseId.eq(case_id))
        .add(Column::DecisionNo.eq(decision_no))
        .add_option(practitioner.map(|code| Column::PractitionerCode.eq(code)));
    let query = Entity::find().filter(wanted).order_by_asc(Column::ProposalId);
    query.lock_exclusive().all(tx).await
}

/// The one by which a points matter was decided, likewise.
pub async fn of_matter(tx: &DatabaseTransaction, matter_id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::MatterId.eq(matter_id)).lock_exclusive().one(tx).await
}

/// Writes a new one.
pub async fn put(tx: &DatabaseTransaction, row: Model) -> Result<(), DbErr> {
    insert::<Entity>(tx, vec![row]).await
}

/// Writes those that changed.
pub async fn write(tx: &DatabaseTransaction, rows: Vec<Model>) -> Result<(), DbErr> {
    upsert::<Entity>(tx, rows).await
}
