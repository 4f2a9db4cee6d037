//! A filing, and where it stands.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use yizhan_terms::{Area, FilingKind, FilingMaterial, Insutype};

use crate::rules::{Requirement, SupplyDays};
use crate::standings::Standing;
pub use crate::standings::State;

/// 异地就医备案 of one person at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// Sorts by the time of submission.
    pub filing_id: String,
    /// 人员编号.
    pub psn_no: String,
    /// 人员编号 it had before, in the order they were merged; not noted before this was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged_from: Vec<String>,
    /// 参保地: the pooling area that decides.
    pub poolarea_no: Area,
    /// 险种类型.
    pub insutype: Insutype,
    /// 备案类型.
    pub kind: FilingKind,
    /// 就医地: a city, or a province that is filed as a whole.
    pub place: Area,
    /// First day.
    pub begndate: NaiveDate,
    /// Last day as filed; `None`: until changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enddate: Option<NaiveDate>,
    /// Where it stands, by the steps taken: ask [`Filing::state_on`] whether time has passed over it.
    pub state: State,
    /// What the rule of its kind asked for when it was submitted.
    pub requirements: Vec<Requirement>,
    /// What was handed in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<Material>,
    /// While something is still to come: the last day for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_by: Option<NaiveDate>,
    /// Kind 06.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
    /// The filing it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The filing that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// The last day it covers, where a step ended it early; before `begndate` if it covers none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<NaiveDate>,
    /// Until this day it can be neither changed nor cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<NaiveDate>,
    /// The area whose office has it.
    pub handling_area: Area,
    /// The day from which on the time for deciding is counted.
    pub clock_from: NaiveDate,
    /// In so many working days it is to be decided.
    pub working_days: u32,
    /// How many days what is missing may take: promised, and otherwise.
    pub supply_days: SupplyDays,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// By whom.
    pub submitted_by: Actor,
    /// When it was completed or rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
    /// 申报来源.
    pub dcla_souc: String,
    /// Id of the rule of its kind.
    pub rule: String,
    /// The document behind it.
    pub citation: String,
    /// Its id in an earlier system it was taken over from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_id: Option<String>,
    /// Goes up by one with every step.
    pub version: i32,
}

/// Longest id that is looked for.
const MAX_ID: usize = 64;

/// Whether a text can be the id of a filing.
pub fn is_id(text: &str) -> bool {
    text.len() <= MAX_ID && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Who acts: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// As the caller header says it, but `person` without the number; `clock`, `rule` and `enrollment` act too.
    pub who: String,
    /// 经办人编号; empty where no officer acts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub opter: String,
}

impl Actor {
    /// Where no office acts: `clock`, `rule`, `enrollment`.
    pub fn of_no_office(who: &str) -> Actor {
        Actor { who: who.to_owned(), opter: String::new() }
    }
}

/// A paper handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// Which.
    pub material: FilingMaterial,
    /// Where it is kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file_id: String,
    /// An agency has seen it.
    pub verified: bool,
    /// It came after completion, and nobody has decided yet whether it is what was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

impl Material {
    /// Whether it is still to be decided if it is what was asked for. A commitment is no paper to look into.
    pub fn is_unsettled(&self) -> bool {
        (self.late || !self.verified) && self.material != FilingMaterial::CommitmentLetter
    }

    /// Somebody who decides has seen it.
    pub fn settle(&mut self) {
        (self.verified, self.late) = (true, false);
    }
}

/// Which papers these are.
pub fn kinds<'m>(papers: impl IntoIterator<Item = &'m Material>) -> impl Iterator<Item = FilingMaterial> {
    papers.into_iter().map(|paper| paper.material)
}

/// 转诊转院.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// The hospital that refers.
    pub fixmedins_code: String,
    /// Where to; empty: anywhere at the place.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reflin_medins_no: String,
    /// 转院日期.
    pub refl_date: NaiveDate,
}

impl Filing {
    /// What is still to come: requirements that no paper meets.
    pub fn missing(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(|requirement| !requirement.is_met_by(kinds(&self.materials)))
    }

    /// What is still to come or to be looked at: requirements that no verified paper meets.
    pub fn unverified(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(|requirement| {
            !requirement.is_met_by(kinds(self.materials.iter().filter(|paper| paper.verified)))
        })
    }

    /// Whether a signed commitment was handed in.
    pub fn is_committed(&self) -> bool {
        kinds(&self.materials).any(|kind| kind == FilingMaterial::CommitmentLetter)
    }

    /// The last day it covers, as things stand; `None`: until changed. While something is still to come, the last day for it.
    pub fn last_day(&self) -> Option<NaiveDate> {
        let waits = self.state == State::Provisional && self.missing().next().is_some();
        let supply_by = self.supply_by.filter(|_| waits);
        [self.enddate, self.ended_on, supply_by].into_iter().flatten().min()
    }

    /// Whether time alone has ended it by this day, and as what.
    pub fn ended_by_time(&self, today: NaiveDate) -> Option<State> {
        if !self.state.is_in_force() || self.last_day().is_none_or(|last_day| today <= last_day) {
            return None;
        }
        let expired = self.enddate.is_some_and(|enddate| enddate < today && self.last_day() == Some(enddate));
        Some(if expired { State::Expired } else { State::Lapsed })
    }

    /// Where it stands on a day, whether or not anybody has noted it yet.
    pub fn state_on(&self, today: NaiveDate) -> State {
        self.ended_by_time(today).unwrap_or(self.state)
    }

    /// As settlement asks about it; `None` if it covers no day and is not open either.
    pub fn standing(&self) -> Option<Standing> {
        let covers = self.state.was_in_force();
        (covers || self.state.is_open()).then(|| Standing {
            filing_id: self.filing_id.clone(),
            kind: self.kind,
            poolarea_no: self.poolarea_no,
            insutype: self.insutype,
            place: self.place,
            begndate: self.begndate,
            last_day: self.last_day(),
            state: self.state,
            completed_at: self.decided_at.filter(|_| covers),
            promised: covers && self.is_committed() && self.missing().next().is_some(),
        })
    }

    /// In force with something that was to come, and has come, and nobody has looked at yet.
    pub fn waits_for_a_look(&self) -> bool {
        self.state == State::Provisional && self.missing().next().is_none()
    }
}
