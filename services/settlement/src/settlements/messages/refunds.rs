//! 退单: refunds taken off the lines they take back from, before anything is calculated.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_policy::case::Line;
use yizhan_proto::settlement::v1::FeeLine;
use yizhan_runtime::{Reason, Violations};

use crate::fields::decimal;

/// A line, and its place in the bill as reported.
pub type Placed = (usize, FeeLine);

/// A bill with its refunds taken off.
#[derive(Clone, Debug, Default)]
pub struct Netted {
    /// Lines with what is left of each.
    pub kept: Vec<Placed>,
    /// Lines of which nothing is left.
    pub gone: Vec<FeeLine>,
    /// feedetl_sn of the refunds, by that of the line they were taken off.
    pub by_line: BTreeMap<String, Vec<String>>,
    /// Refunds of lines that are not in the bill: of earlier parts of the stay, or of none.
    pub elsewhere: Vec<Placed>,
}

/// Refunds (退单) of a bill.
#[derive(Clone, Debug, Default)]
pub struct Refunds {
    /// feedetl_sn of the refunds that were taken off, by that of their line.
    pub by_line: BTreeMap<String, Vec<String>>,
    /// Lines of which they left nothing.
    pub gone: Vec<FeeLine>,
    /// Those of lines that are not in the bill, as the caller knows them: of earlier parts of the stay, or of none.
    pub elsewhere: Vec<(String, FeeLine)>,
}

/// Takes refunds off their lines. What a refund says that does not fit its line is noted at the refund's place.
pub fn net(lines: Vec<FeeLine>, at: impl Fn(usize) -> String, wrong: &mut Violations) -> Netted {
    let (refunds, lines): (Vec<Placed>, Vec<Placed>) =
        lines.into_iter().enumerate().partition(|(_, line)| !line.init_feedetl_sn.is_empty());
    if refunds.is_empty() {
        return Netted { kept: lines, ..Netted::default() };
    }
    let mut netted = Netted::default();
    let mut left: BTreeMap<String, Left> =
        lines.iter().filter_map(|(_, line)| Some((line.feedetl_sn.clone(), Left::of(line)?))).collect();
    let mut numbers: BTreeSet<String> = lines.iter().map(|(_, line)| line.feedetl_sn.clone()).collect();
    for (index, refund) in refunds {
        if !numbers.insert(refund.feedetl_sn.clone()) {
            wrong.push(format!("{}.feedetl_sn", at(index)), Reason::Duplicate.saying("费用明细流水号重复"));
            continue;
        }
        match left.get_mut(&refund.init_feedetl_sn).map(|line| line.take(&refund)) {
            None => netted.elsewhere.push((index, refund)),
            Some(true) => {
                netted.by_line.entry(refund.init_feedetl_sn).or_default().push(refund.feedetl_sn);
            }
            Some(false) => unmatched(&at(index), &refund, wrong),
        }
    }
    for (place, mut line) in lines {
        match left.get(&line.feedetl_sn) {
            Some(left) if !left.write(&mut line) => netted.gone.push(line),
            _ => netted.kept.push((place, line)),
        }
    }
    netted
}

/// Notes that a refund does not fit a line.
pub fn unmatched(at: &str, refund: &FeeLine, wrong: &mut Violations) {
    wrong.push(at, Reason::RefundUnmatched).with("feedetl_sn", &refund.feedetl_sn);
}

/// Takes refunds, each with its name, off lines that were settled in earlier parts of the stay: the refunds by line.
pub fn net_earlier(
    lines: &mut [Line],
    refunds: &[(String, FeeLine)],
    wrong: &mut Violations,
) -> BTreeMap<String, Vec<FeeLine>> {
    let places: BTreeMap<String, usize> =
        lines.iter().enumerate().map(|(place, line)| (line.id.clone(), place)).collect();
    let mut by_line: BTreeMap<String, Vec<FeeLine>> = BTreeMap::new();
    for (name, refund) in refunds {
        let line = places.get(&refund.init_feedetl_sn).and_then(|place| lines.get_mut(*place));
        let taken = line.and_then(|line| {
            let mut left = Left::of_settled(line);
            left.take(refund).then(|| (line.quantity, line.amount_fen) = (left.count, Fen(left.amount)))
        });
        match taken {
            Some(()) => by_line.entry(refund.init_feedetl_sn.clone()).or_default().push(refund.clone()),
            None => unmatched(name, refund, wrong),
        }
    }
    by_line
}

/// A refund as the charge it takes back, whose form is that of any line; whether it fits its line tells [`net`].
pub fn as_charge(refund: &FeeLine) -> FeeLine {
    let cnt = refund.cnt.trim_start_matches('-').to_owned();
    let price_fen = decimal(&refund.pric, 6).and_then(|price| price.checked_mul(Decimal::ONE_HUNDRED));
    let product = decimal(&cnt, 4).zip(price_fen).and_then(|(cnt, price)| cnt.checked_mul(price));
    let amount = product.and_then(Fen::try_round).unwrap_or(Fen::ZERO);
    FeeLine { cnt, det_item_fee_sumamt_fen: amount.0, ..refund.clone() }
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

    fn of_settled(line: &Line) -> Left {
        Left {
            code: line.code.clone(),
            price_fen: line.price_fen,
            count: line.quantity,
            amount: line.amount_fen.0,
            refunded: false,
        }
    }

    fn is_of(&self, refund: &FeeLine) -> bool {
        let price = decimal(&refund.pric, 6).and_then(|price| price.checked_mul(Decimal::ONE_HUNDRED));
        self.code == refund.hilist_code && price == Some(self.price_fen)
    }

    /// Takes a refund off. False where it is of another item or price, where there is not so much left, or where its amount does not leave count times price: the bill would
    /// differ from its lines.
    fn take(&mut self, refund: &FeeLine) -> bool {
        if !self.is_of(refund) {
            return false;
        }
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
        let netted = net(lines, |index| format!("feedetail[{index}]"), &mut wrong);
        netted
            .elsewhere
            .iter()
            .for_each(|(at, refund)| unmatched(&format!("feedetail[{at}]"), refund, &mut wrong));
        let kept =
            netted.kept.into_iter().map(|(at, line)| (at, line.cnt, line.det_item_fee_sumamt_fen)).collect();
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
        let twice = || line("2", "-1", "0.125", -12, "1");
        assert_eq!(
            netted(vec![original(), twice(), twice()]),
            Err(vec!["feedetail[2].feedetl_sn DUPLICATE".to_owned()])
        );
        let left = netted(vec![original(), line("2", "-1", "0.125", -12, "1")]);
        assert_eq!(left, Ok(vec![(0, "1".to_owned(), 13)]), "what is left is count times price");
        let refund_of_a_refund =
            vec![original(), line("2", "-1", "0.125", -12, "1"), line("3", "-1", "0.125", -13, "2")];
        assert_eq!(netted(refund_of_a_refund), Err(vec!["feedetail[2] REFUND_UNMATCHED".to_owned()]));
    }

    #[test]
    fn a_line_of_an_earlier_part_is_taken_back_by_what_is_left_of_it() {
        let settled = || Line {
            id: "1".to_owned(),
            code: "A".to_owned(),
            quantity: Decimal::from(3),
            price_fen: Decimal::from(250),
            amount_fen: Fen(750),
            class: "01".to_owned(),
            list_type: String::new(),
            ceiling_fen: None,
            prepay: None,
            labels: Vec::new(),
            day: None,
            paid_elsewhere_fen: Fen::ZERO,
            earlier: None,
        };
        let mut lines = [settled()];
        let named = |refund: FeeLine| (format!("at {}", refund.feedetl_sn), refund);
        let refunds = [
            line("2", "-1", "2.5", -250, "1"),
            line("3", "-3", "2.5", -750, "1"),
            line("4", "-2", "2.5", -500, "9"),
        ];
        let mut wrong = Violations::new();
        let taken = net_earlier(&mut lines, &refunds.map(named), &mut wrong);
        assert_eq!((lines[0].quantity, lines[0].amount_fen), (Decimal::from(2), Fen(500)));
        assert_eq!(taken["1"].iter().map(|refund| refund.feedetl_sn.as_str()).collect::<Vec<_>>(), ["2"]);
        let told = wrong.none().unwrap_err();
        let told: Vec<&str> = told.violations().iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(told, ["at 3", "at 4"], "more than is left, and of no line");
    }
}
