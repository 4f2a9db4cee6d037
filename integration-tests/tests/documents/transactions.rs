//! docs/INTEGRATION.md has every national transaction once, with calls that exist, or says why it is not carried.

use std::collections::BTreeSet;

use prost::Message;
use prost_types::FileDescriptorSet;
use yizhan_proto::FILE_DESCRIPTOR_SET;

use crate::sources::{code, prose, read};

/// The transactions that an institution's software knows.
const TRANSACTIONS: [&str; 38] = [
    "1101", "2201", "2202", "2203", "2204", "2205", "2206", "2207", "2208", "2301", "2302", "2303", "2304",
    "2305", "2401", "2402", "2403", "2404", "2405", "2501", "2502", "2503", "2504", "2505", "2506", "2601",
    "3201", "3202", "3203", "3301", "3505", "4101", "5201", "5202", "5203", "5204", "5205", "5206",
];

#[test]
fn every_transaction_has_a_row_and_its_calls_exist() {
    let (page, calls) = (read("docs/INTEGRATION.md"), calls());
    let table = page.split_once("\n## Transactions\n").and_then(|(_, rest)| rest.split_once("\n## "));
    let (table, _) = table.expect("a section of transactions");
    let mut wrong = Vec::new();
    for infno in TRANSACTIONS {
        let rows: Vec<&str> = prose(table).filter(|line| line.starts_with(&format!("| {infno} |"))).collect();
        let [row] = rows[..] else {
            wrong.push(format!("{infno} has {} rows", rows.len()));
            continue;
        };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, _, _, call, carried, _] = cells[..] else {
            wrong.push(format!("{infno}: infno, name, RPC, and what is carried are needed"));
            continue;
        };
        let named: Vec<&str> = code(call).collect();
        let unknown = named.iter().filter(|name| !calls.contains(**name));
        wrong.extend(unknown.map(|name| format!("{infno}: no call {name}")));
        if named.is_empty() && !carried.starts_with("not carried") {
            wrong.push(format!("{infno}: neither a call nor why there is none"));
        }
    }
    assert!(wrong.is_empty(), "docs/INTEGRATION.md:\n{}", wrong.join("\n"));
}

/// A call that a page names with its service is there.
#[test]
fn calls_that_are_named_exist() {
    let calls = calls();
    let services: BTreeSet<&str> = calls.iter().filter_map(|call| call.split('.').next()).collect();
    let mut unknown = Vec::new();
    for page in ["README.md", "README.zh-CN.md", "docs/INTEGRATION.md", "docs/OPERATIONS.md"] {
        let text = read(page);
        let named = prose(&text).flat_map(code);
        let of_service = named.filter(|word| {
            word.split_once('.').is_some_and(|(service, call)| {
                services.contains(service) && call.chars().all(|c| c.is_ascii_alphanumeric())
            })
        });
        unknown
            .extend(of_service.filter(|word| !calls.contains(*word)).map(|word| format!("{page}: {word}")));
    }
    assert!(unknown.is_empty(), "calls that are not there:\n{}", unknown.join("\n"));
}

/// Every call of the contract, as `Service.Method`.
fn calls() -> BTreeSet<String> {
    let contract = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("the descriptor set can be read");
    let services = contract.file.into_iter().flat_map(|file| file.service);
    services
        .flat_map(|service| {
            let name = service.name().to_owned();
            service.method.into_iter().map(move |method| format!("{name}.{}", method.name()))
        })
        .collect()
}
