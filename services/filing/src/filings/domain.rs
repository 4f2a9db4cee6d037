//! Pure rules: no I/O, no clock.

pub mod calendar;
pub mod codes;
pub mod completion;
pub mod conflicts;
pub mod figures;
pub mod filing;
pub mod filing_row;
pub mod find;
pub mod following;
pub mod places;
pub mod refusals;
pub mod rules;
pub mod standing;
pub mod step;
pub mod steps;
pub mod submission;
