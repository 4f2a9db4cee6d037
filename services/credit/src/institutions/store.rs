//! How institutions stand, as stored: what their entries come to, written with each of them.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::{find_rows_where, upsert};

use super::domain::standing::Standing;

/// An institution in an area.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "institution_grade")]
pub struct Model {
    /// 统筹区
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 定点医药机构编号
    #[sea_orm(primary_key, auto_increment = false)]
    pub fixmedins_code: String,
    /// [`Standing`], as JSON.
    pub standing: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// How each stands of whom something is known in an area; one read.
pub async fn find(
    db: &impl ConnectionTrait,
    poolarea_no: &str,
    codes: &[String],
) -> Result<BTreeMap<String, Standing>, ServiceError> {
    let mut keys: Vec<[String; 2]> =
        codes.iter().map(|code| [poolarea_no.to_owned(), code.clone()]).collect();
    keys.sort_unstable();
    keys.dedup();
    let columns = [Column::PoolareaNo, Column::FixmedinsCode];
    let rows = find_rows_where::<Entity, 2>(db, columns, keys, "1 = 1").await?;
    let read = rows.into_iter().map(|row| {
        let standing = serde_json::from_slice(&row.standing).map_err(ServiceError::internal)?;
        Ok((row.fixmedins_code, standing))
    });
    read.collect()
}

/// Codes of an area behind one, in order, at most so many.
pub async fn codes(
    db: &impl ConnectionTrait,
    poolarea_no: &str,
    after: &str,
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let of_area =
        Entity::find().filter(Column::PoolareaNo.eq(poolarea_no)).filter(Column::FixmedinsCode.gt(after));
    let codes = of_area.select_only().column(Column::FixmedinsCode).order_by_asc(Column::FixmedinsCode);
    codes.limit(limit).into_tuple::<String>().all(db).await
}

/// Writes how one stands.
pub async fn write(
    db: &impl ConnectionTrait,
    poolarea_no: &str,
    fixmedins_code: &str,
    standing: &Standing,
) -> Result<(), ServiceError> {
    let standing = serde_json::to_vec(standing).map_err(ServiceError::internal)?;
    let (poolarea_no, fixmedins_code) = (poolarea_no.to_owned(), fixmedins_code.to_owned());
    Ok(upsert::<Entity>(db, vec![Model { poolarea_no, fixmedins_code, standing }]).await?)
}
