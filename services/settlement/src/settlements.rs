//! 结算: preview, settle, reverse, replay, and reading back.

pub mod again;
pub mod api;
pub mod audited;
pub mod benefits;
pub mod bill;
pub mod calculate;
pub mod check_books;
pub mod credited;
pub mod domain;
pub mod find_trace_code;
pub mod later;
pub mod messages;
pub mod moved;
pub mod paid_visit;
pub mod part;
pub mod place;
pub mod prepare;
pub mod preview;
pub mod previous;
pub mod query;
pub mod quote;
pub mod replay;
pub mod reverse;
pub mod settle;
pub mod standing;
pub mod watch;
