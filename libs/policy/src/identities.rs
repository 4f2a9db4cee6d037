//! The identities that hold to the fen on every settlement, preview and reversal.
//!
//! Defined once: property tests, integration tests and the production counter all ask
//! [`Amounts::broken`].

use yizhan_money::Fen;

use crate::outcome::Outcome;

/// The amounts of one settlement, by their national names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// `medfee_sumamt`
    pub medfee_sumamt: Fen,
    /// `fulamt_ownpay_amt`
    pub fulamt_ownpay_amt: Fen,
    /// `overlmt_selfpay`
    pub overlmt_selfpay: Fen,
    /// `preselfpay_amt`
    pub preselfpay_amt: Fen,
    /// `inscp_scp_amt`
    pub inscp_scp_amt: Fen,
    /// What each payer pays; not the hospital, not the account.
    pub shares: Vec<Fen>,
    /// `fund_pay_sumamt`
    pub fund_pay_sumamt: Fen,
    /// `psn_part_amt`
    pub psn_part_amt: Fen,
    /// `acct_pay`, own and 共济
    pub acct_pay: Fen,
    /// `psn_cash_pay`
    pub psn_cash_pay: Fen,
    /// `hosp_part_amt`
    pub hosp_part_amt: Fen,
    /// Ledger postings, when they are at hand.
    pub postings: Vec<Fen>,
}

impl Amounts {
    /// The identities that do not hold; empty when all do.
    pub fn broken(&self) -> Vec<&'static str> {
        let parts = self.fulamt_ownpay_amt + self.overlmt_selfpay + self.preselfpay_amt + self.inscp_scp_amt;
        let shares: Fen = self.shares.iter().copied().sum();
        let postings: Fen = self.postings.iter().copied().sum();
        let payers = self.fund_pay_sumamt + self.psn_part_amt + self.hosp_part_amt;
        let all = [
            ("medfee_sumamt = sum of the four parts", self.medfee_sumamt == parts),
            ("fund_pay_sumamt = sum of payer shares", self.fund_pay_sumamt == shares),
            (
                "psn_part_amt = acct_pay + psn_cash_pay",
                self.psn_part_amt == self.acct_pay + self.psn_cash_pay,
            ),
            ("medfee_sumamt = fund_pay_sumamt + psn_part_amt + hosp_part_amt", self.medfee_sumamt == payers),
            ("sum of postings = 0", postings == Fen::ZERO),
        ];
        all.iter().filter(|(_, holds)| !holds).map(|(identity, _)| *identity).collect()
    }

    /// The amounts of an outcome.
    pub fn of(outcome: &Outcome<'_>) -> Amounts {
        let in_funds = |layer: &&crate::outcome::LayerTrace<'_>| {
            !layer.beside_bill && layer.payer != yizhan_terms::Payer::Hospital
        };
        Amounts {
            medfee_sumamt: outcome.parts.total_fen,
            fulamt_ownpay_amt: outcome.parts.full_self_fen,
            overlmt_selfpay: outcome.parts.over_limit_fen,
            preselfpay_amt: outcome.parts.pre_self_fen,
            inscp_scp_amt: outcome.parts.in_scope_fen,
            shares: outcome.layers.iter().filter(in_funds).map(|layer| layer.paid_fen).collect(),
            fund_pay_sumamt: outcome.fund_pay_fen,
            psn_part_amt: outcome.person_fen,
            acct_pay: outcome.account_own_fen + outcome.account_shared_fen,
            psn_cash_pay: outcome.cash_fen,
            hosp_part_amt: outcome.hospital_fen,
            postings: Vec::new(),
        }
    }
}
