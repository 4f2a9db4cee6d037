//! Visits as audit knows them: as they are sent, and as they stand once they are settled.

mod messages;
mod standing;
pub mod store;

pub use messages::{read, understand};
pub use standing::{Standing, earlier, lines_of, together};
