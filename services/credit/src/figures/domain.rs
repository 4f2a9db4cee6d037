//! What a settlement adds to its month, and what indicators come to. Pure: no database, no clock.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use yizhan_proto::settlement::v1::SettlementInfo;
use yizhan_runtime::clock::parse_date;
use yizhan_terms::MedType;

/// Names settlement's feed among those that are followed.
pub const SETTLEMENTS: &str = "settlement.settlements";
/// Names audit's.
pub const DECISIONS: &str = "audit.decisions";
/// 结算类型 of what was paid by hand: the institution did not bill it.
const BY_HAND: &str = "1";
/// 中途结算标志 of a part of a stay that goes on.
const GOES_ON: &str = "1";

/// 统筹区 that paid, month and institution.
pub type Key = [String; 3];

/// What settlements come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Settlements that stand.
    pub settlements: i64,
    /// Visits: a stay in parts is one, when it is over.
    pub visits: i64,
    /// Of these stays.
    pub stays: i64,
    /// Days of stays.
    pub stay_days: i64,
    /// 医疗费总额, fen.
    pub fee_fen: i64,
    /// 基金支付总额, fen.
    pub fund_fen: i64,
    /// 全自费 and 超限价自费, fen.
    pub own_fen: i64,
    /// 医疗费总额 of stays, fen.
    pub stay_fee_fen: i64,
    /// 基金支付总额 of stays, fen.
    pub stay_fund_fen: i64,
    /// 全自费 and 超限价自费 of stays, fen.
    pub stay_own_fen: i64,
}

impl Sums {
    /// Both together. Saturates far beyond all the money there is, so that nothing holds a follower up.
    pub fn plus(self, other: Sums) -> Sums {
        Sums {
            settlements: self.settlements.saturating_add(other.settlements),
            visits: self.visits.saturating_add(other.visits),
            stays: self.stays.saturating_add(other.stays),
            stay_days: self.stay_days.saturating_add(other.stay_days),
            fee_fen: self.fee_fen.saturating_add(other.fee_fen),
            fund_fen: self.fund_fen.saturating_add(other.fund_fen),
            own_fen: self.own_fen.saturating_add(other.own_fen),
            stay_fee_fen: self.stay_fee_fen.saturating_add(other.stay_fee_fen),
            stay_fund_fen: self.stay_fund_fen.saturating_add(other.stay_fund_fen),
            stay_own_fen: self.stay_own_fen.saturating_add(other.stay_own_fen),
        }
    }
}

/// What decisions of audit come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Against {
    /// Decisions that stand, with an amount.
    pub decisions: i64,
    /// Those that were taken back.
    pub withdrawn: i64,
    /// Lines with an amount.
    pub lines: i64,
    /// 违规金额, fen of fees.
    pub fee_fen: i64,
    /// What the funds got back, fen.
    pub fund_fen: i64,
}

impl Against {
    /// Both together.
    pub fn plus(self, other: Against) -> Against {
        Against {
            decisions: self.decisions.saturating_add(other.decisions),
            withdrawn: self.withdrawn.saturating_add(other.withdrawn),
            lines: self.lines.saturating_add(other.lines),
            fee_fen: self.fee_fen.saturating_add(other.fee_fen),
            fund_fen: self.fund_fen.saturating_add(other.fund_fen),
        }
    }
}

/// `2026-05`
pub fn month_of(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// What a settlement adds, in the month of its last day. A reversal has the days and the negative amounts of what it reverses: it takes off
/// exactly that, in the same month, whichever of both is heard first. Nothing: of what was paid by hand, or has no institution or days.
pub fn part(info: &SettlementInfo) -> Option<(Key, Sums)> {
    if info.setl_type == BY_HAND || info.fixmedins_code.is_empty() {
        return None;
    }
    let (begin, end) = (parse_date(&info.begndate)?, parse_date(&info.enddate)?);
    let stay = MedType::from_code(&info.med_type).is_some_and(MedType::is_stay);
    let sign = if info.reverses_setl_id.is_empty() { 1 } else { -1 };
    let visits = if info.mid_setl_flag == GOES_ON { 0 } else { sign };
    let of_stay = |amount: i64| if stay { amount } else { 0 };
    let own_fen = info.fulamt_ownpay_amt_fen.saturating_add(info.overlmt_selfpay_fen);
    let sums = Sums {
        settlements: sign,
        visits,
        stays: of_stay(visits),
        stay_days: of_stay(sign * days(info, begin, end)),
        fee_fen: info.medfee_sumamt_fen,
        fund_fen: info.fund_pay_sumamt_fen,
        own_fen,
        stay_fee_fen: of_stay(info.medfee_sumamt_fen),
        stay_fund_fen: of_stay(info.fund_pay_sumamt_fen),
        stay_own_fen: of_stay(own_fen),
    };
    Some(([info.poolarea_no.clone(), month_of(end), info.fixmedins_code.clone()], sums))
}

/// Days since admission, or since the part before; a stay that is over on the day it began is one.
fn days(info: &SettlementInfo, begin: NaiveDate, end: NaiveDate) -> i64 {
    let before = info.earlier_parts.last().and_then(|before| parse_date(&before.enddate));
    let since = (end - before.unwrap_or(begin)).num_days().max(0);
    let one_day = info.mid_setl_flag != GOES_ON && begin == end;
    if one_day { since.max(1) } else { since }
}

/// Which feeds were followed: of what was never heard nothing is said.
#[derive(Clone, Copy, Debug)]
pub struct Followed {
    /// Settlement's.
    pub settlements: bool,
    /// Audit's.
    pub decisions: bool,
}

/// Indicators with their Chinese names, by code.
pub const INDICATORS: [(&str, &str); 11] = [
    ("average_days", "平均住院日"),
    ("average_fee_stay", "次均住院费用"),
    ("average_fee_visit", "次均门诊费用"),
    ("fund_per_stay", "次均住院基金支付"),
    ("self_paid_share", "自费率"),
    ("self_paid_share_stay", "住院自费率"),
    ("stays", "出院人次"),
    ("violation_fee_share", "违规费用占比"),
    ("violation_share", "违规基金占比"),
    ("violations", "违规处理次数"),
    ("visits", "就诊人次"),
];

/// What the sums of a year come to, by code. An indicator without a denominator is missing.
pub fn indicators(of: &Sums, against: &Against, followed: Followed) -> BTreeMap<String, Decimal> {
    let settled = [
        ("visits", Some(of.visits.into())),
        ("stays", Some(of.stays.into())),
        (
            "average_fee_visit",
            ratio(of.fee_fen.saturating_sub(of.stay_fee_fen), of.visits.saturating_sub(of.stays), 0),
        ),
        ("average_fee_stay", ratio(of.stay_fee_fen, of.stays, 0)),
        ("fund_per_stay", ratio(of.stay_fund_fen, of.stays, 0)),
        ("average_days", ratio(of.stay_days, of.stays, 2)),
        ("self_paid_share", ratio(of.own_fen, of.fee_fen, 4)),
        ("self_paid_share_stay", ratio(of.stay_own_fen, of.stay_fee_fen, 4)),
    ];
    let decided = [("violations", Some(against.decisions.into()))];
    let both = [
        ("violation_share", ratio(against.fund_fen, of.fund_fen, 4)),
        ("violation_fee_share", ratio(against.fee_fen, of.fee_fen, 4)),
    ];
    let settled = settled.into_iter().filter(|_| followed.settlements);
    let decided = decided.into_iter().filter(|_| followed.decisions);
    let both = both.into_iter().filter(|_| followed.settlements && followed.decisions);
    let told = settled.chain(decided).chain(both);
    told.filter_map(|(code, value)| Some((code.to_owned(), value?))).collect()
}

/// Rounded half up; none where there is nothing to divide by.
fn ratio(part: i64, whole: i64, places: u32) -> Option<Decimal> {
    let exact = (whole > 0).then(|| Decimal::from(part) / Decimal::from(whole))?;
    Some(exact.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero).normalize())
}

#[cfg(test)]
mod tests {
    use yizhan_proto::settlement::v1::EarlierPart;

    use super::*;

    fn stay(begin: &str, end: &str) -> SettlementInfo {
        SettlementInfo {
            poolarea_no: "999900".into(),
            fixmedins_code: "H99990000003".into(),
            med_type: "21".into(),
            begndate: begin.into(),
            enddate: end.into(),
            medfee_sumamt_fen: 1000,
            fund_pay_sumamt_fen: 600,
            fulamt_ownpay_amt_fen: 50,
            overlmt_selfpay_fen: 30,
            ..SettlementInfo::default()
        }
    }

    fn reversal(of: SettlementInfo) -> SettlementInfo {
        SettlementInfo {
            reverses_setl_id: "S".into(),
            medfee_sumamt_fen: -of.medfee_sumamt_fen,
            fund_pay_sumamt_fen: -of.fund_pay_sumamt_fen,
            fulamt_ownpay_amt_fen: -of.fulamt_ownpay_amt_fen,
            overlmt_selfpay_fen: -of.overlmt_selfpay_fen,
            ..of
        }
    }

    #[test]
    fn a_reversal_takes_off_what_was_added_in_its_month() {
        let visit = SettlementInfo { med_type: "11".into(), ..stay("2025-12-31", "2025-12-31") };
        for of in [stay("2025-12-30", "2026-01-02"), visit] {
            let (key, sums) = part(&of).unwrap();
            let (month, back) = part(&reversal(of)).unwrap();
            assert_eq!((key, sums.plus(back)), (month, Sums::default()));
        }
    }

    #[test]
    fn parts_of_a_stay_are_one_stay_with_all_its_days() {
        let parts = ["2025-12-31", "2026-01-20", "2026-02-03"].map(|end| stay("2025-12-01", end));
        let [first, second, last] = parts;
        let before = |part: &SettlementInfo| {
            vec![EarlierPart { enddate: part.enddate.clone(), ..EarlierPart::default() }]
        };
        let second = SettlementInfo {
            mid_setl_flag: "1".into(),
            setl_part: 2,
            earlier_parts: before(&first),
            ..second
        };
        let last = SettlementInfo {
            mid_setl_flag: "0".into(),
            setl_part: 3,
            earlier_parts: before(&second),
            ..last
        };
        let first = SettlementInfo { mid_setl_flag: "1".into(), setl_part: 1, ..first };
        let told = [first, second, last].map(|one| part(&one).unwrap());
        let days = told.clone().map(|(key, sums)| (key[1].clone(), sums.stays, sums.stay_days));
        assert_eq!(days, [("2025-12".into(), 0, 30), ("2026-01".into(), 0, 20), ("2026-02".into(), 1, 14)]);
        let all = told.into_iter().fold(Sums::default(), |sum, (_, one)| sum.plus(one));
        assert_eq!((all.settlements, all.visits, all.stays, all.stay_days), (3, 1, 1, 64));
        assert_eq!(part(&stay("2026-01-05", "2026-01-05")).unwrap().1.stay_days, 1);
    }

    #[test]
    fn what_the_institution_did_not_bill_does_not_count() {
        let by_hand = SettlementInfo { setl_type: "1".into(), ..stay("2026-01-01", "2026-01-03") };
        let nowhere = SettlementInfo { fixmedins_code: String::new(), ..stay("2026-01-01", "2026-01-03") };
        assert_eq!((part(&by_hand), part(&nowhere)), (None, None));
    }

    #[test]
    fn an_indicator_without_a_denominator_is_missing() {
        let all = Followed { settlements: true, decisions: true };
        let told = |sums: &Sums, against: &Against, followed| -> Vec<(String, String)> {
            let told = indicators(sums, against, followed);
            told.into_iter().map(|(code, value)| (code, value.to_string())).collect()
        };
        let named = |told: &[(&str, &str)]| -> Vec<(String, String)> {
            told.iter().map(|(code, value)| ((*code).to_owned(), (*value).to_owned())).collect()
        };
        let (_, sums) = part(&stay("2026-01-01", "2026-01-04")).unwrap();
        let against = Against { decisions: 2, withdrawn: 1, lines: 3, fee_fen: 100, fund_fen: 50 };
        let expected = [
            ("average_days", "3"),
            ("average_fee_stay", "1000"),
            ("fund_per_stay", "600"),
            ("self_paid_share", "0.08"),
            ("self_paid_share_stay", "0.08"),
            ("stays", "1"),
            ("violation_fee_share", "0.1"),
            ("violation_share", "0.0833"),
            ("violations", "2"),
            ("visits", "1"),
        ];
        assert_eq!(told(&sums, &against, all), named(&expected));
        let nothing = [("stays", "0"), ("violations", "0"), ("visits", "0")];
        assert_eq!(told(&Sums::default(), &Against::default(), all), named(&nothing));
        let unheard = Followed { settlements: false, decisions: true };
        assert_eq!(told(&sums, &against, unheard), named(&[("violations", "2")]));
        let names = INDICATORS.map(|(code, _)| code);
        assert!(names.is_sorted() && expected.iter().all(|(code, _)| names.contains(code)));
    }
}
