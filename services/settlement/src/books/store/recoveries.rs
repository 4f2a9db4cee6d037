//! Recoveries: what audit decided to take back from institutions, as booked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{
    RecoveredFund, RecoveredLine, Recovery, RecoveryKind, Settlement, SettlementInfo,
};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::db::{DatabaseTransaction, insert};
use yizhan_runtime::feed::{NewChange, append};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Reason, ServiceError};

use super::commit::RECOVERED;
use super::journal::{self, Entry, entries};
use crate::books::domain::ledger::{negated, withheld};
use crate::books::messages::parts::header;
use crate::books::messages::withheld::refused_lines;

/// A recovery, a refused one, or what undoes one; never changed after it is written.
pub mod recovery {
    use sea_orm::entity::prelude::*;

    /// A row of `recoveries`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recoveries")]
    pub struct Model {
        /// Its number; its postings have it as `setl_id`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub recovery_id: String,
        /// 统筹区 that paid.
        pub poolarea_no: String,
        /// 人员编号 of the settlement; empty where there is none.
        pub psn_no: String,
        /// The settlement.
        pub setl_id: String,
        /// 定点医药机构编号
        pub fixmedins_code: String,
        /// The case of audit.
        pub case_id: String,
        /// Which decision of it.
        pub decision_no: i32,
        /// The contract's RecoveryKind.
        pub kind: i32,
        /// What it undoes; otherwise empty.
        pub undoes_recovery_id: String,
        /// What the funds got back.
        pub recovered_fen: i64,
        /// What went back to the institution of what was withheld for a practitioner.
        pub given_back_fen: i64,
        /// The whole of it, encoded `yizhan.settlement.v1.Recovery`.
        pub recovery: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Lines of settlements of which something is recovered: each once while that stands.
pub mod recovered_line {
    use sea_orm::entity::prelude::*;

    /// A row of `recovered_lines`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovered_lines")]
    pub struct Model {
        /// 结算ID
        #[sea_orm(primary_key, auto_increment = false)]
        pub setl_id: String,
        /// 费用明细流水号; empty: the visit as a whole.
        #[sea_orm(primary_key, auto_increment = false)]
        pub feedetl_sn: String,
        /// By which.
        pub recovery_id: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a row says.
pub fn recovery_of(row: &recovery::Model) -> Result<Recovery, DbErr> {
    Recovery::decode(row.recovery.as_slice())
        .map_err(|error| DbErr::Type(format!("recoveries.recovery: {error}")))
}

/// Whether a line of a recovery keeps this line of the bill from being given back.
pub fn holds(line: &RecoveredLine, feedetl_sn: &str) -> bool {
    line.recovered_fen > 0 && (line.feedetl_sn.is_empty() || line.feedetl_sn == feedetl_sn)
}

/// The refusal of what would give back what was recovered.
pub fn recovered(row: &recovery::Model) -> ServiceError {
    let told = "something of it was recovered: the case is corrected first";
    let error = ServiceError::new(Reason::Recovered, told);
    error.with("case_id", &row.case_id).with("recovery_id", &row.recovery_id)
}

/// Recoveries of some settlements that are booked and stand.
pub async fn standing<C: ConnectionTrait>(db: &C, setl_ids: &[&str]) -> Result<Vec<recovery::Model>, DbErr> {
    of_kinds(db, setl_ids, &[RecoveryKind::Booked]).await
}

/// Of some settlements what is of these kinds and not undone.
pub async fn of_kinds<C: ConnectionTrait>(
    db: &C,
    setl_ids: &[&str],
    kinds: &[RecoveryKind],
) -> Result<Vec<recovery::Model>, DbErr> {
    let of = recovery::Column::SetlId.is_in(setl_ids.iter().copied());
    let rows = recovery::Entity::find().filter(of).order_by_asc(recovery::Column::RecoveryId).all(db).await?;
    let undone: BTreeSet<String> = rows.iter().map(|row| row.undoes_recovery_id.clone()).collect();
    let wanted = |row: &recovery::Model| kinds.iter().any(|kind| row.kind == i32::from(*kind));
    Ok(rows.into_iter().filter(|row| wanted(row) && !undone.contains(&row.recovery_id)).collect())
}

/// What fell of the refusals of a settlement's practitioners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifted {
    /// 费用明细流水号
    pub lines: BTreeSet<String>,
    /// What the institution got for them.
    pub given_back_fen: i64,
}

/// The same of some settlements, by 结算ID; those of which nothing fell are left out.
pub async fn lifted<C: ConnectionTrait>(
    db: &C,
    setl_ids: &[&str],
) -> Result<BTreeMap<String, Lifted>, DbErr> {
    let mut all: BTreeMap<String, Lifted> = BTreeMap::new();
    for row in of_kinds(db, setl_ids, &[RecoveryKind::GivenBack]).await? {
        let lines = recovery_of(&row)?.lines.into_iter().map(|line| line.feedetl_sn);
        let lifted = all.entry(row.setl_id).or_default();
        lifted.lines.extend(lines);
        lifted.given_back_fen += row.given_back_fen;
    }
    Ok(all)
}

/// The same of one.
pub async fn lifted_of<C: ConnectionTrait>(db: &C, answer: &Settlement) -> Result<Lifted, DbErr> {
    if refused_lines(answer).is_empty() {
        return Ok(Lifted::default());
    }
    let setl_id = &header(answer).setl_id;
    Ok(lifted(db, &[setl_id]).await?.remove(setl_id).unwrap_or_default())
}

/// Gives back to the institution what was withheld for lines whose practitioner may be paid: of each line so much.
pub async fn give_back(
    tx: &DatabaseTransaction,
    info: &SettlementInfo,
    lines: Vec<RecoveredLine>,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let before = recovery::Entity::find()
        .filter(recovery::Column::SetlId.eq(&info.setl_id))
        .filter(recovery::Column::Kind.eq(i32::from(RecoveryKind::GivenBack)))
        .all(tx)
        .await?;
    let given_back_fen = lines.iter().map(|line| line.withheld_fen).sum();
    let recovery = Recovery {
        recovery_id: new_id(),
        kind: RecoveryKind::GivenBack.into(),
        setl_id: info.setl_id.clone(),
        poolarea_no: info.poolarea_no.clone(),
        fixmedins_code: info.fixmedins_code.clone(),
        case_id: String::new(),
        // The one after those before: the key keeps two from being the same.
        decision_no: before.iter().map(|row| row.decision_no).max().unwrap_or_default() + 1,
        lines,
        recovered_fen: 0,
        undoes_recovery_id: String::new(),
        booked_at: Some(timestamp(at)),
        given_back_fen,
    };
    let postings = negated(withheld(&info.fixmedins_code, Fen(given_back_fen)));
    let postings = entries(&info.poolarea_no, &info.psn_no, &recovery.recovery_id, postings);
    write(tx, recovery, (info.psn_no.clone(), postings), at).await
}

/// What was given back of settlements that are reversed in this transaction is withheld again: the reversal takes that back.
pub async fn fall(tx: &DatabaseTransaction, reversed: &[&str], at: DateTime<Utc>) -> Result<(), DbErr> {
    for row in of_kinds(tx, reversed, &[RecoveryKind::GivenBack]).await? {
        let was = recovery_of(&row)?;
        let recovery_id = new_id();
        let postings = withheld(&row.fixmedins_code, Fen(was.given_back_fen));
        let postings = entries(&row.poolarea_no, &row.psn_no, &recovery_id, postings);
        let recovery = Recovery {
            undoes_recovery_id: was.recovery_id.clone(),
            recovery_id,
            kind: RecoveryKind::Undone.into(),
            lines: was.lines.iter().map(negative).collect(),
            given_back_fen: -was.given_back_fen,
            booked_at: Some(timestamp(at)),
            ..was
        };
        write(tx, recovery, (row.psn_no, postings), at).await?;
    }
    Ok(())
}

/// Writes one with what it books, and tells it.
pub async fn write(
    tx: &DatabaseTransaction,
    recovery: Recovery,
    (psn_no, postings): (String, Vec<Entry>),
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    journal::book(tx, &postings).await?;
    let change = NewChange {
        area: recovery.poolarea_no.clone(),
        kind: RECOVERED,
        subject: recovery.recovery_id.clone(),
        payload: recovery.encode_to_vec(),
        recorded_at: at,
    };
    let row = recovery::Model {
        recovery: recovery.encode_to_vec(),
        recovery_id: recovery.recovery_id,
        poolarea_no: recovery.poolarea_no,
        psn_no,
        setl_id: recovery.setl_id,
        fixmedins_code: recovery.fixmedins_code,
        case_id: recovery.case_id,
        decision_no: recovery.decision_no,
        kind: recovery.kind,
        undoes_recovery_id: recovery.undoes_recovery_id,
        recovered_fen: recovery.recovered_fen,
        given_back_fen: recovery.given_back_fen,
    };
    insert::<recovery::Entity>(tx, vec![row]).await?;
    append(tx, vec![change]).await.map(drop)
}

/// A line as what undoes it says it.
pub fn negative(line: &RecoveredLine) -> RecoveredLine {
    let fund = |fund: &RecoveredFund| RecoveredFund { amount_fen: -fund.amount_fen, ..fund.clone() };
    RecoveredLine {
        recovered_fen: -line.recovered_fen,
        withheld_fen: -line.withheld_fen,
        funds: line.funds.iter().map(fund).collect(),
        ..line.clone()
    }
}

/// Notes in the headers of settlements what of them is recovered now.
pub async fn mark<C: ConnectionTrait>(db: &C, infos: Vec<&mut SettlementInfo>) -> Result<(), DbErr> {
    let ids: Vec<&str> = infos.iter().map(|info| info.setl_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut by_settlement: BTreeMap<String, Vec<recovery::Model>> = BTreeMap::new();
    for row in standing(db, &ids).await? {
        by_settlement.entry(row.setl_id.clone()).or_default().push(row);
    }
    for info in infos {
        let rows = by_settlement.remove(&info.setl_id).unwrap_or_default();
        info.recovered_fen = rows.iter().map(|row| row.recovered_fen).sum();
        let cases: BTreeSet<String> = rows.into_iter().map(|row| row.case_id).collect();
        info.recovered_case_ids = cases.into_iter().collect();
    }
    Ok(())
}

/// Recoveries of a decision, with what undoes them.
pub async fn of_decision<C: ConnectionTrait>(
    db: &C,
    (case_id, decision_no): (&str, i32),
) -> Result<Vec<recovery::Model>, DbErr> {
    recovery::Entity::find()
        .filter(recovery::Column::CaseId.eq(case_id))
        .filter(recovery::Column::DecisionNo.eq(decision_no))
        .order_by_asc(recovery::Column::RecoveryId)
        .all(db)
        .await
}

/// Which recoveries are listed: each of these only, when it is given.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// 统筹区 by its prefix.
    pub area_prefix: Option<String>,
    /// 定点医药机构编号
    pub institution: Option<String>,
    /// 结算ID
    pub setl_id: Option<String>,
    /// The case.
    pub case_id: Option<String>,
}

/// A page of them, newest first, older than one.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted,
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<recovery::Model>, DbErr> {
    use recovery::Column::{CaseId, FixmedinsCode, PoolareaNo, RecoveryId, SetlId};
    let only =
        |column: recovery::Column, value: &Option<String>| value.as_ref().map(|value| column.eq(value));
    let condition = Condition::all()
        .add_option(wanted.area_prefix.as_ref().map(|prefix| PoolareaNo.starts_with(prefix)))
        .add_option(only(FixmedinsCode, &wanted.institution))
        .add_option(only(SetlId, &wanted.setl_id))
        .add_option(only(CaseId, &wanted.case_id))
        .add_option(before.map(|[recovery_id]| RecoveryId.lt(recovery_id)));
    let rows = recovery::Entity::find().filter(condition).order_by_desc(RecoveryId).limit(limit);
    rows.all(db).await
}
