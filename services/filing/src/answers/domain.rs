//! Which filing covers a visit, and what settlement must apply: the national rules (22号, 规程) in the order a counter asks them.

mod finder;
pub mod refusals;

use chrono::NaiveDate;
use yizhan_documents::Dated;
use yizhan_runtime::ServiceError;
use yizhan_terms::{Area, Care, Filing as Class, Insutype, Tier, Treatment};

use crate::rules::{Rules, RulesOf};
use crate::standings::{Standing, Standings};
use finder::Finder;
use refusals::Refused;

/// A visit as the rules ask about it.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// 统筹区 that pays.
    pub poolarea_no: Area,
    /// 险种类型.
    pub insutype: Insutype,
    /// 就医地医保区划.
    pub place: Area,
    /// Day of admission or visit.
    pub begin: NaiveDate,
    /// Day of discharge or visit; today while the stay goes on.
    pub end: NaiveDate,
    /// Kind of care.
    pub care: Care,
    /// Whether it is a stay.
    pub stay: bool,
    /// Level of the institution.
    pub level: Tier,
    /// 特约.
    pub contracted: bool,
    /// 急诊抢救.
    pub emergency: bool,
    /// 转诊标志.
    pub referred: bool,
    /// The day on which it is asked: of settlement.
    pub today: NaiveDate,
}

impl Visit {
    /// Whether it is care in the own province.
    pub fn in_province(&self) -> bool {
        self.poolarea_no.same_province(self.place)
    }
}

/// A rule, named and cited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// Its id.
    pub rule: String,
    /// The document it comes from.
    pub citation: String,
}

impl<R> From<&Dated<R>> for Basis {
    fn from(dated: &Dated<R>) -> Basis {
        Basis { rule: dated.id.clone(), citation: dated.citation.clone() }
    }
}

/// How a visit counts, and what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<'s> {
    /// How it counts.
    pub class: Class,
    /// The filing that covers it.
    pub filing: Option<&'s Standing>,
    /// By which rule, of an unfiled visit what the area makes of it; `None` for care at home of somebody who is not filed elsewhere.
    pub basis: Option<Basis>,
    /// What settlement applies, or why it cannot.
    pub outcome: Outcome,
    /// What would better the rate, in Chinese; empty: nothing.
    pub advice: String,
}

/// What settlement applies.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Settled directly, with this treatment.
    Direct {
        /// What to apply.
        treatment: Treatment,
        /// Where that is written.
        basis: Basis,
    },
    /// Not settled directly.
    Refused(Refused),
}

/// Answers a visit from what the person filed and from the rules.
///
/// # Errors
/// Where the rules cannot answer: no document holds a family that is needed, or two rows decide alike, which the loader reports.
pub fn find<'s>(
    rules: &Rules,
    person: Option<&'s Standings>,
    visit: &Visit,
) -> Result<Answer<'s>, ServiceError> {
    let standings = person.map_or(&[][..], |person| &person.0);
    // Until the insurance changes (规程 art. 10): what was filed under another one covers nothing.
    let insured = |one: &&Standing| one.poolarea_no == visit.poolarea_no && one.insutype == visit.insutype;
    let own: Vec<&Standing> = standings.iter().filter(insured).collect();
    let rules = RulesOf { rules, area: visit.poolarea_no, day: visit.end };
    let finder = Finder { rules, visit };
    if visit.poolarea_no.is_at_home(visit.place) { finder.at_home(&own) } else { finder.away(&own) }
}
