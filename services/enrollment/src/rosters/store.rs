//! Tables of rosters.

pub mod entities;
pub mod roster_rows;
pub mod rosters;
