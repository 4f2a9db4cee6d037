//! What a stored settlement says, and the rows it is stored as.

pub mod claims;
pub mod parts;
pub mod practitioners;
pub mod rows;
pub mod trace_codes;
pub mod withheld;
