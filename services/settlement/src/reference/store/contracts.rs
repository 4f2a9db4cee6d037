//! The statuses of contracts, and what an institution is read with of them.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use yizhan_terms::ContractStatus;

use super::entities::{contract_status, institution};
use crate::reference::domain::{Contract, Status};

/// An institution, locked until the transaction ends: its contract changes once at a time.
pub async fn locked(tx: &impl ConnectionTrait, code: &str) -> Result<Option<institution::Model>, DbErr> {
    institution::Entity::find_by_id(code).lock_exclusive().one(tx).await
}

/// All statuses of an institution, in the order they were recorded.
pub async fn statuses(db: &impl ConnectionTrait, code: &str) -> Result<Vec<contract_status::Model>, DbErr> {
    behind(db, code, None, None).await
}

/// So many of them behind one.
pub async fn behind(
    db: &impl ConnectionTrait,
    code: &str,
    after: Option<[String; 1]>,
    limit: Option<u64>,
) -> Result<Vec<contract_status::Model>, DbErr> {
    let mut statuses = contract_status::Entity::find()
        .filter(contract_status::Column::FixmedinsCode.eq(code))
        .order_by_asc(contract_status::Column::StatusId);
    if let Some([after]) = after {
        statuses = statuses.filter(contract_status::Column::StatusId.gt(after));
    }
    statuses.limit(limit).all(db).await
}

/// Writes a status, new or changed, and the contract that results of all of them.
pub async fn write(
    tx: &impl ConnectionTrait,
    institution: institution::Model,
    status: contract_status::Model,
    new: bool,
) -> Result<Contract, DbErr> {
    let row = status.into_active_model().reset_all();
    if new {
        row.insert(tx).await?
    } else {
        row.update(tx).await?
    };
    let contract = contract_of(&statuses(tx, &institution.fixmedins_code).await?)?;
    let text = serde_json::to_string(&contract).map_err(|error| DbErr::Type(error.to_string()))?;
    let mut row = institution.into_active_model();
    row.contract = Set(text);
    row.update(tx).await?;
    Ok(contract)
}

/// What stands of them.
fn contract_of(rows: &[contract_status::Model]) -> Result<Contract, DbErr> {
    let damaged = |row: &contract_status::Model| DbErr::Type(format!("contract_status {}", row.status_id));
    let standing = rows.iter().filter(|row| row.withdrawn_at_us.is_none());
    let status = |row: &contract_status::Model| {
        Some(Status {
            dept: row.bilg_dept_codg.clone(),
            status: ContractStatus::from_code(&row.status)?,
            begin: row.begndate.parse().ok()?,
            end: if row.enddate.is_empty() { None } else { Some(row.enddate.parse().ok()?) },
        })
    };
    standing.map(|row| status(row).ok_or_else(|| damaged(row))).collect::<Result<_, _>>().map(Contract)
}
