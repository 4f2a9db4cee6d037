//! Tables of persons.
//!
//! Every table that grows leads its key with `poolarea_no` and `psn_no`, so that it can be partitioned by area and person.
//! The two that are asked by `psn_no` alone are keyed by it: `entitlement_timeline`, one row per person that answers every
//! as-of question with one read, and with that the directory of who is registered where. It is written in the same
//! transaction as the normalised rows, and could be rebuilt from them.

pub mod cached;
pub mod edit;
pub mod entities;
pub mod households;
pub mod personal_data;
pub mod persons;
pub mod registered;
pub mod rows;
pub mod timelines;
pub mod update;
