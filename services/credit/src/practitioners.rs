//! 医保支付资格: practitioners, their points, and whether the funds pay for their services on a day.

mod advance;
mod api;
mod changes;
mod decide;
mod domain;
mod messages;
mod queries;
mod register;
mod store;

pub use api::QualificationApi;
pub use domain::matter::standing;
pub use register::{check_papers, entry};
