//! What institutions push in a month: more drugs, tests, consumables, treatment than before. A hospital for cancer gives many drugs lawfully.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use yizhan_audit::rules::Visit;
use yizhan_terms::Tier;

use super::care::{hospital, pay, sell};
use super::{Dice, Year};
use crate::support::{diagnosis, visit};

/// Rule, what is sold more of, and what other rule that is against as well.
const PUSHED: [(&str, &str, Option<&str>); 6] = [
    ("ZB10000205001000", "XN02BEB001A001010100001", None),
    ("ZB10000205002000", "002503050010000", None),
    ("ZB10000205003000", "C0104010010000100001", None),
    ("ZB10000205004000", "003401000010000", None),
    ("ZB10000205005000", "002103000010000", Some("ZB10000205002000")),
    ("ZB10000205006000", "002102000010000", Some("ZB10000205002000")),
];
/// Hospitals that push, each in a month of its own for each rule.
const PUSHING: u64 = 5;
/// What is sold more, in percent of what was billed in the month; the last one is careful.
const MORE: [i64; 5] = [100, 100, 80, 80, 4];
/// The hospital for cancer.
const CANCER: u64 = 11;

pub fn push(year: &mut Year, dice: &mut Dice) {
    let mut billed: BTreeMap<(String, String), i64> = BTreeMap::new();
    for visit in year.visits.values().flatten().filter(|visit| visit.area.as_str() == "430200") {
        let total: i64 = visit.lines.iter().map(|line| line.amount_fen).sum();
        *billed.entry((visit.institution.clone(), visit.end.to_string()[..7].to_owned())).or_default() +=
            total;
    }
    for (at, (rule, item, also)) in (0..).zip(PUSHED) {
        for (number, more) in (0..PUSHING).zip(MORE) {
            // Hospitals 1, 2, 4, 5, 6: the third is large and pushes nothing.
            let (institution, month) =
                (hospital(number + u64::from(number > 1)), 1 + at * 2 + u32::from(number > 2));
            let day = NaiveDate::from_ymd_opt(2026, month, 10).unwrap();
            let key = (institution.clone(), day.to_string()[..7].to_owned());
            sold(year, dice, (&institution, day), (item, billed[&key] * more / 100));
            let month = format!("{} {}", key.0, key.1);
            for rule in also.into_iter().chain([rule]) {
                year.months.insert((month.clone(), rule.to_owned()));
            }
            year.injected += 1;
        }
    }
    for month in 1..=12 {
        let day = NaiveDate::from_ymd_opt(2026, month, 12).unwrap();
        let key = (hospital(CANCER), day.to_string()[..7].to_owned());
        let total = billed.get(&key).copied().unwrap_or(1_000_000);
        sold(year, dice, (&key.0, day), (PUSHED[0].1, total));
        year.look_alikes += 1;
    }
}

/// Ten visits with so much of an item together.
fn sold(
    year: &mut Year,
    dice: &mut Dice,
    (institution, day): (&str, NaiveDate),
    (item, amount_fen): (&str, i64),
) {
    for _ in 0..10 {
        let mut made = Visit {
            psn_no: year.newcomer(),
            institution: institution.to_owned(),
            begin: day,
            end: day,
            ..visit()
        };
        made.level = dice.one_of(&[Some(Tier::Third), Some(Tier::Second)]);
        diagnosis(&mut made, "C34.900", "恶性肿瘤");
        sell(&mut made, item, 1, (amount_fen / 10).max(100), day);
        pay(&mut made);
        year.add(made);
    }
}
