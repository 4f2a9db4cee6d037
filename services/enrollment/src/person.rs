//! One person as the register has them: facts, documents, and the timeline of everything dated.

pub mod domain;
pub mod store;
