//! 中途结算: what the earlier parts of a stay came to, together.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use yizhan_money::Fen;
use yizhan_terms::{Fund, Payer};

use super::Accumulated;
use crate::parts::Parts;

/// What the earlier parts of a stay came to, as they were settled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// The four parts of the bill.
    pub bill: Parts,
    /// `act_pay_dedc`
    pub deductible_fen: Fen,
    /// What each layer paid; what came to nothing is left out.
    pub paid: Vec<EarlierPaid>,
    /// Taken from the person's own account. A relative's pays in the last part only.
    pub account_own_fen: Fen,
    /// What was added to accumulators, by policy year.
    pub changes: BTreeMap<NaiveDate, Accumulated>,
}

/// What a layer paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierPaid {
    /// First day of the policy year.
    pub policy_year: NaiveDate,
    /// Id of the layer.
    pub layer: String,
    /// Its title.
    pub title: String,
    /// Who paid.
    pub payer: Payer,
    /// From which fund.
    pub fund_pay_type: Fund,
    /// Whether it was paid to the person beside the bill.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside_bill: bool,
    /// How much.
    pub paid_fen: Fen,
}

impl Earlier {
    /// Notes what a layer paid.
    pub fn pay(&mut self, paid: EarlierPaid) {
        match self.paid.iter_mut().find(|known| known.is_of(&paid)) {
            Some(known) => known.paid_fen += paid.paid_fen,
            None => self.paid.push(paid),
        }
        self.paid.retain(|known| known.paid_fen != Fen::ZERO);
    }

    /// Notes what was added to an accumulator.
    pub fn change(&mut self, policy_year: NaiveDate, accumulator: &str, added: i64) {
        let year = self.changes.entry(policy_year).or_default();
        *year.entry(accumulator.to_owned()).or_insert(0) += added;
        year.retain(|_, added| *added != 0);
        self.changes.retain(|_, year| !year.is_empty());
    }

    /// What is accumulated without it.
    pub fn taken_out_of(&self, accumulated: &mut BTreeMap<NaiveDate, Accumulated>) {
        for (policy_year, added) in &self.changes {
            let year = accumulated.entry(*policy_year).or_default();
            for (name, added) in added {
                *year.entry(name.clone()).or_insert(0) -= added;
            }
            year.retain(|_, total| *total != 0);
        }
    }
}

impl EarlierPaid {
    fn is_of(&self, other: &EarlierPaid) -> bool {
        let key = |paid: &EarlierPaid| (paid.policy_year, paid.fund_pay_type, paid.payer, paid.beside_bill);
        key(self) == key(other) && self.layer == other.layer
    }
}
