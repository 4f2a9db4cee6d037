//! Benefit policies: published, listed, and kept in memory.

pub mod api;
pub mod publication;
mod try_draft;
