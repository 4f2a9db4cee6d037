//! One entity per table.

pub mod account_share;
pub mod coverage;
pub mod disease_entitlement;
pub mod entitlement_timeline;
pub mod identity;
pub mod import_request;
pub mod membership;
pub mod person;
pub mod timeline_history;
