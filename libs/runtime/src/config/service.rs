//! The services of the platform, as settings name them.

use std::fmt;
use std::str::FromStr;

/// A service of the platform. A new one is added here, and has its section and its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// 参保
    Enrollment,
    /// 异地就医备案
    Filing,
    /// 智能审核与稽核
    Audit,
    /// 信用评价
    Credit,
    /// 一站式结算
    Settlement,
}

impl Service {
    /// Every service, callees before callers.
    pub const ALL: [Service; 5] =
        [Service::Enrollment, Service::Filing, Service::Audit, Service::Credit, Service::Settlement];

    /// Its name: of its section, its binary (`yizhan-…`) and its database.
    pub const fn name(self) -> &'static str {
        match self {
            Service::Enrollment => "enrollment",
            Service::Filing => "filing",
            Service::Audit => "audit",
            Service::Credit => "credit",
            Service::Settlement => "settlement",
        }
    }

    /// The port it listens on, and is looked for, unless told otherwise.
    pub const fn port(self) -> u16 {
        match self {
            Service::Enrollment => 7201,
            Service::Settlement => 7202,
            Service::Filing => 7203,
            Service::Audit => 7204,
            Service::Credit => 7205,
        }
    }

    /// Its own name of a setting: `enrollment.database.url`.
    pub fn setting(self, name: &str) -> String {
        format!("{self}.{name}")
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Service::ALL.into_iter().find(|service| service.name() == name);
        known.ok_or_else(|| format!("`{name}` is no service"))
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
