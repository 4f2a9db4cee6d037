//! Rules of looks: pure, no database.

pub mod chain;
pub mod grant;
