//! The national rules on entitlement as tables of cases: one file per family, each row with the document it is from.

mod build;
mod employee;
mod newborn;
mod resident;
mod reward;
mod switch;
