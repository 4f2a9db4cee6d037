//! What the engine answers: the four parts, every payer's share, and the trace that names
//! the table row and the published document behind every fen.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use yizhan_money::Fen;
use yizhan_terms::{Fund, Payer};

use crate::case::{DaysOut, Earlier, EarlierPaid, PaidElsewhere, RemoteRule};
use crate::model::{Layer, Policy};
pub use crate::parts::Parts;

/// The result of settling a [`crate::Case`]. Of a part of a stay (中途结算) every amount is what the stay so far comes to beyond its earlier
/// parts, and may be negative; how each layer came to its amount is told of the stay so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome<'a> {
    /// Which policy decided.
    pub policy: PolicyRef<'a>,
    /// The four parts of the whole bill.
    pub parts: Parts,
    /// The four parts of each line, in the order of the case.
    pub lines: Vec<LineParts<'a>>,
    /// What the filing register said of this visit away from home.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<&'a RemoteRule>,
    /// Days of the visit that are not covered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_covered: Vec<NotCovered<'a>>,
    /// The extra 先行自付 that was applied to every line (remote care).
    pub extra_prepay: Option<Step<'a>>,
    /// Every layer in order, applied or not. A stay split across years has each layer once
    /// for each year.
    pub layers: Vec<LayerTrace<'a>>,
    /// What the payers pay together (`fund_pay_sumamt`); the hospital is not among them.
    pub fund_pay_fen: Fen,
    /// `hosp_part_amt`
    pub hospital_fen: Fen,
    /// `psn_part_amt` = account + shared account + cash.
    pub person_fen: Fen,
    /// Paid by the person's own account.
    pub account_own_fen: Fen,
    /// Paid by a relative's account (`acct_mulaid_pay`).
    pub account_shared_fen: Fen,
    /// `psn_cash_pay`
    pub cash_fen: Fen,
    /// Paid to the person beside the bill (lump sums).
    pub beside_bill_fen: Fen,
    /// What others than this platform's payers paid of the bill already, by bill and lines together: a part of `person_fen` and of `cash_fen`,
    /// no fund's payment, and in no books. Of a part of a stay, of the stay so far.
    #[serde(skip_serializing_if = "is_nothing")]
    pub paid_elsewhere_fen: Fen,
    /// Who, as far as the case names them.
    #[serde(skip_serializing_if = "<[PaidElsewhere]>::is_empty")]
    pub paid_elsewhere: &'a [PaidElsewhere],
    /// What changed in the accumulators, by policy year and name; zero changes are left out.
    pub changes: Vec<Change<'a>>,
    /// Sources that decided something and are of a year before the policy year, in the order they did; it was settled by their values all
    /// the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub old: Vec<OldValue<'a>>,
    /// What the earlier parts of the stay came to, which is taken off.
    #[serde(skip)]
    pub earlier: Option<&'a Earlier>,
}

/// A source whose values decided, though the area's policy year is a later one than it was published for (`VALUE_OLD`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OldValue<'a> {
    /// Key of the source.
    pub source: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The last year it was published for.
    pub of: i32,
    /// The year in which the policy year begins.
    pub policy_year: i32,
}

impl OldValue<'_> {
    /// Its code, beside the answer of which it is a warning.
    pub const CODE: &'static str = "VALUE_OLD";
}

/// In words, for a statement.
impl fmt::Display for OldValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} 年度沿用 {} 年公布的数：{}", self.policy_year, self.of, self.title)
    }
}

/// Days of the visit that are not covered, and what was charged on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NotCovered<'a> {
    /// The days, and why.
    #[serde(flatten)]
    pub days: &'a DaysOut,
    /// 医疗费 of the lines of these days.
    pub total_fen: Fen,
}

/// Which policy decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PolicyRef<'a> {
    /// [`crate::model::Policy::id`]
    pub id: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its digest.
    pub digest: &'a str,
    /// Says why, when it is a composite and no area's real policy.
    pub composite: Option<&'a str>,
}

/// The four parts of one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineParts<'a> {
    /// [`crate::case::Line::id`]
    pub id: &'a str,
    /// Its parts.
    #[serde(flatten)]
    pub parts: Parts,
    /// The 先行自付 ratio of the line (catalogue or class), before the extra one.
    pub prepay: Decimal,
}

/// A row of a table that decided something, with its citation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cited<'a> {
    /// The table's place in the document.
    pub table: &'a str,
    /// Line of the row in the document.
    pub line: usize,
    /// Key of the source.
    pub source: &'a str,
    /// Quality mark of the source.
    pub quality: char,
}

/// What one layer did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerTrace<'a> {
    /// [`crate::model::Layer::id`]
    pub layer: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Who pays.
    pub payer: Payer,
    /// From which fund.
    pub fund_pay_type: Fund,
    /// First day of the policy year whose accumulators it used.
    pub policy_year: NaiveDate,
    /// Whether it applied; if not, nothing below is filled but `skipped`.
    pub applied: bool,
    /// Why it did not apply: the name of the condition that failed, or `not_in_force`.
    pub skipped: Option<&'static str>,
    /// The terms of its base, exact, in fen.
    pub terms: Vec<TermTrace>,
    /// What entered, after base factor and prepay and within the cost limit, exact, in fen.
    pub base_fen: Decimal,
    /// What the base factor and the extra prepay kept out, each with its row.
    pub kept_out: Vec<Step<'a>>,
    /// The cost limit: what was open of it, and what it kept out.
    pub cost_cap: Option<CapTrace<'a>>,
    /// The deductible.
    pub deductible: Option<DeductibleTrace<'a>>,
    /// The bands that were reached.
    pub bands: Vec<BandTrace>,
    /// The days or items that were paid one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<CountTrace>,
    /// Changes to the ratio that applied, in order.
    pub adjustments: Vec<Step<'a>>,
    /// The row of the scale or lump sum that decided.
    pub decided_by: Option<Cited<'a>>,
    /// The minimum benefit, when it raised the payment.
    pub minimum: Option<Step<'a>>,
    /// The payment limit.
    pub cap: Option<CapTrace<'a>>,
    /// What the payer pays.
    pub paid_fen: Fen,
    /// What it paid in earlier parts of the stay, which is taken off.
    #[serde(skip_serializing_if = "is_nothing")]
    pub earlier_fen: Fen,
    /// What it would have paid beyond what was left of the bill.
    pub beyond_bill_fen: Fen,
    /// What was left of the bill before this layer.
    pub before_fen: Fen,
    /// What is left of the bill after it.
    pub left_fen: Fen,
    /// Whether the amount is paid to the person beside the bill.
    pub beside_bill: bool,
}

fn is_nothing(amount: &Fen) -> bool {
    *amount == Fen::ZERO
}

/// A term of a base with its amount.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TermTrace {
    /// The quantity as the document names it, e.g. `in_scope` or `paid.basic`.
    pub quantity: Cow<'static, str>,
    /// Its amount.
    pub amount_fen: Fen,
    /// Its weight.
    pub times: Decimal,
}

/// What a step rests on. Written as the fields of whichever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Basis<'a> {
    /// A row of the policy's own table.
    Row(Cited<'a>),
    /// The filing register's rule on care away from home.
    Remote(RemoteCited<'a>),
}

/// A rule of the filing register, with its citation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RemoteCited<'a> {
    /// Id of the rule.
    pub rule: &'a str,
    /// Title of the published document.
    pub citation: &'a str,
}

impl<'a> RemoteCited<'a> {
    /// The citation of a rule.
    pub fn of(rule: &'a RemoteRule) -> RemoteCited<'a> {
        RemoteCited { rule: &rule.rule, citation: &rule.citation }
    }
}

/// A value that changed something: which kind, how much, and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step<'a> {
    /// `extra_prepay`, `base_factor`, `prepay`, `points`, `factor`, `personal_factor`, `minimum`,
    /// `deductible_factor`, `less_previous`, `year_cap`.
    pub kind: &'static str,
    /// The value: a ratio (1 is 100 %), or fen.
    pub value: Decimal,
    /// A row, or the filing register's rule.
    pub cited: Basis<'a>,
}

/// A limit at work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CapTrace<'a> {
    /// The limit; `None` when lifted.
    pub limit_fen: Option<Decimal>,
    /// What was open of it before this visit; `None` when lifted.
    pub open_fen: Option<Decimal>,
    /// What the limit kept out, exact, in fen.
    pub kept_out_fen: Decimal,
    /// The row.
    pub cited: Cited<'a>,
    /// What raised the limit; `limit_fen` is without it, `open_fen` with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raise: Option<RaiseTrace<'a>>,
    /// Of a limit of the month of which what is not used carries over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried: Option<CarriedTrace>,
}

/// How a limit of the month became one of several months; [`CapTrace::limit_fen`] is that of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CarriedTrace {
    /// The limit of a month, in fen.
    pub monthly_fen: Decimal,
    /// How many months count.
    pub months: u32,
    /// Whether it is not known since when: then only the month itself counts.
    pub since_unknown: bool,
}

/// A raise of a limit by 连续参保、零报销激励 at work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RaiseTrace<'a> {
    /// By how much, in fen.
    pub raise_fen: Decimal,
    /// The years without a claim that count.
    pub zero_claim_years: Vec<i32>,
    /// What was open without it, in fen.
    pub open_without_fen: Decimal,
    /// Id of enrollment's rule.
    pub rule: &'a str,
    /// Title of the published document.
    pub citation: &'a str,
}

impl CapTrace<'_> {
    /// What of a payment came out of the raise.
    pub(crate) fn drawn(&self, paid: Fen) -> Fen {
        let beyond = self.raise.as_ref().map(|raise| paid.decimal() - raise.open_without_fen);
        yizhan_money::round_half_up(beyond.unwrap_or_default().max(Decimal::ZERO))
    }
}

/// The deductible at work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeductibleTrace<'a> {
    /// As stated by the table, in fen.
    pub stated_fen: Decimal,
    /// Factor and yearly limit, when they applied.
    pub steps: Vec<Step<'a>>,
    /// What was charged (`act_pay_dedc`), exact, in fen.
    pub charged_fen: Decimal,
    /// The row.
    pub cited: Cited<'a>,
}

/// Days (住院津贴) or items (operations) at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CountTrace {
    /// `days` or `items`.
    pub kind: &'static str,
    /// How many there are.
    pub counted: i64,
    /// How many are paid: from the first paid day, within the most days.
    pub paid: i64,
    /// What one is paid, in fen.
    pub each_fen: Decimal,
}

/// A band at work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BandTrace {
    /// Where on the scale this visit's part of the band begins, in fen.
    pub from_fen: Decimal,
    /// Where it ends.
    pub to_fen: Decimal,
    /// The ratio as stated.
    pub stated: Decimal,
    /// The ratio after adjustments.
    pub ratio: Decimal,
    /// `(to - from) × ratio`, exact.
    pub amount_fen: Decimal,
    /// Line of its row in the document, where each kind of item has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// A change of one accumulator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change<'a> {
    /// First day of the policy year.
    pub policy_year: NaiveDate,
    /// `name` or `name@level`.
    pub accumulator: Cow<'a, str>,
    /// Before, in fen or visits.
    pub before: i64,
    /// Added.
    pub added: i64,
}

impl<'a> PolicyRef<'a> {
    pub(crate) fn of(policy: &'a Policy) -> PolicyRef<'a> {
        PolicyRef {
            id: &policy.id,
            version: &policy.version,
            digest: &policy.digest,
            composite: policy.composite.as_deref(),
        }
    }
}

impl<'a> LayerTrace<'a> {
    /// The trace of a layer that has done nothing yet.
    pub(crate) fn new(layer: &'a Layer, policy_year: NaiveDate, left_fen: Fen) -> LayerTrace<'a> {
        let whose = (layer.id.as_str(), layer.title.as_str());
        LayerTrace {
            before_fen: left_fen,
            left_fen,
            beside_bill: layer.benefit.beside_bill(),
            ..LayerTrace::named(whose, (layer.payer, layer.fund_pay_type), policy_year)
        }
    }

    /// The trace of a layer of this id and title that did nothing to nothing.
    pub(crate) fn named(
        (layer, title): (&'a str, &'a str),
        (payer, fund_pay_type): (Payer, Fund),
        policy_year: NaiveDate,
    ) -> LayerTrace<'a> {
        LayerTrace {
            layer,
            title,
            payer,
            fund_pay_type,
            policy_year,
            applied: false,
            skipped: None,
            terms: Vec::new(),
            base_fen: Decimal::ZERO,
            kept_out: Vec::new(),
            cost_cap: None,
            deductible: None,
            bands: Vec::new(),
            counted: None,
            adjustments: Vec::new(),
            decided_by: None,
            minimum: None,
            cap: None,
            paid_fen: Fen::ZERO,
            earlier_fen: Fen::ZERO,
            beyond_bill_fen: Fen::ZERO,
            before_fen: Fen::ZERO,
            left_fen: Fen::ZERO,
            beside_bill: false,
        }
    }

    /// Every row that decided something, in order.
    pub fn citations(&self) -> impl Iterator<Item = &Cited<'a>> {
        let deductible = self.deductible.iter();
        let steps = deductible.clone().flat_map(|deductible| &deductible.steps);
        let steps = self.kept_out.iter().chain(steps).chain(&self.adjustments).chain(&self.minimum);
        let by_row = steps.filter_map(|step| match &step.cited {
            Basis::Row(row) => Some(row),
            Basis::Remote(_) => None,
        });
        let caps = self.cost_cap.iter().chain(&self.cap).map(|cap| &cap.cited);
        deductible.map(|deductible| &deductible.cited).chain(&self.decided_by).chain(by_row).chain(caps)
    }

    /// The deductible charged, exact, in fen.
    pub fn charged(&self) -> Decimal {
        self.deductible.as_ref().map_or(Decimal::ZERO, |deductible| deductible.charged_fen)
    }
}

impl Outcome<'_> {
    /// Sum of the deductibles charged by basic insurance (`act_pay_dedc`).
    pub fn basic_deductible_fen(&self) -> Fen {
        let charged: Fen = self
            .layers
            .iter()
            .filter(|layer| layer.payer == Payer::Basic)
            .filter_map(|layer| layer.deductible.as_ref())
            .map(|deductible| yizhan_money::round_half_up(deductible.charged_fen))
            .sum();
        charged - self.earlier.map_or(Fen::ZERO, |earlier| earlier.deductible_fen)
    }

    /// What each layer paid, by layer id, added up over the parts of a split stay.
    pub fn paid_by_layer(&self) -> BTreeMap<&str, Fen> {
        let mut paid = BTreeMap::new();
        for layer in &self.layers {
            *paid.entry(layer.layer).or_insert(Fen::ZERO) += layer.paid_fen;
        }
        paid
    }
}

impl Earlier {
    /// With one part more, which came out so.
    pub fn and(mut self, part: &Outcome<'_>) -> Earlier {
        self.bill.add(&part.parts);
        self.deductible_fen += part.basic_deductible_fen();
        self.account_own_fen += part.account_own_fen;
        for layer in &part.layers {
            self.pay(EarlierPaid {
                policy_year: layer.policy_year,
                layer: layer.layer.to_owned(),
                title: layer.title.to_owned(),
                payer: layer.payer,
                fund_pay_type: layer.fund_pay_type,
                beside_bill: layer.beside_bill,
                paid_fen: layer.paid_fen,
            });
        }
        for change in &part.changes {
            self.change(change.policy_year, &change.accumulator, change.added);
        }
        self
    }
}
