//! Plans of checks, random selections, checks of institutions, and samples with their reviews.

mod api;
mod change_plan;
mod desk;
mod documents;
mod domain;
mod get_plan;
mod get_selection;
mod inspect;
mod list_inspections;
mod messages;
mod samples;
mod select;
mod store;

pub use api::PlanApi;
