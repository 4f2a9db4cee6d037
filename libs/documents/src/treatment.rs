//! How documents write what the filing register applies to care away from home.

use rust_decimal::Decimal;

use yizhan_terms::Treatment;

use crate::node::{At, Map};
use crate::problem::Kind;
use crate::table::Values;
use crate::value::{points, ratio};

/// `same: true`, `points: -10`, `factor: 90%` or `prepay: 10%`: the value of a row in the register's
/// rules, and of a case written by hand.
pub const TREATMENT: Values<Treatment> =
    Values { keys: &["same", "points", "factor", "prepay"], read: treatment };

fn treatment(map: &Map) -> Option<Treatment> {
    match map.one_of(TREATMENT.keys)? {
        "same" => map.required("same", same),
        "points" => map.required("points", points_off).map(Treatment::Points),
        "factor" => map.required("factor", ratio).map(Treatment::Factor),
        _ => map.required("prepay", ratio).map(Treatment::Prepay),
    }
}

fn same(at: At) -> Option<Treatment> {
    if at.boolean()? {
        return Some(Treatment::Same);
    }
    at.problem(Kind::InvalidValue, "`same: false` says nothing: write `points`, `factor` or `prepay`")
}

fn points_off(at: At) -> Option<Decimal> {
    let points = points(at.clone())? * Decimal::ONE_HUNDRED;
    if points > Decimal::ZERO {
        return at.problem(
            Kind::PointsOutOfRange,
            "care away from home is not paid better than at home: write points off as -10",
        );
    }
    Some(points.normalize())
}
