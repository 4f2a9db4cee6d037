//! The tables of the books, and the statements that read and write them.
//!
//! Every table that grows leads its key with the pooling area and the person, so that it can be
//! partitioned by area; `requests`, which is asked by institution, leads with the institution.

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
pub mod practitioner_days;
pub mod reconciled;
pub mod recoveries;
pub mod settlements;
pub mod trace_codes;
pub mod uploaded;
