//! What entries of a person come to. Pure: no database, no clock.

pub mod limits;
pub mod matter;
pub mod table;
