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
    /// Keyed digest of type and number.
    pub certno_digest: String,
    /// 证件号码, masked.
    pub certno_masked: String,
    /// 证件号码, sealed; empty in rows of the version that did not keep it.
    pub certno_cipher: String,
    /// 姓名, sealed; plain where `data_key` is empty.
    pub psn_name: PersonalText,
    /// 联系电话, sealed; empty when not known.
    pub tel_cipher: String,
    /// Keyed digest of the phone; empty when not known.
    pub tel_digest: String,
    /// Id of the key under which the three are sealed; empty in rows of the version that did not seal.
    pub data_key: String,
    /// 性别.
    pub gend: String,
    /// 出生日期.
    pub brdy: Date,
    /// 死亡日期.
    pub die_date: Option<Date>,
    /// 常住地: 12-digit 统计用区划代码 of the village or neighbourhood; empty when not known.
    pub resd_code: String,
    /// 人员编号 that took this one's place; empty unless merged.
    pub merged_into: String,
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
