//! Coverages and what decides them: 人员变动, contributions, waiting periods, entitlements of diseases.

pub mod api;
pub mod change_coverage;
pub mod contribution_check;
pub mod domain;
pub mod enrolment;
pub mod entitlement_rules;
pub mod import_disease_entitlements;
pub mod list_contributions;
pub mod messages;
pub mod record_contributions;
pub mod record_death;
pub mod register_newborn;
pub mod repair_waiting;
pub mod reverify_disease_entitlement;
pub mod store;
