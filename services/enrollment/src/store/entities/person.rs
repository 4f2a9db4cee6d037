//! Insured persons.

use std::fmt;

use sea_orm::entity::prelude::*;

/// A person as registered.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// 统筹区 that keeps the register.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// 人员编号.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// 证件类型.
    pub psn_cert_type: String,
    /// Keyed digest of type and number; the number itself is not kept.
    pub certno_digest: String,
    /// 证件号码, masked.
    pub certno_masked: String,
    /// 姓名.
    pub psn_name: PersonalText,
    /// 性别.
    pub gend: String,
    /// 出生日期.
    pub brdy: Date,
    /// 死亡日期.
    pub die_date: Option<Date>,
}

impl ActiveModelBehavior for ActiveModel {}

/// A text column that is not printed.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PersonalText(pub String);

impl fmt::Debug for PersonalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
