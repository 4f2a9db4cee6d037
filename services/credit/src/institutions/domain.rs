//! Scores and grades, pure: no database, no clock.

pub mod advice;
pub mod facts;
pub mod matter;
pub mod score;
pub mod standing;
pub mod table;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod histories;
