//! Coverages and what decides them: 人员变动, contributions, waiting periods, 门诊慢特病, 新生儿.

pub(crate) mod api;
mod change_coverage;
pub(crate) mod contribution_check;
pub mod domain;
pub(crate) mod enrolment;
mod entitlement_rules;
mod households;
mod import_disease_entitlements;
pub(crate) mod list_contributions;
mod list_person_changes;
pub(crate) mod messages;
mod record_contributions;
mod record_death;
mod record_residences;
mod register_newborn;
mod repair_waiting;
mod reverify_disease_entitlement;
pub(crate) mod store;
pub(crate) mod take_back_change;
