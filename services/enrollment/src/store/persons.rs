//! Reading persons.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::entities::person::{Column, Entity, Model};

/// One person of an area.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    poolarea_no: &str,
    psn_no: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((poolarea_no.to_owned(), psn_no.to_owned())).one(db).await
}

/// Several persons, by psn_no, given with their areas.
pub async fn find_many<C: ConnectionTrait>(
    db: &C,
    keys: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, Model>, DbErr> {
    let mut by_area: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (poolarea_no, psn_no) in keys {
        by_area.entry(poolarea_no).or_default().push(psn_no);
    }
    let wanted = by_area.into_iter().fold(Condition::any(), |any, (poolarea_no, psn_nos)| {
        any.add(Column::PoolareaNo.eq(poolarea_no).and(Column::PsnNo.is_in(psn_nos)))
    });
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = Entity::find().filter(wanted).all(db).await?;
    Ok(found.into_iter().map(|person| (person.psn_no.clone(), person)).collect())
}

/// Who has the document with this keyed digest.
pub async fn find_psn_no_by_certificate<C: ConnectionTrait>(
    db: &C,
    certno_digest: &str,
) -> Result<Option<String>, DbErr> {
    let found = Entity::find().filter(Column::CertnoDigest.eq(certno_digest)).one(db).await?;
    Ok(found.map(|person| person.psn_no))
}

/// Up to `limit` persons of the areas that begin with a prefix, behind a key, in the order of the key.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    area_prefix: &str,
    after: Option<(String, String)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find();
    if !area_prefix.is_empty() {
        // A range instead of LIKE, so that the key's index serves it under any collation.
        query = query
            .filter(Column::PoolareaNo.between(format!("{area_prefix:0<6}"), format!("{area_prefix:9<6}")));
    }
    if let Some((poolarea_no, psn_no)) = after {
        let behind = Column::PoolareaNo
            .gt(poolarea_no.clone())
            .or(Column::PoolareaNo.eq(poolarea_no).and(Column::PsnNo.gt(psn_no)));
        query = query.filter(behind);
    }
    query.order_by_asc(Column::PoolareaNo).order_by_asc(Column::PsnNo).limit(limit).all(db).await
}
