//! What entries come to (`services/credit/schemes`, docs/CREDIT.md): the schemes of the area whose agency decides.

mod api;
pub mod effects;
pub mod pay_later;
pub mod points;
pub mod ranking;
pub mod scorecard;

use std::sync::LazyLock;

use chrono::NaiveDate;
use include_dir::{Dir, include_dir};
use yizhan_documents::calendar::{Calendar, NATIONAL};
use yizhan_documents::{Family, NoRule};
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::Area;

pub use api::SchemeApi;
use effects::GradeEffects;
use pay_later::PayLater;
use points::Points;
use ranking::Ranking;
use scorecard::Scorecard;

/// The schemes.
pub type Schemes = yizhan_documents::Rules<SchemeFamilies>;
/// The same while the service runs.
pub type SchemeBook = yizhan_rules::RulesBook<SchemeFamilies>;

yizhan_documents::families! {
    /// What a document of schemes may hold.
    pub struct SchemeFamilies, called "信用评价方案", embedded embedded_texts() => {
        ranking: Ranking = "ranking", read Ranking::read, keys Ranking::KEYS;
        calendar: Calendar = "calendar", read Calendar::read, keys Calendar::KEYS;
        points: Points = "points", read Points::read, keys Points::KEYS;
        scorecard: Scorecard = "scorecard", read Scorecard::read, keys Scorecard::KEYS;
        grade_effects: GradeEffects = "grade_effects", read GradeEffects::read, keys GradeEffects::KEYS;
        pay_later: PayLater = "pay_later", read PayLater::read, keys PayLater::KEYS;
    }
}

fn embedded_texts() -> &'static [(&'static str, &'static str)] {
    static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/schemes");
    static FILES: LazyLock<Vec<(&str, &str)>> =
        LazyLock::new(|| [vec![NATIONAL], yizhan_documents::texts(&FOLDER)].concat());
    &FILES
}

/// The scheme of an area on a day.
///
/// # Errors
/// RULES_NOT_IN_FORCE where no document speaks of it.
pub fn find<R: Family<SchemeFamilies> + Clone>(
    schemes: &Schemes,
    area: Area,
    day: NaiveDate,
) -> Result<R, ServiceError> {
    schemes.find::<R>(area, day).map(|dated| dated.rule.clone()).map_err(not_in_force)
}

/// No document speaks of it.
pub fn not_in_force(missing: NoRule) -> ServiceError {
    ServiceError::new(Reason::RulesNotInForce, "no scheme holds there on that day")
        .with_text("该地区当日没有生效的信用评价方案")
        .with("family", missing.family)
        .with("area", missing.area)
        .with("day", missing.day)
}
