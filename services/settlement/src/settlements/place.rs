//! What the rules of the place of care say of a visit beside its benefits: the institution's contract, drugs of two channels, trace codes.

mod contract;
mod drugs;
mod trace_codes;

use std::sync::Arc;

use yizhan_proto::settlement::v1::SettlementMark;
use yizhan_runtime::{ServiceError, Violations};

use super::bill::Names;
use super::messages::visit::CheckedVisit;
use crate::reference::domain::{Institution, Item};
use crate::rules::Rules;

pub use trace_codes::{Repeated, codes_of};

/// The marks with which a visit is settled there, and what its trace codes are to be compared by. `names` are those of its lines.
///
/// # Errors
/// INSTITUTION_SUSPENDED, INSTITUTION_NOT_SIGNED; or every line that a rule refuses.
pub fn check(
    rules: &Rules,
    visit: &CheckedVisit,
    institution: &Institution,
    (items, names): (&[Arc<Item>], &Names),
) -> Result<(Vec<SettlementMark>, Option<Repeated>), ServiceError> {
    let mut wrong = Violations::new();
    let mut marks = contract::check(rules, visit, institution, &mut wrong)?;
    marks.extend(drugs::check(rules, visit, (institution, items), &mut wrong));
    names.told(wrong).none()?;
    Ok((marks, Repeated::of(rules, visit, institution)))
}

/// The same of a visit that the person paid; of contracts what the rule of reimbursements says, `without_contract`.
///
/// # Errors
/// As of [`check`].
pub fn check_paid(
    rules: &Rules,
    visit: &CheckedVisit,
    institution: &Institution,
    (items, names): (&[Arc<Item>], &Names),
    without_contract: Option<SettlementMark>,
) -> Result<(Vec<SettlementMark>, Option<Repeated>), ServiceError> {
    let mut wrong = Violations::new();
    let marks =
        without_contract.into_iter().chain(drugs::check(rules, visit, (institution, items), &mut wrong));
    let marks = marks.collect();
    names.told(wrong).none()?;
    Ok((marks, Repeated::of(rules, visit, institution)))
}
