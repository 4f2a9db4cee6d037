//! The README's table of what works: calls counted in the contract, documents counted in their folders.

use prost::Message;
use prost_types::FileDescriptorSet;
use yizhan_proto::FILE_DESCRIPTOR_SET;

use crate::sources::{files, read};

#[test]
fn the_readme_counts_calls_as_the_contract_does() {
    for page in ["README.md", "README.zh-CN.md"] {
        let text = read(page);
        for (service, calls) in calls() {
            let row = text.lines().find(|line| line.starts_with(&format!("| **{service}**")));
            let row = row.unwrap_or_else(|| panic!("{page} has no row of {service}"));
            assert!(row.contains(&format!("| {calls} |")), "{page}: {service} has {calls} calls: {row}");
        }
    }
}

#[test]
fn the_readme_counts_documents_as_they_are_shipped() {
    let shipped = |folder: &str| {
        files().iter().filter(|path| path.starts_with(folder) && path.ends_with(".yaml")).count()
    };
    let (policies, entitlement, filing) = (
        shipped("libs/policy/policies/"),
        shipped("services/enrollment/rules/"),
        shipped("services/filing/rules/"),
    );
    let english =
        format!("{policies} benefit policies, {entitlement} documents of entitlement, {filing} of filing");
    let chinese = format!("{policies} 份待遇政策、{entitlement} 份待遇规则、{filing} 份备案规则");
    for (page, counts) in [("README.md", english), ("README.zh-CN.md", chinese)] {
        assert!(read(page).contains(&counts), "{page} should say: {counts}");
    }
}

/// The services of the contract by their package, with how many calls all gRPC services of it have.
fn calls() -> Vec<(String, usize)> {
    let contract = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("the descriptor set can be read");
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for file in contract.file {
        let Some(service) = file.package().strip_prefix("yizhan.").and_then(|rest| rest.split('.').next())
        else {
            continue;
        };
        let calls: usize = file.service.iter().map(|service| service.method.len()).sum();
        *counts.entry(service.to_owned()).or_default() += calls;
    }
    counts.into_iter().filter(|(_, calls)| *calls > 0).collect()
}
