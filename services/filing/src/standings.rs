//! What of a person's filings matters to a visit, in one piece: kept by person, cached, and what settlement is answered from.

mod domain;
pub mod store;

pub use domain::{MAX_STANDINGS, Standing, Standings, State};
