//! Scores and grades, pure: no database, no clock.

pub mod advice;
pub mod facts;
pub mod matter;
pub mod score;
pub mod standing;
pub mod table;

#[cfg(test)]
pub mod cases;
#[cfg(test)]
pub mod histories;
