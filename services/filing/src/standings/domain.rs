//! What of a person's filings matters to a visit: everything a question is answered from, in one piece.

mod state;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use yizhan_terms::{Area, FilingKind, Insutype};

pub use state::State;

/// Filings of one person at most, those that never covered a day not counted.
pub const MAX_STANDINGS: usize = 300;

/// A filing as settlement asks about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Which.
    pub filing_id: String,
    /// 备案类型.
    pub kind: FilingKind,
    /// 参保地.
    pub poolarea_no: Area,
    /// 险种类型.
    pub insutype: Insutype,
    /// 就医地.
    pub place: Area,
    /// First day.
    pub begndate: NaiveDate,
    /// Last day it covers as things stand; `None`: until changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<NaiveDate>,
    /// Where it stands.
    pub state: State,
    /// When it was completed; `None` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// A commitment stands in for something that has not come. Stays so when the filing is cancelled or replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promised: bool,
}

/// A person's filings: those that cover or covered days, and open ones. Sorted by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standings(pub Vec<Standing>);

impl Standings {
    /// With a filing as it now is; `None`: it matters no more.
    pub fn put(&mut self, filing_id: &str, standing: Option<Standing>) {
        self.0.retain(|standing| standing.filing_id != filing_id);
        if let Some(standing) = standing {
            let at = self.0.partition_point(|other| other.filing_id < standing.filing_id);
            self.0.insert(at, standing);
        }
    }
}
