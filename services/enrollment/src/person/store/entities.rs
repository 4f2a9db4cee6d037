//! Rows of those tables.

pub mod account_share;
pub mod certificate;
pub mod coverage;
pub mod disease_entitlement;
pub mod entitlement_timeline;
pub mod household_member;
pub mod identity;
pub mod membership;
pub mod person;
pub mod timeline_history;
