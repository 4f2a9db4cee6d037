//! What the rows of each table give: amounts, limits, ratios, points, bands, bounds of visits.

use rust_decimal::Decimal;

use yizhan_documents::value::{amount, points, ratio, whole};
use yizhan_documents::{At, Kind, Known, Map, Values};

use super::quantity::part_of_bill;
use crate::model::{Band, DeductibleAmount, InStay, Ratio, Reach, VisitRules};

/// `amount: 1300`
pub(super) const AMOUNT: Values<Decimal> =
    Values { keys: &["amount"], read: |row| row.required("amount", amount) };

/// `amount: 15万`, or `amount: none`
pub(super) const LIMIT: Values<Option<Decimal>> =
    Values { keys: &["amount"], read: |row| row.required("amount", limit) };

/// Most days of a year or a stay that a document may speak of.
pub(super) const MAX_DAYS: i64 = 366;

/// `days: 90`
pub(super) const DAYS: Values<i64> =
    Values { keys: &["days"], read: |row| row.required("days", |at| whole(at, 1, MAX_DAYS)) };

/// `ratio: 85%`
pub(super) const RATIO: Values<Decimal> =
    Values { keys: &["ratio"], read: |row| row.required("ratio", ratio) };

/// `points: -10`
pub(super) const POINTS: Values<Decimal> =
    Values { keys: &["points"], read: |row| row.required("points", points) };

/// `amount: 1300`, or `part: 10%, of: total`
pub(super) const DEDUCTIBLE: Values<DeductibleAmount> =
    Values { keys: &["amount", "part", "of"], read: |row| deductible_amount(row) };

/// `reach: province`
pub(super) const REACH: Values<Reach> = Values {
    keys: &["reach"],
    read: |row| {
        row.required("reach", |at| at.code(&[Reach::Area, Reach::Province, Reach::Nation], reach_code))
    },
};

/// `allowed: true`
pub(super) const WHETHER: Values<bool> =
    Values { keys: &["allowed"], read: |row| row.required("allowed", |at| at.boolean()) };

/// `ratio: 85%`, or `bands: [ … ]`
pub(super) const BANDS: Values<Vec<Band>> = Values { keys: &["ratio", "bands"], read: |row| bands(row) };

fn reach_code(reach: Reach) -> &'static str {
    match reach {
        Reach::Area => "area",
        Reach::Province => "province",
        Reach::Nation => "nation",
    }
}

const IN_STAY: &[InStay] = &[InStay::Admission, InStay::Discharge, InStay::Refused];
const VISIT_KEYS: &[&str] =
    &["outpatient_days", "stay_days", "settle_within_days", "scheme", "status", "identity"];
/// Longest visit, and longest time until it is settled, that a policy may allow.
const MAX_VISIT_DAYS: i64 = 3_653;

/// `stay_days: 180`, `status: discharge` …; what is not said is as by default.
pub(super) const VISITS: Values<VisitRules> = Values { keys: VISIT_KEYS, read: |row| visit_rules(row) };

fn visit_rules(row: &Map) -> Option<VisitRules> {
    let days = |key| row.optional(key, |at| whole(at, 1, MAX_VISIT_DAYS));
    let in_stay = |key| row.optional(key, |at| at.code(IN_STAY, in_stay_code));
    let (outpatient, stay, within) = (days("outpatient_days"), days("stay_days"), days("settle_within_days"));
    let (scheme, status, identity) = (in_stay("scheme"), in_stay("status"), in_stay("identity"));
    let by_default = VisitRules::default();
    Some(VisitRules {
        outpatient_days: outpatient?.unwrap_or(by_default.outpatient_days),
        stay_days: stay?.unwrap_or(by_default.stay_days),
        settle_within_days: within?.unwrap_or(by_default.settle_within_days),
        scheme: scheme?.unwrap_or(by_default.scheme),
        status: status?.unwrap_or(by_default.status),
        identity: identity?.unwrap_or(by_default.identity),
    })
}

/// As documents write it.
pub(crate) fn in_stay_code(in_stay: InStay) -> &'static str {
    match in_stay {
        InStay::Admission => "admission",
        InStay::Discharge => "discharge",
        InStay::Refused => "refused",
    }
}

fn limit(at: At) -> Option<Option<Decimal>> {
    if at.raw() == Some("none") { Some(None) } else { amount(at).map(Some) }
}

fn deductible_amount(row: &Map) -> Option<DeductibleAmount> {
    if row.get("amount").is_some() {
        return match ["part", "of"].into_iter().find(|key| row.get(key).is_some()) {
            Some(other) => row.conflict("amount", other),
            None => row.required("amount", amount).map(DeductibleAmount::Fixed),
        };
    }
    let part = row.required("part", ratio);
    let of = row.required("of", |at| part_of_bill(&at));
    Some(DeductibleAmount::PartOf(part?, of?))
}

/// One ratio for everything is a single band without an end.
fn bands(row: &Map) -> Option<Vec<Band>> {
    match row.one_of(&["ratio", "bands"])? {
        "ratio" => Some(vec![Band { upto: None, ratio: Known::Value(row.required("ratio", band_ratio)?) }]),
        _ => row.required("bands", band_list),
    }
}

fn band_list(at: At) -> Option<Vec<Band>> {
    let items = at.list()?;
    let bands: Vec<Option<Band>> = items.iter().map(band).collect();
    let mut reached = Some(Decimal::ZERO);
    for (at, band) in items.iter().zip(&bands) {
        let (Some(from), Some(band)) = (reached, band) else {
            if reached.is_none() {
                at.problem::<()>(
                    Kind::BandsOutOfOrder,
                    "the band above has no `upto`: nothing comes after it",
                );
            }
            continue;
        };
        if band.upto.is_some_and(|upto| upto <= from) {
            let message = "`upto` does not lie above the end of the band before it";
            at.problem::<()>(Kind::BandsOutOfOrder, message);
        }
        reached = band.upto;
    }
    bands.into_iter().collect()
}

fn band(at: &At) -> Option<Band> {
    let map = at.map(&["upto", "ratio", "unknown"])?;
    let upto = map.optional("upto", amount);
    let ratio = match map.one_of(&["ratio", "unknown"])? {
        "ratio" => map.required("ratio", band_ratio).map(Known::Value),
        _ => map.required("unknown", |at| at.text()).map(|why| Known::Unknown(why.to_owned())),
    };
    Some(Band { upto: upto?, ratio: ratio? })
}

/// `85%`, or `{ base: 75%, per_year_of_age: 0.2% }`
fn band_ratio(at: At) -> Option<Ratio> {
    if !at.is_map() {
        return ratio(at).map(Ratio::Fixed);
    }
    let map = at.map(&["base", "per_year_of_age"])?;
    let (base, per_year) = (map.required("base", ratio), map.required("per_year_of_age", ratio));
    Some(Ratio::ByAge { base: base?, per_year: per_year? })
}
