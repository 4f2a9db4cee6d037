//! The visits that are settled: eleven days in hospital with something to pay for each of the seven payers, and an
//! ordinary clinic visit. Real
//! items and prices, invented quantities; classes as the demo assumes them for the composite's area, which does not exist.

use anyhow::Context;
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use yizhan_money::{Fen, round_half_up};
use yizhan_policy::case::{Account, Case, Counted, Line, Person, Visit as CaseVisit};
use yizhan_proto::enrollment::v1::MembershipKind;
use yizhan_proto::settlement::v1::{CatalogueItem, FeeLine, Visit};
use yizhan_terms::{Area, Care, Filing, Insutype, Status, Tier};

/// 统筹区 of the composite policy.
pub const AREA: Area = Area::parse("999900").unwrap();
/// 定点医药机构编号 of the one hospital.
pub const HOSPITAL: &str = "H99990000001";
/// 险种类型
pub const INSUTYPE: &str = "310";
/// 人员类别: in service.
pub const PSN_TYPE: &str = "1102";
/// 人员身份类别 by name, for assistance.
pub const IDENTITY: &str = "低保";
/// What makes the other payers of the composite pay: kind, its name in policies, category.
pub const MEMBERSHIPS: [(MembershipKind, &str, &str); 4] = [
    (MembershipKind::Union, "union_mutual_aid", "杭州36元项目"),
    (MembershipKind::CivilServant, "civil_servant", "科级"),
    (MembershipKind::Veteran, "veteran", "烈士遗属"),
    (MembershipKind::Commercial, "commercial", "惠衢保2021"),
];
const BEGIN: (i32, u32, u32) = (2025, 3, 3);
const END: (i32, u32, u32) = (2025, 3, 14);

/// A person's visits on days of their own, at most: the policy holds on them.
pub const TURNS: u64 = 72;
/// Days from one turn to the one before.
const TURN_DAYS: u64 = 12;

/// The same day so many turns before.
pub fn before(day: &str, turns: u64) -> anyhow::Result<String> {
    let day: NaiveDate = day.parse().context("a day")?;
    Ok((day - Days::new(turns * TURN_DAYS)).to_string())
}

/// A line: item, name, class (01 甲, 02 乙, 03 丙), 先行自付, 定价上限 and 单价 in yuan, 数量.
struct Priced(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, i64);

const LINES: [Priced; 10] = [
    Priced("001109000010000", "床位费", "01", "0", "50", "55", 11),
    Priced("003301000050000", "全身麻醉", "01", "0", "", "570", 4),
    Priced("XL02BBE088E002010279406", "恩扎卢胺软胶囊", "02", "0.1", "", "7795.2", 9),
    Priced("XB01ADA066B001020178302", "注射用阿替普酶", "02", "0.1", "", "3400", 2),
    Priced("XJ06BAJ215B001010104426", "静注人免疫球蛋白", "02", "0.1", "", "610", 30),
    Priced("XS01LAK119B023010109681", "康柏西普眼用注射液", "01", "0", "", "3452.8", 2),
    Priced("XJ06AAA006B001020178976", "A型肉毒毒素", "03", "", "", "1088.24", 16),
    Priced("XC05CAQ005B014010204139", "七叶皂苷钠", "01", "0", "", "14.35", 60),
    Priced("XA05BAM076B002010278647", "门冬氨酸鸟氨酸注射液", "01", "0", "", "41.36", 22),
    Priced("002203020010000", "颅内段血管彩色多普勒超声", "02", "0.1", "", "60", 2),
];

impl Priced {
    fn code(&self) -> &'static str {
        self.0
    }

    fn price_fen(&self) -> anyhow::Result<Decimal> {
        Ok(self.5.parse::<Decimal>().context("a price")? * Decimal::ONE_HUNDRED)
    }

    fn amount(&self) -> anyhow::Result<Fen> {
        Ok(round_half_up(self.price_fen()? * Decimal::from(self.6)))
    }

    fn list_type(&self) -> &'static str {
        if self.0.starts_with('X') { "101" } else { "201" }
    }
}

/// The catalogue entries of the lines.
pub fn catalogue() -> Vec<CatalogueItem> {
    let entry = |line: &Priced| CatalogueItem {
        hilist_code: line.code().into(),
        name: line.1.into(),
        list_type: line.list_type().into(),
        chrgitm_lv: line.2.into(),
        admdvs: AREA.into(),
        begndate: "2010-01-01".into(),
        pric_uplmt_amt: line.4.into(),
        selfpay_prop: line.3.into(),
        source: "yizhan benchmark".into(),
        confidence: "assumed; published by no area".into(),
        ..CatalogueItem::default()
    };
    LINES.iter().map(entry).collect()
}

/// What a visit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Eleven days in hospital: ten lines, seven payers. The heaviest visit there is.
    Stay,
    /// An ordinary visit to a clinic: the last three lines, one payer. Most visits of a province are such.
    Clinic,
}

impl Kind {
    /// How the table names it.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Stay => "stay, ten lines, seven payers",
            Kind::Clinic => "clinic visit, three lines, one payer",
        }
    }
}

/// A visit as an institution reports it, of a person.
pub fn visit(kind: Kind, psn_no: &str, mdtrt_id: &str) -> anyhow::Result<Visit> {
    let (med_type, begin, lines) = match kind {
        Kind::Stay => ("21", BEGIN, &LINES[..]),
        Kind::Clinic => ("11", END, &LINES[LINES.len() - 3..]),
    };
    Ok(Visit {
        psn_no: psn_no.into(),
        insutype: INSUTYPE.into(),
        mdtrt_id: mdtrt_id.into(),
        med_type: med_type.into(),
        begndate: day(begin)?.to_string(),
        enddate: day(END)?.to_string(),
        fixmedins_code: HOSPITAL.into(),
        dise_codg: vec!["I10.x00".into()],
        feedetail: lines.iter().enumerate().map(fee_line).collect::<anyhow::Result<_>>()?,
        ..Visit::default()
    })
}

fn fee_line((at, line): (usize, &Priced)) -> anyhow::Result<FeeLine> {
    Ok(FeeLine {
        feedetl_sn: (at + 1).to_string(),
        hilist_code: line.code().into(),
        cnt: line.6.to_string(),
        pric: line.5.into(),
        det_item_fee_sumamt_fen: line.amount()?.0,
        ..FeeLine::default()
    })
}

/// The same visit as the engine sees it, the first of a person.
pub fn case() -> anyhow::Result<Case> {
    Ok(Case {
        area: AREA,
        scheme: Insutype::Employee,
        person: Person {
            status: Status::InService,
            age: 49,
            identities: [IDENTITY.to_owned()].into(),
            memberships: MEMBERSHIPS
                .iter()
                .flat_map(|(_, kind, category)| [(*kind).to_owned(), format!("{kind}/{category}")])
                .collect(),
            years_insured: 15,
            continuity: None,
        },
        visit: CaseVisit {
            care: Care::Inpatient,
            level: Tier::Third,
            begin: day(BEGIN)?,
            end: day(END)?,
            filing: Filing::Local,
            remote: None,
            in_province: true,
            contracted: true,
            diagnoses: vec!["I10.x00".into()],
            disease: None,
            tags: Default::default(),
            not_covered: Vec::new(),
            previous: None,
        },
        lines: LINES.iter().enumerate().map(case_line).collect::<anyhow::Result<_>>()?,
        paid_elsewhere: Vec::new(),
        accumulated: Default::default(),
        account: Account::default(),
        counted: Counted::Claims,
        earlier: None,
    })
}

fn case_line((at, line): (usize, &Priced)) -> anyhow::Result<Line> {
    let decimal = |text: &str| if text.is_empty() { Ok(None) } else { text.parse().map(Some) };
    let ceiling: Option<Decimal> = decimal(line.4)?;
    Ok(Line {
        paid_elsewhere_fen: Fen::ZERO,
        id: (at + 1).to_string(),
        code: line.code().into(),
        quantity: line.6.into(),
        price_fen: line.price_fen()?,
        amount_fen: line.amount()?,
        class: line.2.into(),
        list_type: line.list_type().into(),
        ceiling_fen: ceiling.map(|yuan| yuan * Decimal::ONE_HUNDRED),
        prepay: decimal(line.3)?,
        labels: Vec::new(),
        day: None,
        earlier: None,
    })
}

fn day((year, month, day): (i32, u32, u32)) -> anyhow::Result<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day).context("a day")
}
