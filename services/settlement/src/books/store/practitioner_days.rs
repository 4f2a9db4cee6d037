//! On which days whose services were settled, and how those stood as the books know it: found when credit says otherwise later.
//!
//! Written with a settlement of which credit was asked, one row for each practitioner, day and place of its lines. A row stays when its
//! settlement is reversed; whoever looks at it sees that.

use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryOrder, QuerySelect};
use yizhan_proto::credit::v1::{Qualification, QualificationStatus};
use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::db::find_rows;

use crate::books::messages::practitioners::days_of;

/// `status` of what credit has not answered, or is to be asked about anew.
pub const UNASKED: i32 = 0;

/// Services of a practitioner on a day at a place, in one settlement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "practitioner_days")]
pub struct Model {
    /// Their national code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub practitioner_code: String,
    /// YYYY-MM-DD
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: String,
    /// 定点医药机构编号 where it was given.
    #[sea_orm(primary_key, auto_increment = false)]
    pub fixmedins_code: String,
    /// 结算ID
    #[sea_orm(primary_key, auto_increment = false)]
    pub setl_id: String,
    /// 就医地: whose rule says what follows.
    pub admdvs: String,
    /// Credit's QualificationStatus as the books take account of it; [`UNASKED`].
    pub status: i32,
    /// What credit said, encoded; empty of who is 正常.
    pub qualification: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Practitioner, day, place.
pub type Asked = [String; 3];

impl Model {
    /// Whom it is about, when, and where.
    pub fn asked(&self) -> Asked {
        [self.practitioner_code.clone(), self.day.clone(), self.fixmedins_code.clone()]
    }

    /// How they stood, as the books know it.
    pub fn qualification(&self) -> Result<Qualification, DbErr> {
        let told = Qualification::decode(self.qualification.as_slice());
        let told = told.map_err(|error| DbErr::Type(format!("practitioner_days.qualification: {error}")))?;
        let [practitioner_code, day, _] = self.asked();
        Ok(Qualification { practitioner_code, day, status: self.status, ..told })
    }
}

/// What is kept of an answer of credit.
pub fn kept(told: &Qualification) -> (i32, Vec<u8>) {
    let normal = told.status == i32::from(QualificationStatus::Normal);
    // A status of later is asked for no more than any other.
    let status = if told.status == UNASKED { i32::from(QualificationStatus::Normal) } else { told.status };
    (status, if normal { Vec::new() } else { told.encode_to_vec() })
}

/// How somebody stood on a day, as the settlements of that day know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Whom it is about, when, and where.
    pub asked: Asked,
    /// 就医地
    pub admdvs: String,
    /// How they stood.
    pub status: i32,
}

/// Everything known of somebody, once however many settlements know it.
pub async fn known_of(db: &impl ConnectionTrait, practitioner_code: &str) -> Result<Vec<Known>, DbErr> {
    let rows = Entity::find()
        .select_only()
        .columns([Column::Day, Column::FixmedinsCode, Column::Admdvs, Column::Status])
        .filter(Column::PractitionerCode.eq(practitioner_code))
        .distinct()
        .into_tuple::<(String, String, String, i32)>()
        .all(db)
        .await?;
    let known = |(day, place, admdvs, status)| Known {
        asked: [practitioner_code.to_owned(), day, place],
        admdvs,
        status,
    };
    Ok(rows.into_iter().map(known).collect())
}

/// Settlements of somebody's day that know another status.
pub async fn otherwise(
    db: &impl ConnectionTrait,
    [practitioner, day, place]: &Asked,
    status: i32,
) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::SetlId)
        .filter(Column::PractitionerCode.eq(practitioner))
        .filter(Column::Day.eq(day))
        .filter(Column::FixmedinsCode.eq(place))
        .filter(Column::Status.ne(status))
        .into_tuple::<String>()
        .all(db)
        .await
}

/// What credit is to be asked about, the oldest settlements first.
pub async fn unasked(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>, DbErr> {
    // As a literal, so that the partial index is used.
    let unasked = Entity::find().filter(Expr::cust("status = 0"));
    unasked.order_by_asc(Column::SetlId).limit(limit).all(db).await
}

/// Those of some rows that nobody has taken account of yet.
pub async fn still_unasked(db: &impl ConnectionTrait, rows: &[Model]) -> Result<Vec<Model>, DbErr> {
    let mut rows = again(db, rows).await?;
    rows.retain(|row| row.status == UNASKED);
    Ok(rows)
}

/// All rows of a settlement.
pub async fn of_settlement(db: &impl ConnectionTrait, answer: &Settlement) -> Result<Vec<Model>, DbErr> {
    again(db, &days_of(answer)).await
}

async fn again(db: &impl ConnectionTrait, rows: &[Model]) -> Result<Vec<Model>, DbErr> {
    let columns = [Column::PractitionerCode, Column::Day, Column::FixmedinsCode, Column::SetlId];
    let key = |row: &Model| {
        [row.practitioner_code.clone(), row.day.clone(), row.fixmedins_code.clone(), row.setl_id.clone()]
    };
    find_rows::<Entity, 4>(db, columns, rows.iter().map(key).collect()).await
}

/// Credit is asked anew about everybody of a settlement.
pub async fn ask_anew(db: &impl ConnectionTrait, answer: &Settlement) -> Result<(), DbErr> {
    for row in of_settlement(db, answer).await? {
        know(db, &row, UNASKED, row.qualification.clone()).await?;
    }
    Ok(())
}

/// The books take account of another status.
pub async fn know(
    db: &impl ConnectionTrait,
    row: &Model,
    status: i32,
    qualification: Vec<u8>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::Qualification, Expr::value(qualification))
        .filter(Column::PractitionerCode.eq(&row.practitioner_code))
        .filter(Column::Day.eq(&row.day))
        .filter(Column::FixmedinsCode.eq(&row.fixmedins_code))
        .filter(Column::SetlId.eq(&row.setl_id))
        .exec(db)
        .await
        .map(drop)
}
