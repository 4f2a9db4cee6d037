//! 医保支付资格: practitioners, their points, and whether the funds pay for their services on a day.

mod advance;
mod api;
#[cfg(test)]
mod cases;
mod changes;
mod decide;
mod domain;
mod explain;
mod list;
mod messages;
mod queries;
mod register;
mod replay;
mod retold;
mod store;
#[cfg(test)]
mod written;

pub use api::QualificationApi;
pub use changes::list_all;
pub use domain::timeline::Status;
pub use register::{check_papers, entry};
pub use retold::{Retold, RetoldAct, retold};
