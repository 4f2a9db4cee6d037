//! A short soak: all five services under a steady load; everything is answered, and nobody's memory grows with it. The long one is
//! `benchmarks/run soak`.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use yizhan_runtime::config::Service;
use yizhan_testkit::TestDatabase;

use crate::suite::load::{Clients, Load};
use crate::suite::{Suite, databases};

/// Clients at once.
const CLIENTS: usize = 4;
/// Until caches and pools are what they will be.
const WARM_UP: Duration = Duration::from_secs(5);
/// From then on.
const LASTS: Duration = Duration::from_secs(8);
/// What a process may grow by: a tenth, and what an allocator takes at a time.
const CHUNK_KIB: u64 = 8 * 1024;

fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn memory(suite: &mut Suite) -> BTreeMap<Service, u64> {
    let of = |service| (service, resident_kib(suite.at(service, 0).pid()));
    Service::ALL.map(of).into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_is_answered_and_memory_is_flat() {
    let mut suite = Suite::start(databases(|_| TestDatabase::postgres().url().to_owned()), 1).await;
    suite.furnish(CLIENTS).await;
    let load = Load::begin((0..CLIENTS).map(|_| suite.through_doors()).collect(), Clients::AskOnce, 0);
    tokio::time::sleep(WARM_UP).await;
    let before = memory(&mut suite);
    tokio::time::sleep(LASTS).await;
    let after = memory(&mut suite);
    let done = load.end().await;
    println!(
        "{} calls, {} settlements, p50 {:?}, p99 {:?}; KiB {before:?}, then {after:?}",
        done.answered,
        done.settlements.len(),
        done.percentile(50),
        done.percentile(99)
    );
    done.assert_nothing_failed();
    for (service, before) in before {
        let after = after[&service];
        assert!(after <= before + before / 10 + CHUNK_KIB, "{service} grew from {before} to {after} KiB");
    }
    suite.check(&done).await;
}
