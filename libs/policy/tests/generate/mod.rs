//! Random policies and cases. A policy is made as the model's structs, keeps every rule of the
//! loader, and can be written as a document (`write`), so that the loader is asked as well.
//!
//! Everything is drawn from a tape of numbers, where smaller numbers make simpler things:
//! proptest shrinks the tape, and so the policy and the case.

mod cases;
mod choices;
mod layers;
mod policies;
mod tables;
mod walk;
mod write;

pub use cases::visits;
pub use choices::{Choices, tape};
pub use layers::bands;
pub use policies::{chain_of_yearly_scales, everything, one_scale, rising_bands, with_fixed_limits};
pub use tables::constant;
pub use walk::without_places;
pub use write::document;
