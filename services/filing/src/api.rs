//! The contract: proto in, proto out, nothing decided.

mod figures;
mod filing;
pub(crate) mod messages;
mod rules;

pub use figures::FiguresApi;
pub use filing::FilingApi;
pub use rules::RulesApi;
