//! Doses as recipes write them: 单次剂量描述 and 使用频次描述.

use rust_decimal::Decimal;
use yizhan_documents::value::plain_number;

/// How often a day.
const FREQUENCIES: [(&str, i64); 12] = [
    ("qd", 1),
    ("qn", 1),
    ("qm", 1),
    ("bid", 2),
    ("tid", 3),
    ("qid", 4),
    ("q24h", 1),
    ("q12h", 2),
    ("q8h", 3),
    ("q6h", 4),
    ("q4h", 6),
    ("q2h", 12),
];

/// No dose has so much, in whatever unit.
const MAX_DOSE: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// mg a day; `None` where it cannot be read.
pub fn daily_dose([dose, frequency]: &[String; 2]) -> Option<Decimal> {
    let frequency = frequency.trim().to_ascii_lowercase();
    let times = FREQUENCIES.iter().find(|(word, _)| *word == frequency).map(|(_, times)| *times)?;
    Some(milligrams(dose.trim())? * Decimal::from(times))
}

fn milligrams(dose: &str) -> Option<Decimal> {
    let dose = dose.to_ascii_lowercase();
    let units = [("mg", Decimal::ONE), ("g", Decimal::ONE_THOUSAND)];
    let (number, unit) = units.iter().find_map(|(unit, mg)| Some((dose.strip_suffix(unit)?, *mg)))?;
    plain_number(number.trim()).filter(|number| *number < MAX_DOSE).map(|number| number * unit)
}
