//! Tables, and reading and writing them.

pub mod cached;
pub mod entities;
pub mod figures;
pub mod filings;
pub mod migrations;
pub mod queue;
pub mod standings;
