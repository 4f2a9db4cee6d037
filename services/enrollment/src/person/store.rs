//! docs

pub mod cached;
pub mod edit;
pub mod entities;
pub mod personal_data;
pub mod persons;
pub mod rows;
pub mod timelines;
