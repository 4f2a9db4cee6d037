//! Reading settlements back.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use prost::Message;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_proto::settlement::v1::{Settlement, SettlementInfo};
use yizhan_runtime::db::DatabaseConnection;

use super::entities::{accumulated, settlement};

/// 退费标志 of a settlement that was reversed.
const REVERSED: &str = "1";

/// A settlement by its id alone.
pub async fn by_id(db: &DatabaseConnection, setl_id: &str) -> Result<Option<settlement::Model>, DbErr> {
    settlement::Entity::find().filter(settlement::Column::SetlId.eq(setl_id)).one(db).await
}

/// The reversal of a settlement, if there is one.
pub async fn reversal_of(
    db: &DatabaseConnection,
    row: &settlement::Model,
) -> Result<Option<settlement::Model>, DbErr> {
    settlement::Entity::find()
        .filter(settlement::Column::PoolareaNo.eq(&row.poolarea_no))
        .filter(settlement::Column::PsnNo.eq(&row.psn_no))
        .filter(settlement::Column::ReversesSetlId.eq(&row.setl_id))
        .filter(settlement::Column::ReversesSetlId.ne(""))
        .one(db)
        .await
}

/// A person's settlements of some 医疗类别 made after one of theirs, oldest first.
pub async fn later_of_types(
    db: &DatabaseConnection,
    row: &settlement::Model,
    med_types: &[&str],
) -> Result<Vec<settlement::Model>, DbErr> {
    settlement::Entity::find()
        .filter(settlement::Column::PoolareaNo.eq(&row.poolarea_no))
        .filter(settlement::Column::PsnNo.eq(&row.psn_no))
        .filter(settlement::Column::SetlId.gt(&row.setl_id))
        .filter(settlement::Column::MedType.is_in(med_types.iter().copied()))
        .order_by_asc(settlement::Column::SetlId)
        .all(db)
        .await
}

/// Which settlements are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// 统筹区 that paid: of these.
    pub areas: &'w [String],
    /// 人员编号
    pub psn_no: &'w str,
    /// Of one institution only, when one is given.
    pub institution: Option<&'w str>,
    /// Of visits whose last day lies between these, when they are given.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

/// Which of a person's settlements have been reversed, and by what.
pub async fn reversed_among(
    db: &DatabaseConnection,
    wanted: &Wanted<'_>,
    setl_ids: &[&str],
) -> Result<BTreeMap<String, String>, DbErr> {
    let reversals = settlement::Entity::find()
        .select_only()
        .column(settlement::Column::ReversesSetlId)
        .column(settlement::Column::SetlId)
        .filter(settlement::Column::PoolareaNo.is_in(wanted.areas))
        .filter(settlement::Column::PsnNo.eq(wanted.psn_no))
        .filter(settlement::Column::ReversesSetlId.is_in(setl_ids.iter().copied()))
        .into_tuple::<(String, String)>()
        .all(db)
        .await?;
    Ok(reversals.into_iter().collect())
}

/// A person's settlements, newest first, older than one if given.
pub async fn of_person(
    db: &DatabaseConnection,
    wanted: &Wanted<'_>,
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<settlement::Model>, DbErr> {
    let mut query = settlement::Entity::find()
        .filter(settlement::Column::PoolareaNo.is_in(wanted.areas))
        .filter(settlement::Column::PsnNo.eq(wanted.psn_no));
    if let Some((first, last)) = wanted.days {
        query = query.filter(settlement::Column::Enddate.between(first.to_string(), last.to_string()));
    }
    if let Some(code) = wanted.institution {
        query = query.filter(settlement::Column::FixmedinsCode.eq(code));
    }
    if let Some([setl_id]) = before {
        query = query.filter(settlement::Column::SetlId.lt(setl_id));
    }
    query.order_by_desc(settlement::Column::SetlId).limit(limit).all(db).await
}

/// What a person's settlements add up to, by policy year.
pub async fn accumulated_of(
    db: &DatabaseConnection,
    poolarea_no: &str,
    psn_no: &str,
) -> Result<Vec<accumulated::Model>, DbErr> {
    accumulated::Entity::find()
        .filter(accumulated::Column::PoolareaNo.eq(poolarea_no))
        .filter(accumulated::Column::PsnNo.eq(psn_no))
        .order_by_asc(accumulated::Column::PolicyYear)
        .all(db)
        .await
}

/// A settlement as it was answered, with whether it has been reversed since, and by what.
pub async fn as_now(db: &DatabaseConnection, row: &settlement::Model) -> Result<Settlement, DbErr> {
    let mut settlement = answer_of(row)?;
    if let (Some(info), Some(reversal)) = (settlement.setlinfo.as_mut(), reversal_of(db, row).await?) {
        mark_reversed(info, reversal.setl_id);
    }
    Ok(settlement)
}

/// Notes that a settlement has been reversed.
pub fn mark_reversed(info: &mut SettlementInfo, reversed_by: String) {
    REVERSED.clone_into(&mut info.refd_setl_flag);
    info.reversed_by_setl_id = reversed_by;
}

/// The answer a settlement was given.
pub fn answer_of(row: &settlement::Model) -> Result<Settlement, DbErr> {
    decode_answer(&row.answer)
}

/// The same from its bytes.
pub fn decode_answer(answer: &[u8]) -> Result<Settlement, DbErr> {
    Settlement::decode(answer).map_err(|error| DbErr::Type(format!("settlements.answer: {error}")))
}
