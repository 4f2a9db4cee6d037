//! The rules of the register: pure, no I/O, no clock.

pub mod departments;
pub mod merge;
pub mod roster;
pub mod transfer;
