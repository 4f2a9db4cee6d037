//! Pure rules of the register.

pub mod eligibility;
pub mod reward;
