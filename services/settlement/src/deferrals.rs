//! 信用支付: the cash of a settlement becomes a debt, which the person, or somebody they authorised, repays; or does not.
//!
//! Settling knows nothing of it: what is deferred is what became of the cash of a settlement that stands (docs/decisions/0063).

mod agreement;
pub mod api;
mod cancel;
mod defaults;
mod defer;
mod list;
mod repay;
mod said;
mod standing;
pub mod store;
mod terms;
