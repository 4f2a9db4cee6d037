//! What persons allow others to look at.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use yizhan_runtime::db::DatabaseTransaction;

use super::entities::access_grant::{Column, Entity, Model};
use crate::access::domain::grant::{Grant, Scope};

/// A grant, read without a lock: whose it is.
pub async fn find<C: ConnectionTrait>(db: &C, grant_id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(grant_id.to_owned()).one(db).await
}

/// Grants that stay as they are until the transaction ends: whoever takes one back waits for the looks under way.
pub async fn hold(
    tx: &DatabaseTransaction,
    grant_ids: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, Model>, DbErr> {
    locked(tx, grant_ids, LockType::Share).await
}

/// A grant to be changed.
pub async fn lock(tx: &DatabaseTransaction, grant_id: &str) -> Result<Option<Model>, DbErr> {
    Ok(locked(tx, [grant_id.to_owned()], LockType::Update).await?.remove(grant_id))
}

async fn locked(
    tx: &DatabaseTransaction,
    grant_ids: impl IntoIterator<Item = String>,
    how: LockType,
) -> Result<BTreeMap<String, Model>, DbErr> {
    let grant_ids: BTreeSet<String> = grant_ids.into_iter().collect();
    if grant_ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found =
        Entity::find().filter(Column::GrantId.is_in(grant_ids)).order_by_asc(Column::GrantId).lock(how);
    Ok(found.all(tx).await?.into_iter().map(|grant| (grant.grant_id.clone(), grant)).collect())
}

/// Writes a new grant.
pub async fn insert(tx: &DatabaseTransaction, grant: &Model) -> Result<(), DbErr> {
    Entity::insert(grant.clone().into_active_model()).exec_without_returning(tx).await.map(drop)
}

/// How many grants of a person are not withdrawn and not over.
pub async fn count_standing<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    at: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let of_person = Entity::find().filter(Column::PsnNo.eq(psn_no));
    of_person.filter(Column::WithdrawnAt.is_null()).filter(Column::EndsAt.gt(at)).count(db).await
}

/// Notes that a grant is taken back.
pub async fn withdraw(
    tx: &DatabaseTransaction,
    grant_id: &str,
    at: DateTime<Utc>,
    by: &str,
) -> Result<(), DbErr> {
    use sea_orm::sea_query::Expr;
    let update = Entity::update_many().filter(Column::GrantId.eq(grant_id));
    let update =
        update.col_expr(Column::WithdrawnAt, Expr::value(at)).col_expr(Column::WithdrawnBy, Expr::value(by));
    update.exec(tx).await.map(drop)
}

/// Up to `limit` grants of a person behind an id, oldest first; only those to `grantee`, if given.
pub async fn of_person<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    grantee: Option<&str>,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().filter(Column::PsnNo.eq(psn_no));
    if let Some(grantee) = grantee {
        query = query.filter(Column::Grantee.eq(grantee));
    }
    if let Some([grant_id]) = after {
        query = query.filter(Column::GrantId.gt(grant_id));
    }
    query.order_by_asc(Column::GrantId).limit(limit).all(db).await
}

impl Model {
    /// What looks are checked against.
    pub fn terms(&self) -> Grant {
        Grant {
            grantee: self.grantee.clone(),
            purpose: self.purpose.clone(),
            scopes: self.scope_set(),
            begins_at: self.begins_at,
            ends_at: self.ends_at,
            withdrawn: self.withdrawn_at.is_some(),
        }
    }

    /// The parts it is for.
    pub fn scope_set(&self) -> BTreeSet<Scope> {
        self.scopes.split(',').filter_map(Scope::from_name).collect()
    }
}

/// Parts as stored.
pub fn scope_text(scopes: &BTreeSet<Scope>) -> String {
    scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",")
}
