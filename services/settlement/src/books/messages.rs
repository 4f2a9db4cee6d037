//! What a stored settlement says, and the rows it is stored as.

pub mod parts;
pub mod rows;
