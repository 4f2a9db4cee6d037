//! Plans of checks, random selections of institutions, officers and samples, and how checks and samples begin as cases.

mod api;
mod change_plan;
mod desk;
mod documents;
mod domain;
mod freeze;
mod get_plan;
mod grades;
mod samples;
mod selections;
mod start_inspection;
mod store;

pub use api::PlanApi;
