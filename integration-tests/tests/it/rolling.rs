//! Every process of every service is replaced one after another while clients work that never ask twice: none of them notices.

use std::time::Duration;

use yizhan_runtime::config::Service;
use yizhan_testkit::TestDatabase;

use crate::suite::load::{Clients, Load};
use crate::suite::{Suite, databases};

/// Processes of each service.
const EACH: usize = 2;
/// Clients at once, half of each kind.
const CLIENTS: usize = 8;

impl Suite {
    /// Stopped, and started again at its address.
    async fn replace_in_place(&mut self, service: Service, number: usize) {
        let process = self.at(service, number);
        assert!(process.terminate().await.success(), "{service} ends in good order");
        process.restart().await;
        self.door(service).until_ready(EACH).await;
    }

    /// Another one first, elsewhere, as with maxSurge; stopped when that is ready.
    async fn replace_by_surge(&mut self, service: Service, number: usize) {
        let new = self.process(service).start().await;
        self.door(service).opens_to(new.url());
        self.door(service).until_ready(EACH + 1).await;
        let mut old = std::mem::replace(self.at(service, number), new);
        assert!(old.terminate().await.success(), "{service} ends in good order");
        self.door(service).forgets(&old.url());
        self.door(service).until_ready(EACH).await;
    }
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
    for service in Service::ALL {
        suite.replace_in_place(service, 0).await;
        suite.replace_by_surge(service, 1).await;
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
