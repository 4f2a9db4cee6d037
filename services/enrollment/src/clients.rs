//! The other services, behind traits, so that tests can stand in for them.

mod settlement;

pub use settlement::{Settlement, SettlementPeer};
