//! Rules of looks: pure, no database.

pub mod grant;
