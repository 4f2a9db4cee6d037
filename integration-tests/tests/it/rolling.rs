//! Every process of every service is replaced one after another while clients work that never ask twice: none of them notices.

use std::time::Duration;

use futures::future::join_all;
use yizhan_runtime::config::Service;
use yizhan_testkit::{ServiceProcess, TestDatabase};

use crate::suite::load::{Clients, Load};
use crate::suite::{Suite, databases};

/// Processes of each service.
const EACH: usize = 2;
/// Clients at once, half of each kind.
const CLIENTS: usize = 8;

/// Replaces a service's two processes: the first is stopped and started again at its address; for the second another one is started first,
/// elsewhere, as with maxSurge.
async fn roll(suite: &Suite, service: Service, mut processes: Vec<ServiceProcess>) -> Vec<ServiceProcess> {
    let door = suite.door(service);
    assert!(processes[0].terminate().await.success(), "{service} ends in good order");
    processes[0].restart().await;
    door.until_ready(EACH).await;

    let new = suite.process(service).start().await;
    door.opens_to(new.url());
    door.until_ready(EACH + 1).await;
    let mut old = std::mem::replace(&mut processes[1], new);
    assert!(old.terminate().await.success(), "{service} ends in good order");
    door.forgets(&old.url());
    door.until_ready(EACH).await;
    processes
}

/// SQLite is not tried so: a file is one process' at a time, or of processes of one machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_notices_that_every_process_is_replaced() {
    let databases = databases(|_| TestDatabase::postgres().url().to_owned());
    let mut suite = Suite::start(databases, EACH).await;
    suite.furnish(CLIENTS).await;
    let called = (0..CLIENTS).map(|number| match number % 2 {
        0 => suite.balancing(),
        _ => suite.through_doors(),
    });
    let load = Load::begin(called.collect(), Clients::AskOnce, 0);
    tokio::time::sleep(Duration::from_millis(500)).await;
    // All services at the same time, as when a new version is installed.
    let all = Service::ALL.map(|service| (service, suite.take(service)));
    let rolling = all.map(|(service, processes)| {
        let suite = &suite;
        async move { (service, roll(suite, service, processes).await) }
    });
    for (service, processes) in join_all(rolling).await {
        suite.give(service, processes);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let done = load.end().await;
    println!(
        "{} calls, {} settlements, {} without audit, p99 {:?}, longest {:?}",
        done.answered,
        done.settlements.len(),
        done.without_audit(),
        done.percentile(99),
        done.percentile(100)
    );
    done.assert_nothing_failed();
    assert!(done.settlements.len() > 50, "hardly any load: {}", done.settlements.len());
    suite.check(&done).await;
}
