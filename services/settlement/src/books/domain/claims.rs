//! What is paid for once: kinds of claims, lines by tens, and visits compared in time.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// What a claim is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A visit: institution and mdtrt_id. Of a stay in parts (中途结算) the last part that stands holds it.
    Visit,
}

impl Kind {
    /// As it is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Visit => "V",
        }
    }
}

/// The condition of the index by which a person's visits are found.
pub const IS_VISIT: &str = "kind = 'V'";

/// A number that does not end in a digit.
const WHOLE: u32 = 10;

/// Where the number of a line is claimed: what is in front of its last digit, and which digit that is.
fn place_of(number: &str) -> (&str, u32) {
    let last = number.chars().next_back().and_then(|last| last.to_digit(10));
    last.map_or((number, WHOLE), |digit| (&number[..number.len() - 1], digit))
}

/// The numbers of lines by tens, each ten with the digits that are in it, as bits: the lines of one bill are numbered one after the
/// other, so that a row of the books holds ten of them.
pub fn tens<'n>(numbers: impl IntoIterator<Item = &'n str>) -> BTreeMap<&'n str, i64> {
    let mut tens: BTreeMap<&str, i64> = BTreeMap::new();
    for (ten, digit) in numbers.into_iter().map(place_of) {
        *tens.entry(ten).or_default() |= 1 << digit;
    }
    tens
}

/// The numbers of a ten.
pub fn numbers_in(ten: &str, digits: i64) -> Vec<String> {
    let number = |digit| if digit == WHOLE { ten.to_owned() } else { format!("{ten}{digit}") };
    (0..=WHOLE).filter(|digit| digits & (1 << digit) != 0).map(number).collect()
}

/// Who holds which digits of a ten, as it is stored: `setl_id:digits;`, one behind the other.
pub fn holding(setl_id: &str, digits: i64) -> String {
    format!("{setl_id}:{digits};")
}

/// The holders of a ten, read; what cannot be read holds nothing.
pub fn holders(held_by: &str) -> impl Iterator<Item = (&str, i64)> {
    held_by.split_terminator(';').filter_map(|entry| {
        let (setl_id, digits) = entry.split_once(':')?;
        Some((setl_id, digits.parse().ok()?))
    })
}

/// When somebody was where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// First day.
    pub begin: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
    /// Whether nights lie between.
    pub stay: bool,
}

/// How two visits of a person meet that cannot both be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Two stays share a day.
    TwoStays,
    /// Two stays of the same single day: a transfer on the day of admission, or the same day twice. Nobody can tell.
    SameDay,
    /// The visit lies within the other, a stay.
    InStay,
    /// The visit is a stay around the other.
    AroundVisit,
}

/// How a visit meets another of the person, and the first and last day they share.
///
/// The day of transfer (转院) is in both stays, and is no meeting: on it one ends and the other begins. Outpatient care on the days of
/// admission and discharge is none either; between them somebody who is in hospital is nowhere else.
pub fn meeting(this: Days, other: Days) -> Option<(Meeting, NaiveDate, NaiveDate)> {
    let (mut first, mut last) = (this.begin.max(other.begin), this.end.min(other.end));
    let meeting = match (this.stay, other.stay) {
        (false, false) => return None,
        (true, true) if this == other && this.begin == this.end => Meeting::SameDay,
        (true, true) => {
            let handed_over = first == last && (this.end == other.begin || other.end == this.begin);
            if handed_over {
                return None;
            }
            Meeting::TwoStays
        }
        (stay, _) => {
            let around = if stay { this } else { other };
            first = first.max(around.begin.succ_opt()?);
            last = last.min(around.end.pred_opt()?);
            if stay { Meeting::AroundVisit } else { Meeting::InStay }
        }
    };
    (first <= last).then_some((meeting, first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 12, 1).unwrap() + chrono::Days::new(day.into())
    }

    fn days(begin: u32, end: u32, stay: bool) -> Days {
        Days { begin: day(begin), end: day(end), stay }
    }

    fn met(this: Days, other: Days) -> Option<(Meeting, NaiveDate, NaiveDate)> {
        let back = |meeting| match meeting {
            Meeting::InStay => Meeting::AroundVisit,
            Meeting::AroundVisit => Meeting::InStay,
            same => same,
        };
        let found = meeting(this, other);
        let other_way = meeting(other, this).map(|(meeting, first, last)| (back(meeting), first, last));
        assert_eq!(other_way, found, "the other way round");
        found
    }

    #[test]
    fn lines_are_claimed_by_tens() {
        let numbers = ["ZY1-8", "ZY1-9", "ZY1-10", "F", "F0", "7", "ZY1-10"];
        let tens = tens(numbers);
        assert_eq!(tens, BTreeMap::from([("", 1 << 7), ("F", 1 << 10 | 1), ("ZY1-", 3 << 8), ("ZY1-1", 1)]));
        let mut back: Vec<String> = tens.iter().flat_map(|(ten, digits)| numbers_in(ten, *digits)).collect();
        back.sort_unstable();
        assert_eq!(back, ["7", "F", "F0", "ZY1-10", "ZY1-8", "ZY1-9"], "none is another");
        let held = holding("S1", 3) + &holding("S2", 4);
        assert_eq!(holders(&held).collect::<Vec<_>>(), [("S1", 3), ("S2", 4)]);
        assert_eq!(holders("").count(), 0);
    }

    #[test]
    fn two_stays_share_days_but_for_the_day_of_transfer() {
        let stay = |begin, end| days(begin, end, true);
        assert_eq!(met(stay(1, 10), stay(10, 20)), None, "转院");
        assert_eq!(met(stay(1, 10), stay(10, 10)), None, "admitted and discharged on the day of transfer");
        assert_eq!(met(stay(5, 5), stay(5, 9)), None, "transferred on the day of admission");
        assert_eq!(met(stay(1, 10), stay(11, 20)), None);
        assert_eq!(met(stay(1, 10), stay(9, 20)), Some((Meeting::TwoStays, day(9), day(10))));
        assert_eq!(met(stay(1, 10), stay(1, 10)), Some((Meeting::TwoStays, day(1), day(10))));
        assert_eq!(met(stay(1, 10), stay(5, 5)), Some((Meeting::TwoStays, day(5), day(5))));
        assert_eq!(
            met(stay(1, 40), stay(31, 35)),
            Some((Meeting::TwoStays, day(31), day(35))),
            "across the year"
        );
        assert_eq!(met(stay(5, 5), stay(5, 5)), Some((Meeting::SameDay, day(5), day(5))));
    }

    #[test]
    fn outpatient_care_is_in_a_stay_between_its_days() {
        let (stay, visit) = (days(1, 10, true), |begin, end| days(begin, end, false));
        for outside in [visit(0, 0), visit(1, 1), visit(10, 10), visit(11, 12), visit(0, 1)] {
            assert_eq!(met(outside, stay), None, "{outside:?}");
        }
        assert_eq!(met(visit(5, 5), stay), Some((Meeting::InStay, day(5), day(5))));
        assert_eq!(met(visit(0, 20), stay), Some((Meeting::InStay, day(2), day(9))));
        assert_eq!(met(visit(1, 1), days(1, 1, true)), None);
        assert_eq!(met(visit(1, 1), days(1, 2, true)), None);
        assert_eq!(met(visit(5, 5), visit(5, 5)), None);
    }
}
