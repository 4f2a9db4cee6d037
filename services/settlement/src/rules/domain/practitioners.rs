//! 医保支付资格 of those who gave the services (医师 and the like), as credit answers it.

use yizhan_documents::{Map, rule, value};

use super::{Handling, handling};

/// Most days of a stay that may count as the emergency.
const MAX_EMERGENCY_DAYS: i64 = 366;

rule! {
    /// What becomes of a line whose practitioner was not 正常 on its day. Refused it is borne by the institution, never by the person.
    pub struct Practitioners {
        /// 暂停; 急诊抢救 is paid all the same.
        suspended: Handling = handling;
        /// 终止, likewise.
        terminated: Handling = handling;
        /// Not registered (登记备案) at the institution.
        unregistered: Handling = handling;
        /// Of a hospital's line that names nobody, nor its visit. Accepted where the rule does not say.
        unnamed: Handling = accepted;
        /// So many days of a stay that began as an emergency are the emergency, the first one included; `None`: all of them.
        emergency_days: Option<i64> = days;
    }
}

fn accepted(map: &Map, key: &str) -> Option<Handling> {
    let told = map.optional(key, |at| at.code(Handling::ALL, Handling::code))?;
    Some(told.unwrap_or(Handling::Accept))
}

fn days(map: &Map, key: &str) -> Option<Option<i64>> {
    map.optional(key, |at| value::whole(at, 1, MAX_EMERGENCY_DAYS))
}
