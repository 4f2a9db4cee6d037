//! The services as other services see them: behind traits, so that tests can stand in for them; over gRPC, with questions that
//! are asked at the same time going in one call.

mod audit;
mod credit;
mod enrollment;
mod filing;
mod grades;
mod guard;
mod peer;

pub use audit::{Audit, AuditPeer, encounter};
pub use credit::{Credit, CreditPeer};
pub use enrollment::{Enrollment, EnrollmentPeer, person_merged, require_entitled};
pub use filing::{Filing, FilingPeer};
pub use grades::{Grades, GradesPeer};
