//! Areas, institutions and items that every test platform knows.
//!
//! Items are real ones of `services/standalone/data/catalogue.csv`; where a national class is not published, the tests
//! need one and give it, which the entry's `source` says.

use yizhan_proto::settlement::v1::{CatalogueItem, Institution};

/// The area of the composite policy; does not exist.
pub const COMPOSITE_AREA: &str = "999900";
/// 株洲
pub const ZHUZHOU: &str = "430200";
/// 衢州
pub const QUZHOU: &str = "330800";

/// 南昌
pub const NANCHANG: &str = "360100";
/// 绍兴
pub const SHAOXING: &str = "330600";
/// 宁波
pub const NINGBO: &str = "330200";
/// 上海, where people go for treatment.
pub const SHANGHAI: &str = "310000";

/// 三级 in the composite area.
pub const THIRD_LEVEL: &str = "H99990000003";
/// 二级 in the composite area.
pub const SECOND_LEVEL: &str = "H99990000002";
/// Pharmacy in the composite area.
pub const PHARMACY: &str = "P99990000001";
/// 三级 in 株洲.
pub const ZHUZHOU_HOSPITAL: &str = "H43020000003";
/// 三级 in 衢州.
pub const QUZHOU_HOSPITAL: &str = "H33080000003";

/// 三级 in 南昌.
pub const NANCHANG_HOSPITAL: &str = "H36010000003";
/// 三级 in 上海.
pub const SHANGHAI_HOSPITAL: &str = "H31011500003";
/// 三级 in 上海, under special contract (特约).
pub const CONTRACTED_HOSPITAL: &str = "H31010400003";

/// 住院诊察费, 甲类.
pub const CARE: &str = "001102000050000";
/// 注射用重组人凝血因子Ⅷ, 甲类.
pub const FACTOR_VIII: &str = "XB02BDC111B001020178256";
/// 注射用阿替普酶, 乙类 with 10 %.
pub const ALTEPLASE: &str = "XB01ADA066B001020178302";
/// 注射用A型肉毒毒素, 丙类.
pub const BOTULINUM: &str = "XJ06AAA006B001020178976";
/// 普通病房床位费(单人间), 丙类, no drug.
pub const SINGLE_ROOM: &str = "001109000010100";

/// An institution whose area is in its code.
pub fn institution(code: &str, name: &str, level: &str) -> Institution {
    Institution {
        fixmedins_code: code.to_owned(),
        fixmedins_name: name.to_owned(),
        level: level.to_owned(),
        admdvs: code[1..7].to_owned(),
        fixmedins_type: if code.starts_with('P') { "2" } else { "1" }.to_owned(),
        contracted: false,
        dual_channel: false,
    }
}

/// A catalogue entry that holds everywhere since 2000: code, name, 目录类别, 收费项目等级, 先行自付比例.
pub fn item(code: &str, name: &str, list_type: &str, class: &str, selfpay_prop: &str) -> CatalogueItem {
    CatalogueItem {
        hilist_code: code.to_owned(),
        name: name.to_owned(),
        list_type: list_type.to_owned(),
        chrgitm_lv: class.to_owned(),
        admdvs: "100000".to_owned(),
        begndate: "2000-01-01".to_owned(),
        selfpay_prop: selfpay_prop.to_owned(),
        source: "集成测试".to_owned(),
        ..CatalogueItem::default()
    }
}

/// The institutions above.
pub fn standard_institutions() -> Vec<Institution> {
    vec![
        institution(THIRD_LEVEL, "合成市第一人民医院", "third"),
        institution(SECOND_LEVEL, "合成市第二医院", "second"),
        institution(PHARMACY, "合成大药房", "first"),
        institution(ZHUZHOU_HOSPITAL, "株洲某三级医院", "third"),
        institution(QUZHOU_HOSPITAL, "衢州某三级医院", "third"),
    ]
}

/// Those that people of elsewhere go to.
pub fn distant_institutions() -> Vec<Institution> {
    let contracted = institution(CONTRACTED_HOSPITAL, "上海特约三级医院", "third");
    vec![
        institution(NANCHANG_HOSPITAL, "南昌某三级医院", "third"),
        institution(SHANGHAI_HOSPITAL, "上海某三级医院", "third"),
        Institution { contracted: true, ..contracted },
    ]
}

/// The items above.
pub fn standard_catalogue() -> Vec<CatalogueItem> {
    vec![
        item(CARE, "住院诊察费", "201", "01", ""),
        item(FACTOR_VIII, "注射用重组人凝血因子Ⅷ", "101", "01", ""),
        item(ALTEPLASE, "注射用阿替普酶", "101", "02", "0.1"),
        item(BOTULINUM, "注射用A型肉毒毒素", "101", "03", ""),
        item(SINGLE_ROOM, "普通病房床位费(单人间)", "201", "03", ""),
    ]
}
