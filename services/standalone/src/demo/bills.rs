//! The bills of the demo: real items at real published prices, in invented quantities.

use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{FeeLine, Visit};

/// Every item a bill of the demo holds: 医保目录编码; 甲乙丙 class, 先行自付 and 定价上限 (yuan) the demo's areas give it; 单价 in fen.
pub const PRICED: [(&str, &str, &str, &str, i64); 8] = [
    // 床位, 全身麻醉, 恩扎卢胺软胶囊, 注射用阿替普酶, 静注人免疫球蛋白, 康柏西普, A型肉毒毒素, 七叶皂苷钠
    ("001109000010000", "01", "0", "50", 5_500),
    ("003301000050000", "01", "0", "", 57_000),
    ("XL02BBE088E002010279406", "02", "0.1", "", 779_520),
    ("XB01ADA066B001020178302", "02", "0.1", "", 340_000),
    ("XJ06BAJ215B001010104426", "02", "0.1", "", 61_000),
    ("XS01LAK119B023010109681", "01", "0", "", 345_280),
    ("XJ06AAA006B001020178976", "03", "", "", 108_824),
    ("XC05CAQ005B014010204139", "01", "0", "", 1_435),
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

/// A stay in hospital that the personal account does not pay for: of whom, by which scheme, where, from when to when.
pub fn stay(psn_no: &str, insutype: &str, fixmedins_code: &str, days: [&str; 2], bill: Bill<'_>) -> Visit {
    let priced = bill.iter().map(|(item, quantity)| {
        let (code, .., price_fen) = PRICED[*item];
        (code, *quantity, price_fen)
    });
    let mdtrt_id = format!("ZY-{psn_no}-{}", days[0]);
    Visit {
        psn_no: psn_no.into(),
        insutype: insutype.into(),
        feedetail: lines(&mdtrt_id, priced),
        mdtrt_id,
        med_type: "21".into(),
        begndate: days[0].into(),
        enddate: days[1].into(),
        fixmedins_code: fixmedins_code.into(),
        dise_codg: vec!["I10.x00".into()],
        ..Visit::default()
    }
}

/// Lines of a visit's bill: code, quantity and price in fen. A line's number is the institution's, not the visit's.
pub fn lines<'l>(mdtrt_id: &str, priced: impl Iterator<Item = (&'l str, i64, i64)>) -> Vec<FeeLine> {
    let numbered = priced.zip(1..);
    numbered
        .map(|((code, quantity, price_fen), number)| FeeLine {
            feedetl_sn: format!("{mdtrt_id}-{number}"),
            hilist_code: code.into(),
            cnt: quantity.to_string(),
            pric: Fen(price_fen).to_string(),
            det_item_fee_sumamt_fen: price_fen * quantity,
            ..FeeLine::default()
        })
        .collect()
}
