//! 重新结算: later visits that would be paid otherwise without one that is reversed, settled again.

pub mod api;
pub mod find_later_visits;
pub mod make;
pub mod resettle;
