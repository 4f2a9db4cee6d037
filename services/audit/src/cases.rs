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
pub use asked::{check_opter, is_opter, officers};
pub use changes::record;
pub use domain::{Action, Actor, Case, Inside, Kind, Role, check_officers, gives, take};
pub use open::{SOURCES, inside, opened};
pub use store::{INSPECTION, hold_unreviewed};
pub use sweep::{keep_sweeping, sweep};
