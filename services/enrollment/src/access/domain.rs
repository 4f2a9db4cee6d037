//! Pure rules of looks.

pub mod chain;
pub mod grant;
