//! The point system, pure: no database, no clock.

pub mod advice;
pub mod event;
pub mod matter;
pub mod table;
pub mod timeline;

#[cfg(test)]
pub mod advised;
#[cfg(test)]
pub mod cases;
#[cfg(test)]
pub mod histories;
