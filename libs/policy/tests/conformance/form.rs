//! The form of a case file, and the engine's case made from it. Amounts are yuan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use yizhan_money::Fen;
use yizhan_policy::Policy;
use yizhan_policy::case::{
    Account, Accumulated, Case, Counted, Disease, Line, Person, PreviousStay, RemoteRule, Visit,
};
use yizhan_terms::Treatment;
use yizhan_terms::{Care, Filing, Status, Tier};

/// Accumulated totals by policy year.
pub type Accumulators = BTreeMap<NaiveDate, Accumulated>;

/// A case: one person, visits one after the other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    pub id: String,
    /// Id of the published worked example it is.
    pub example: Option<String>,
    /// Where the numbers were published.
    pub source: String,
    #[serde(rename = "note")]
    pub _note: Option<String>,
    /// `shipped/NAME.yaml`, or a file of `conformance/policies`.
    pub policy: String,
    pub person: PersonForm,
    pub visits: Vec<VisitForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonForm {
    status: Status,
    age: Whole,
    #[serde(default)]
    identity: BTreeSet<String>,
    #[serde(default)]
    membership: BTreeSet<String>,
    #[serde(default)]
    years_insured: Whole,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitForm {
    care: Care,
    level: Tier,
    /// Day of discharge or visit.
    date: NaiveDate,
    /// Day of admission, when it is another.
    admitted: Option<NaiveDate>,
    filing: Option<Filing>,
    remote: Option<RemoteForm>,
    in_province: Option<bool>,
    contracted: Option<bool>,
    #[serde(default)]
    diagnosis: Vec<String>,
    /// What the register recognises.
    disease: Option<Disease>,
    #[serde(default)]
    tag: BTreeSet<String>,
    /// The stay before.
    previous: Option<PreviousForm>,
    lines: Vec<LineForm>,
    #[serde(default)]
    account: AccountForm,
    /// What was accumulated before, beside what earlier visits of the case added.
    #[serde(default)]
    accumulated: AccumulatedForm,
    pub expect: Expect,
}

/// The stay before, as the books would tell of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousForm {
    level: Tier,
    date: NaiveDate,
    transferred: bool,
    deductible: Yuan,
}

/// What the filing register would answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteForm {
    #[serde(default)]
    same: bool,
    points: Option<Points>,
    factor: Option<Percent>,
    prepay: Option<Percent>,
    rule: String,
    citation: String,
}

impl RemoteForm {
    fn rule(&self) -> RemoteRule {
        let mut given = Vec::new();
        given.extend(self.same.then_some(Treatment::Same));
        given.extend(self.points.as_ref().map(|points| Treatment::Points(points.0)));
        given.extend(self.factor.as_ref().map(|factor| Treatment::Factor(factor.0)));
        given.extend(self.prepay.as_ref().map(|prepay| Treatment::Prepay(prepay.0)));
        let [treatment] = given[..] else { panic!("`remote` gives one treatment") };
        RemoteRule { treatment, rule: self.rule.clone(), citation: self.citation.clone() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineForm {
    amount: Yuan,
    class: Class,
    prepay: Option<Percent>,
    /// 定价上限 of one unit; the quantity is 1.
    ceiling: Option<Yuan>,
    list_type: Option<String>,
    #[serde(default)]
    label: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountForm {
    own: Option<Yuan>,
    shared: Option<Yuan>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccumulatedForm {
    #[serde(default)]
    yuan: BTreeMap<String, Yuan>,
    #[serde(default)]
    visits: BTreeMap<String, Whole>,
}

/// What must come out. Layers not named in `paid` must pay nothing.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub total: Option<Yuan>,
    pub in_scope: Option<Yuan>,
    pub preself: Option<Yuan>,
    pub overlimit: Option<Yuan>,
    pub full_self: Option<Yuan>,
    #[serde(default)]
    pub paid: BTreeMap<String, Yuan>,
    /// What each reached band of a layer gives, exact.
    #[serde(default)]
    pub bands: BTreeMap<String, Vec<Yuan>>,
    /// The deductible each layer charges.
    #[serde(default)]
    pub deductible: BTreeMap<String, Yuan>,
    /// What the payment limit of a layer kept out, exact.
    #[serde(default)]
    pub over_cap: BTreeMap<String, Yuan>,
    /// Quality mark of the row that decided the scale of a layer.
    #[serde(default)]
    pub quality: BTreeMap<String, char>,
    /// Sources of a year before that decided something, in order.
    pub old: Option<Vec<String>>,
    pub act_pay_dedc: Option<Yuan>,
    pub fund: Option<Yuan>,
    /// 个人负担: account and cash.
    pub person: Option<Yuan>,
    pub account: Option<Yuan>,
    pub cash: Option<Yuan>,
    pub beside_bill: Option<Yuan>,
    /// Code of the refusal; nothing else can be expected then but `because`.
    pub refused: Option<String>,
    /// A part of the refusal's message.
    pub because: Option<String>,
}

impl Expect {
    /// Whether all of it is read: a refusal has no amounts, and only a refusal has a reason.
    pub fn is_readable(&self) -> bool {
        let (refused, because) = (self.refused.clone(), self.because.clone());
        let refusal = Expect { refused, because, ..Expect::default() };
        match self.refused {
            Some(_) => *self == refusal,
            None => self.because.is_none() && *self != Expect::default(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Yuan(pub Fen);

impl TryFrom<String> for Yuan {
    type Error = String;
    fn try_from(text: String) -> Result<Yuan, String> {
        Fen::parse_yuan(&text).map(Yuan).ok_or_else(|| format!("`{text}` is not yuan"))
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(try_from = "String")]
struct Whole(u32);

impl TryFrom<String> for Whole {
    type Error = String;
    fn try_from(text: String) -> Result<Whole, String> {
        text.parse().map(Whole).map_err(|_| format!("`{text}` is not a whole number"))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Percent(Decimal);

impl TryFrom<String> for Percent {
    type Error = String;
    fn try_from(text: String) -> Result<Percent, String> {
        let number = text.strip_suffix('%').and_then(|number| number.parse::<Decimal>().ok());
        number
            .map(|n| Percent(n / Decimal::ONE_HUNDRED))
            .ok_or_else(|| format!("`{text}` is not a percentage"))
    }
}

/// Percentage points as papers write them.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Points(Decimal);

impl TryFrom<String> for Points {
    type Error = String;
    fn try_from(text: String) -> Result<Points, String> {
        text.parse().map(Points).map_err(|_| format!("`{text}` is no number of points"))
    }
}

#[derive(Clone, Copy, Deserialize)]
enum Class {
    #[serde(rename = "甲")]
    A,
    #[serde(rename = "乙")]
    B,
    #[serde(rename = "丙")]
    C,
}

impl CaseFile {
    /// The engine's case for a visit.
    pub fn engine_case(&self, policy: &Policy, visit: &VisitForm, earlier: &Accumulators) -> Case {
        Case {
            area: policy.areas[0],
            scheme: policy.scheme,
            person: Person {
                status: self.person.status,
                age: self.person.age.0,
                identities: self.person.identity.clone(),
                memberships: self.person.membership.clone(),
                years_insured: self.person.years_insured.0,
                continuity: None,
            },
            visit: Visit {
                care: visit.care,
                level: visit.level,
                begin: visit.admitted.unwrap_or(visit.date),
                end: visit.date,
                filing: visit.filing.unwrap_or(Filing::Local),
                remote: visit.remote.as_ref().map(RemoteForm::rule),
                in_province: visit.in_province.unwrap_or(true),
                contracted: visit.contracted.unwrap_or(true),
                diagnoses: visit.diagnosis.clone(),
                disease: visit.disease.clone(),
                tags: visit.tag.clone(),
                not_covered: Vec::new(),
                previous: visit.previous.as_ref().map(|previous| PreviousStay {
                    setl_id: String::new(),
                    level: previous.level,
                    end: previous.date,
                    transferred: previous.transferred,
                    deductible_fen: previous.deductible.0,
                }),
            },
            lines: visit.lines.iter().enumerate().map(|(index, line)| line.engine_line(index)).collect(),
            accumulated: visit.accumulated_with(policy, earlier),
            account: Account {
                used: visit.account.own.is_some() || visit.account.shared.is_some(),
                own_fen: visit.account.own.unwrap_or_default().0,
                shared_fen: visit.account.shared.unwrap_or_default().0,
                ..Account::default()
            },
            counted: Counted::Claims,
            earlier: None,
        }
    }
}

impl VisitForm {
    /// The totals of earlier visits and those given with this one, of this visit's year.
    fn accumulated_with(&self, policy: &Policy, earlier: &Accumulators) -> Accumulators {
        let mut all = earlier.clone();
        let (month, day) = policy.year_starts;
        let start = |year| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let this = start(chrono::Datelike::year(&self.date));
        let year = if this <= self.date { this } else { start(chrono::Datelike::year(&self.date) - 1) };
        let given = all.entry(year).or_default();
        for (name, amount) in &self.accumulated.yuan {
            *given.entry(name.clone()).or_default() += amount.0.0;
        }
        for (name, count) in &self.accumulated.visits {
            *given.entry(name.clone()).or_default() += i64::from(count.0);
        }
        all
    }
}

impl LineForm {
    fn engine_line(&self, index: usize) -> Line {
        Line {
            id: (index + 1).to_string(),
            code: String::new(),
            quantity: Decimal::ONE,
            price_fen: self.amount.0.decimal(),
            amount_fen: self.amount.0,
            class: match self.class {
                Class::A => "01",
                Class::B => "02",
                Class::C => "03",
            }
            .to_owned(),
            list_type: self.list_type.clone().unwrap_or_default(),
            ceiling_fen: self.ceiling.map(|ceiling| ceiling.0.decimal()),
            prepay: self.prepay.as_ref().map(|percent| percent.0),
            labels: self.label.clone(),
            day: None,
            earlier: None,
        }
    }
}
