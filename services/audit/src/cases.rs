//! Cases (稽核案件): from what was found or reported to money returned, 初审 → 复核 → 申诉 → 复审 → 反馈 → 处理 → 归档.

mod advance;
mod api;
mod asked;
mod changes;
mod domain;
mod findings;
mod known;
mod open;
mod queries;
mod store;
mod sweep;
mod told;
mod verify;

pub use api::CaseApi;
pub use sweep::{keep_sweeping, sweep};
