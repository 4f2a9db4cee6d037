//! The contract: proto in, proto out, nothing decided.

mod filing;
pub(crate) mod messages;
mod rules;

pub use filing::FilingApi;
pub use rules::RulesApi;
