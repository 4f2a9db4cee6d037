//! Tables of merges, and rows that follow one.

pub mod entities;
pub mod merges;
