//! Values that look like slips: 先行自付 of class 甲, a limit below the deductible, a value ten times off those beside it.

use rust_decimal::Decimal;
use yizhan_documents::{Kind, Known, Problem};

use crate::model::{
    Amount, Band, Benefit, Cap, Condition, DeductibleAmount, Layer, Policy, Ratio, Row, Table,
};

/// From how many times on a value is far off another: 9.5 % beside 90 %.
const TIMES_OFF: Decimal = Decimal::from_parts(9, 0, 0, false, 0);

/// Everything that looks so, each at its row.
pub(super) fn of(policy: &Policy) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Some(table) = &policy.class_prepay {
        first_class(policy, table, &mut found);
    }
    for layer in &policy.layers {
        below_deductible(policy, layer, &mut found);
        if let Benefit::Scale { bands, .. } = &layer.benefit {
            far_off(policy, bands, |bands| bands.first().and_then(ratio_of), &mut found);
            far_bands(policy, bands, &mut found);
        }
        if let Some(deductible) = &layer.deductible {
            far_off(policy, &deductible.amount, deductible_of, &mut found);
        }
    }
    found
}

fn told_at<T>(policy: &Policy, table: &Table<T>, line: usize, kind: Kind, message: String) -> Problem {
    Problem { file: policy.file.clone(), line, column: 1, path: table.path.clone(), kind, message }
}

/// 甲 has no 先行自付: a row that does not ask the class takes it of 甲 too.
fn first_class(policy: &Policy, table: &Table<Decimal>, found: &mut Vec<Problem>) {
    let of_first = |row: &&Row<Decimal>| {
        let lets_in =
            |one: &Condition| !matches!(one, Condition::Class(any) if !any.iter().any(|class| class == "01"));
        row.when.iter().all(lets_in) && matches!(&row.value, Known::Value(ratio) if !ratio.is_zero())
    };
    for version in &table.versions {
        let decides_first = |row: &Row<Decimal>| {
            row.when
                .iter()
                .any(|one| matches!(one, Condition::Class(any) if any.iter().any(|class| class == "01")))
        };
        // `otherwise` beside a row for 甲 is for the others.
        let said = version.rows.iter().any(decides_first);
        let rows = version.rows.iter().filter(of_first).filter(|row| decides_first(row) || !said);
        for row in rows {
            let message = "class 甲 has no 先行自付, and this row takes it of 甲 too: write `when: { class: [\"02\"] }`";
            found.push(told_at(policy, table, row.line, Kind::FirstClassPrepaid, message.to_owned()));
        }
    }
}

/// A limit below the deductible: one of them was meant in 万.
fn below_deductible(policy: &Policy, layer: &Layer, found: &mut Vec<Problem>) {
    let (Some(Cap { amount: limit, .. }), Some(deductible)) = (&layer.cap, &layer.deductible) else { return };
    for version in &limit.versions {
        let beside = deductible.amount.versions.iter().filter(|other| other.period.overlaps(&version.period));
        let least =
            beside.flat_map(|version| &version.rows).filter_map(|row| value(row, deductible_of)).min();
        let limits = version.rows.iter().filter_map(|row| Some((value(row, limit_of)?, row.line)));
        let (Some(least), Some((lowest, line))) = (least, limits.min()) else { continue };
        if lowest < least {
            let (lowest, least) = (yuan(lowest), yuan(least));
            let message =
                format!("the limit of {lowest} lies below the deductible of {least}: is one of them in 万?");
            found.push(told_at(policy, limit, line, Kind::LimitBelowDeductible, message));
        }
    }
}

/// A row whose value is far from that of every row beside it.
fn far_off<T>(policy: &Policy, table: &Table<T>, of: fn(&T) -> Option<Decimal>, found: &mut Vec<Problem>) {
    for version in &table.versions {
        let rows = version.rows.iter().filter_map(|row| Some((value(row, of)?, row.line)));
        let mut rows: Vec<_> = rows.filter(|(value, _)| !value.is_zero()).collect();
        rows.sort_unstable();
        let far = |low: Decimal, high: Decimal| low * TIMES_OFF <= high;
        let mut told = |line| {
            let message = "this value is ten times off those of the rows beside it: a decimal point, or 万?";
            found.push(told_at(policy, table, line, Kind::RowFarOff, message.to_owned()));
        };
        match rows[..] {
            [(lowest, line), (next, _), ..] if far(lowest, next) => told(line),
            [_, .., (next, _), (highest, line)] if far(next, highest) => told(line),
            _ => {}
        }
    }
}

/// A band whose ratio is far from those of the bands beside it, in a row whose first band is not told already.
fn far_bands(policy: &Policy, table: &Table<Vec<Band>>, found: &mut Vec<Problem>) {
    for row in table.versions.iter().flat_map(|version| &version.rows) {
        let Known::Value(bands) = &row.value else { continue };
        let ratios = || bands.iter().filter_map(ratio_of).filter(|ratio| !ratio.is_zero());
        let (Some(least), Some(most)) = (ratios().min(), ratios().max()) else { continue };
        if least * TIMES_OFF <= most && found.iter().all(|one| one.line != row.line) {
            let message =
                "the ratio of a band is ten times off that of another band of its row: a decimal point?";
            found.push(told_at(policy, table, row.line, Kind::RowFarOff, message.to_owned()));
        }
    }
}

fn value<T, V>(row: &Row<T>, of: fn(&T) -> Option<V>) -> Option<V> {
    match &row.value {
        Known::Value(value) => of(value),
        Known::Unknown(_) => None,
    }
}

fn ratio_of(band: &Band) -> Option<Decimal> {
    match band.ratio {
        Known::Value(Ratio::Fixed(ratio)) => Some(ratio),
        _ => None,
    }
}

fn deductible_of(amount: &DeductibleAmount) -> Option<Decimal> {
    match amount {
        DeductibleAmount::Fixed(amount) => Some(amount.fen),
        DeductibleAmount::PartOf(..) => None,
    }
}

fn limit_of(limit: &Option<Amount>) -> Option<Decimal> {
    limit.as_ref().map(|amount| amount.fen)
}

fn yuan(fen: Decimal) -> Decimal {
    (fen / Decimal::ONE_HUNDRED).normalize()
}
