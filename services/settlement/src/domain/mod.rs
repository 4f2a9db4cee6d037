//! Pure rules of settlement: nothing here reads, writes, waits or asks the time.

pub mod answer;
pub mod case;
pub mod digest;
pub mod explain;
pub mod filing;
pub mod ledger;
pub mod parts;
pub mod quote;
pub mod reversal;
pub mod statement;
pub mod trace;
pub mod visit;
