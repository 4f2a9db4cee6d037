//! The other services, behind traits, so that tests can stand in for them.

mod enrollment;

pub use enrollment::{Enrollment, EnrollmentPeer};
