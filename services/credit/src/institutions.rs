//! 机构信用评价: values and conduct of institutions, their yearly assessment, repair, and what a grade changes.

mod advance;
mod api;
mod changes;
mod conduct;
mod domain;
mod explain;
mod grade;
mod import;
mod messages;
mod propose;
mod store;

pub use api::GradeApi;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use yizhan_runtime::{Fields, Reason, ServiceError};

/// Years that are assessed.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2999;

fn check_year(year: i32, fields: &mut Fields) {
    fields.require(YEARS.contains(&year), "year", Reason::DateInvalid);
}

/// Values that are calculated from the feeds of settlement and audit: by institution and indicator. None yet: all are imported.
async fn computed(
    _db: &impl ConnectionTrait,
    _poolarea_no: &str,
    _year: i32,
) -> Result<BTreeMap<String, BTreeMap<String, Decimal>>, ServiceError> {
    std::future::ready(Ok(BTreeMap::new())).await
}
