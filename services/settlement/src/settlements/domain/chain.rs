//! What a person's settlements would add up to as known now, one after the other.
//!
//! Each was calculated on what those before it added up to then. What of that would be otherwise now is carried on: what an earlier one would
//! not have added, and what was settled under another number of the person that nobody knew to be theirs.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use yizhan_policy::case::{Accumulated, Earlier};
use yizhan_proto::settlement::v1::EarlierPart;

use crate::books::store::merged::{self, together_since};
use crate::books::store::parted;

/// Policy year, accumulator, and what is added.
pub type Change = (NaiveDate, String, i64);

/// A settlement, and what it added and would add.
#[derive(Clone, Debug)]
pub struct Settled {
    /// 统筹区 that paid: each counts by itself.
    pub poolarea_no: String,
    /// The number it was settled under.
    pub psn_no: String,
    /// 结算ID: sorts by the order of commit.
    pub setl_id: String,
    /// What it added.
    pub added: Vec<Change>,
    /// What it would add now.
    pub would_add: Vec<Change>,
    /// What reversed it: those settled after that did not find it. `None`: it stands, or is looked at as if it were gone.
    pub reversed_by: Option<String>,
}

/// A person's settlements so far.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// How the numbers of the person came together, in that order.
    merges: Vec<merged::Model>,
    /// Numbers that had been the person's for a while.
    parted: Vec<parted::Model>,
    settled: Vec<Settled>,
    /// What stays in parts (中途结算) would have come to up to each part, by its setl_id.
    parts: BTreeMap<String, Earlier>,
}

/// What a settlement would have found otherwise.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Otherwise {
    /// By how much.
    pub totals: BTreeMap<(NaiveDate, String), i64>,
    /// Whether that is because of what was settled under another number.
    pub merged: bool,
    /// Whether that is because another person's settlements had been counted.
    pub parted: bool,
}

impl Chain {
    /// Of a person whose numbers came together so, and from whom others were parted.
    pub fn of(merges: Vec<merged::Model>, parted: Vec<parted::Model>) -> Chain {
        Chain { merges, parted, ..Chain::default() }
    }

    /// What a settlement of these would have found otherwise than it did. `parts` are earlier parts of the same stay, without which a part is
    /// calculated.
    pub fn before(&self, poolarea_no: &str, psn_no: &str, setl_id: &str, parts: &[EarlierPart]) -> Otherwise {
        let mut otherwise = Otherwise::default();
        let own = |settled: &Settled| parts.iter().any(|part| part.setl_id == settled.setl_id);
        let here = self.settled.iter().filter(|settled| settled.poolarea_no == poolarea_no);
        for settled in here.filter(|settled| !own(settled)) {
            let counted = settled.psn_no == psn_no
                || together_since(&self.merges, &settled.psn_no, psn_no).is_some_and(|since| since < setl_id);
            let gone = settled.reversed_by.as_deref().is_some_and(|reversal| reversal < setl_id);
            let was_counted = |parted: &&parted::Model| parted.counted_for(psn_no, setl_id);
            let mut parted = self.parted.iter().filter(|parted| parted.psn_no == settled.psn_no);
            let wrongly = !counted && parted.any(|parted| was_counted(&parted));
            let counted = counted || wrongly;
            otherwise.parted |= wrongly && !settled.added.is_empty();
            let found = settled.added.iter().filter(|_| counted && !gone);
            let changes =
                settled.would_add.iter().map(|change| (change, 1)).chain(found.map(|change| (change, -1)));
            for ((year, name, added), sign) in changes {
                *otherwise.totals.entry((*year, name.clone())).or_insert(0) += sign * added;
            }
            otherwise.merged |= !counted && !settled.would_add.is_empty();
        }
        otherwise.totals.retain(|_, total| *total != 0);
        otherwise.merged &= !otherwise.totals.is_empty();
        otherwise.parted &= !otherwise.totals.is_empty();
        otherwise
    }

    /// The next settlement; of a part of a stay with what the stay would have come to up to it.
    pub fn push(&mut self, settled: Settled, part: Option<Earlier>) {
        self.parts.extend(part.map(|part| (settled.setl_id.clone(), part)));
        self.settled.push(settled);
    }

    /// What a stay would have come to up to a part of it, where that was looked at.
    pub fn up_to(&self, part: &EarlierPart) -> Option<&Earlier> {
        self.parts.get(&part.setl_id)
    }
}

impl Otherwise {
    /// What it would have found, from what it found.
    pub fn apply(&self, accumulated: &mut BTreeMap<NaiveDate, Accumulated>) {
        for ((year, name), by) in &self.totals {
            let total = accumulated.entry(*year).or_default().entry(name.clone()).or_insert(0);
            *total = total.saturating_add(*by).max(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> NaiveDate {
        "2026-01-01".parse().unwrap()
    }

    fn settled(psn_no: &str, setl_id: &str, added: i64, would_add: i64) -> Settled {
        let change = |fen: i64| vec![(day(), "basic_paid".to_owned(), fen)];
        Settled {
            poolarea_no: "999900".to_owned(),
            psn_no: psn_no.to_owned(),
            setl_id: setl_id.to_owned(),
            added: change(added),
            would_add: change(would_add),
            reversed_by: None,
        }
    }

    fn merge(merge_id: &str) -> merged::Model {
        let [psn_no, into_psn_no, stays_psn_no] = ["A", "B", "B"].map(str::to_owned);
        merged::Model { psn_no, into_psn_no, stays_psn_no, merge_id: merge_id.to_owned() }
    }

    /// What is found otherwise by the one settled under a number at an id; and whether that is because of a merge.
    fn found(chain: &Chain, psn_no: &str, setl_id: &str) -> (i64, bool) {
        let found = chain.before("999900", psn_no, setl_id, &[]);
        (found.totals.values().sum(), found.merged)
    }

    #[test]
    fn what_stood_under_the_other_number_counts_until_both_were_one() {
        let mut chain = Chain::of(vec![merge("5")], Vec::new());
        chain.push(settled("A", "1", 100, 100), None);
        assert_eq!(found(&chain, "A", "2"), (0, false), "it was counted");
        assert_eq!(found(&chain, "B", "3"), (100, true), "nobody knew");
        assert_eq!(found(&chain, "B", "6"), (0, false), "the books were together");
        assert_eq!(chain.before("430200", "B", "3", &[]), Otherwise::default(), "another area");
        chain.merges.clear();
        assert_eq!(found(&chain, "B", "6"), (100, true), "they are about to be");
    }

    #[test]
    fn what_was_reversed_is_missing_to_those_who_found_it() {
        let mut chain = Chain::default();
        let gone =
            Settled { would_add: Vec::new(), reversed_by: Some("3".to_owned()), ..settled("A", "1", 100, 0) };
        chain.push(gone, None);
        assert_eq!(found(&chain, "A", "2"), (-100, false));
        assert_eq!(found(&chain, "A", "4"), (0, false), "settled when it was gone");
    }

    #[test]
    fn what_was_another_person_s_is_missing_where_it_was_counted() {
        let [psn_no, kept_psn_no, merge_id, parted_id] = ["A", "B", "3", "6"].map(str::to_owned);
        let parted = parted::Model { psn_no, parted_id, kept_psn_no, merge_id };
        let mut chain = Chain::of(Vec::new(), vec![parted]);
        chain.push(Settled { would_add: Vec::new(), ..settled("A", "1", 100, 0) }, None);
        assert_eq!(found(&chain, "B", "2"), (0, false), "before the merge");
        assert_eq!(
            (found(&chain, "B", "5"), chain.before("999900", "B", "5", &[]).parted),
            ((-100, false), true)
        );
        assert_eq!(found(&chain, "B", "7"), (0, false), "after it was taken back");
    }

    #[test]
    fn what_would_not_have_been_added_is_missing_later() {
        let mut chain = Chain::default();
        chain.push(settled("A", "1", 100, 30), None);
        assert_eq!(found(&chain, "A", "2"), (-70, false));
        let part = EarlierPart { setl_id: "1".to_owned(), ..EarlierPart::default() };
        assert_eq!(
            chain.before("999900", "A", "2", &[part]),
            Otherwise::default(),
            "a part rests on no part"
        );
        let mut accumulated = BTreeMap::from([(day(), Accumulated::from([("basic_paid".to_owned(), 50)]))]);
        chain.before("999900", "A", "2", &[]).apply(&mut accumulated);
        assert_eq!(accumulated[&day()]["basic_paid"], 0, "never below nothing");
    }
}
