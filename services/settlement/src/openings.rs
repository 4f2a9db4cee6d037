//! 期初、调整和手工报销: what enters the books without having been settled here.

pub mod api;
mod cancel_manual_payment;
mod cancel_opening;
mod domain;
mod list_openings;
mod messages;
mod record_manual_payment;
mod record_opening;
