//! Recoveries: what audit decided to take back from institutions, as booked.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use yizhan_proto::settlement::v1::{RecoveredLine, Recovery, RecoveryKind, SettlementInfo};
use yizhan_runtime::{Reason, ServiceError};

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
    let of = recovery::Column::SetlId.is_in(setl_ids.iter().copied());
    let rows = recovery::Entity::find().filter(of).order_by_asc(recovery::Column::RecoveryId).all(db).await?;
    let undone: BTreeSet<String> = rows.iter().map(|row| row.undoes_recovery_id.clone()).collect();
    let booked = i32::from(RecoveryKind::Booked);
    Ok(rows.into_iter().filter(|row| row.kind == booked && !undone.contains(&row.recovery_id)).collect())
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
