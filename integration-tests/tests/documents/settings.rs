//! The table of settings in docs/OPERATIONS.md has every setting, with its default.

use std::collections::BTreeMap;

use yizhan_audit::AuditConfig;
use yizhan_credit::CreditConfig;
use yizhan_enrollment::EnrollmentConfig;
use yizhan_filing::FilingConfig;
use yizhan_runtime::config::{Service, Settings};
use yizhan_runtime::process;
use yizhan_settlement::Config as SettlementConfig;

use crate::sources::{code, prose, read};

#[test]
fn every_setting_is_there_with_its_default() {
    let page = read("docs/OPERATIONS.md");
    let rows: Vec<Vec<&str>> =
        prose(&page).filter(|line| line.starts_with("| ")).map(|line| line.split(" | ").collect()).collect();
    let mut wrong = Vec::new();
    for (name, default) in defaults() {
        let row = rows.iter().find(|row| code(row[0]).any(|named| names(named, &name)));
        match (row.and_then(|row| row.get(1)), default) {
            (None, _) => wrong.push(format!("{name} is not there")),
            (Some(said), Some(default)) if !said.contains(&default) => {
                wrong.push(format!("{name} is {default}, the page says {said}"));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "docs/OPERATIONS.md:\n{}", wrong.join("\n"));
}

/// Whether a name on the page is this setting; `…` stands for any service.
fn names(named: &str, setting: &str) -> bool {
    let any = |service: Service| named.replace('…', service.name()) == setting;
    named == setting || Service::ALL.into_iter().any(any)
}

/// What `--print-config` shows where nothing is set, by the name that is for all services.
fn defaults() -> BTreeMap<String, Option<String>> {
    let every = |settings: &mut Settings| {
        EnrollmentConfig::read(settings);
        FilingConfig::read(settings);
        AuditConfig::read(settings);
        CreditConfig::read(settings);
        SettlementConfig::read(settings);
    };
    let ((), _, effective) = process::settings(Settings::default(), every).expect("defaults are right");
    let lines = effective.to_string();
    let shown = lines.lines().map(|line| line.rsplit_once("  # ").map_or(line, |(shown, _)| shown).trim());
    shown
        .filter_map(|line| match line.split_once(" = ") {
            Some((name, value)) => Some(of_all(name, Some(value.trim_matches('"')))),
            None => Some(of_all(line.strip_prefix("# ")?.strip_suffix(" is not set")?, None)),
        })
        .collect()
}

/// A setting by its name without the service, with the service's own name and port taken out of the default.
fn of_all(name: &str, default: Option<&str>) -> (String, Option<String>) {
    let service = Service::ALL.into_iter().find(|service| name.starts_with(&service.setting("")));
    let Some(service) = service else { return (name.to_owned(), default.map(str::to_owned)) };
    let shared = name.trim_start_matches(&service.setting(""));
    let sections = ["server.", "database.", "cache.", "peers."];
    if !sections.iter().any(|section| shared.starts_with(section)) {
        return (name.to_owned(), default.map(str::to_owned));
    }
    let default = default.map(|default| match shared {
        "server.listen" => default.rsplit_once(':').map_or(default, |(_, port)| port).to_owned(),
        _ => default.replace(&format!("{service}.db"), "<service>.db"),
    });
    (shared.to_owned(), default)
}
