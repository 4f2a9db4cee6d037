//! Reading persons, and finding them by certificate.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use yizhan_runtime::db::{find_rows, insert};
use yizhan_terms::Area;

use super::entities::certificate;
use super::entities::person::{Column, Entity, Model};
use super::update::set;

/// One person of an area.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    poolarea_no: Area,
    psn_no: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((poolarea_no.to_string(), psn_no.to_owned())).one(db).await
}

/// A range instead of LIKE, so that the key's index serves it under any collation.
fn within(areas: &RangeInclusive<Area>) -> SimpleExpr {
    Column::PoolareaNo.between(areas.start().as_str(), areas.end().as_str())
}

/// Several persons, by psn_no, given with their areas.
pub async fn find_many<C: ConnectionTrait>(
    db: &C,
    keys: impl IntoIterator<Item = (Area, String)>,
) -> Result<BTreeMap<String, Model>, DbErr> {
    let mut by_area: BTreeMap<Area, Vec<String>> = BTreeMap::new();
    for (poolarea_no, psn_no) in keys {
        by_area.entry(poolarea_no).or_default().push(psn_no);
    }
    let wanted = by_area.into_iter().fold(Condition::any(), |any, (poolarea_no, psn_nos)| {
        any.add(Column::PoolareaNo.eq(poolarea_no.as_str()).and(Column::PsnNo.is_in(psn_nos)))
    });
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = Entity::find().filter(wanted).all(db).await?;
    Ok(found.into_iter().map(|person| (person.psn_no.clone(), person)).collect())
}

/// Up to `limit` persons with a phone, by its keyed digest, of an area and all inside it.
pub async fn find_by_tel<C: ConnectionTrait>(
    db: &C,
    tel_digest: &str,
    area: Area,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let with_tel = Entity::find().filter(Column::TelDigest.eq(tel_digest)).filter(within(&area.codes()));
    with_tel.order_by_asc(Column::PsnNo).limit(limit).all(db).await
}

/// Persons with one of these phones who were born on that day, of any area.
pub async fn find_by_tels<C: ConnectionTrait>(
    db: &C,
    tels: impl IntoIterator<Item = (&str, NaiveDate)>,
) -> Result<Vec<Model>, DbErr> {
    let wanted = tels.into_iter().fold(Condition::any(), |any, (tel_digest, born)| {
        any.add(Column::TelDigest.eq(tel_digest).and(Column::Brdy.eq(born)))
    });
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find().filter(wanted).order_by_asc(Column::PsnNo).all(db).await
}

/// Up to `limit` persons of a range of areas, behind a key, in the order of the key.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    areas: &RangeInclusive<Area>,
    after: Option<[String; 2]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find();
    if *areas != Area::NATION.codes() {
        query = query.filter(within(areas));
    }
    let mut page = query.cursor_by((Column::PoolareaNo, Column::PsnNo));
    if let Some([poolarea_no, psn_no]) = after {
        page.after((poolarea_no, psn_no));
    }
    page.first(limit).all(db).await
}

/// Notes the day a person died, or that they did not.
pub async fn set_die_date<C: ConnectionTrait>(
    tx: &C,
    poolarea_no: Area,
    psn_no: &str,
    died: Option<NaiveDate>,
) -> Result<(), DbErr> {
    let whose = Column::PoolareaNo.eq(poolarea_no.as_str()).and(Column::PsnNo.eq(psn_no));
    set::<Entity>(tx, [(Column::DieDate, died.into())], whose).await
}

/// Notes where somebody lives.
pub async fn set_resd_code<C: ConnectionTrait>(
    tx: &C,
    poolarea_no: &str,
    psn_no: &str,
    resd_code: &str,
) -> Result<(), DbErr> {
    let whose = Column::PoolareaNo.eq(poolarea_no).and(Column::PsnNo.eq(psn_no));
    set::<Entity>(tx, [(Column::ResdCode, resd_code.into())], whose).await
}

/// 人员编号 of the person registered with a certificate, by its keyed digest. One certificate belongs to one person: its
/// table has the digest as its key.
pub async fn find_psn_no_by_certificate<C: ConnectionTrait>(
    db: &C,
    certno_digest: &str,
) -> Result<Option<String>, DbErr> {
    let found = certificate::Entity::find_by_id(certno_digest.to_owned()).one(db).await?;
    Ok(found.map(|certificate| certificate.psn_no))
}

/// The same of several certificates; those of nobody are missing.
pub async fn find_psn_nos_by_certificates<C: ConnectionTrait>(
    db: &C,
    certno_digests: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, String>, DbErr> {
    let digests = certno_digests.into_iter().map(|digest| [digest]).collect();
    let found = find_rows::<certificate::Entity, 1>(db, [certificate::Column::CertnoDigest], digests).await?;
    Ok(found.into_iter().map(|certificate| (certificate.certno_digest, certificate.psn_no)).collect())
}

/// Notes which persons have which certificates (digest and psn_no) from now on, instead of those given up. A unique
/// violation means that somebody else was registered with one of them a moment ago.
pub async fn exchange_certificates<C: ConnectionTrait>(
    tx: &C,
    given_up: Vec<(String, String)>,
    taken: BTreeMap<String, String>,
) -> Result<(), DbErr> {
    for (certno_digest, psn_no) in given_up {
        let own =
            certificate::Entity::delete_by_id(certno_digest).filter(certificate::Column::PsnNo.eq(psn_no));
        own.exec(tx).await?;
    }
    let row = |(certno_digest, psn_no)| certificate::Model { certno_digest, psn_no };
    insert::<certificate::Entity>(tx, taken.into_iter().map(row).collect()).await
}

/// One row of each data key in use, read by steps along the key's index.
pub async fn one_of_each_data_key<C: ConnectionTrait>(db: &C) -> Result<Vec<Model>, DbErr> {
    let mut samples: Vec<Model> = Vec::new();
    loop {
        let mut next = Entity::find().order_by_asc(Column::DataKey).limit(1);
        if let Some(last) = samples.last() {
            next = next.filter(Column::DataKey.gt(last.data_key.clone()));
        }
        match next.one(db).await? {
            Some(sample) => samples.push(sample),
            None => return Ok(samples),
        }
    }
}

/// Whether any row is not sealed under this key.
pub async fn any_sealed_otherwise<C: ConnectionTrait>(db: &C, data_key: &str) -> Result<bool, DbErr> {
    Ok(sealed_otherwise(data_key).limit(1).one(db).await?.is_some())
}

/// Up to `limit` rows that are not sealed under this key, locked until the transaction ends.
pub async fn lock_sealed_otherwise<C: ConnectionTrait>(
    tx: &C,
    data_key: &str,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    sealed_otherwise(data_key).limit(limit).lock_exclusive().all(tx).await
}

/// Two ranges instead of "not equal", which no index serves.
fn sealed_otherwise(data_key: &str) -> Select<Entity> {
    Entity::find().filter(Column::DataKey.lt(data_key).or(Column::DataKey.gt(data_key)))
}
