//! Institutions and catalogue entries as a settlement needs them.

mod contract;

use rust_decimal::Decimal;
use yizhan_terms::{InstitutionType, Tier};

pub use contract::{Contract, Standing, Status};

/// 定点医药机构 as settlement needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Institution {
    /// 定点医药机构编号
    pub code: String,
    /// Name.
    pub name: String,
    /// Level as policies distinguish it.
    pub level: Tier,
    /// 医保区划
    pub admdvs: String,
    /// 定点医药机构类型
    pub kind: InstitutionType,
    /// 特约
    pub contracted: bool,
    /// 双通道 pharmacy.
    pub dual_channel: bool,
    /// 医保协议
    pub contract: Contract,
}

/// A catalogue entry as it holds on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Name.
    pub name: String,
    /// 目录类别
    pub list_type: String,
    /// 收费项目等级
    pub class: String,
    /// 定价上限, fen.
    pub ceiling_fen: Option<Decimal>,
    /// 先行自付比例
    pub prepay: Option<Decimal>,
    /// Marks.
    pub labels: Vec<String>,
}
