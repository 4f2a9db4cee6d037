//! As what a visit may count, by which rule, and what its area makes of that.

use yizhan_documents::{Dated, Family};
use yizhan_runtime::ServiceError;
use yizhan_terms::{Filing as Class, Treatment};

use super::refusals::{self, Refused};
use super::{Answer, Basis, Outcome, Visit};
use crate::rules::{
    Admission, Away, Direct, Emergency, FilingFamilies, InProvince, Kinds, MadeGood, Returning, RulesOf,
    Treatments, decide,
};
use crate::standings::{Standing, State};

/// A visit, and the rules that hold for it.
pub struct Finder<'f> {
    /// Of the area that pays, on the last day.
    pub rules: RulesOf<'f>,
    /// The visit.
    pub visit: &'f Visit,
}

/// As what a visit may count, and by which rule.
struct Counted<'s> {
    class: Class,
    filing: Option<&'s Standing>,
    /// `None` where nothing was filed.
    basis: Option<Basis>,
}

/// What the area's table says of a class.
struct Treated {
    /// By which row.
    by: Basis,
    /// What to apply, or why it cannot be settled directly.
    what: Result<Treatment, Refused>,
}

impl Treated {
    /// Settled directly rather than not; then what lowers less, where the numbers tell that without a bill.
    fn is_better_than(&self, other: &Treated) -> bool {
        match (&self.what, &other.what) {
            (Ok(this), Ok(that)) => this.is_better_than(*that),
            (this, that) => this.is_ok() && that.is_err(),
        }
    }

    fn outcome(self) -> Result<Outcome, Refused> {
        let Treated { by, what } = self;
        what.map(|treatment| Outcome::Direct { treatment, basis: by })
    }
}

/// As what a visit is settled.
struct Chosen<'s> {
    counted: Counted<'s>,
    treated: Treated,
    /// What the visit is first of all, where it is settled as less because the area does not say how it settles that.
    silent_about: Option<Class>,
}

impl Finder<'_> {
    fn rule<R: Family<FilingFamilies>>(&self) -> Result<&Dated<R>, ServiceError> {
        self.rules.find::<R>()
    }

    /// Care in the pooling area: as for everybody, unless the person is filed long-term elsewhere (22号 二(五)).
    pub fn at_home<'s>(&self, own: &[&'s Standing]) -> Result<Answer<'s>, ServiceError> {
        let long_term = own.iter().filter(|standing| standing.kind.is_long_term() && self.holds(standing));
        let Some(away) = long_term.min_by_key(|standing| standing.promised) else {
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
            self.treatment(Class::Returning)?.outcome().unwrap_or_else(Outcome::Refused)
        };
        Ok(Answer {
            class: Class::Returning,
            filing: Some(away),
            basis: Some(Basis::from(returning)),
            outcome,
            advice: String::new(),
        })
    }

    /// Care away from home.
    pub fn away<'s>(&self, own: &[&'s Standing]) -> Result<Answer<'s>, ServiceError> {
        let there: Vec<&Standing> =
            own.iter().copied().filter(|standing| standing.place.covers(self.visit.place)).collect();
        let Chosen { counted: Counted { class, filing, basis }, treated, silent_about } =
            self.choose(self.counted(&there)?)?;
        // That nothing was filed is no rule's doing: what the area makes of it is.
        let basis = Some(basis.unwrap_or_else(|| treated.by.clone()));
        let (outcome, advice) = match treated.outcome() {
            Ok(direct) => (direct, self.advice(class, silent_about, &there)?),
            Err(refused) => (Outcome::Refused(self.explain(refused, class, &there)?), String::new()),
        };
        Ok(Answer { class, filing, basis, outcome, advice })
    }

    /// In force on the day of admission.
    fn holds(&self, standing: &Standing) -> bool {
        standing.completed_at.is_some()
            && standing.begndate <= self.visit.begin
            && standing.last_day.is_none_or(|last| self.visit.begin <= last)
    }

    /// By which rule a filing at the place covers the visit; `None` if it does not.
    fn covered_by(&self, standing: &Standing) -> Result<Option<Basis>, ServiceError> {
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

    /// As what the visit may count, each class once, what serves the person best first: by the filings that cover it, without need of one,
    /// and at last unfiled, which every visit is that nothing better is known of.
    fn counted<'s>(&self, there: &[&'s Standing]) -> Result<Vec<Counted<'s>>, ServiceError> {
        let mut counted: Vec<Counted> = Vec::new();
        for standing in there.iter().copied() {
            let Some(basis) = self.covered_by(standing)? else { continue };
            let class = standing.kind.class();
            counted.push(Counted { class, filing: Some(standing), basis: Some(basis) });
        }
        let mut also = |class, basis| counted.push(Counted { class, filing: None, basis });
        let in_province = self.rule::<InProvince>()?;
        if self.visit.in_province() && !in_province.rule.filing_needed {
            also(Class::Exempt, Some(Basis::from(in_province)));
        }
        let emergency = self.rule::<Emergency>()?;
        if self.visit.emergency && emergency.rule.counts_as_filed {
            also(Class::Emergency, Some(Basis::from(emergency)));
        }
        also(Class::Unfiled, None);
        counted.sort_by_key(|counted| order(counted.class));
        counted.dedup_by_key(|counted| counted.class);
        Ok(counted)
    }

    /// The best of them, the first of equals. To be better placed never makes it worse: an emergency the area is silent about is still
    /// what it is without the mark.
    fn choose<'s>(&self, counted: Vec<Counted<'s>>) -> Result<Chosen<'s>, ServiceError> {
        let mut treated = Vec::with_capacity(counted.len());
        for one in counted {
            let by_area = self.treatment(one.class)?;
            treated.push((one, by_area));
        }
        let silent_about = treated.first().filter(|(_, by_area)| by_area.what.is_err());
        let silent_about = silent_about.map(|(counted, _)| counted.class);
        let best =
            treated.into_iter().reduce(|best, next| if next.1.is_better_than(&best.1) { next } else { best });
        let (counted, treated) =
            best.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a visit counts as nothing")))?;
        let silent_about = silent_about.filter(|class| *class != counted.class);
        Ok(Chosen { counted, treated, silent_about })
    }

    fn treatment(&self, class: Class) -> Result<Treated, ServiceError> {
        let away = Away {
            insutype: self.visit.insutype,
            filing: class,
            in_province: self.visit.in_province(),
            care: self.visit.care,
            level: self.visit.level,
            contracted: self.visit.contracted,
        };
        let decision = decide(self.rule::<Treatments>()?, &away).map_err(ServiceError::internal)?;
        let by = Basis { rule: decision.rule_id, citation: decision.citation.to_owned() };
        let what = match decision.what {
            Ok(Direct::Treatment(treatment)) => Ok(treatment),
            Ok(Direct::Manual) => Err(refusals::required()),
            Err(why) => Err(refusals::not_published(why)),
        };
        Ok(Treated { by, what })
    }

    /// Why there is no direct settlement, as this person's filings at the place tell it.
    fn explain(&self, refused: Refused, class: Class, there: &[&Standing]) -> Result<Refused, ServiceError> {
        if class != Class::Unfiled {
            return Ok(refused);
        }
        if let Some(open) = there.iter().find(|standing| self.would_cover(standing)) {
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

    /// Whether it is a stay that can still be filed for.
    fn can_be_made_good(&self) -> Result<bool, ServiceError> {
        Ok(self.visit.stay && self.rule::<MadeGood>()?.rule.before_settlement)
    }

    /// What would better the rate, and what the area is silent about.
    fn advice(
        &self,
        class: Class,
        silent_about: Option<Class>,
        there: &[&Standing],
    ) -> Result<String, ServiceError> {
        let filed = silent_about.is_some_and(|silent| !matches!(silent, Class::Exempt | Class::Emergency));
        let better = match class {
            Class::Unfiled | Class::Temporary if self.visit.referred => refusals::REFERRED,
            Class::Unfiled if there.iter().any(|standing| standing.state.is_open()) => {
                "异地就医备案正在办理：办结后再结算，可按已备案的待遇结算"
            }
            Class::Unfiled if filed => "",
            Class::Unfiled if self.can_be_made_good()? => {
                "未备案：在出院结算前补办异地就医备案，可按已备案的待遇结算"
            }
            Class::Unfiled => "未备案：下次就医前办理异地就医备案，可按已备案的待遇结算",
            _ => "",
        };
        let silent = silent_about.map(|silent| refusals::settled_as_less(silent, class));
        let advice: Vec<&str> =
            silent.as_deref().into_iter().chain([better]).filter(|text| !text.is_empty()).collect();
        Ok(advice.join("；"))
    }

    /// What somebody without a filing does now.
    fn make_good(&self) -> Result<String, ServiceError> {
        let now = if self.visit.referred {
            refusals::REFERRED
        } else if self.can_be_made_good()? {
            "请在出院结算前补办异地就医备案（线上或任一经办窗口），补办后即可直接结算"
        } else {
            "请先办理异地就医备案（线上或任一经办窗口），再就医结算"
        };
        Ok(format!("{now}；已自费结算的，持票据和费用清单回参保地手工报销"))
    }
}

/// What serves the person best comes first.
fn order(class: Class) -> u8 {
    match class {
        Class::LongTerm => 0,
        Class::Exempt => 1,
        Class::Referral => 2,
        Class::Emergency => 3,
        Class::Unfiled => 5,
        _ => 4,
    }
}
