//! Which filing covers a visit, and what settlement must apply: the national rules (22号, 规程) in the order a counter asks them.

pub mod refusals;

use chrono::NaiveDate;
use yizhan_documents::{Ambiguous, Dated, Family, NoRule};
use yizhan_terms::{Area, Care, Filing as Class, FilingKind, Tier, Treatment};

use crate::rules::places::{covers, is_at_home, same_province};
use crate::rules::{
    Admission, Away, Emergency, FilingFamilies, InProvince, Kinds, MadeGood, Returning, Rules, Treatments,
    What, decide,
};
use crate::standings::{Standing, Standings, State};
use refusals::Refused;

/// A visit as the rules ask about it.
#[derive(Clone, Debug)]
pub struct Visit<'v> {
    /// 统筹区 that pays.
    pub poolarea_no: &'v str,
    /// 险种类型, its code.
    pub insutype: &'v str,
    /// 就医地医保区划.
    pub place: &'v str,
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

impl Visit<'_> {
    fn at_home(&self) -> bool {
        is_at_home(self.poolarea_no, self.place)
    }

    /// Whether it is care in the own province.
    pub fn in_province(&self) -> bool {
        same_province(self.poolarea_no, self.place)
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
/// Where the rules cannot answer.
pub fn find<'s>(rules: &Rules, person: Option<&'s Standings>, visit: &Visit) -> Result<Answer<'s>, NoAnswer> {
    let standings = person.map_or(&[][..], |person| &person.0);
    // Until the insurance changes (规程 art. 10): what was filed under another one covers nothing.
    let insured = |one: &&Standing| one.poolarea_no == visit.poolarea_no && one.insutype == visit.insutype;
    let own = || standings.iter().filter(insured);
    let finder = Finder { rules, visit };
    if visit.at_home() {
        return finder.at_home(own());
    }
    let there = own().filter(|standing| covers(&standing.place, visit.place));
    let counted = finder.counted(finder.covering(there)?)?;
    let (counted, decided_by, treated) = finder.decide(counted)?;
    let Counted { class, filing, basis } = counted;
    let outcome = match treated {
        Ok(direct) => direct,
        Err(refused) => Outcome::Refused(finder.explain(refused, class, own())?),
    };
    let advice = match outcome {
        Outcome::Direct { .. } => finder.advice(class, own())?,
        Outcome::Refused(_) => String::new(),
    };
    // That nothing was filed is no rule's doing: what the area makes of it is.
    let basis = Some(basis.unwrap_or(decided_by));
    Ok(Answer { class, filing, basis, outcome, advice })
}

/// The rules cannot answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// No document holds a family that is needed.
    NoRule(NoRule),
    /// Two rows decide alike: a defect, which the loader reports.
    Ambiguous(Ambiguous),
}

impl From<NoRule> for NoAnswer {
    fn from(missing: NoRule) -> Self {
        NoAnswer::NoRule(missing)
    }
}

impl From<Ambiguous> for NoAnswer {
    fn from(ambiguous: Ambiguous) -> Self {
        NoAnswer::Ambiguous(ambiguous)
    }
}

struct Finder<'f> {
    rules: &'f Rules,
    visit: &'f Visit<'f>,
}

/// As what a visit may count, and by which rule.
struct Counted<'s> {
    class: Class,
    filing: Option<&'s Standing>,
    /// `None` where nothing was filed.
    basis: Option<Basis>,
}

/// A filing that covers the visit, and by which rule it does.
struct Covering<'s> {
    standing: &'s Standing,
    basis: Basis,
}

impl Finder<'_> {
    fn rule<R: Family<FilingFamilies>>(&self) -> Result<&Dated<R>, NoRule> {
        self.rules.find::<R>(Area::parse(self.visit.poolarea_no).unwrap_or(Area::NATION), self.visit.end)
    }

    /// Care in the pooling area: as for everybody, unless the person is filed long-term elsewhere (22号 二(五)).
    fn at_home<'s>(&self, own: impl Iterator<Item = &'s Standing>) -> Result<Answer<'s>, NoAnswer> {
        let long_term = own.filter(|standing| standing.kind.is_long_term() && self.holds(standing));
        let away = long_term.min_by_key(|standing| standing.promised);
        let Some(away) = away else {
            let nowhere = Basis { rule: String::new(), citation: String::new() };
            let outcome = Outcome::Direct { treatment: Treatment::Same, basis: nowhere };
            return Ok(Answer {
                class: Class::Local,
                filing: None,
                basis: None,
                outcome,
                advice: String::new(),
            });
        };
        let returning = self.rule::<Returning>()?;
        let outcome = if !returning.rule.direct {
            Outcome::Refused(refusals::not_returning())
        } else if returning.rule.papers_first && away.promised {
            Outcome::Refused(refusals::papers_first())
        } else {
            self.treatment(Class::Returning)?.1.unwrap_or_else(Outcome::Refused)
        };
        Ok(Answer {
            class: Class::Returning,
            filing: Some(away),
            basis: Some(Basis::from(returning)),
            outcome,
            advice: String::new(),
        })
    }

    /// In force on the day of admission.
    fn holds(&self, standing: &Standing) -> bool {
        standing.completed_at.is_some()
            && standing.begndate <= self.visit.begin
            && standing.last_day.is_none_or(|last| self.visit.begin <= last)
    }

    /// The filing that serves the person best among those that cover the visit.
    fn covering<'s>(
        &self,
        there: impl Iterator<Item = &'s Standing>,
    ) -> Result<Option<Covering<'s>>, NoAnswer> {
        let mut best: Option<Covering> = None;
        for standing in there {
            let Some(basis) = self.covered_by(standing)? else { continue };
            if best
                .as_ref()
                .is_none_or(|best| order(class_of(standing.kind)) < order(class_of(best.standing.kind)))
            {
                best = Some(Covering { standing, basis });
            }
        }
        Ok(best)
    }

    /// By which rule a filing at the place covers the visit; `None` if it does not.
    fn covered_by(&self, standing: &Standing) -> Result<Option<Basis>, NoAnswer> {
        let visit = self.visit;
        if standing.completed_at.is_none() {
            return Ok(None);
        }
        if self.holds(standing) {
            if standing.last_day.is_none_or(|last| visit.end <= last) {
                return Ok(Some(Basis::from(self.rule::<Kinds>()?)));
            }
            // 规程 art. 12: it expired during the stay.
            let rule = self.rule::<Admission>()?;
            return Ok(rule.rule.inside_suffices.then(|| Basis::from(rule)));
        }
        // 22号 二(四): filed after admission, and before the settlement at discharge, which is now.
        let filed_since = visit.begin < standing.begndate && standing.begndate <= visit.today;
        // Still good at discharge: one that lapsed or was cancelled in between made nothing good.
        let holds = (standing.state.is_in_force() || standing.state == State::Expired)
            && standing.last_day.is_none_or(|last| visit.end.min(visit.today) <= last);
        if !visit.stay || !filed_since || !holds {
            return Ok(None);
        }
        let rule = self.rule::<MadeGood>()?;
        Ok(rule.rule.before_settlement.then(|| Basis::from(rule)))
    }

    /// As what the visit may count, what serves the person best first; unfiled only where nothing else is true.
    fn counted<'s>(&self, covering: Option<Covering<'s>>) -> Result<Vec<Counted<'s>>, NoAnswer> {
        let mut counted = Vec::new();
        if let Some(Covering { standing, basis }) = covering {
            let (class, filing) = (class_of(standing.kind), Some(standing));
            counted.push(Counted { class, filing, basis: Some(basis) });
        }
        let mut also = |class, basis| counted.push(Counted { class, filing: None, basis: Some(basis) });
        let in_province = self.rule::<InProvince>()?;
        if self.visit.in_province() && !in_province.rule.filing_needed {
            also(Class::Exempt, Basis::from(in_province));
        }
        let emergency = self.rule::<Emergency>()?;
        if self.visit.emergency && emergency.rule.counts_as_filed {
            also(Class::Emergency, Basis::from(emergency));
        }
        if counted.is_empty() {
            counted.push(Counted { class: Class::Unfiled, filing: None, basis: None });
        }
        counted.sort_by_key(|counted| order(counted.class));
        Ok(counted)
    }

    /// The first that the area settles directly; where it settles none so, the first. That an area is silent about one of them makes nobody
    /// worse off: an emergency is still what it is without the mark.
    fn decide<'s>(
        &self,
        counted: Vec<Counted<'s>>,
    ) -> Result<(Counted<'s>, Basis, Result<Outcome, Refused>), NoAnswer> {
        let mut first = None;
        for counted in counted {
            let (decided_by, treated) = self.treatment(counted.class)?;
            if treated.is_ok() {
                return Ok((counted, decided_by, treated));
            }
            first = first.or(Some((counted, decided_by, treated)));
        }
        Ok(first.expect("a visit counts as something"))
    }

    /// What the area's table says of a class: by which row, and what to apply or why it cannot be settled directly.
    fn treatment(&self, class: Class) -> Result<(Basis, Result<Outcome, Refused>), NoAnswer> {
        let away = Away {
            insutype: self.visit.insutype,
            filing: class,
            in_province: self.visit.in_province(),
            care: self.visit.care,
            level: self.visit.level,
            contracted: self.visit.contracted,
        };
        let decision = decide(self.rule::<Treatments>()?, &away)?;
        let basis = Basis { rule: decision.rule_id, citation: decision.citation.to_owned() };
        let treated = match decision.what {
            What::Direct(treatment) => Ok(Outcome::Direct { treatment, basis: basis.clone() }),
            What::Manual => Err(refusals::required()),
            What::NotPublished(why) => Err(refusals::not_published(why)),
        };
        Ok((basis, treated))
    }

    /// Why there is no direct settlement, as this person's filings tell it.
    fn explain<'s>(
        &self,
        refused: Refused,
        class: Class,
        own: impl Iterator<Item = &'s Standing>,
    ) -> Result<Refused, NoAnswer> {
        if class != Class::Unfiled {
            return Ok(refused);
        }
        let there: Vec<&Standing> =
            own.filter(|standing| covers(&standing.place, self.visit.place)).collect();
        let open = there.iter().find(|standing| self.would_cover(standing));
        if let Some(open) = open {
            return Ok(if open.state == State::Returned {
                refusals::returned()
            } else {
                refusals::not_decided()
            });
        }
        let way_out = self.make_good()?;
        let lapsed = there.iter().any(|standing| self.has_lapsed(standing));
        Ok(if lapsed { refusals::lapsed_filing(way_out) } else { Refused { way_out, ..refused } })
    }

    /// Whether an open filing would cover the visit if it were completed now.
    fn would_cover(&self, standing: &Standing) -> bool {
        standing.state.is_open() && (self.visit.stay || standing.begndate <= self.visit.begin)
    }

    /// What was to come did not come in time for the visit, whether or not anybody has noted it.
    fn has_lapsed(&self, standing: &Standing) -> bool {
        matches!(standing.state, State::Lapsed | State::Provisional)
            && standing.last_day.is_some_and(|last| last < self.visit.begin)
    }

    /// What would better the rate.
    fn advice<'s>(
        &self,
        class: Class,
        mut own: impl Iterator<Item = &'s Standing>,
    ) -> Result<String, NoAnswer> {
        let advice = match class {
            Class::Unfiled | Class::Temporary if self.visit.referred => refusals::REFERRED,
            Class::Unfiled
                if own.any(|other| other.state.is_open() && covers(&other.place, self.visit.place)) =>
            {
                "异地就医备案正在办理：办结后再结算，可按已备案的待遇结算"
            }
            Class::Unfiled if self.visit.stay && self.rule::<MadeGood>()?.rule.before_settlement => {
                "未备案：在出院结算前补办异地就医备案，可按已备案的待遇结算"
            }
            Class::Unfiled => "未备案：下次就医前办理异地就医备案，可按已备案的待遇结算",
            _ => "",
        };
        Ok(advice.to_owned())
    }

    /// What somebody without a filing does now.
    fn make_good(&self) -> Result<String, NoAnswer> {
        let by_hand = "已自费结算的，持票据和费用清单回参保地手工报销";
        let now = if self.visit.referred {
            refusals::REFERRED
        } else if self.visit.stay && self.rule::<MadeGood>()?.rule.before_settlement {
            "请在出院结算前补办异地就医备案（线上或任一经办窗口），补办后即可直接结算"
        } else {
            "请先办理异地就医备案（线上或任一经办窗口），再就医结算"
        };
        Ok(format!("{now}；{by_hand}"))
    }
}

fn class_of(kind: FilingKind) -> Class {
    match kind {
        kind if kind.is_long_term() => Class::LongTerm,
        FilingKind::Referral => Class::Referral,
        _ => Class::Temporary,
    }
}

/// What serves the person best comes first.
fn order(class: Class) -> u8 {
    match class {
        Class::LongTerm => 0,
        Class::Exempt => 1,
        Class::Referral => 2,
        Class::Emergency => 3,
        _ => 4,
    }
}
