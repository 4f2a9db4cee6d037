//! Reading settlements back.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use prost::Message;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use yizhan_proto::settlement::v1::{Settlement, SettlementInfo};
use yizhan_runtime::db::{DatabaseConnection, ask_each};

use super::entities::{accumulated, settlement};
use super::partitions::months_of;
use super::{merged, recoveries};

/// 退费标志 of a settlement that was reversed.
const REVERSED: &str = "1";

/// A settlement by its id alone.
pub async fn by_id(db: &impl ConnectionTrait, setl_id: &str) -> Result<Option<settlement::Model>, DbErr> {
    settlement::Entity::find().filter(settlement::Column::SetlId.eq(setl_id)).one(db).await
}

/// The reversal of a settlement, if there is one.
pub async fn reversal_of(
    db: &impl ConnectionTrait,
    row: &settlement::Model,
) -> Result<Option<settlement::Model>, DbErr> {
    settlement::Entity::find()
        .filter(settlement::Column::PoolareaNo.eq(&row.poolarea_no))
        .filter(settlement::Column::ReversesSetlId.eq(&row.setl_id))
        .filter(settlement::Column::ReversesSetlId.ne(""))
        .one(db)
        .await
}

/// Counts up the policy years of the person, whatever number a reversal would be under: one under way commits before this transaction looks
/// for it, or sees what this one writes.
pub async fn keep_from_reversal(tx: &impl ConnectionTrait, row: &settlement::Model) -> Result<(), DbErr> {
    let psn_nos = merged::numbers(tx, &row.psn_no).await?;
    accumulated::Entity::update_many()
        .col_expr(accumulated::Column::Version, Expr::col(accumulated::Column::Version).add(1))
        .filter(accumulated::Column::PoolareaNo.eq(&row.poolarea_no))
        .filter(accumulated::Column::PsnNo.is_in(psn_nos))
        .exec(tx)
        .await
        .map(drop)
}

/// A person's settlements of some 医疗类别 made after one of theirs, under any of their numbers, oldest first.
pub async fn later_of_types(
    db: &DatabaseConnection,
    row: &settlement::Model,
    psn_nos: &[String],
    med_types: &[&str],
) -> Result<Vec<settlement::Model>, DbErr> {
    settlement::Entity::find()
        .filter(settlement::Column::PoolareaNo.eq(&row.poolarea_no))
        .filter(settlement::Column::PsnNo.is_in(psn_nos))
        .filter(settlement::Column::SetlId.gt(&row.setl_id))
        .filter(settlement::Column::MedType.is_in(med_types.iter().copied()))
        .order_by_asc(settlement::Column::SetlId)
        .all(db)
        .await
}

/// A person's settlements and reversals behind one of them, under any of their numbers, in the order of commit: each with what it reverses.
pub async fn ids_behind(
    db: &DatabaseConnection,
    (poolarea_no, psn_nos): (&str, &[String]),
    setl_id: &str,
    limit: u64,
) -> Result<Vec<(String, String)>, DbErr> {
    settlement::Entity::find()
        .select_only()
        .column(settlement::Column::SetlId)
        .column(settlement::Column::ReversesSetlId)
        .filter(settlement::Column::PoolareaNo.eq(poolarea_no))
        .filter(settlement::Column::PsnNo.is_in(psn_nos))
        .filter(settlement::Column::SetlId.gt(setl_id))
        .order_by_asc(settlement::Column::SetlId)
        .limit(limit)
        .into_tuple::<(String, String)>()
        .all(db)
        .await
}

/// Some of a person's settlements, in the order of commit.
pub async fn by_ids(
    db: &DatabaseConnection,
    (poolarea_no, psn_nos): (&str, &[String]),
    setl_ids: &[&str],
) -> Result<Vec<settlement::Model>, DbErr> {
    settlement::Entity::find()
        .filter(settlement::Column::PoolareaNo.eq(poolarea_no))
        .filter(settlement::Column::PsnNo.is_in(psn_nos))
        .filter(settlement::Column::SetlId.is_in(setl_ids.iter().copied()))
        .filter(months_of(setl_ids.iter().copied()))
        .order_by_asc(settlement::Column::SetlId)
        .all(db)
        .await
}

#[derive(FromQueryResult)]
struct Known {
    setl_id: String,
    known: Option<i32>,
}

/// Those of some ids that there are.
pub async fn known(
    db: &impl ConnectionTrait,
    setl_ids: impl Iterator<Item = &str>,
) -> Result<Vec<String>, DbErr> {
    let columns = "key.setl_id, (SELECT 1 FROM settlements WHERE settlements.setl_id = key.setl_id) AS known";
    let keys = setl_ids.map(|setl_id| [setl_id.to_owned()]).collect();
    let rows: Vec<Known> = ask_each(db, ["setl_id"], keys, columns).await?;
    Ok(rows.into_iter().filter(|row| row.known.is_some()).map(|row| row.setl_id).collect())
}

/// Which settlements are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// 统筹区 that paid: of these.
    pub areas: &'w [String],
    /// All numbers of the person, that which stays first.
    pub psn_nos: &'w [String],
    /// Of one institution only, when one is given.
    pub institution: Option<&'w str>,
    /// Of visits whose last day lies between these, when they are given.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

/// Which of some settlements have been reversed, and by what.
pub async fn reversals_in(
    db: &DatabaseConnection,
    areas: impl IntoIterator<Item = String>,
    setl_ids: &[&str],
) -> Result<BTreeMap<String, String>, DbErr> {
    let reversals = settlement::Entity::find()
        .select_only()
        .column(settlement::Column::ReversesSetlId)
        .column(settlement::Column::SetlId)
        .filter(settlement::Column::PoolareaNo.is_in(areas))
        .filter(settlement::Column::ReversesSetlId.is_in(setl_ids.iter().copied()))
        .filter(settlement::Column::ReversesSetlId.ne(""))
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
        .filter(settlement::Column::PsnNo.is_in(wanted.psn_nos));
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

/// A person's settlements that were calculated and stand (no reversals, no manual payments), of visits that end on a day or later, behind one of them in the order they were made.
pub async fn standing(
    db: &DatabaseConnection,
    wanted: &Wanted<'_>,
    from: Option<NaiveDate>,
    behind: &str,
    limit: u64,
) -> Result<Vec<settlement::Model>, DbErr> {
    let reversed = "NOT EXISTS (SELECT 1 FROM settlements r WHERE r.poolarea_no = settlements.poolarea_no \
                    AND r.reverses_setl_id = settlements.setl_id AND r.reverses_setl_id <> '')";
    let mut query = settlement::Entity::find()
        .filter(settlement::Column::PoolareaNo.is_in(wanted.areas))
        .filter(settlement::Column::PsnNo.is_in(wanted.psn_nos))
        .filter(settlement::Column::SetlId.gt(behind))
        .filter(settlement::Column::CaseJson.ne(""))
        .filter(Expr::cust(reversed));
    if let Some(from) = from {
        query = query.filter(settlement::Column::Enddate.gte(from.to_string()));
    }
    query.order_by_asc(settlement::Column::SetlId).limit(limit).all(db).await
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

/// A settlement as it was answered, with the number that stays where its row is told under that, with whether it has been reversed
/// since, and by what, and what of it is recovered.
pub async fn as_now(db: &DatabaseConnection, row: &settlement::Model) -> Result<Settlement, DbErr> {
    let mut settlement = answer_of(row)?;
    let reversal = reversal_of(db, row).await?;
    if let Some(info) = settlement.setlinfo.as_mut() {
        if let Some(reversal) = reversal {
            info.replaced_by_setl_id = replaced_by(&reversal)?;
            mark_reversed(info, reversal.setl_id);
        }
        if info.psn_no != row.psn_no {
            info.stays_psn_no.clone_from(&row.psn_no);
        }
        recoveries::mark(db, vec![info]).await?;
    }
    Ok(settlement)
}

/// What took the place of the settlement that was reversed; empty: nothing did.
pub fn replaced_by(reversal: &settlement::Model) -> Result<String, DbErr> {
    Ok(answer_of(reversal)?.setlinfo.map(|info| info.replaced_by_setl_id).unwrap_or_default())
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
