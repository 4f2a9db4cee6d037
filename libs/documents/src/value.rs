//! Scalars of the form: dates, amounts, ratios, points, names.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_money::MAX_FEN;
use yizhan_terms::Area;

use crate::node::{At, Map};
use crate::period::Period;
use crate::problem::Kind;
use crate::typed::{half_width, hint, number, without_thousands};

/// More digits than any published number has.
const MAX_NUMBER_CHARS: usize = 24;

/// `2022-10-01`
pub fn date(at: At) -> Option<NaiveDate> {
    let text = at.scalar("a date")?;
    let read = day(&half_width(text));
    if read.is_none() {
        mistyped(&at, Kind::InvalidValue, |text| day(&half_width(text)).is_some())?;
    }
    read.or_else(|| {
        at.problem(Kind::InvalidValue, format!("`{text}` is not a day; write it as 2022-10-01{}", hint(text)))
    })
}

/// A day as people write it, year first: `2022-10-01`, also `2022-10-1`, `2022/10/1` and `2022年10月1日`.
fn day(text: &str) -> Option<NaiveDate> {
    let (year, rest) = text.split_once(['-', '/', '.', '年'])?;
    let (month, day) = rest.split_once(['-', '/', '.', '月'])?;
    let day = day.strip_suffix('日').unwrap_or(day);
    let number = |part: &str, longest: usize| {
        let plain = (1..=longest).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<u32>().ok()).flatten()
    };
    let whole_year = (year.len() == 4).then(|| number(year, 4)).flatten()?;
    NaiveDate::from_ymd_opt(i32::try_from(whole_year).ok()?, number(month, 2)?, number(day, 2)?)
}

/// Reports what a keyboard typed too much: a sign behind a value that `reads` without it, or `150,000`.
pub fn mistyped(at: &At, kind: Kind, reads: impl Fn(&str) -> bool) -> Option<()> {
    at.nothing_behind(kind, &reads)?;
    let text = at.raw().unwrap_or_default();
    let Some(plain) = without_thousands(text).filter(|plain| reads(plain)) else { return Some(()) };
    let short = plain.strip_suffix("0000").map(|short| format!("{short}万"));
    let or = short.filter(|short| reads(short)).map(|short| format!(" or {short}")).unwrap_or_default();
    at.problem(kind, format!("`{text}` has a separator of thousands: write {plain}{or}"))
}

/// `from` and `to` of a mapping; `from` has a default when given one.
pub fn period(map: &Map, from_default: Option<NaiveDate>) -> Option<Period> {
    let from = match from_default {
        Some(default) => map.optional("from", date).map(|from| from.unwrap_or(default)),
        None => map.required("from", date),
    };
    let to = map.optional("to", date);
    let period = Period { from: from?, to: to? };
    match (period.to, map.get("to").or(map.get("from"))) {
        (Some(to), Some(at)) if to < period.from => {
            at.problem(Kind::DatesReversed, format!("ends on {to}, before it begins on {}", period.from))
        }
        _ => Some(period),
    }
}

/// The first day of the policy year, `01-01`.
pub fn month_and_day(at: At) -> Option<(u32, u32)> {
    let text = at.scalar("a day of the year")?;
    let typed = half_width(text);
    let parts = typed.split_once('-').filter(|(m, d)| m.len() == 2 && d.len() == 2);
    let numbers = parts.and_then(|(m, d)| Some((m.parse().ok()?, d.parse().ok()?)));
    // 2023 is no leap year: a policy year cannot begin on 29 February.
    let valid = numbers.filter(|(m, d)| NaiveDate::from_ymd_opt(2023, *m, *d).is_some());
    valid.or_else(|| {
        at.problem(Kind::InvalidValue, format!("`{text}` is not a day of the year, as 01-01{}", hint(text)))
    })
}

/// Yuan, as `1300`, `8450.50` or `15万`; the value is in fen.
pub fn amount(at: At) -> Option<Decimal> {
    let text = at.scalar("an amount")?;
    let Some(fen) = fen(text) else {
        mistyped(&at, Kind::InvalidValue, |text| fen(text).is_some())?;
        not_a_range(&at, text)?;
        let message = format!("`{text}` is not an amount; write yuan as 1300, 8450.50 or 15万{}", hint(text));
        return at.problem(Kind::InvalidValue, message);
    };
    if fen < Decimal::ZERO {
        return at.problem(Kind::NegativeAmount, format!("`{text}` is below zero"));
    }
    if !fen.fract().is_zero() || fen > Decimal::from(MAX_FEN) {
        return at
            .problem(Kind::InvalidValue, format!("`{text}` is not a whole number of fen within 16 digits"));
    }
    Some(fen.normalize())
}

fn fen(text: &str) -> Option<Decimal> {
    let typed = number(text);
    let typed = typed.strip_suffix('元').unwrap_or(&typed);
    let (number, unit) = match typed.strip_suffix('万') {
        Some(number) => (number, Decimal::from(1_000_000)),
        None => (typed, Decimal::ONE_HUNDRED),
    };
    plain_number(number).and_then(|number| number.checked_mul(unit))
}

/// A percentage, `85%`; the value is 0.85.
pub fn ratio(at: At) -> Option<Decimal> {
    let text = at.scalar("a ratio")?;
    let typed = number(text);
    not_a_range(&at, text)?;
    let Some(percent) = typed.strip_suffix('%') else {
        let reads = |text: &str| number(text).strip_suffix('%').and_then(plain_number).is_some();
        mistyped(&at, Kind::InvalidValue, reads)?;
        let hint = plain_number(&typed).map_or_else(|| format!("as 85%{}", hint(text)), as_percent);
        return at.problem(Kind::RatioNotPercent, format!("`{text}` is not a percentage; write it {hint}"));
    };
    let Some(percent) = plain_number(percent) else {
        return at.problem(
            Kind::InvalidValue,
            format!("`{text}` is not a percentage; write it as 85%{}", hint(text)),
        );
    };
    if percent < Decimal::ZERO || percent > Decimal::ONE_HUNDRED {
        return at.problem(Kind::RatioOutOfRange, format!("`{text}` lies outside 0–100 %"));
    }
    Some((percent / Decimal::ONE_HUNDRED).normalize())
}

/// `45%–75%`, as an overview of a paper says it, is no value: what is known is that the value is not.
fn not_a_range(at: &At, text: &str) -> Option<()> {
    let is_number = |part: &str| {
        part.trim().starts_with(|c: char| c.is_ascii_digit())
            && part.trim().chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '%' | '％' | '万' | '元'))
    };
    match text.split_once(['-', '–', '—', '~', '～', '至', '到']) {
        Some((from, to)) if is_number(from) && is_number(to) => {
            let message = format!(
                "`{text}` is a range, not one value: a row for each, or `unknown: …` with the range in its words"
            );
            at.problem(Kind::InvalidValue, message)
        }
        _ => Some(()),
    }
}

fn as_percent(number: Decimal) -> String {
    let percent = if number <= Decimal::ONE { number * Decimal::ONE_HUNDRED } else { number };
    format!("as {}%", percent.normalize())
}

/// Percentage points, `-10`; the value is -0.10.
pub fn points(at: At) -> Option<Decimal> {
    let text = at.scalar("a number of points")?;
    let Some(points) = plain_number(&number(text)) else {
        mistyped(&at, Kind::InvalidValue, |text| plain_number(&number(text)).is_some())?;
        return at.problem(
            Kind::InvalidValue,
            format!("`{text}` is not a number of percentage points, as -10{}", hint(text)),
        );
    };
    if points.abs() > Decimal::ONE_HUNDRED {
        return at.problem(Kind::PointsOutOfRange, format!("`{text}` lies outside ±100 points"));
    }
    Some((points / Decimal::ONE_HUNDRED).normalize())
}

/// A whole number within limits.
pub fn whole(at: At, lowest: i64, highest: i64) -> Option<i64> {
    let text = at.scalar("a whole number")?;
    let read = |text: &str| {
        half_width(text).parse::<i64>().ok().filter(|number| (lowest..=highest).contains(number))
    };
    let number = read(text);
    if number.is_none() {
        mistyped(&at, Kind::InvalidValue, |text| read(text).is_some())?;
    }
    number.or_else(|| {
        at.problem(
            Kind::InvalidValue,
            format!("`{text}` is not a whole number from {lowest} to {highest}{}", hint(text)),
        )
    })
}

/// An exact decimal in digits, with an optional sign and fraction.
pub fn plain_number(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let plain = text.len() <= MAX_NUMBER_CHARS && all_digits(whole) && all_digits(fraction);
    plain.then(|| text.parse().ok()).flatten()
}

/// A name other parts of the document refer to: letters, digits, `-` and `_`.
pub fn name<'a>(at: &At<'a>) -> Option<&'a str> {
    named(at, "-_")
}

/// A version: as a name, with dots.
pub fn version<'a>(at: &At<'a>) -> Option<&'a str> {
    named(at, "-_.")
}

fn named<'a>(at: &At<'a>, beside: &str) -> Option<&'a str> {
    let text = at.text()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || beside.contains(c);
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(allowed) {
        return Some(text);
    }
    let hint = hint(text);
    at.problem(
        Kind::InvalidValue,
        format!("`{text}` is not a name: use letters a–z, digits and {beside}{hint}"),
    )
}

/// An area: 6 digits.
pub fn area(at: &At, what: &str) -> Option<Area> {
    digits(at, 6, what).as_deref().and_then(Area::parse)
}

/// A code of so many digits.
pub fn digits(at: &At, count: usize, what: &str) -> Option<String> {
    let text = at.text()?;
    let typed = half_width(text);
    if typed.len() == count && typed.bytes().all(|b| b.is_ascii_digit()) {
        return Some(typed.into_owned());
    }
    at.problem(Kind::InvalidValue, format!("`{text}` is not {what}: {count} digits{}", hint(text)))
}
