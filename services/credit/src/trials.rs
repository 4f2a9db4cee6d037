//! Schemes on trial: who would stand otherwise, and how far. Nothing is written.

mod api;
mod messages;
mod try_scheme;
mod try_scorecard;
mod walk;

pub use api::TrialApi;
