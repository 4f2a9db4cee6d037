//! What the home area's rules say on the day a filing comes in, and what of it is kept with the filing.

use chrono::NaiveDate;
use yizhan_documents::Dated;
use yizhan_runtime::ServiceError;
use yizhan_runtime::ids::new_id;
use yizhan_terms::{Area, FilingKind, Insutype};

use super::filing::{Filing, State};
use super::step::Occasion;
use crate::rules::{Handling, InProvince, Kinds, Places, RulesOf, Treatments, filing_betters_the_exempt};

/// What the home area's rules say on a day.
#[derive(Clone, Copy, Debug)]
pub struct HomeRules<'r> {
    /// The home area.
    pub area: Area,
    /// Which kinds there are.
    pub kinds: &'r Dated<Kinds>,
    /// Where to.
    pub places: &'r Dated<Places>,
    /// How handled.
    pub handling: &'r Handling,
    /// In the own province.
    pub in_province: &'r InProvince,
    /// How visits away from home are settled.
    pub treatments: &'r Dated<Treatments>,
}

/// What a filing is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// 人员编号.
    pub psn_no: String,
    /// 险种类型.
    pub insutype: Insutype,
    /// 备案类型.
    pub kind: FilingKind,
    /// 就医地 as filed.
    pub place: Area,
    /// First day.
    pub begndate: NaiveDate,
    /// Last day; `None`: until changed.
    pub enddate: Option<NaiveDate>,
}

impl<'r> HomeRules<'r> {
    /// Those of an area on a day.
    ///
    /// # Errors
    /// Where no document speaks of one of them.
    pub fn of(rules: RulesOf<'r>) -> Result<HomeRules<'r>, ServiceError> {
        Ok(HomeRules {
            area: rules.area,
            kinds: rules.find()?,
            places: rules.find()?,
            handling: &rules.find::<Handling>()?.rule,
            in_province: &rules.find::<InProvince>()?.rule,
            treatments: rules.find()?,
        })
    }

    /// Whether a filing to a place changes anything: always, but in the own province where none is needed and none betters what is paid.
    pub fn filing_counts(&self, insutype: Insutype, kind: FilingKind, place: Area) -> bool {
        self.in_province.filing_needed
            || kind.is_long_term()
            || !self.area.same_province(place)
            || filing_betters_the_exempt(self.treatments, insutype, kind.class())
    }

    /// A filing as it comes in, by these rules: nothing is asked for, handed in or decided yet.
    pub fn filing(&self, subject: Subject, dcla_souc: &str, handed_in: &Occasion) -> Filing {
        let (rule, citation) = self.basis(subject.kind);
        let Subject { psn_no, insutype, kind, place, begndate, enddate } = subject;
        Filing {
            filing_id: new_id(),
            psn_no,
            merged_from: Vec::new(),
            poolarea_no: self.area,
            insutype,
            kind,
            place,
            begndate,
            enddate,
            state: State::Submitted,
            requirements: Vec::new(),
            materials: Vec::new(),
            supply_by: None,
            referral: None,
            replaces: None,
            replaced_by: None,
            ended_on: None,
            locked_until: None,
            handling_area: self.area,
            clock_from: handed_in.today,
            working_days: self.handling.working_days,
            supply_days: self.handling.supply_days(),
            submitted_at: handed_in.now,
            submitted_by: handed_in.actor.clone(),
            decided_at: None,
            dcla_souc: dcla_souc.to_owned(),
            rule,
            citation,
            foreign_id: None,
            version: 0,
        }
    }

    /// Id and citation of the rule of a kind; of the places for a kind that is not offered.
    fn basis(&self, kind: FilingKind) -> (String, String) {
        match self.kinds.rule.find(kind) {
            Some(_) => (format!("{}#{}", self.kinds.id, kind.code()), self.kinds.citation.clone()),
            None => (self.places.id.clone(), self.places.citation.clone()),
        }
    }
}
