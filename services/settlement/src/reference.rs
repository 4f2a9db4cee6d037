//! What settlement knows of institutions and the catalogue.

pub mod api;
pub mod contracts;
pub mod domain;
pub mod import;
pub mod lookup;
pub mod messages;
pub mod settled;
pub mod store;
