//! 退单: refunds taken off the lines they take back from, before anything is calculated.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::FeeLine;
use yizhan_runtime::{Reason, Violations};

use crate::fields::decimal;

/// A line, and its place in the bill as reported.
pub type Placed = (usize, FeeLine);

/// The lines with what is left of each; those of which nothing is left are gone. What a refund says that does not fit its line is noted at
/// the refund's place.
pub fn net(lines: Vec<FeeLine>, at: impl Fn(usize) -> String, wrong: &mut Violations) -> Vec<Placed> {
    let (refunds, mut kept): (Vec<Placed>, Vec<Placed>) =
        lines.into_iter().enumerate().partition(|(_, line)| !line.init_feedetl_sn.is_empty());
    if refunds.is_empty() {
        return kept;
    }
    let mut left: BTreeMap<String, Left> =
        kept.iter().filter_map(|(_, line)| Some((line.feedetl_sn.clone(), Left::of(line)?))).collect();
    for (index, refund) in &refunds {
        let matched = left.get_mut(&refund.init_feedetl_sn).filter(|left| left.is_of(refund));
        if !matched.is_some_and(|left| left.take(refund)) {
            wrong.push(at(*index), Reason::RefundUnmatched).with("feedetl_sn", &refund.feedetl_sn);
        }
    }
    kept.retain_mut(|(_, line)| left.get(&line.feedetl_sn).is_none_or(|left| left.write(line)));
    kept
}

/// What is left of a line.
struct Left {
    code: String,
    price_fen: Decimal,
    count: Decimal,
    amount: i64,
    refunded: bool,
}

impl Left {
    /// `None` where a line is not well formed: that is told where lines are checked.
    fn of(line: &FeeLine) -> Option<Left> {
        Some(Left {
            code: line.hilist_code.clone(),
            price_fen: decimal(&line.pric, 6)?.checked_mul(Decimal::ONE_HUNDRED)?,
            count: decimal(&line.cnt, 4)?,
            amount: line.det_item_fee_sumamt_fen,
            refunded: false,
        })
    }

    fn is_of(&self, refund: &FeeLine) -> bool {
        let price = decimal(&refund.pric, 6).and_then(|price| price.checked_mul(Decimal::ONE_HUNDRED));
        self.code == refund.hilist_code && price == Some(self.price_fen)
    }

    /// Takes a refund off. False where there is not so much left, or where its amount does not leave count times price: the bill would
    /// differ from its lines.
    fn take(&mut self, refund: &FeeLine) -> bool {
        let Some(count) = decimal(&refund.cnt, 4).filter(Decimal::is_sign_negative) else { return false };
        let Some(amount) = self.amount.checked_add(refund.det_item_fee_sumamt_fen) else { return false };
        let count = self.count + count;
        let product = count.checked_mul(self.price_fen).and_then(Fen::try_round);
        let fits = !count.is_sign_negative() && product == Some(Fen(amount));
        if fits {
            (self.count, self.amount, self.refunded) = (count, amount, true);
        }
        fits
    }

    /// Writes what is left; false when nothing is.
    fn write(&self, line: &mut FeeLine) -> bool {
        if self.refunded {
            line.cnt = self.count.normalize().to_string();
            line.det_item_fee_sumamt_fen = self.amount;
        }
        !(self.refunded && self.count.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sn: &str, cnt: &str, pric: &str, fen: i64, init: &str) -> FeeLine {
        FeeLine {
            feedetl_sn: sn.into(),
            hilist_code: "A".into(),
            cnt: cnt.into(),
            pric: pric.into(),
            det_item_fee_sumamt_fen: fen,
            init_feedetl_sn: init.into(),
            ..FeeLine::default()
        }
    }

    fn netted(lines: Vec<FeeLine>) -> Result<Vec<(usize, String, i64)>, Vec<String>> {
        let mut wrong = Violations::new();
        let kept = net(lines, |index| format!("feedetail[{index}]"), &mut wrong);
        let kept = kept.into_iter().map(|(at, line)| (at, line.cnt, line.det_item_fee_sumamt_fen)).collect();
        let told = |error: yizhan_runtime::ServiceError| {
            error.violations().iter().map(|wrong| format!("{} {}", wrong.field, wrong.reason)).collect()
        };
        wrong.none().map_err(told).map(|()| kept)
    }

    #[test]
    fn a_line_counts_with_what_is_left_of_it() {
        let bill = vec![
            line("2", "-1", "2.5", -250, "1"),
            line("1", "3", "2.5", 750, ""),
            line("3", "2", "10", 2000, ""),
            line("4", "-1.5", "10", -1500, "3"),
            line("5", "-0.5", "10", -500, "3"),
        ];
        assert_eq!(
            netted(bill),
            Ok(vec![(1, "2".to_owned(), 500)]),
            "in whatever order; nothing is left of 3"
        );
        assert_eq!(netted(vec![line("1", "3.0", "2.5", 750, "")]), Ok(vec![(0, "3.0".to_owned(), 750)]));
    }

    #[test]
    fn a_refund_without_its_line_is_told_at_its_place() {
        let original = || line("1", "2", "0.125", 25, "");
        let unmatched = Err(vec!["feedetail[1] REFUND_UNMATCHED".to_owned()]);
        for refund in [
            line("2", "-1", "0.125", -12, "9"),
            line("2", "-3", "0.125", -38, "1"),
            line("2", "1", "0.125", 13, "1"),
            line("2", "-1", "0.25", -25, "1"),
            FeeLine { hilist_code: "B".into(), ..line("2", "-1", "0.125", -12, "1") },
            line("2", "-1", "0.125", -13, "1"),
            line("2", "-1", "0.125", i64::MIN, "1"),
        ] {
            assert_eq!(netted(vec![original(), refund]), unmatched);
        }
        let left = netted(vec![original(), line("2", "-1", "0.125", -12, "1")]);
        assert_eq!(left, Ok(vec![(0, "1".to_owned(), 13)]), "what is left is count times price");
        let refund_of_a_refund =
            vec![original(), line("2", "-1", "0.125", -12, "1"), line("3", "-1", "0.125", -13, "2")];
        assert_eq!(netted(refund_of_a_refund), Err(vec!["feedetail[2] REFUND_UNMATCHED".to_owned()]));
    }
}
