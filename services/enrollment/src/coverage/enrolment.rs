//! What changes of coverages share: saying why not.

use yizhan_runtime::{Reason, ServiceError};

use crate::coverage::domain::coverage_changes::Refused;
use crate::coverage::domain::enrolment::Stop;
use crate::person::domain::timeline::{Coverage, MAX_ENTRIES, Timeline};
use crate::register::import_coverages::{overlap_text, second_basic_scheme_text};

/// No list of a person may grow without end.
pub fn check_entries(person: &Timeline) -> Result<(), ServiceError> {
    if person.coverages.len() <= MAX_ENTRIES {
        return Ok(());
    }
    Err(ServiceError::invalid_field("psn_no", Reason::TooManyEntries))
}

/// The refusal of a change.
pub fn error(stop: impl Into<Stop>) -> ServiceError {
    match stop.into() {
        Stop::Refused(Refused::NotFrom(standing, allowed)) => {
            let message = "this change cannot happen in the state the coverage is in";
            ServiceError::new(Reason::ChangeNotAllowed, message)
                .with("standing", standing.name())
                .with("allowed", allowed.join(","))
        }
        Stop::Refused(Refused::SecondBasicScheme(held)) => {
            let message = "another basic scheme is in force on those days";
            let text = second_basic_scheme_text(&held);
            with_stretch(ServiceError::new(Reason::SecondBasicScheme, message).with_text(text), &held)
        }
        Stop::Refused(Refused::Overlap(held)) => {
            let message = "the scheme has a stretch on those days already";
            let text = overlap_text(&held);
            with_stretch(ServiceError::new(Reason::CoverageOverlap, message).with_text(text), &held)
        }
        Stop::Refused(Refused::OutsideLife(day)) => {
            let message = "the coverage would begin before birth or after death";
            ServiceError::new(Reason::CoverageOutsideLife, message)
                .with_text(format!("参保不能早于出生或晚于死亡（{day}）"))
                .with("day", day)
        }
        Stop::Begun(held) => {
            let from = held.entitled_begndate.unwrap_or(held.period.begndate);
            let message = "the period that is paid back has begun to entitle";
            let text =
                format!("自 {from} 起的待遇享受期已开始，不能全额退费；请先办理参保终止或按登记错误撤销");
            with_stretch(ServiceError::new(Reason::RefundAfterBegin, message).with_text(text), &held)
        }
        Stop::Later(first) => {
            let message = "a later period is paid, or was decided on the strength of this one";
            ServiceError::new(Reason::RefundBuiltUpon, message)
                .with_text(format!("自 {first} 起的后续期间以本期参保为依据，请先退后续期间的费用"))
                .with("begndate", first)
        }
        Stop::NoRule(missing) => {
            let (family, area, day) = (missing.family, missing.area, missing.day);
            let message = "no entitlement rule is in force there on that day";
            ServiceError::new(Reason::EntitlementRuleMissing, message)
                .with_text(format!("{area} 在 {day} 没有生效的待遇规则（{family}）"))
                .with("family", family)
                .with("area", area)
                .with("day", day)
        }
    }
}

fn with_stretch(error: ServiceError, held: &Coverage) -> ServiceError {
    let enddate = held.period.enddate.map(|end| end.to_string()).unwrap_or_default();
    error.with("insutype", held.insutype).with("begndate", held.period.begndate).with("enddate", enddate)
}
