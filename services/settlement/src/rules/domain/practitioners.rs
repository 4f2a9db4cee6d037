//! 医保支付资格 of those who gave the services (医师 and the like), as credit answers it.

use yizhan_documents::rule;

use super::{Handling, handling};

rule! {
    /// What becomes of a line whose practitioner was not 正常 on its day. Refused it is borne by the institution, never by the person.
    pub struct Practitioners {
        /// 暂停; 急诊抢救 is paid all the same.
        suspended: Handling = handling;
        /// 终止, likewise.
        terminated: Handling = handling;
        /// Not registered (登记备案) at the institution.
        unregistered: Handling = handling;
    }
}
