//! 机构信用评价: values and conduct of institutions, their yearly assessment, repair, and what a grade changes.

mod advance;
mod api;
mod changes;
mod conduct;
mod domain;
mod explain;
mod grade;
mod import;
mod judge;
mod messages;
mod propose;
mod store;
#[cfg(test)]
mod written;

pub use api::GradeApi;
pub use judge::{Judged, judge};
