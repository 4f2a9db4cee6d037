//! The tables of the books, and the statements that read and write them.
//!
//! Every table that grows leads its key with the pooling area and the person, so that areas can be kept apart;
//! `requests`, which is asked by institution, leads with the institution. Settlements and journal are kept by month, see [`partitions`].

pub mod claims;
pub mod commit;
pub mod deferrals;
pub mod entities;
pub mod followed;
mod invariants;
pub mod journal;
pub mod load;
pub mod merged;
pub mod openings;
pub mod parted;
pub mod partitions;
pub mod practitioner_days;
pub mod reconciled;
pub mod recoveries;
pub mod settlements;
pub mod trace_codes;
pub mod uploaded;
