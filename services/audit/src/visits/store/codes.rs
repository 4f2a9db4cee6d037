//! 药品追溯码: on which lines of visits a code stands. A projection of what stands: written anew with every change of a visit.

use std::collections::BTreeSet;

use sea_orm::entity::prelude::*;
use yizhan_runtime::db::{find_rows, insert};

/// A line that a code stands on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "code_use")]
pub struct Model {
    /// 药品追溯码
    #[sea_orm(primary_key, auto_increment = false)]
    pub drug_trac_codg: String,
    /// 定点医药机构编号
    #[sea_orm(primary_key, auto_increment = false)]
    pub fixmedins_code: String,
    /// 就诊ID
    #[sea_orm(primary_key, auto_increment = false)]
    pub mdtrt_id: String,
    /// 费用明细流水号
    #[sea_orm(primary_key, auto_increment = false)]
    pub feedetl_sn: String,
    /// 结算ID of the line.
    pub setl_id: String,
    /// 人员编号 under which it was settled.
    pub psn_no: String,
    /// 拆零标志
    pub trdn_flag: bool,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Institution and 就诊ID of its visit.
    pub fn visit(&self) -> [String; 2] {
        [self.fixmedins_code.clone(), self.mdtrt_id.clone()]
    }
}

/// Writes what stands of visits anew, and tells the codes that stood there before.
pub async fn replace<C: ConnectionTrait>(
    tx: &C,
    visits: &BTreeSet<[String; 2]>,
    rows: Vec<Model>,
) -> Result<BTreeSet<String>, DbErr> {
    let columns = [Column::FixmedinsCode, Column::MdtrtId];
    let known = find_rows::<Entity, 2>(tx, columns, visits.iter().cloned().collect()).await?;
    for [fixmedins_code, mdtrt_id] in known.iter().map(Model::visit).collect::<BTreeSet<_>>() {
        Entity::delete_many()
            .filter(Column::FixmedinsCode.eq(fixmedins_code))
            .filter(Column::MdtrtId.eq(mdtrt_id))
            .exec(tx)
            .await?;
    }
    insert::<Entity>(tx, rows).await?;
    Ok(known.into_iter().map(|row| row.drug_trac_codg).collect())
}

/// Every line on which one of these stands, in the order of settlement.
pub async fn of<C: ConnectionTrait>(db: &C, codes: BTreeSet<String>) -> Result<Vec<Model>, DbErr> {
    let keys = codes.into_iter().map(|code| [code]).collect();
    let mut uses = find_rows::<Entity, 1>(db, [Column::DrugTracCodg], keys).await?;
    uses.sort_by(|one, other| (&one.setl_id, &one.feedetl_sn).cmp(&(&other.setl_id, &other.feedetl_sn)));
    Ok(uses)
}
