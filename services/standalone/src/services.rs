//! What each service of this process is told.

use std::net::SocketAddr;

use yizhan_audit::AuditConfig;
use yizhan_credit::CreditConfig;
use yizhan_enrollment::EnrollmentConfig;
use yizhan_filing::FilingConfig;
use yizhan_runtime::config::{DatabaseConfig, ServerConfig, Service, Settings};
use yizhan_settlement::Config as SettlementConfig;

/// The settings of each service.
pub struct Services {
    /// 参保
    pub enrollment: EnrollmentConfig,
    /// 异地就医备案
    pub filing: FilingConfig,
    /// 智能审核与稽核
    pub audit: AuditConfig,
    /// 信用评价
    pub credit: CreditConfig,
    /// 一站式结算
    pub settlement: SettlementConfig,
}

impl Services {
    /// Reads them all; what contradicts each other inside one process is a problem.
    pub fn read(settings: &mut Settings) -> Services {
        let services = Services {
            enrollment: EnrollmentConfig::read(settings),
            filing: FilingConfig::read(settings),
            audit: AuditConfig::read(settings),
            credit: CreditConfig::read(settings),
            settlement: SettlementConfig::read(settings),
        };
        services.shared().into_iter().for_each(|problem| settings.problem(problem));
        services
    }

    fn each(&self) -> [(Service, &ServerConfig, &DatabaseConfig); 5] {
        let Services { enrollment, filing, audit, credit, settlement } = self;
        [
            (Service::Enrollment, &enrollment.server, &enrollment.database),
            (Service::Filing, &filing.server, &filing.database),
            (Service::Audit, &audit.server, &audit.database),
            (Service::Credit, &credit.server, &credit.database),
            (Service::Settlement, &settlement.server, &settlement.database),
        ]
    }

    /// One port or one database for two services.
    fn shared(&self) -> Vec<String> {
        let each = self.each();
        let pairs = each
            .iter()
            .enumerate()
            .flat_map(|(at, one)| each[at + 1..].iter().map(move |other| (one, other)));
        let mut problems = Vec::new();
        for ((one, server, database), (other, others_server, others_database)) in pairs {
            if collide(server.listen, others_server.listen) {
                problems
                    .push(format!("{one}.server.listen, {other}.server.listen: both are {}", server.listen));
            }
            if let (Some(probed), Some(others)) = (server.health, others_server.health)
                && collide(probed, others)
            {
                problems.push(format!(
                    "{one}.server.health_listen, {other}.server.health_listen: both are {probed}"
                ));
            }
            if database.url == others_database.url {
                problems.push(format!(
                    "{one}.database.url, {other}.database.url: each service needs a database of its own"
                ));
            }
        }
        problems
    }
}

fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && (everywhere || one.ip() == other.ip())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use yizhan_runtime::process;

    use super::*;

    fn problems(toml: &str) -> Vec<String> {
        let settings = Settings::from_parts(BTreeMap::new(), Some(toml));
        process::settings(settings, Services::read).err().map_or(Vec::new(), |problems| problems.0)
    }

    #[test]
    fn the_defaults_and_one_file_for_all_are_fine() {
        assert_eq!(problems(""), Vec::<String>::new());
        let toml = "[cache]\nttl_seconds = 60\n[filing.cache]\nttl_seconds = 90\n[settlement]\nquote_minutes = 5\n\
                    [peers.enrollment]\naddress = \"http://enrollment:7201\"\n[enrollment.database]\nurl = \"sqlite://e.db\"\n";
        assert_eq!(problems(toml), Vec::<String>::new());
    }

    #[test]
    fn typing_errors_in_any_section_are_told() {
        let toml = "[filing.cahce]\nurl = \"\"\n[settlement]\nquote_minute = 5\n[peers.enrolment]\naddress = \"http://e\"\n";
        let problems = problems(toml);
        for key in ["filing.cahce.url", "settlement.quote_minute", "peers.enrolment.address"] {
            assert!(problems.iter().any(|problem| problem.starts_with(key)), "{key} in {problems:?}");
        }
    }

    #[test]
    fn one_port_or_one_database_for_two_services_is_told() {
        let told = problems(
            "[server]\nlisten = \"0.0.0.0:7201\"\ntrust_caller_header = true\n[settlement.server]\nlisten = \"127.0.0.1:7209\"\n[audit.server]\nlisten = \"127.0.0.1:7210\"\n[credit.server]\nlisten = \"127.0.0.1:7211\"\n",
        );
        assert_eq!(told, ["enrollment.server.listen, filing.server.listen: both are 0.0.0.0:7201"]);
        let told = problems("[database]\nurl = \"sqlite://one.db\"\n");
        assert_eq!(told.len(), 10, "{told:?}");
        assert_eq!(problems("[server]\nlisten = \"127.0.0.1:0\"\n"), Vec::<String>::new());
    }
}
