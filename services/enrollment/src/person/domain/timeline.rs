//! Everything that entitles one person, on one line of time: what any as-of question is answered from.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use yizhan_terms::{Area, Insutype};

use super::codes;
use super::household::HouseholdMember;
use super::period::Period;

/// Entries of one list of one person at most.
pub const MAX_ENTRIES: usize = 500;

/// A person's register in one piece. Stored as one row next to the normalised ones, and written with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// What of the person itself matters to entitlement.
    pub person: PersonFacts,
    /// Sorted by insutype and first day; those of one insutype do not overlap.
    pub coverages: Vec<Coverage>,
    /// Sorted by first day.
    pub identities: Vec<Identity>,
    /// Sorted by kind and first day.
    pub memberships: Vec<Membership>,
    /// Sorted by first day.
    pub account_shares: Vec<AccountShare>,
    /// Sorted by kind and first day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diseases: Vec<DiseaseEntitlement>,
    /// Sorted by first day; a person is in one household on a day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub households: Vec<HouseholdMember>,
    /// 人员编号 that took this one's place, when two records of one person were merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// 人员编号 of the records that were merged into this one, since they are noted here.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub merged_psn_nos: BTreeSet<String>,
}

/// A person, with nothing that identifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonFacts {
    /// 姓名, masked.
    pub psn_name_masked: String,
    /// 性别.
    pub gend: String,
    /// 出生日期.
    pub brdy: NaiveDate,
    /// 死亡日期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub die_date: Option<NaiveDate>,
}

/// 参保状态 of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CoverageState {
    /// 1 正常.
    Normal,
    /// 2 暂停.
    Paused,
    /// 4 终止.
    Ended,
    /// 冻结: told to the interface as 2 暂停, entered and left by psn_chg_type 31 and 32.
    Frozen,
}

impl CoverageState {
    /// From psn_insu_stas and the change that led there.
    pub fn from_code(code: &str, psn_chg_type: &str) -> Option<Self> {
        match code {
            "1" => Some(CoverageState::Normal),
            "2" if psn_chg_type == codes::FROZEN => Some(CoverageState::Frozen),
            "2" => Some(CoverageState::Paused),
            "4" => Some(CoverageState::Ended),
            _ => None,
        }
    }

    /// As psn_insu_stas.
    pub fn code(self) -> &'static str {
        match self {
            CoverageState::Normal => "1",
            CoverageState::Paused | CoverageState::Frozen => "2",
            CoverageState::Ended => "4",
        }
    }
}

/// One stretch of a coverage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// 险种类型.
    pub insutype: Insutype,
    /// 人员类别.
    pub psn_type: String,
    /// 参保状态.
    pub state: CoverageState,
    /// 统筹区 that pays; `None` for the one that keeps the person's register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poolarea_no: Option<Area>,
    /// Its days.
    pub period: Period,
    /// First day after the waiting period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitled_begndate: Option<NaiveDate>,
    /// 医疗保险类型; empty when not stated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hi_type: String,
    /// 人员变动 (psn_chg_type) that began the stretch; empty when it was imported.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub psn_chg_type: String,
    /// How the waiting period was decided, where this service decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

/// 待遇等待期 as decided on the day of enrolment or repair; it ends the day before `entitled_begndate`. Later changes of the
/// rules do not touch it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// First day of waiting.
    pub begndate: NaiveDate,
    /// 固定待遇等待期, months.
    pub fixed_months: u32,
    /// 变动待遇等待期 before repair, months.
    pub variable_months: u32,
    /// Months of it that payments took off.
    #[serde(default)]
    pub repaired_months: u32,
    /// Id of the rule that decided.
    pub rule: String,
    /// The document it comes from.
    pub citation: String,
}

/// A dated identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// 人员身份类别; empty where no code is published.
    pub psn_idet_type: String,
    /// Its name.
    pub name: String,
    /// Its days.
    pub period: Period,
    /// The department whose roster says so; empty for the agency. Departments do not touch one another's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub department: String,
}

/// What a membership is about; the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MembershipKind {
    /// 工会互助.
    Union = 1,
    /// 公务员.
    CivilServant,
    /// 优抚.
    Veteran,
    /// 商业保险.
    Commercial,
    /// 家医签约.
    FamilyDoctor,
    /// 居民缴费档次
    ResidentTier,
    /// 零报销年度: a policy year without a claim, which raises the cap of critical-illness insurance.
    ZeroClaimYear,
    /// 大病保险奖励额度已使用: the year in which the raised cap was drawn on.
    RewardUsed,
}

impl MembershipKind {
    /// The contract's number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// From the contract's number.
    pub fn from_code(code: i32) -> Option<Self> {
        use MembershipKind::*;
        [Union, CivilServant, Veteran, Commercial, FamilyDoctor, ResidentTier, ZeroClaimYear, RewardUsed]
            .into_iter()
            .find(|kind| kind.code() == code)
    }

    /// The kinds that departments report, by the word that benefit policies have for them.
    pub const REPORTED: [(MembershipKind, &'static str); 6] = [
        (MembershipKind::Union, "union_mutual_aid"),
        (MembershipKind::CivilServant, "civil_servant"),
        (MembershipKind::Veteran, "veteran"),
        (MembershipKind::Commercial, "commercial"),
        (MembershipKind::FamilyDoctor, "family_doctor"),
        (MembershipKind::ResidentTier, "resident_tier"),
    ];
}

/// A dated membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// What it is about.
    pub kind: MembershipKind,
    /// What it is called or ranks as.
    pub category: String,
    /// What it continues.
    pub series: String,
    /// Its days.
    pub period: Period,
    /// First year of unbroken membership, where the register does not hold the earlier rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_year: Option<i32>,
    /// The department whose roster says so; empty for the agency. It follows the identity that the roster gives.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub department: String,
}

/// What a person is to the relative whose account may be used: near relatives (近亲属, 国办发〔2024〕38号); the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kinship {
    /// 配偶.
    Spouse = 1,
    /// 父母.
    Parent,
    /// 子女.
    Child,
    /// 兄弟姐妹.
    Sibling,
    /// 祖父母, 外祖父母.
    Grandparent,
    /// 孙子女, 外孙子女.
    Grandchild,
}

impl Kinship {
    /// The contract's number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// From the contract's number.
    pub fn from_code(code: i32) -> Option<Self> {
        use Kinship::*;
        [Spouse, Parent, Child, Sibling, Grandparent, Grandchild].into_iter().find(|kin| kin.code() == code)
    }
}

/// A relative's personal account that may be used (个账共济).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountShare {
    /// 人员编号 of the relative, the account's owner.
    pub sharer_psn_no: String,
    /// Its days.
    pub period: Period,
    /// What the person is to the owner; `None` in shares from before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinship: Option<Kinship>,
    /// The owner's consent; `None` where it is not on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// The day the owner withdrew it: since then no account pays by it, on whatever day the visit was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<NaiveDate>,
}

/// The consent of an account's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Who recorded it, as the caller header says it: the owner, or the agency to which the owner said it.
    pub granted_by: String,
    /// When the owner consented.
    pub day: NaiveDate,
}

impl AccountShare {
    /// Whether the account may be used for care on the day.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.withdrawn.is_none() && self.period.contains(day)
    }
}

/// What kind of outpatient disease entitlement; the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DiseaseKind {
    /// 门诊慢特病.
    Chronic = 1,
    /// 两病: 高血压, 糖尿病 drugs.
    TwoDiseases,
}

impl DiseaseKind {
    /// The contract's number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// From the contract's number.
    pub fn from_code(code: i32) -> Option<Self> {
        [DiseaseKind::Chronic, DiseaseKind::TwoDiseases].into_iter().find(|kind| kind.code() == code)
    }
}

/// A dated entitlement to outpatient care of one disease (慢特病, 两病).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiseaseEntitlement {
    /// Which kind.
    pub kind: DiseaseKind,
    /// 病种编码.
    pub dise_codg: String,
    /// 病种名称.
    pub dise_name: String,
    /// Its days.
    pub period: Period,
    /// 复审: last day it holds without having been verified again; `None` where the area asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverify_by: Option<NaiveDate>,
}

impl Coverage {
    /// Normal, about which nothing else is told.
    pub fn normal(insutype: Insutype, psn_type: String, period: Period) -> Self {
        Coverage {
            insutype,
            psn_type,
            state: CoverageState::Normal,
            poolarea_no: None,
            period,
            entitled_begndate: None,
            hi_type: String::new(),
            psn_chg_type: String::new(),
            waiting: None,
        }
    }

    /// 待遇享受期: the days it entitles, behind any waiting period; `None` when it does not.
    pub fn entitled_period(&self) -> Option<Period> {
        let begndate = self.entitled_begndate.unwrap_or(self.period.begndate);
        let entitles = self.state == CoverageState::Normal && !self.period.ended_before(begndate);
        entitles.then_some(Period { begndate, enddate: self.period.enddate })
    }
}

impl DiseaseEntitlement {
    /// Whether it holds on the day: within its days, and not overdue for re-verification.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.period.contains(day) && !self.is_overdue(day)
    }

    /// Whether it should have been verified again before the day.
    pub fn is_overdue(&self, day: NaiveDate) -> bool {
        self.reverify_by.is_some_and(|last| last < day)
    }
}

impl Timeline {
    /// Of a person about whom nothing else is known.
    pub fn of(person: PersonFacts) -> Self {
        Timeline {
            person,
            coverages: Vec::new(),
            identities: Vec::new(),
            memberships: Vec::new(),
            account_shares: Vec::new(),
            diseases: Vec::new(),
            households: Vec::new(),
            merged_into: None,
            merged_psn_nos: BTreeSet::new(),
        }
    }

    /// First year of the unbroken run of memberships of the same kind and series that this one ends.
    pub fn member_since(&self, membership: &Membership) -> i32 {
        let mut run = membership.period;
        let mut since = membership.first_year();
        // The list is sorted by first day, so going back never has to look twice.
        for earlier in self.memberships.iter().rev() {
            let continued = earlier.kind == membership.kind
                && earlier.series == membership.series
                && earlier.period.reaches(&run);
            if continued {
                run = earlier.period;
                since = since.min(earlier.first_year());
            }
        }
        since
    }
}

impl Membership {
    fn first_year(&self) -> i32 {
        self.since_year.unwrap_or(self.period.begndate.year())
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::examples;
