//! Steps of applications, and their time. Pure.

pub mod clock;
pub mod steps;
pub mod table;
