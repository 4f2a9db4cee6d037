//! The bills of the demo: real items at real published prices, in invented quantities.

use rust_decimal::Decimal;
use yizhan_money::round_half_up;
use yizhan_proto::settlement::v1::{FeeLine, Visit};

/// An item of the demo's bills.
pub struct PricedItem {
    /// 医保目录编码
    pub code: &'static str,
    /// 甲乙丙 class the demo's areas give it.
    pub class: &'static str,
    /// 先行自付 they give it.
    pub prepay: &'static str,
    /// 定价上限 they give it, yuan.
    pub ceiling: &'static str,
    /// 单价, yuan.
    price: &'static str,
}

const fn item(
    code: &'static str,
    class: &'static str,
    prepay: &'static str,
    ceiling: &'static str,
    price: &'static str,
) -> PricedItem {
    PricedItem { code, class, prepay, ceiling, price }
}

/// Every item a bill of the demo holds.
pub const PRICED: [PricedItem; 8] = [
    // 床位, 全身麻醉, 恩扎卢胺软胶囊, 注射用阿替普酶, 静注人免疫球蛋白, 康柏西普, A型肉毒毒素, 七叶皂苷钠
    item("001109000010000", "01", "0", "50", "55"),
    item("003301000050000", "01", "0", "", "570"),
    item("XL02BBE088E002010279406", "02", "0.1", "", "7795.2"),
    item("XB01ADA066B001020178302", "02", "0.1", "", "3400"),
    item("XJ06BAJ215B001010104426", "02", "0.1", "", "610"),
    item("XS01LAK119B023010109681", "01", "0", "", "3452.8"),
    item("XJ06AAA006B001020178976", "03", "", "", "1088.24"),
    item("XC05CAQ005B014010204139", "01", "0", "", "14.35"),
];

/// Item by its place in [`PRICED`] and quantity.
pub type Bill<'b> = &'b [(usize, i64)];

/// Twelve days in hospital, with a drug outside the catalogue: every payer has something to pay.
pub const LONG_STAY: Bill<'static> = &[(0, 12), (1, 4), (2, 9), (3, 2), (4, 30), (5, 4), (6, 16), (7, 60)];
/// A few days in hospital.
pub const SHORT_STAY: Bill<'static> = &[(0, 6), (1, 2), (5, 6), (7, 40)];
/// A day in hospital. Of 11845.00 yuan 11500.00 are in scope: bed 50, 麻醉 1140, 阿替普酶 3400 less 10 %, 康柏西普 6905.60,
/// 七叶皂苷钠 344.40; the bed is 5 above its ceiling.
pub const DAY_IN_HOSPITAL: Bill<'static> = &[(0, 1), (1, 2), (3, 1), (5, 2), (7, 24)];
/// A newborn's first week in hospital.
pub const NEWBORN_STAY: Bill<'static> = &[(0, 7), (4, 4)];
/// A visit to the outpatient department.
pub const OUTPATIENT: Bill<'static> = &[(7, 28)];

/// Where and when.
pub struct Stay<'s> {
    /// 人员编号
    pub psn_no: &'s str,
    /// 险种类型
    pub insutype: &'s str,
    /// 医疗类别
    pub med_type: &'s str,
    /// 定点医药机构编号
    pub fixmedins_code: &'s str,
    /// First day.
    pub begndate: &'s str,
    /// Last day.
    pub enddate: &'s str,
    /// Whether the personal account pays.
    pub account: bool,
}

/// A visit with a bill.
pub fn visit(stay: &Stay<'_>, mdtrt_id: &str, bill: Bill<'_>) -> anyhow::Result<Visit> {
    let lines = bill.iter().enumerate().map(|(number, (item, quantity))| {
        let item = &PRICED[*item];
        line(&format!("{}", number + 1), item.code, *quantity, item.price)
    });
    visit_of(stay, mdtrt_id, lines.collect::<anyhow::Result<_>>()?)
}

/// A visit with given lines.
pub fn visit_of(stay: &Stay<'_>, mdtrt_id: &str, feedetail: Vec<FeeLine>) -> anyhow::Result<Visit> {
    Ok(Visit {
        psn_no: stay.psn_no.into(),
        insutype: stay.insutype.into(),
        mdtrt_id: mdtrt_id.into(),
        med_type: stay.med_type.into(),
        begndate: stay.begndate.into(),
        enddate: stay.enddate.into(),
        fixmedins_code: stay.fixmedins_code.into(),
        dise_codg: vec!["I10.x00".into()],
        acct_used_flag: stay.account,
        feedetail,
        ..Visit::default()
    })
}

/// A line: its amount is quantity × price, half up to the fen.
pub fn line(number: &str, code: &str, quantity: i64, price: &str) -> anyhow::Result<FeeLine> {
    let price_fen: Decimal = price.parse::<Decimal>()? * Decimal::ONE_HUNDRED;
    Ok(FeeLine {
        feedetl_sn: number.into(),
        hilist_code: code.into(),
        cnt: quantity.to_string(),
        pric: price.into(),
        det_item_fee_sumamt_fen: round_half_up(price_fen * Decimal::from(quantity)).0,
        ..FeeLine::default()
    })
}
