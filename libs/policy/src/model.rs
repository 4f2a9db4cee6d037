//! A benefit policy as data, after loading: what [`crate::load`] makes of a YAML document
//! and [`crate::settle`] applies. `docs/POLICY.md` describes the document's own form.
//!
//! Amounts are decimals in **fen**; ratios are decimals where 1 is 100 %. Tables are dated:
//! each value holds from a date to a date, and carries the source it was published in.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_documents::{Known, Period, Problem, Range, Source};
use yizhan_terms::{Area, Care, DiseaseKind, Filing, Fund, Insutype, Payer, Status, Tier};

/// Index of a layer in [`Policy::layers`].
pub type LayerIndex = usize;
/// Index of an accumulator in [`Policy::accumulators`].
pub type AccumulatorIndex = usize;

/// The benefit policy of one scheme in one or more pooling areas (统筹区).
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The file it was read from, as it was named then.
    pub file: String,
    /// Stable name, e.g. `hunan-employee`.
    pub id: String,
    /// Version of the document; a published version never changes.
    pub version: String,
    /// SHA-256 of the document's bytes, in hex.
    pub digest: String,
    /// Chinese title for people.
    pub title: String,
    /// Pooling areas it is the policy of.
    pub areas: Vec<Area>,
    /// The schemes (险种类型) it is the policy of; one, but for a product sold to several.
    pub schemes: Vec<Insutype>,
    /// When it is in force.
    pub period: Period,
    /// Says why, when the document is assembled from several areas and is no area's policy.
    pub composite: Option<String>,
    /// Month and day the policy year begins, on which accumulators start anew.
    pub year_starts: (u32, u32),
    /// What happens to a stay that crosses the policy year.
    pub across_years: AcrossYears,
    /// Bounds of visits, and what decides when something changes in the middle of a stay; [`VisitRules::default`] where it says nothing.
    pub visits: Option<Table<VisitRules>>,
    /// Published documents the values come from.
    pub sources: Vec<Source>,
    /// What is accumulated per person and policy year.
    pub accumulators: Vec<Accumulator>,
    /// What an accumulator was called before, in versions before or in the policy before, and which one goes on with its totals; `None`: it is
    /// given up, and no limit of this document rests on it.
    pub renames: Vec<Rename>,
    /// Line on which the accumulators (or their renames) are declared; 1 where none are.
    pub accumulators_line: usize,
    /// 先行自付 of a line when its catalogue entry states none, by 甲乙丙 class.
    pub class_prepay: Option<Table<Decimal>>,
    /// Extra 先行自付 of all in-scope cost, before any layer (remote care).
    pub extra_prepay: Option<Prepay>,
    /// Whether somebody filed to live elsewhere is treated otherwise when back home (回参保地, 医保发〔2022〕22号
    /// 二(五)), so that the filing register is asked about care at home too.
    pub filing_at_home: bool,
    /// The payers, in the order they pay.
    pub layers: Vec<Layer>,
    /// What the personal account may pay.
    pub account: AccountRules,
    /// What becomes of visits on the same days.
    pub same_days: SameDays,
    /// The kinds of care it speaks of; `None`: those of its layers. Of one without a layer nothing is paid, and that is said so.
    pub covers: Option<Vec<Care>>,
    /// Kinds of care of which its papers did not publish what is paid, each with what it says about it: refused.
    pub not_published: Vec<(Care, String)>,
    /// What was found while it was read that did not keep it from being read ([`crate::load::findings`] tells all).
    pub found: Vec<Problem>,
    /// Most days before an admission at which some row looks for the stay before it ([`Condition::Previous`]); `None`: none looks.
    pub looks_back: Option<i64>,
    /// Whether it stands beside others, or consists of several.
    pub together: Together,
}

/// Documents that stand beside others, and what they are together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// Of a product: the layers of the documents it stands beside that it names. They are its first layers, and empty; it settles nothing by itself.
    pub beside: Option<Vec<String>>,
    /// Accumulators of versions before with which a product goes on (`renames: { x: beside }`).
    pub moved: Vec<String>,
    /// The document's text, of which what several say together is read.
    pub text: Arc<str>,
    /// The documents it consists of, base first; empty: itself alone.
    pub of: Vec<Member>,
}

/// A document that decides together with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// [`Policy::id`]
    pub id: String,
    /// [`Policy::version`]
    pub version: String,
    /// [`Policy::digest`]
    pub digest: String,
}

impl Policy {
    /// Whether it is a product that stands beside other documents.
    pub fn is_product(&self) -> bool {
        self.together.beside.is_some()
    }

    /// How many of its first layers are others'.
    pub fn foreign_layers(&self) -> usize {
        self.together.beside.as_ref().map_or(0, Vec::len)
    }

    /// Its scheme, where it is the policy of one.
    pub fn only_scheme(&self) -> Option<Insutype> {
        self.schemes.first().copied().filter(|_| self.schemes.len() == 1)
    }
}

/// What becomes of a visit on the days of another of the same person that stands (住院期间重复就医).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SameDays {
    /// A stay on days of another stay.
    pub two_stays: Handling,
    /// Outpatient care that a fund pays for, between admission and discharge of a stay.
    pub in_stay: Handling,
    /// A stay around outpatient care that was paid: what should not have been paid is the other.
    pub around_visit: Handling,
}

/// Where an area says nothing, nothing is paid twice for one day.
impl Default for SameDays {
    fn default() -> Self {
        SameDays { two_stays: Handling::Refuse, in_stay: Handling::Refuse, around_visit: Handling::Mark }
    }
}

/// What is done about something that is not right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// It is not settled directly.
    Refuse,
    /// It is settled, and marked for audit.
    Mark,
}

impl Handling {
    /// Its word in documents.
    pub const fn code(self) -> &'static str {
        match self {
            Handling::Refuse => "refuse",
            Handling::Mark => "mark",
        }
    }
}

/// An earlier name of an accumulator, and which one goes on with its totals.
pub type Rename = (String, Option<AccumulatorIndex>);

/// A stay that crosses the policy year (跨年度住院).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcrossYears {
    /// Settled whole, in the year of discharge.
    Whole,
    /// Cost is split by days; each part is settled in its own year. What is meant per visit
    /// (deductible, limits, a lump sum) holds for its parts together.
    SplitByDays,
}

/// How long visits may be and how soon they are settled, and whose facts count when something changes in the middle of a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitRules {
    /// Days of a visit that is no stay, at most; first and last included.
    pub outpatient_days: i64,
    /// Days of a stay at most, first and last included; longer ones are settled in parts (中途结算).
    pub stay_days: i64,
    /// Days after the last day of a visit within which it is settled here (申报时限).
    pub settle_within_days: i64,
    /// Scheme (险种) of a stay in which it changes.
    pub scheme: InStay,
    /// Status (在职, 退休 …) of a stay in which it changes.
    pub status: InStay,
    /// Identities and memberships of a stay in which they change.
    pub identity: InStay,
}

/// What counts when something about the person changes in the middle of a stay. Days that are not covered are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InStay {
    /// What was true on the day of admission.
    Admission,
    /// What was true on the day of discharge.
    Discharge,
    /// Neither: such a stay is refused, and settled in parts.
    Refused,
}

impl Default for VisitRules {
    /// No national text says them: the project's own, wide enough for what is real.
    fn default() -> Self {
        VisitRules {
            outpatient_days: 31,
            stay_days: 366,
            settle_within_days: 3_653,
            scheme: InStay::Admission,
            status: InStay::Admission,
            identity: InStay::Admission,
        }
    }
}

/// Something accumulated per person and policy year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accumulator {
    /// Name, unique in the area: policies of one area share accumulators by name.
    pub name: String,
    /// Chinese name.
    pub label: String,
    /// Fen, or a count of visits.
    pub unit: Unit,
    /// Kept apart for each level of institution.
    pub by_level: bool,
    /// Kept apart for each month of the policy year (`per: month`): limits read it by the month, the quarter or the year.
    pub by_month: bool,
}

/// Unit of an accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Money.
    Fen,
    /// Visits.
    Count,
    /// Days that were paid.
    Days,
}

/// A dated decision table that asks the case.
pub type Table<T> = yizhan_documents::Table<Condition, T>;
/// What such a table says during a period.
pub type TableVersion<T> = yizhan_documents::TableVersion<Condition, T>;
/// One row of it.
pub type Row<T> = yizhan_documents::Row<Condition, T>;

/// A condition on the case. Lists mean any of; ranges include both ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `care: [inpatient]`
    Care(Vec<Care>),
    /// `level: [third]`
    Level(Vec<Tier>),
    /// `status: [retired]`
    Status(Vec<Status>),
    /// `age: { from: 70, to: 79 }`, whole years on the day of discharge or visit.
    Age(Range),
    /// `identity: [特困, 低保]`: holds any of these.
    Identity(Vec<String>),
    /// `no_identity: [特困, 低保]`: holds none of these.
    NoIdentity(Vec<String>),
    /// `membership: [union_mutual_aid]`: holds any, by kind or `kind/name`
    /// (`civil_servant/科级`, `veteran/烈士遗属`, `commercial/惠衢保2021`, `family_doctor`).
    Membership(Vec<String>),
    /// `no_membership: [...]`: holds none.
    NoMembership(Vec<String>),
    /// `years_insured: { from: 5 }`: years insured in a row.
    YearsInsured(Range),
    /// `filing: [referral, emergency]`
    Filing(Vec<Filing>),
    /// `in_province: true`: care in the province of the pooling area.
    InProvince(bool),
    /// `contracted: true`: an institution under special contract (特约).
    Contracted(bool),
    /// `diagnosis: [C, D0]`: any diagnosis code of the visit begins with one of these.
    Diagnosis(Vec<String>),
    /// `disease: [M03900]`: the visit is outpatient care of one of these recognised diseases (opsp_dise_code).
    Disease(Vec<String>),
    /// `disease_kind: [two_diseases]`: as 门诊慢特病, as 两病, or neither.
    DiseaseKind(Vec<DiseaseKind>),
    /// `tag: [规范转诊]`: the visit carries any of these marks.
    Tag(Vec<String>),
    /// `no_tag: [...]`: the visit carries none of these marks.
    NoTag(Vec<String>),
    /// `class: ["02"]`: 甲乙丙 class of the line; only where lines are asked about.
    Class(Vec<String>),
    /// `list_type: ["101"]`: 目录类别 of the line; only where lines are asked about.
    ListType(Vec<String>),
    /// `label: [双通道]`: the line has any of these marks; only where lines are asked about.
    Label(Vec<String>),
    /// `no_label: [...]`: the line has none of these marks; only where lines are asked about.
    NoLabel(Vec<String>),
    /// `nth: { of: stays, from: 2 }`: this visit is the second or later of the year.
    Nth {
        /// The accumulator that counts.
        counter: AccumulatorIndex,
        /// Which visits, this one included; the first is 1.
        range: Range,
    },
    /// `previous: { within_days: 1, transferred: true, level: [lower] }`: this stay follows such a stay.
    Previous(Previous),
}

/// What is asked of the stay before this one (转院, 连续住院).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// Days from its discharge to this admission at most; 0 is the same day.
    pub within_days: i64,
    /// Whether the patient was transferred (转院); `None`: either way.
    pub transferred: Option<bool>,
    /// The level of its institution beside this one's; empty: any.
    pub levels: Vec<PreviousLevel>,
}

/// The level of the institution of the stay before, beside this one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviousLevel {
    /// The patient came up (上转).
    Lower,
    /// From an institution of the same level.
    Same,
    /// The patient came down (下转).
    Higher,
}

impl PreviousLevel {
    /// All of them.
    pub const ALL: &'static [PreviousLevel] =
        &[PreviousLevel::Lower, PreviousLevel::Same, PreviousLevel::Higher];

    /// Its word in documents.
    pub const fn code(self) -> &'static str {
        match self {
            PreviousLevel::Lower => "lower",
            PreviousLevel::Same => "same",
            PreviousLevel::Higher => "higher",
        }
    }
}

/// One payer's turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Name, unique in the document.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// Who pays.
    pub payer: Payer,
    /// From which fund; one of the payer's.
    pub fund_pay_type: Fund,
    /// When the layer exists; within the policy's period.
    pub period: Period,
    /// To whom and what it applies.
    pub when: Vec<Condition>,
    /// Line of `when` in the document, or of the layer, for people.
    pub line: usize,
    /// What enters.
    pub base: Base,
    /// Share of the entering cost that counts at all, e.g. 50 % for care out of town.
    pub base_factor: Option<Table<Decimal>>,
    /// Extra 先行自付 at this layer: this part of the entering cost stays with the person,
    /// before the deductible (remote care).
    pub prepay: Option<Prepay>,
    /// Limit on the cost that may enter (费用限额).
    pub cost_cap: Option<Cap>,
    /// 起付线.
    pub deductible: Option<Deductible>,
    /// What it pays of the rest.
    pub benefit: Benefit,
    /// Changes to the ratio of every band, in this order.
    pub adjust: Vec<Adjust>,
    /// `remote: none`: the paper behind this layer changes nothing for care away from home. Without it
    /// and without a place for what the filing register says, a visit away from home is refused.
    pub same_when_remote: bool,
    /// A benefit greater than zero is raised to this, but never above what is left to pay.
    pub minimum: Option<Table<Decimal>>,
    /// Limit on what the payer pays (支付限额).
    pub cap: Option<Cap>,
    /// What it adds to which accumulator when it applied.
    pub feeds: Vec<Feed>,
    /// Earlier layers whose payment its base counts again, because the paper says so.
    pub counts_paid: Vec<LayerIndex>,
}

impl Layer {
    /// Whether what it pays is taken off the in-scope cost for the layers after it: unless its base adds nothing but other parts of the bill,
    /// as a product for drugs outside the catalogue, or it is paid beside the bill.
    pub fn pays_in_scope(&self) -> bool {
        const OTHERS: &[Quantity] = &[Quantity::PreSelf, Quantity::OverLimit, Quantity::FullSelf];
        let mut added = self.base.terms.iter().filter(|term| term.times.is_sign_positive());
        added.any(|term| !OTHERS.contains(&term.quantity))
    }
}

/// What enters a layer: a weighted sum, never below zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// Its terms.
    pub terms: Vec<Term>,
}

/// One term of a base.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What is added (or, with a negative weight, taken away).
    pub quantity: Quantity,
    /// Weight; 1 adds it whole, -1 takes it away.
    pub times: Decimal,
    /// Counts only these lines; only with a part of the bill.
    pub lines: Option<LineFilter>,
    /// Counts at most this, before it is weighed.
    pub at_most: Option<AtMost>,
}

/// The smaller of two quantities: at most a part of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtMost {
    /// Which part of it; 1 is all of it.
    pub part: Decimal,
    /// Of which quantity, of the whole bill.
    pub of: Quantity,
}

/// A quantity of the bill or of an earlier layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// 医疗费总额
    Total,
    /// 符合政策范围金额
    InScope,
    /// 先行自付金额
    PreSelf,
    /// 超限价自费费用
    OverLimit,
    /// 全自费金额
    FullSelf,
    /// What all earlier layers together, and whoever paid outside this platform, left unpaid of the total.
    Remaining,
    /// What earlier layers left unpaid of the in-scope cost. A layer whose base adds no in-scope cost pays nothing of it
    /// ([`Layer::pays_in_scope`]).
    InScopeLeft,
    /// What somebody outside this platform paid already (惠民保, 大病, 救助 of other places): no fund's payment here.
    PaidElsewhere,
    /// What an earlier layer paid.
    Paid(LayerIndex),
    /// The deductible an earlier layer charged.
    DeductibleOf(LayerIndex),
    /// What an earlier layer kept out through its cost limit.
    OverCostCap(LayerIndex),
    /// What an earlier layer did not pay because of its payment limit.
    OverCap(LayerIndex),
    /// The cost an earlier layer's payment limit left without payment: that of the bands above the point where the limit was reached.
    OverCapCost(LayerIndex),
}

impl Quantity {
    /// The name the document gives it, e.g. `in_scope` or `paid.basic`.
    pub fn name(self, layers: &[Layer]) -> Cow<'static, str> {
        let of = |what: &str, layer: LayerIndex| Cow::Owned(format!("{what}.{}", layers[layer].id));
        match self {
            Quantity::Total => Cow::Borrowed("total"),
            Quantity::InScope => Cow::Borrowed("in_scope"),
            Quantity::PreSelf => Cow::Borrowed("preself"),
            Quantity::OverLimit => Cow::Borrowed("overlimit"),
            Quantity::FullSelf => Cow::Borrowed("full_self"),
            Quantity::Remaining => Cow::Borrowed("remaining"),
            Quantity::InScopeLeft => Cow::Borrowed("in_scope_left"),
            Quantity::PaidElsewhere => Cow::Borrowed("paid_elsewhere"),
            Quantity::Paid(layer) => of("paid", layer),
            Quantity::DeductibleOf(layer) => of("deductible", layer),
            Quantity::OverCostCap(layer) => of("over_cost_cap", layer),
            Quantity::OverCap(layer) => of("over_cap", layer),
            Quantity::OverCapCost(layer) => of("over_cap_cost", layer),
        }
    }
}

/// Which lines of the bill count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineFilter {
    /// 目录类别 `list_type`; empty means all.
    pub list_types: Vec<String>,
    /// Any of these marks on the catalogue entry; empty means all.
    pub labels: Vec<String>,
    /// None of these marks.
    pub not_labels: Vec<String>,
}

/// 起付线.
#[derive(Clone, Debug, PartialEq)]
pub struct Deductible {
    /// Charged at each visit, or once a year (what is still open of it); unknown where the paper does not say: a visit that would be charged
    /// is refused.
    pub per: Known<Per>,
    /// Line of `per` in the document, for people.
    pub per_line: usize,
    /// The amount.
    pub amount: Table<DeductibleAmount>,
    /// Part of the amount that is charged, e.g. 50 % from the second stay; halved for a group.
    pub factor: Option<Table<Decimal>>,
    /// Part of what was charged at the stay before that is taken off (转院补差), by rows that ask for it.
    pub less_previous: Option<Table<Decimal>>,
    /// Limit on what is charged in a year, over all visits.
    pub year_cap: Option<Table<Decimal>>,
    /// The accumulator that holds what was charged; needed for `per: year` and `year_cap`.
    pub used: Option<AccumulatorIndex>,
}

/// How often a deductible is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// At every visit.
    Visit,
    /// Once a policy year: a visit pays what earlier ones left open.
    Year,
}

/// An amount, and the reference value it was published as a part of.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    /// In fen, exact.
    pub fen: Decimal,
    /// What it was worked out from.
    pub share: Option<Share>,
}

impl From<Decimal> for Amount {
    fn from(fen: Decimal) -> Amount {
        Amount { fen, share: None }
    }
}

/// A part or a multiple of a published reference value: 上年度社平工资的 12 %.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// How many times; 0.12 is 12 %.
    pub times: Decimal,
    /// The reference value, in fen.
    pub of_fen: Decimal,
    /// Its Chinese name.
    pub name: String,
}

/// How a deductible is stated.
#[derive(Clone, Debug, PartialEq)]
pub enum DeductibleAmount {
    /// An amount.
    Fixed(Amount),
    /// A part of a quantity of the bill: "the person bears at most 10 % of the total".
    PartOf(Decimal, Quantity),
}

/// What a layer pays of the cost above the deductible.
#[derive(Clone, Debug, PartialEq)]
pub enum Benefit {
    /// A marginal scale.
    Scale {
        /// What the bands are cut on.
        cut_on: CutOn,
        /// The accumulator that says how far earlier visits of the year reached on the
        /// scale; without one every visit starts at the bottom.
        reached: Option<AccumulatorIndex>,
        /// The bands.
        bands: Table<Vec<Band>>,
    },
    /// One ratio for each line, by what kind of item it is. What enters above the deductible is spread over the lines in proportion to what
    /// they add to the base.
    ByItem {
        /// What the payer pays of a line; rows may ask the line.
        ratios: Table<Decimal>,
    },
    /// A fixed sum paid to the person beside the bill (确诊给付); never part of the shares.
    LumpSum {
        /// The sum.
        amount: Table<Decimal>,
    },
    /// A sum for each day of a stay (住院津贴), paid beside the bill.
    PerDay {
        /// For a day.
        amount: Table<Decimal>,
        /// Which days are counted.
        count: DayCount,
        /// The first day of the stay that is paid; 1 is that of admission.
        from_day: i64,
        /// Most days paid: in the year with `used`, else in a visit.
        most_days: Option<Table<i64>>,
        /// The accumulator of days paid in the year.
        used: Option<AccumulatorIndex>,
        /// Set where the paper does not say whether `most_days` are of a stay or of a year.
        unsaid: Option<Unsaid>,
    },
    /// A sum for each item of some lines, such as operations, paid beside the bill.
    PerItem {
        /// For one.
        amount: Table<Decimal>,
        /// Which lines; their quantities are counted, whole.
        lines: LineFilter,
    },
}

impl Benefit {
    /// Whether it is paid to the person beside the bill, and no share of it.
    pub const fn beside_bill(&self) -> bool {
        matches!(self, Benefit::LumpSum { .. } | Benefit::PerDay { .. } | Benefit::PerItem { .. })
    }
}

/// How the days of a stay are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayCount {
    /// 算头不算尾: the day of discharge is none; a stay of a single day is one.
    Nights,
    /// Day of admission and day of discharge both.
    Days,
}

/// Two ways local documents cut the bands of a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutOn {
    /// On the absolute accumulated amount: the deductible lies inside the first band.
    Absolute,
    /// On the amount net of the deductible.
    Net,
}

/// A band of a marginal scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Upper edge in fen; the last band has none, or ends the scale.
    pub upto: Option<Decimal>,
    /// What the payer pays of it; unknown where the source does not give it: a case that reaches the band is refused.
    pub ratio: Known<Ratio>,
}

/// A ratio, fixed or by age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ratio {
    /// Fixed.
    Fixed(Decimal),
    /// `base + per_year × age`, at most 100 %.
    ByAge {
        /// At age 0.
        base: Decimal,
        /// Per year of age.
        per_year: Decimal,
    },
}

/// Extra 先行自付: by the policy's own table, or as the filing register says.
#[derive(Clone, Debug, PartialEq)]
pub enum Prepay {
    /// By a table; where no row matches, nothing is prepaid.
    Table(Table<Decimal>),
    /// `remote`: what the filing register says of care away from home ([`crate::case::RemoteRule`]).
    Remote,
}

impl Prepay {
    /// Whether the filing register says how much.
    pub fn is_remote(&self) -> bool {
        matches!(self, Prepay::Remote)
    }

    /// Its table, where it has one.
    pub fn table(&self) -> Option<&Table<Decimal>> {
        match self {
            Prepay::Table(table) => Some(table),
            Prepay::Remote => None,
        }
    }
}

/// A change to a ratio. Where no row of its table matches, nothing changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Adjust {
    /// Adds percentage points (0.05 is five points); negative lowers.
    Points(Table<Decimal>),
    /// Multiplies the ratio.
    Factor(Table<Decimal>),
    /// Multiplies what the person bears (北京: the retired bear 30 % of it).
    PersonalFactor(Table<Decimal>),
    /// `remote`: here the points or the factor take effect that the filing register says of care
    /// away from home ([`crate::case::RemoteRule`]).
    Remote,
}

impl Adjust {
    /// Its table; the filing register's rule has none.
    pub fn table(&self) -> Option<&Table<Decimal>> {
        match self {
            Adjust::Points(table) | Adjust::Factor(table) | Adjust::PersonalFactor(table) => Some(table),
            Adjust::Remote => None,
        }
    }
}

/// The time a limit is of, where it is not of a visit. Months and quarters are of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// 每月
    Month,
    /// 每季度
    Quarter,
    /// 每年度: the policy year.
    Year,
}

/// A limit: per visit, or per year, quarter or month with the accumulator that holds what was used of it.
/// Layers that name the same accumulator share the limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Cap {
    /// The limit; `None` in a row lifts it for whom the row matches.
    pub amount: Table<Option<Amount>>,
    /// What was used of it.
    pub used: Option<AccumulatorIndex>,
    /// The time it is of; of a limit of each visit without meaning.
    pub per: Span,
    /// Of a limit of the month: what is not used of it may be used until the end of this (当季未用清零).
    pub carry: Option<Span>,
    /// What raises it.
    pub plus: Option<Plus>,
    /// Of a limit on the cost: it limits the cost above the deductible (`counts: net`), not the cost with it.
    pub net: bool,
    /// Set where the paper does not say of which time it is (`per: { unknown: … }`): what it would make a difference to is refused.
    pub unsaid: Option<Unsaid>,
}

/// That a paper gives a limit, and not whether it is of a visit or of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// What the document says about it.
    pub why: String,
    /// Line of `per` in the document.
    pub line: usize,
}

/// `plus: continuity`: a limit raised by 连续参保、零报销激励 ([`crate::case::Continuity`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plus {
    /// What the books tell of it; `None`: only what enrollment tells counts.
    pub books: Option<Books>,
}

/// What the books of earlier years tell of a raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    /// What the funds paid in a year: a year without any is one without a claim.
    pub claims: AccumulatorIndex,
    /// What was paid out of the raise in a year.
    pub drawn: AccumulatorIndex,
}

/// What a layer adds to an accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// To which.
    pub accumulator: AccumulatorIndex,
    /// What.
    pub what: Fed,
}

/// What can be fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// What the layer paid.
    Paid,
    /// The deductible it charged.
    Deductible,
    /// The cost that entered, within the cost limit.
    Base,
    /// The cost that entered above the deductible.
    Net,
    /// What it paid out of the raise of its limit.
    Raised,
    /// One visit.
    Visit,
    /// The days it paid (住院津贴).
    Days,
}

/// What the personal account (个人账户) may pay of the person's share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountRules {
    /// Parts of the bill it may pay; a part not named stays with the person in cash.
    pub pays: Vec<Quantity>,
    /// Whether relatives' accounts may pay as well (家庭共济).
    pub sharing: bool,
    /// How far from each other account and care may be insured for that; without it in one pooling area.
    pub reach: Option<Table<Reach>>,
    /// Whether accounts of the area pay relatives' contributions to residents' insurance; without it they do not.
    pub contributions: Option<Table<bool>>,
}

/// How far a personal account helps relatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Those insured in the pooling area that keeps it.
    Area,
    /// In the province (省内共济).
    Province,
    /// Anywhere (跨省共济).
    Nation,
}

impl AccountRules {
    /// How far accounts help on a day; in the area alone where nothing is published.
    pub fn reach_on(&self, day: NaiveDate) -> Reach {
        let published = self.reach.as_ref().and_then(|table| said_on(table, day));
        if self.sharing { published.unwrap_or(Reach::Area) } else { Reach::Area }
    }

    /// Whether accounts pay relatives' contributions on a day; not where nothing is published.
    pub fn pays_contributions_on(&self, day: NaiveDate) -> bool {
        self.contributions.as_ref().and_then(|table| said_on(table, day)).unwrap_or(false)
    }
}

/// What a table without conditions says on a day; `None` also for what is marked unknown.
fn said_on<T: Copy>(table: &Table<T>, day: NaiveDate) -> Option<T> {
    let version = table.versions.iter().find(|version| version.period.contains(day))?;
    match version.rows.first()?.value {
        Known::Value(value) => Some(value),
        Known::Unknown(_) => None,
    }
}
