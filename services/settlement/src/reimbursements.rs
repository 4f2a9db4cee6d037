//! 零星报销: applications taken in, reviewed by two officers, settled by the engine, and paid in runs.

mod advance;
mod api;
mod application;
mod approve;
pub mod domain;
mod pay;
mod queries;
mod runs;
pub mod store;
mod submit;
