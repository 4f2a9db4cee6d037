//! Reading and writing cases.

pub mod log;
pub mod queue;

use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryOrder, QuerySelect};
use yizhan_proto::audit::v1::Case as Told;
use yizhan_runtime::db::{find_rows, upsert};
use yizhan_terms::Area;

use super::domain::{Case, is_id};

/// A case, with what is searched by next to it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_case")]
pub struct Model {
    /// Sorts by the time it was opened.
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: String,
    /// 统筹区 that paid.
    pub poolarea_no: String,
    /// 定点医药机构编号
    pub fixmedins_code: String,
    /// The contract's CaseState, as it was left.
    pub state: i32,
    /// 1: the institution was told of it.
    pub is_told: i32,
    /// The day from which on the time for the next step is counted, YYYY-MM-DD.
    pub clock_from: String,
    /// In so many working days.
    pub working_days: i32,
    /// Goes up by one with every step.
    pub version: i32,
    /// What is told of it, an encoded `yizhan.audit.v1.Case`.
    pub told: Vec<u8>,
    /// The rest, JSON.
    #[sea_orm(column_type = "Text")]
    pub inside: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// One case. What cannot be an id is not looked for.
pub async fn find<C: ConnectionTrait>(db: &C, case_id: &str) -> Result<Option<Case>, DbErr> {
    if !is_id(case_id) {
        return Ok(None);
    }
    Entity::find_by_id(case_id.to_owned()).one(db).await?.map(read).transpose()
}

/// The same, and nobody else changes it until the transaction ends.
pub async fn hold<C: ConnectionTrait>(tx: &C, case_id: &str) -> Result<Option<Case>, DbErr> {
    Entity::find_by_id(case_id.to_owned()).lock_exclusive().one(tx).await?.map(read).transpose()
}

/// Writes cases as their last steps left them.
pub async fn write<'c, C: ConnectionTrait>(
    tx: &C,
    cases: impl Iterator<Item = &'c Case>,
) -> Result<(), DbErr> {
    upsert::<Entity>(tx, cases.map(row).collect::<Result<_, DbErr>>()?).await
}

/// A case as it is stored.
pub fn row(Case { told, inside }: &Case) -> Result<Model, DbErr> {
    let case = Case { told: told.clone(), inside: inside.clone() };
    Ok(Model {
        case_id: told.case_id.clone(),
        poolarea_no: told.poolarea_no.clone(),
        fixmedins_code: told.fixmedins_code.clone(),
        state: told.state,
        is_told: i32::from(!inside.confirmed_fen.is_empty()),
        clock_from: inside.clock_from.to_string(),
        working_days: case.working_days() as i32,
        version: told.version,
        told: told.encode_to_vec(),
        inside: serde_json::to_string(inside).map_err(|error| DbErr::Json(error.to_string()))?,
    })
}

fn read(row: Model) -> Result<Case, DbErr> {
    let told = Told::decode(row.told.as_slice()).map_err(|error| DbErr::Type(error.to_string()))?;
    let inside = serde_json::from_str(&row.inside).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Case { told, inside })
}

/// Which cases are listed.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of this area and what lies inside it.
    pub area: Option<Area>,
    /// Of this institution.
    pub institution: Option<String>,
    /// Only those that the institution was told of.
    pub is_told: bool,
    /// Only those that were left in this state.
    pub state: Option<i32>,
}

/// A page of them, newest first, older than one.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted,
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Case>, DbErr> {
    let condition = Condition::all()
        .add_option(wanted.area.map(|area| Column::PoolareaNo.starts_with(area.prefix())))
        .add_option(wanted.institution.as_ref().map(|code| Column::FixmedinsCode.eq(code)))
        .add_option(wanted.is_told.then(|| Column::IsTold.eq(1)))
        .add_option(wanted.state.map(|state| Column::State.eq(state)))
        .add_option(before.map(|[case_id]| Column::CaseId.lt(case_id)));
    let rows = Entity::find().filter(condition).order_by_desc(Column::CaseId).limit(limit);
    rows.all(db).await?.into_iter().map(read).collect()
}

/// Rows of cases, by id.
pub async fn rows<C: ConnectionTrait>(db: &C, case_ids: Vec<String>) -> Result<Vec<Model>, DbErr> {
    let keys = case_ids.into_iter().map(|case_id| [case_id]).collect();
    find_rows::<Entity, 1>(db, [Column::CaseId], keys).await
}
