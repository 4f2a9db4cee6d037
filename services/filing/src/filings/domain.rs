//! Pure rules of the register: no I/O, no clock, no protobuf.

pub mod completion;
pub mod conflicts;
pub mod counted;
pub mod filing;
pub mod following;
pub mod home_rules;
pub mod refusals;
pub mod step;
pub mod steps;
