//! 费用明细上传: the lines of a visit brought before it is settled.

pub mod api;
pub mod cancel;
pub mod list;
pub mod messages;
pub mod upload;
