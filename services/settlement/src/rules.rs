//! The rules of settling that are no benefits: what areas and the nation wrote, as dated documents; published, listed, read, and asked by
//! area and day.

mod api;
mod documents;
mod domain;

pub use api::RulesApi;
pub use documents::{Documents, TABLE};
pub use domain::*;
