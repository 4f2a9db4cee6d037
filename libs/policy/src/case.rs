//! A case: everything the engine needs to know about one visit. It is recorded with the
//! settlement, so that the settlement can be computed again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use yizhan_money::Fen;
use yizhan_terms::{Area, Care, DiseaseKind, Filing, Insutype, Status, Tier, Treatment};

use crate::parts::Parts;
pub use earlier::{Earlier, EarlierPaid};

mod earlier;

/// One visit to be settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Pooling area (统筹区) of the person.
    pub area: Area,
    /// Scheme the visit is settled under.
    pub scheme: Insutype,
    /// Who.
    pub person: Person,
    /// Where and when.
    pub visit: Visit,
    /// What was done, with each line's catalogue entry of the day; of a stay that is settled in parts, all of it so far.
    pub lines: Vec<Line>,
    /// What the person's earlier settlements accumulated, by policy year (its first day); without earlier parts of the same stay.
    #[serde(default)]
    pub accumulated: BTreeMap<NaiveDate, Accumulated>,
    /// What others than this platform's payers paid of the bill already (惠民保, 大病, 救助 of other places), beside what lines tell of
    /// themselves. Nobody pays that part once more; it is in no books.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid_elsewhere: Vec<PaidElsewhere>,
    /// The personal accounts that may pay.
    #[serde(default)]
    pub account: Account,
    /// Which visits count as one, where a policy counts visits.
    #[serde(default, skip_serializing_if = "Counted::is_every")]
    pub counted: Counted,
    /// What the earlier parts of the stay came to (中途结算): the case is settled as a whole, and what it comes to beyond that is this part's.
    /// Absent where nothing of the visit was settled before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
}

/// What somebody outside this platform paid of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaidElsewhere {
    /// Who, as people call it: 惠民保.
    pub by: String,
    /// How much.
    pub paid_fen: Fen,
}

/// Which visits count, where a policy counts visits (起付线 of the second stay …).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Every visit, as cases were settled before 0-yuan stays were left out: they replay so.
    #[default]
    Every,
    /// Those of which some cost entered the layer that counts: a claim on the fund.
    Claims,
}

impl Counted {
    fn is_every(&self) -> bool {
        *self == Counted::Every
    }
}

/// Totals by accumulator name (`name`, `name@level`, `name/2026-03` where kept apart; [`crate::Key`]), in fen
/// or visits.
pub type Accumulated = BTreeMap<String, i64>;

/// What policies ask about a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// 在职, 退休, 成年居民 …
    pub status: Status,
    /// Whole years on the day of discharge or visit.
    pub age: u32,
    /// 人员身份类别 by name: 特困, 低保 …
    #[serde(default)]
    pub identities: BTreeSet<String>,
    /// Memberships, as `kind` and `kind/name`: `union_mutual_aid`, `civil_servant/科级`.
    #[serde(default)]
    pub memberships: BTreeSet<String>,
    /// Years insured in a row, the current one included.
    #[serde(default)]
    pub years_insured: u32,
    /// What raises the cap of critical-illness insurance; absent where nothing can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuity: Option<Continuity>,
}

/// 连续参保、零报销激励: by how much the cap of residents' critical-illness insurance is raised (国办发〔2024〕38号), as enrollment
/// told it, with the years of which the books tell whether they count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuity {
    /// The raise by years in a row.
    pub years_fen: Fen,
    /// What each year without a claim on the fund adds.
    pub per_zero_claim_year_fen: Fen,
    /// Years that enrollment knows to be without a claim, and that still count.
    #[serde(default)]
    pub zero_claim_years: BTreeSet<i32>,
    /// Years that are such if the books hold no claim: the books know them whole.
    #[serde(default)]
    pub open_years: BTreeSet<i32>,
    /// Whether drawing on the raise takes away what years without a claim before it added.
    pub use_clears: bool,
    /// At most so much, where the rule says so in yuan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_fen: Option<Fen>,
    /// At most so many thousandths of the cap without the raise.
    pub limit_permille: u32,
    /// Id of enrollment's rule; never empty.
    pub rule: String,
    /// Title of the published document behind it.
    pub citation: String,
}

/// What policies ask about a visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// Kind of care.
    pub care: Care,
    /// Level of the institution.
    pub level: Tier,
    /// First day: of admission, or of the visit.
    pub begin: NaiveDate,
    /// Last day: of discharge, or of the visit. Its values apply, or those of the last day that is covered.
    pub end: NaiveDate,
    /// How care away from home was filed.
    #[serde(default = "local")]
    pub filing: Filing,
    /// What the filing register (异地就医备案) says must be applied; absent for care at home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<RemoteRule>,
    /// Whether the institution lies in the province of the pooling area.
    #[serde(default = "yes")]
    pub in_province: bool,
    /// Whether the institution is under special contract (特约).
    #[serde(default = "yes")]
    pub contracted: bool,
    /// Diagnosis codes (ICD-10 医保版).
    #[serde(default)]
    pub diagnoses: Vec<String>,
    /// The disease whose entitlement to outpatient care the visit uses; absent where it uses none, or the register does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease: Option<Disease>,
    /// Marks that policies ask for, e.g. 规范转诊.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// Days of the visit on which the person is not entitled: what was charged on them is 全自费, and no layer sees it. In order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_covered: Vec<DaysOut>,
    /// The stay before this stay, as far as the policy looks back; absent where there is none, or nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousStay>,
}

/// The stay of the person before this one, under the same area and scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousStay {
    /// 结算ID of it; empty in cases written by hand.
    #[serde(default)]
    pub setl_id: String,
    /// Level of its institution.
    pub level: Tier,
    /// Day of discharge; not after this admission.
    pub end: NaiveDate,
    /// Whether the patient was transferred (转院) from there to here.
    pub transferred: bool,
    /// The deductible of basic insurance that was charged there; with that of stays before it, where the patient had been transferred there.
    pub deductible_fen: Fen,
}

/// Days of a visit on which the person is not entitled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaysOut {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Why, as the register says it, e.g. `COVERAGE_ENDED`.
    pub reason: String,
}

impl DaysOut {
    /// Whether the day is one of them.
    pub fn contain(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }
}

impl Visit {
    /// Whether the person is entitled on a day of the visit.
    pub fn covers(&self, day: NaiveDate) -> bool {
        !self.not_covered.iter().any(|out| out.contain(day))
    }

    /// First and last covered day; `None` when no day is covered. The last takes the place of the day of discharge: its values apply.
    pub fn covered(&self) -> Option<(NaiveDate, NaiveDate)> {
        let (mut first, mut last) = (self.begin, self.end);
        for out in self.not_covered.iter().filter(|out| out.to < self.end) {
            if out.contain(first) {
                first = out.to.succ_opt()?;
            }
        }
        for out in self.not_covered.iter().rev() {
            if out.contain(last) {
                last = out.from.pred_opt()?;
            }
        }
        (self.begin <= last && first <= last).then_some((first, last))
    }

    /// The day whose values apply: of discharge or visit, or the last one that is covered.
    pub fn values_day(&self) -> NaiveDate {
        self.covered().map_or(self.end, |(_, last)| last)
    }
}

/// A disease that the register recognises the person to have (2503 `opsp_dise_code`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disease {
    /// 病种编码.
    pub code: String,
    /// As which it is recognised: 门诊慢特病 or 两病.
    pub kind: DiseaseKind,
    /// First day it is recognised for (待遇享受起始日): months before it leave nothing over. Absent where the register did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
}

impl Visit {
    /// By which kind of entitlement to outpatient care of a disease it is, if by any.
    pub fn disease_kind(&self) -> DiseaseKind {
        self.disease.as_ref().map_or(DiseaseKind::Ordinary, |disease| disease.kind)
    }
}

/// What the filing register answered about a visit away from home. The register says how much, the
/// policy says where in the calculation it takes effect (`remote` in its document).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteRule {
    /// What must be applied.
    pub treatment: Treatment,
    /// Id of the register's rule that decided; never empty.
    pub rule: String,
    /// Title of the published document behind the rule; never empty.
    pub citation: String,
}

fn local() -> Filing {
    Filing::Local
}

fn yes() -> bool {
    true
}

/// One line of the bill (费用明细).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The institution's own line number `feedetl_sn`.
    pub id: String,
    /// National item code `hilist_code`.
    #[serde(default)]
    pub code: String,
    /// 数量 `cnt`
    #[serde(default = "one")]
    pub quantity: Decimal,
    /// 单价 `pric`, in fen.
    #[serde(default)]
    pub price_fen: Decimal,
    /// 明细项目费用总额 `det_item_fee_sumamt`
    pub amount_fen: Fen,
    /// 收费项目等级 `chrgitm_lv`: 01 甲类, 02 乙类, 03 丙类 or none of them.
    pub class: String,
    /// 目录类别 `list_type`
    #[serde(default)]
    pub list_type: String,
    /// 定价上限 `pric_uplmt_amt` of one unit, in fen.
    #[serde(default)]
    pub ceiling_fen: Option<Decimal>,
    /// 先行自付比例 `selfpay_prop` of the catalogue entry, 0.1 is 10 %.
    #[serde(default)]
    pub prepay: Option<Decimal>,
    /// Marks on the catalogue entry, e.g. a product's own list of special drugs.
    #[serde(default)]
    pub labels: Vec<String>,
    /// 费用发生日期 `fee_ocur_date`, where it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<NaiveDate>,
    /// What somebody outside this platform paid of it already; at most its amount.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub paid_elsewhere_fen: Fen,
    /// The four parts of it that earlier parts of the stay were settled with; absent in a line that none of them had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Parts>,
}

fn one() -> Decimal {
    Decimal::ONE
}

/// The personal accounts that may pay the person's share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// 个人账户使用标志 `acct_used_flag`
    pub used: bool,
    /// Balance of the person's own account.
    #[serde(default)]
    pub own_fen: Fen,
    /// Balance of the relative's account that helps (家庭共济).
    #[serde(default)]
    pub shared_fen: Fen,
    /// What else is in the own account and may not be taken: a visit that is settled again takes no more than it took. None in cases from before
    /// visits were settled again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub kept_fen: Fen,
}

fn is_zero(fen: &Fen) -> bool {
    *fen == Fen::ZERO
}
