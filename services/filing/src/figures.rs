//! Figures by area and month: filings by kind, visits away from home by how they were paid.

mod api;
pub mod domain;
mod follow_settlements;
mod get_filing_figures;
mod messages;
mod record_manual_reimbursement;
pub mod store;

pub use api::FiguresApi;
pub use follow_settlements::FollowSettlements;
pub use get_filing_figures::keep_short;
