//! What visits are checked by: the rules, their knowledge points, and the engine.

mod domain;

pub use domain::*;
