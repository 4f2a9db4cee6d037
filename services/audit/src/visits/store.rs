//! Settled visits as audit heard of them, and reading those of persons, of institutions, of an area.

pub mod codes;
pub mod merged;
pub mod shares;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, QueryOrder, QuerySelect};
use yizhan_runtime::db::{find_rows_where, insert_new};
use yizhan_terms::Area;

/// A settlement of a visit; of a stay in parts (中途结算) each is one.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "visit")]
pub struct Model {
    /// 结算ID
    #[sea_orm(primary_key, auto_increment = false)]
    pub setl_id: String,
    /// 人员编号 under which the person's visits are read: that which stays where records were merged.
    pub psn_no: String,
    /// 人员编号 under which it was settled.
    pub own_psn_no: String,
    /// 统筹区 that paid.
    pub poolarea_no: String,
    /// 定点医药机构编号; empty of a bill paid by hand whose institution has none.
    pub fixmedins_code: String,
    /// 就诊ID
    pub mdtrt_id: String,
    /// First day, YYYY-MM-DD.
    pub begndate: String,
    /// Last day, YYYY-MM-DD.
    pub enddate: String,
    /// Which part of the stay, from 1; 0 where it was settled in one.
    pub setl_part: i32,
    /// Settlement could not have it checked: the rules of 事中 are asked behind it.
    pub unchecked: bool,
    /// 结算类型 1 中心报销: it was paid by hand.
    pub by_hand: bool,
    /// 医疗费总额, fen.
    pub medfee_sumamt_fen: i64,
    /// It was not reversed.
    pub stands: bool,
    /// 个人负担总金额, fen.
    pub psn_part_amt_fen: i64,
    /// Of it 全自费 and 超限价自费, fen.
    pub own_expense_fen: i64,
    /// Of it 先行自付, fen.
    pub preselfpay_amt_fen: i64,
    /// The visit, encoded.
    pub encounter: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Only what stands.
const STANDS: &str = "stands";

/// Writes down what is not known yet. What was told again is there, reversed or not.
pub async fn record<C: ConnectionTrait>(tx: &C, rows: Vec<Model>) -> Result<(), DbErr> {
    insert_new::<Entity>(tx, rows).await.map(drop)
}

/// Notes that these were reversed.
pub async fn reverse<C: ConnectionTrait>(tx: &C, setl_ids: &BTreeSet<&str>) -> Result<(), DbErr> {
    if setl_ids.is_empty() {
        return Ok(());
    }
    let reversed = Entity::update_many().col_expr(Column::Stands, Expr::value(false));
    reversed.filter(Column::SetlId.is_in(setl_ids.iter().copied())).exec(tx).await.map(drop)
}

/// What stands of several persons, by the numbers that stay, and ended on this day or later.
pub async fn of_persons<C: ConnectionTrait>(
    db: &C,
    psn_nos: &BTreeSet<String>,
    from: NaiveDate,
) -> Result<BTreeMap<String, Vec<Model>>, DbErr> {
    let keys = psn_nos.iter().map(|psn_no| [psn_no.clone()]).collect();
    let since = format!("{STANDS} AND enddate >= '{from}'");
    let mut by_person: BTreeMap<String, Vec<Model>> = BTreeMap::new();
    for row in find_rows_where::<Entity, 1>(db, [Column::PsnNo], keys, &since).await? {
        by_person.entry(row.psn_no.clone()).or_default().push(row);
    }
    Ok(by_person)
}

/// What stands of a person, by any number of theirs, and ended within these days.
pub async fn of_person<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<Model>, DbErr> {
    let stays = merged::stays(db, psn_no).await?;
    Entity::find()
        .filter(Column::PsnNo.eq(stays))
        .filter(Column::Enddate.between(from.to_string(), to.to_string()))
        .filter(Column::Stands.eq(true))
        .all(db)
        .await
}

/// What stands of visits, by institution and 就诊ID.
pub async fn of_visits<C: ConnectionTrait>(db: &C, keys: Vec<[String; 2]>) -> Result<Vec<Model>, DbErr> {
    find_rows_where::<Entity, 2>(db, [Column::FixmedinsCode, Column::MdtrtId], keys, STANDS).await
}

/// Settlements as they were heard of, reversed or not.
pub async fn of_settlements<C: ConnectionTrait>(
    db: &C,
    setl_ids: BTreeSet<&str>,
) -> Result<Vec<Model>, DbErr> {
    if setl_ids.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find().filter(Column::SetlId.is_in(setl_ids)).all(db).await
}

/// Institution and 就诊ID of settlements.
pub async fn keys_of<C: ConnectionTrait>(
    db: &C,
    setl_ids: Vec<&str>,
) -> Result<BTreeMap<String, [String; 2]>, DbErr> {
    if setl_ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, String, String)> = Entity::find()
        .select_only()
        .columns([Column::SetlId, Column::FixmedinsCode, Column::MdtrtId])
        .filter(Column::SetlId.is_in(setl_ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(setl_id, code, mdtrt_id)| (setl_id, [code, mdtrt_id])).collect())
}

/// 统筹区 that paid, and institution, of settlements.
pub async fn places_of<C: ConnectionTrait>(
    db: &C,
    setl_ids: Vec<&str>,
) -> Result<BTreeMap<String, [String; 2]>, DbErr> {
    let columns = [Column::SetlId, Column::PoolareaNo, Column::FixmedinsCode];
    let found = Entity::find().select_only().columns(columns).filter(Column::SetlId.is_in(setl_ids));
    let rows: Vec<(String, String, String)> = found.into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(setl_id, area, code)| (setl_id, [area, code])).collect())
}

/// First and last day of everything that stands of a person, by the number that stays.
pub async fn days_of<C: ConnectionTrait>(db: &C, psn_no: &str) -> Result<Option<[String; 2]>, DbErr> {
    let days = Entity::find()
        .select_only()
        .column_as(Column::Begndate.min(), "first")
        .column_as(Column::Enddate.max(), "last")
        .filter(Column::PsnNo.eq(psn_no))
        .filter(Column::Stands.eq(true))
        .into_tuple::<(Option<String>, Option<String>)>()
        .one(db)
        .await?;
    Ok(days.and_then(|(first, last)| Some([first?, last?])))
}

/// What ended within these days in an area and stands, behind one of them, in the order of area, last day and setl_id.
pub async fn of_area<C: ConnectionTrait>(
    db: &C,
    area: Area,
    (from, to): (NaiveDate, NaiveDate),
    after: Option<[String; 3]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let codes = area.codes();
    let mut page = Entity::find()
        .filter(
            Condition::all()
                .add(Column::PoolareaNo.between(codes.start().as_str(), codes.end().as_str()))
                .add(Column::Enddate.between(from.to_string(), to.to_string()))
                .add(Column::Stands.eq(true)),
        )
        .cursor_by((Column::PoolareaNo, Column::Enddate, Column::SetlId));
    if let Some([poolarea_no, enddate, setl_id]) = after {
        page.after((poolarea_no, enddate, setl_id));
    }
    page.first(limit).all(db).await
}

/// 结算ID of what ended within these days in an area, stands, and is so, in their order.
pub async fn settled<C: ConnectionTrait>(
    db: &C,
    area: Area,
    (from, to): (NaiveDate, NaiveDate),
    so: Condition,
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let codes = area.codes();
    Entity::find()
        .select_only()
        .column(Column::SetlId)
        .filter(Column::PoolareaNo.between(codes.start().as_str(), codes.end().as_str()))
        .filter(Column::Enddate.between(from.to_string(), to.to_string()))
        .filter(Column::Stands.eq(true))
        .filter(so)
        .order_by_asc(Column::SetlId)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// What ended within these days at an institution, paid by an area, and stands, behind one of them, in the order of last day and setl_id.
pub async fn of_institution<C: ConnectionTrait>(
    db: &C,
    (poolarea_no, fixmedins_code): (&str, &str),
    (from, to): (NaiveDate, NaiveDate),
    after: Option<[String; 2]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut page = Entity::find()
        .filter(
            Condition::all()
                .add(Column::FixmedinsCode.eq(fixmedins_code))
                .add(Column::PoolareaNo.eq(poolarea_no))
                .add(Column::Enddate.between(from.to_string(), to.to_string()))
                .add(Column::Stands.eq(true)),
        )
        .cursor_by((Column::Enddate, Column::SetlId));
    if let Some([enddate, setl_id]) = after {
        page.after((enddate, setl_id));
    }
    page.first(limit).all(db).await
}

/// Counts what was settled under these numbers as another's: records were merged, or parted again.
pub async fn move_to<C: ConnectionTrait>(
    tx: &C,
    own_psn_nos: &BTreeSet<String>,
    psn_no: &str,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::PsnNo, Expr::value(psn_no))
        .filter(Column::OwnPsnNo.is_in(own_psn_nos))
        .exec(tx)
        .await
        .map(drop)
}
