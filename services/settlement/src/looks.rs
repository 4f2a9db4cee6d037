//! Who sees how much of a settlement, and the leave that enrollment gives: every look at another's health data is in the person's
//! access log before it is answered (docs/decisions/0027).

pub mod domain;
pub mod leave;
pub mod messages;
