//! What the rules of settling say (`services/settlement/rules`, docs/SETTLING.md). Those of institutions and of what they sell are the
//! place of care's, that of movers is the area's that pays.

mod institutions;
mod moves;
mod pay_later;
mod practitioners;
mod reimbursements;
mod trace_codes;

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use yizhan_documents::Map;
use yizhan_documents::calendar::{Calendar, NATIONAL};

pub use institutions::{Contracts, DUAL_CHANNEL, DualChannel};
pub use moves::Moves;
pub use pay_later::PayLater;
pub use practitioners::Practitioners;
pub use reimbursements::{Catalogue, CountedUntil, Reimbursements};
pub use trace_codes::{NO_TRACE_CODE, TraceCodes};

/// The rules of settling.
pub type Rules = yizhan_documents::Rules<SettlementFamilies>;

yizhan_documents::families! {
    /// What a document of settlement rules may hold.
    pub struct SettlementFamilies, called "结算规则", embedded embedded_texts() => {
        contracts: Contracts = "contracts", read Contracts::read, keys Contracts::KEYS;
        moves: Moves = "moves", read Moves::read, keys Moves::KEYS;
        dual_channel: DualChannel = "dual_channel", read DualChannel::read, keys DualChannel::KEYS;
        trace_codes: TraceCodes = "trace_codes", read TraceCodes::read, keys TraceCodes::KEYS;
        practitioners: Practitioners = "practitioners", read Practitioners::read, keys Practitioners::KEYS;
        reimbursements: Reimbursements = "reimbursements", read Reimbursements::read, keys Reimbursements::KEYS;
        pay_later: PayLater = "pay_later", read PayLater::read, keys PayLater::KEYS;
        calendar: Calendar = "calendar", read Calendar::read, keys Calendar::KEYS;
    }
}

/// The documents that come with the service, as file name and text, in order of name.
pub fn embedded_texts() -> &'static [(&'static str, &'static str)] {
    static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/rules");
    static FILES: LazyLock<Vec<(&str, &str)>> =
        LazyLock::new(|| [vec![NATIONAL], yizhan_documents::texts(&FOLDER)].concat());
    &FILES
}

/// What becomes of a visit that is not as it should be, the strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handling {
    /// It is refused, with a way out.
    Refuse,
    /// It is settled with a mark, which audit gets.
    Mark,
    /// It is settled as if nothing were.
    Accept,
}

impl Handling {
    const ALL: &'static [Handling] = &[Handling::Refuse, Handling::Mark, Handling::Accept];

    const fn code(self) -> &'static str {
        match self {
            Handling::Refuse => "refuse",
            Handling::Mark => "mark",
            Handling::Accept => "accept",
        }
    }
}

fn handling(map: &Map, key: &str) -> Option<Handling> {
    map.required(key, |at| at.code(Handling::ALL, Handling::code))
}
