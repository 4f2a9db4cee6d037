//! Published documents of entitlement rules.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use super::entities::entitlement_rules::{Column, Entity, Model};
use crate::domain::rules::{self, Document, Rules};

/// Documents as read, by the digest of their text: what they say never changes. As many as were ever published.
static READ: LazyLock<Mutex<HashMap<String, Arc<Document>>>> = LazyLock::new(Mutex::default);

/// All rules as they are now: those that come with the service, then those published, in the order they were.
pub async fn load<C: ConnectionTrait>(db: &C) -> Result<Rules, DbErr> {
    load_published(db, Entity::find()).await
}

/// The same as they were then.
pub async fn load_as_known_at<C: ConnectionTrait>(db: &C, known_at: DateTime<Utc>) -> Result<Rules, DbErr> {
    load_published(db, Entity::find().filter(Column::RecordedAt.lte(known_at))).await
}

async fn load_published<C: ConnectionTrait>(db: &C, published: Select<Entity>) -> Result<Rules, DbErr> {
    let mut rules = Rules::embedded();
    let keys: Vec<(String, String, String)> = published
        .select_only()
        .columns([Column::RulesId, Column::Version, Column::Digest])
        .order_by_asc(Column::Ordinal)
        .into_tuple()
        .all(db)
        .await?;
    for (rules_id, version, digest) in keys {
        let known = READ.lock().expect("no panic while locked").get(&digest).cloned();
        let document = match known {
            Some(document) => document,
            None => read(db, rules_id, version).await?,
        };
        rules.publish(document);
    }
    Ok(rules)
}

async fn read<C: ConnectionTrait>(db: &C, rules_id: String, version: String) -> Result<Arc<Document>, DbErr> {
    let name = format!("{rules_id} {version}");
    let row = find(db, rules_id, version).await?.ok_or_else(|| DbErr::RecordNotFound(name.clone()))?;
    let document = rules::load(&name, &row.document)
        .map_err(|problems| DbErr::Custom(format!("published rules {name} cannot be read: {problems}")))?;
    let document = Arc::new(document);
    READ.lock().expect("no panic while locked").insert(row.digest, document.clone());
    Ok(document)
}

/// One version.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    rules_id: String,
    version: String,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((rules_id, version)).one(db).await
}

/// Name, version and time of publication of every version.
pub async fn recorded<C: ConnectionTrait>(db: &C) -> Result<Vec<(String, String, DateTime<Utc>)>, DbErr> {
    let query = Entity::find().select_only();
    query.columns([Column::RulesId, Column::Version, Column::RecordedAt]).into_tuple().all(db).await
}

/// Stores a version. A unique violation means that somebody else published it a moment ago.
pub async fn insert<C: ConnectionTrait>(tx: &C, row: Model) -> Result<(), DbErr> {
    let row = sea_orm::ActiveModelTrait::reset_all(row.into_active_model());
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
