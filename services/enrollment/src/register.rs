//! x

pub mod certificates;
pub mod changes;
pub mod domain;
pub mod find_person;
pub mod get_cache_status;
pub mod get_eligibility;
pub mod get_person;
pub mod import;
pub mod import_account_shares;
pub mod import_coverages;
pub mod import_identities;
pub mod import_memberships;
pub mod import_persons;
pub mod keeper;
pub mod list_persons;
pub mod messages;
pub mod once;
pub mod rotate_keys;
pub mod row_check;
pub mod watch_register;
