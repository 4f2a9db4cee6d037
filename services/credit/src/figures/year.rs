//! Indicators of a year, for scorecards.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::Area;

use super::domain::{Against, Sums, indicators};
use super::store::{self, Wanted};

/// Indicators of a calendar year by 定点医药机构编号 and code, of what this area, with everything inside it, paid: `visits`, `stays` and
/// `violations` are counts, `average_fee_visit`, `average_fee_stay` and `fund_per_stay` whole fen, `average_days` days to two places,
/// `self_paid_share`, `self_paid_share_stay`, `violation_share` and `violation_fee_share` shares to four (`0.0833` is 8.33 %), all
/// rounded half up. docs/CREDIT.md says what each divides by what.
///
/// An indicator without a denominator is missing, and so is one whose feed was never followed; an institution of which nothing is known is
/// not there. What it says of a year changes as long as reversals and corrections come: who publishes a grade keeps what it rested on.
///
/// # Errors
/// AREA_INVALID, and what the database says.
pub async fn of_year(
    db: &impl ConnectionTrait,
    poolarea_no: &str,
    year: i32,
) -> Result<BTreeMap<String, BTreeMap<String, Decimal>>, ServiceError> {
    let area = Area::parse(poolarea_no);
    let area = area.ok_or_else(|| ServiceError::invalid_field("poolarea_no", Reason::AreaInvalid))?;
    let followed = store::followed(db).await?;
    let known = store::read(db, &Wanted { area, year, institutions: None }).await?;
    let of = |months: BTreeMap<String, (Sums, Against)>| {
        let (sums, against) = together(months.values());
        indicators(&sums, &against, followed)
    };
    Ok(known.into_iter().map(|(code, months)| (code, of(months))).collect())
}

/// Months together.
pub fn together<'m>(months: impl Iterator<Item = &'m (Sums, Against)>) -> (Sums, Against) {
    let begin = (Sums::default(), Against::default());
    months.fold(begin, |(sums, against), (more, found)| (sums.plus(*more), against.plus(*found)))
}
