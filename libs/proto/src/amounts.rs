//! What messages with amounts have alike. Implemented by the build for each message that has some.

/// A message with amounts in fen: the fields whose names end in `_fen`.
pub trait Amounts: Sized {
    /// Each of them.
    fn amounts_mut(&mut self) -> Vec<&mut i64>;

    /// The same with every amount negative, as a reversal tells it.
    #[must_use]
    fn negated(mut self) -> Self {
        for fen in self.amounts_mut() {
            *fen = -*fen;
        }
        self
    }
}

include!(concat!(env!("OUT_DIR"), "/amounts.rs"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settlement::v1::{FeeLineResult, Posting};

    #[test]
    fn every_amount_is_negated_and_nothing_else() {
        let posting = Posting { account: "fund/310100".into(), amount_fen: 7, ..Default::default() };
        assert_eq!(posting.clone().negated(), Posting { amount_fen: -7, ..posting });
        let line = FeeLineResult {
            cnt: "2".into(),
            det_item_fee_sumamt_fen: 3,
            overlmt_amt_fen: 1,
            ..Default::default()
        };
        let expected = FeeLineResult { det_item_fee_sumamt_fen: -3, overlmt_amt_fen: -1, ..line.clone() };
        assert_eq!(line.negated(), expected);
    }
}
