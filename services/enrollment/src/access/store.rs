//! Tables of looks.

pub mod access_grants;
pub mod access_log;
pub mod chain;
pub mod entities;
