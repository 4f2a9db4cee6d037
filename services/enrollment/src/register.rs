//! The register: who is in it, who is entitled on a day, and the one door by which it is written ([`changes`]).

pub(crate) mod api;
pub(crate) mod certificates;
pub(crate) mod changes;
mod check_insured;
pub mod domain;
pub(crate) mod find_person;
mod get_cache_status;
mod get_eligibility;
mod get_person;
mod grant_account_share;
pub(crate) mod import;
mod import_account_shares;
pub(crate) mod import_coverages;
mod import_identities;
mod import_memberships;
pub(crate) mod import_persons;
pub(crate) mod keeper;
mod list_persons;
pub(crate) mod messages;
pub(crate) mod rotate_keys;
mod watch_register;
