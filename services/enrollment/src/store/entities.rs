//! One entity per table.

pub mod account_share;
pub mod certificate;
pub mod contribution;
pub mod coverage;
pub mod disease_entitlement;
pub mod entitlement_timeline;
pub mod identity;
pub mod membership;
pub mod person;
pub mod person_merge;
pub mod roster;
pub mod timeline_history;
pub mod transfer;
pub mod transfer_step;
