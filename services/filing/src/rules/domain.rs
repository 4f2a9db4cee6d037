//! The national rules on remote-care filings, and what areas made of them: dated documents that a policy officer can read
//! (`services/filing/rules`, docs/FILING.md), asked by area and day.

mod load;
pub mod places;
mod treatment;

use std::sync::LazyLock;

use chrono::NaiveDate;
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};
use yizhan_documents::calendar::Calendar;
use yizhan_documents::{Dated, Family, NoRule, rule};
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::{Area, FilingKind, FilingMaterial, Status};

pub use treatment::{
    Asked, Away, Decision, Direct, SchemeTable, Treatments, decide, filing_betters_the_exempt,
};

/// The rules of filing.
pub type Rules = yizhan_documents::Rules<FilingFamilies>;

yizhan_documents::families! {
    /// What a document of filing rules may hold.
    pub struct FilingFamilies, called "备案规则", embedded embedded_texts() => {
        kinds: Kinds = "kinds", read load::kinds, keys ["offered"];
        places: Places = "places", read Places::read, keys Places::KEYS;
        handling: Handling = "handling", read Handling::read, keys Handling::KEYS;
        admission: Admission = "admission", read Admission::read, keys Admission::KEYS;
        made_good: MadeGood = "made_good", read MadeGood::read, keys MadeGood::KEYS;
        emergency: Emergency = "emergency", read Emergency::read, keys Emergency::KEYS;
        in_province: InProvince = "in_province", read InProvince::read, keys InProvince::KEYS;
        returning: Returning = "returning", read Returning::read, keys Returning::KEYS;
        treatment: Treatments = "treatment", read load::treatments, keys ["rows", "by_insutype"];
        calendar: Calendar = "calendar", read Calendar::read, keys Calendar::KEYS;
    }
}

/// The documents that come with the service, as file name and text, in order of name.
pub fn embedded_texts() -> &'static [(&'static str, &'static str)] {
    static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/rules");
    static FILES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        [vec![yizhan_documents::calendar::NATIONAL], yizhan_documents::texts(&FOLDER)].concat()
    });
    &FILES
}

/// Which kinds of filings there are, and what each needs (规程 art. 7, 8, 10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds(pub Vec<KindRule>);

/// One kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindRule {
    /// Which.
    pub kind: FilingKind,
    /// Who may file it; empty: everybody.
    pub status: Vec<Status>,
    /// What is to be handed in: each of these.
    pub requirements: Vec<Requirement>,
    /// How long it holds: a long-term kind until changed, a temporary one for months.
    pub validity: Validity,
    /// In so many months after its first day it can be neither changed nor cancelled, 0 to 6 (22号 二(三)).
    pub lock_months: u32,
    /// Whether a person who files online, with nothing missing that is not promised, is served at once.
    pub self_service: bool,
}

/// Something to be handed in: any one of these papers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Any one.
    pub one_of: Vec<FilingMaterial>,
    /// 承诺制: a signed commitment may stand in for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_be_promised: bool,
    /// 容缺受理: it may come later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_come_later: bool,
}

/// How long a filing holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// 长期有效.
    UntilChanged,
    /// So many months from the first day on.
    Months {
        /// At least, and if no last day is asked for.
        least: u32,
        /// At most.
        most: u32,
    },
}

rule! {
    /// Where one can file to (规程 art. 11).
    pub struct Places {
        /// Provinces and 直辖市 that are filed as a whole; elsewhere cities are.
        whole_provinces: Vec<Area> = load::provinces;
        /// Long-term filings of one person in force at once, at most.
        long_term_at_once: u32 = load::number(1, 20);
        /// Temporary filings of one person in force at once, at most.
        temporary_at_once: u32 = load::number(1, 20);
    }
}

rule! {
    /// How filings are handled (规程 art. 9).
    pub struct Handling {
        /// In so many working days they are decided.
        working_days: u32 = load::number(1, 60);
        /// Calendar days for what was promised.
        promised_days: u32 = load::number(1, 366);
        /// Calendar days for what is simply missing.
        missing_days: u32 = load::number(1, 366);
        /// The first day may lie so many calendar days before the submission.
        days_back: u32 = load::number(0, 366);
        /// And so many behind it.
        days_ahead: u32 = load::number(0, 366);
    }
}

/// Days from completion on in which what is missing must come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyDays {
    /// 承诺制: a signed commitment stands in for it.
    pub promised: u32,
    /// 容缺受理: it is simply missing.
    pub missing: u32,
}

rule! {
    /// Expiry during a stay (规程 art. 12).
    pub struct Admission {
        /// Whether a stay that began while the filing held is settled by it, whenever it ends.
        inside_suffices: bool = load::whether;
    }
}

rule! {
    /// Filing late (22号 二(四)).
    pub struct MadeGood {
        /// Whether a filing completed after admission, but before the settlement at discharge, counts.
        before_settlement: bool = load::whether;
    }
}

rule! {
    /// 急诊抢救 (规程 art. 8 (5), 34).
    pub struct Emergency {
        /// Whether it counts as filed.
        counts_as_filed: bool = load::whether;
    }
}

rule! {
    /// Care elsewhere in the area's own province.
    pub struct InProvince {
        /// Whether a filing is needed.
        filing_needed: bool = load::whether;
    }
}

rule! {
    /// Care at home of those filed long-term elsewhere (22号 二(五)).
    pub struct Returning {
        /// Whether they are settled directly at home.
        direct: bool = load::whether;
        /// Whether who filed on a commitment must hand in the papers first.
        papers_first: bool = load::whether;
    }
}

impl Handling {
    /// Days for what is missing, as they are kept with a filing.
    pub fn supply_days(&self) -> SupplyDays {
        SupplyDays { promised: self.promised_days, missing: self.missing_days }
    }
}

impl Requirement {
    /// Whether one of these papers meets it.
    pub fn is_met_by(&self, papers: impl IntoIterator<Item = FilingMaterial>) -> bool {
        papers.into_iter().any(|paper| self.one_of.contains(&paper))
    }

    /// Whether it may be missing: it may come later, or a commitment, if there is one, stands in for it.
    pub fn may_wait(&self, committed: bool) -> bool {
        self.may_come_later || (self.may_be_promised && committed)
    }

    /// Codes of its papers.
    pub fn codes(&self) -> String {
        self.one_of.iter().map(|material| material.code()).collect::<Vec<_>>().join(",")
    }

    /// In Chinese.
    pub fn label(&self) -> String {
        self.one_of.iter().map(|material| material.label()).collect::<Vec<_>>().join(" 或 ")
    }
}

impl Kinds {
    /// The rule of a kind.
    pub fn find(&self, kind: FilingKind) -> Option<&KindRule> {
        self.0.iter().find(|rule| rule.kind == kind)
    }
}

/// The rules of an area as they hold on a day.
#[derive(Clone, Copy, Debug)]
pub struct RulesOf<'r> {
    /// Of all areas.
    pub rules: &'r Rules,
    /// The area.
    pub area: Area,
    /// The day.
    pub day: NaiveDate,
}

impl<'r> RulesOf<'r> {
    /// Its rule of a family.
    ///
    /// # Errors
    /// Where no document speaks of it.
    pub fn find<R: Family<FilingFamilies>>(&self) -> Result<&'r Dated<R>, ServiceError> {
        self.rules.find(self.area, self.day).map_err(|missing| no_rules(&missing))
    }
}

/// A family of rules that is needed was found nowhere: no document is in force.
pub fn no_rules(missing: &NoRule) -> ServiceError {
    ServiceError::new(
        Reason::RulesNotInForce,
        format!("no rules of the family {} hold in {} on {}", missing.family, missing.area, missing.day),
    )
    .with("family", missing.family)
    .with("area", missing.area)
    .with("day", missing.day)
}
