//! A visit as rules ask about it.

use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;
use yizhan_terms::{Area, InstitutionType, Insutype, MedType, Tier};

/// When a visit is checked; each has rules of its own (三道防线).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// 事前提醒
    Before,
    /// 事中审核
    During,
    /// 事后监管
    After,
}

impl Stage {
    /// As documents write it.
    pub const fn word(self) -> &'static str {
        match self {
            Stage::Before => "事前",
            Stage::During => "事中",
            Stage::After => "事后",
        }
    }
}

/// 性别.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
}

impl Sex {
    /// gend
    pub const fn code(self) -> &'static str {
        match self {
            Sex::Male => "1",
            Sex::Female => "2",
        }
    }
}

/// A visit.
#[derive(Clone, Debug)]
pub struct Visit {
    /// 人员编号
    pub psn_no: String,
    /// Where known.
    pub sex: Option<Sex>,
    /// Where known.
    pub born: Option<NaiveDate>,
    /// 统筹区 that pays.
    pub area: Area,
    /// 险种类型
    pub scheme: Insutype,
    /// 就诊ID
    pub mdtrt_id: String,
    /// 医疗类别
    pub med_type: MedType,
    /// 定点医药机构编号
    pub institution: String,
    /// What kind it is.
    pub kind: InstitutionType,
    /// Its level; a pharmacy has none.
    pub level: Option<Tier>,
    /// First day.
    pub begin: NaiveDate,
    /// Last day; of somebody still in hospital the day of the check.
    pub end: NaiveDate,
    /// Whether the patient has left.
    pub is_over: bool,
    /// Diagnosis codes, the main one first.
    pub diagnoses: Vec<Diagnosis>,
    /// 科室编码 at admission and at discharge; empty where not reported.
    pub departments: [String; 2],
    /// 医师代码; empty where not reported.
    pub doctor: String,
    /// 门诊慢特病病种代码; empty where none is used.
    pub disease: String,
    /// 急诊抢救
    pub emergency: bool,
    /// 互联网诊疗
    pub internet: bool,
    /// 离院方式, as reported.
    pub discharge_way: String,
    /// 入院途径, as reported.
    pub admission_way: String,
    /// Lines with what is left of them: refunds are netted.
    pub lines: Vec<Line>,
    /// Operations.
    pub operations: Vec<Operation>,
    /// 结算ID; empty before it is settled.
    pub setl_id: String,
    /// 医疗费总额, 基金支付总额, 个人负担总金额, fen.
    pub amounts: [i64; 3],
}

/// A diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// ICD-10 医保版.
    pub code: String,
    /// Empty where not reported.
    pub name: String,
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// 费用明细流水号
    pub number: String,
    /// 处方号; empty where not reported.
    pub recipe: String,
    /// 医保目录编码
    pub code: String,
    /// 医保目录名称; empty where not reported.
    pub name: String,
    /// 目录类别; empty where not known.
    pub list: String,
    /// 数量
    pub quantity: Decimal,
    /// 单价 in yuan.
    pub price: Decimal,
    /// 费用总额, fen.
    pub amount_fen: i64,
    /// What of it funds may pay, fen.
    pub in_scope_fen: i64,
    /// The day; the last of the visit where none was reported.
    pub day: NaiveDate,
    /// Whether the day was reported.
    pub dated: bool,
    /// The time, where reported.
    pub time: Option<NaiveDateTime>,
    /// 开单科室编码; empty where not reported.
    pub department: String,
    /// 开单医师编码; empty where not reported.
    pub doctor: String,
    /// 周期天数, where reported.
    pub days: Option<u32>,
    /// 单次剂量描述 and 使用频次描述; empty where not reported.
    pub dose: [String; 2],
    /// 出院带药
    pub take_home: bool,
    /// 长期处方
    pub long_recipe: bool,
    /// 药品追溯码, each with whether the pack was split.
    pub trace_codes: Vec<(String, bool)>,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// ICD-9-CM-3 医保版.
    pub code: String,
    /// Empty where not reported.
    pub name: String,
    /// 主手术操作标志
    pub is_main: bool,
    /// The day.
    pub day: NaiveDate,
}
