//! What becomes of an item when what it rests on is looked at again.

use chrono::{DateTime, Utc};
use prost::Message;
use yizhan_proto::audit::v1::PersonItem;
use yizhan_runtime::clock::day_of;

use super::domain::{Kind, State, is_open};
use super::store::Model;

/// Ends `last` where the area was said by the register and not by a visit.
const MOVED: &str = " ~";

/// What puts somebody on the worklist as things stand now.
#[derive(Clone, Debug, PartialEq)]
pub struct Raised {
    /// Names the item.
    pub item_id: String,
    /// Why.
    pub kind: Kind,
    /// 统筹区 whose agency works on it.
    pub poolarea_no: String,
    /// What tells whether the area of an own share is to be said anew: its last visit.
    pub last: String,
    /// What it says.
    pub item: PersonItem,
}

/// Why an item changes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// 个人负担不再超过预警线.
    BelowLine,
    /// It passes a line again.
    AboveLine,
    /// It passes a further line.
    NextLine,
    /// It is above a lower line only.
    LowerLine,
    /// Another area works on it.
    AreaChanged,
    /// The register was put right.
    PutRight,
    /// The register says it again.
    FoundAgain,
}

impl Why {
    /// In the contract.
    pub fn code(self) -> &'static str {
        match self {
            Why::BelowLine => "BELOW_LINE",
            Why::AboveLine => "ABOVE_LINE",
            Why::NextLine => "NEXT_LINE",
            Why::LowerLine => "LOWER_LINE",
            Why::AreaChanged => "AREA_CHANGED",
            Why::PutRight => "PUT_RIGHT",
            Why::FoundAgain => "FOUND_AGAIN",
        }
    }

    /// For officers.
    pub fn text(self) -> &'static str {
        match self {
            Why::BelowLine => "结算撤销、重新结算或人员记录变化后，个人负担不再超过预警线",
            Why::AboveLine => "个人负担再次超过预警线",
            Why::NextLine => "个人负担超过更高一档预警线",
            Why::LowerLine => "个人负担降至较低一档预警线",
            Why::AreaChanged => "人员的统筹区变化，由现统筹区办理",
            Why::PutRight => "参保登记已更正",
            Why::FoundAgain => "参保登记再次出现该情况",
        }
    }
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// The item, a version on.
    pub row: Model,
    /// Why it changed, where that is a step.
    pub why: Option<Why>,
}

/// What is to be written of an item that is held, is raised now, or both; `None`: nothing. How far somebody worked on it stays, but what was
/// declined or closed below a line is there anew above it.
pub fn next(held: Option<&Model>, raised: Option<&Raised>, at: DateTime<Utc>) -> Option<Next> {
    let Some(held) = held else { return raised.map(|raised| Next { row: new(raised, at), why: None }) };
    let mut row = held.clone();
    let mut why = None;
    match raised {
        None => {
            row.stands = false;
            let gone = if held.kind == Kind::OwnShare.number() { Why::BelowLine } else { Why::PutRight };
            why = held.stands.then_some(gone);
        }
        Some(raised) => {
            row.stands = true;
            row.item = raised.item.encode_to_vec();
            row.line_fen = raised.item.line_fen;
            // Who keeps the record since works on it until another area pays a later visit.
            if raised.last > held.last || !held.last.ends_with(MOVED) {
                row.last.clone_from(&raised.last);
                row.poolarea_no.clone_from(&raised.poolarea_no);
            }
            let (own_share, line) = (raised.kind == Kind::OwnShare, raised.item.line_fen);
            if !held.stands {
                why = Some(if own_share { Why::AboveLine } else { Why::FoundAgain });
            } else if line != held.line_fen {
                why = Some(if line > held.line_fen { Why::NextLine } else { Why::LowerLine });
            } else if row.poolarea_no != held.poolarea_no {
                why = Some(Why::AreaChanged);
            }
            if line > held.line_fen && [State::Declined, State::Closed].contains(&State::stored(held.state)) {
                row.state = State::New.number();
                why = Some(Why::NextLine);
            }
        }
    }
    counted_on(held, row, at).map(|row| Next { row, why })
}

/// The area that keeps a record since works on what is open of it.
pub fn moved(held: &Model, poolarea_no: &str, at: DateTime<Utc>) -> Option<Next> {
    if !held.is_open || held.poolarea_no == poolarea_no {
        return None;
    }
    let last = format!("{}{MOVED}", day_of(at));
    let row = Model { poolarea_no: poolarea_no.to_owned(), last, ..held.clone() };
    counted_on(held, row, at).map(|row| Next { row, why: Some(Why::AreaChanged) })
}

/// A version on, if anything is otherwise.
pub fn counted_on(held: &Model, mut row: Model, at: DateTime<Utc>) -> Option<Model> {
    if row == *held {
        return None;
    }
    row.is_open = is_open(State::stored(row.state), row.stands);
    row.version = held.version + 1;
    row.changed_at = at;
    Some(row)
}

fn new(raised: &Raised, at: DateTime<Utc>) -> Model {
    Model {
        item_id: raised.item_id.clone(),
        version: 1,
        kind: raised.kind.number(),
        state: State::New.number(),
        stands: true,
        is_open: true,
        poolarea_no: raised.poolarea_no.clone(),
        psn_no: raised.item.psn_no.clone(),
        other_psn_no: raised.item.other_psn_no.clone(),
        last: raised.last.clone(),
        line_fen: raised.item.line_fen,
        found_on: day_of(at).to_string(),
        item: raised.item.encode_to_vec(),
        found_at: at,
        changed_at: at,
    }
}

#[cfg(test)]
mod tests;
