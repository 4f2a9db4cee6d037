//! Clocks that are wrong, or jump. Of two processes whose clocks differ: which of two settlements is the later is decided by the order they were committed in.

use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_runtime::config::Service;
use yizhan_testkit::{ProcessClock, ServiceProcess, TestDatabase, both_databases};

use crate::suite::load::{Clients, Load};
use crate::suite::{Suite, databases};
use crate::support::{assert_books_balance, stay};

fn quiet(binary: &str, db: &TestDatabase) -> ServiceProcess {
    ServiceProcess::of(binary)
        .env("YIZHAN_DATABASE_URL", db.url())
        .env("YIZHAN_TELEMETRY_LOG_FILTER", "error")
}

/// What a clock says that goes wrong by five minutes.
const MINUTES: i64 = 5 * 60;

both_databases! {
    async fn a_stay_is_reversed_only_when_no_later_one_stands(db: TestDatabase) {
        let callees = [TestDatabase::of(db.backend()), TestDatabase::of(db.backend())];
        let enrollment = quiet("yizhan-enrollment", &callees[0]).start().await;
        let at = enrollment.url();
        let filing = quiet("yizhan-filing", &callees[1]).env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", &at).start().await;
        let settlement = || {
            let process = quiet("yizhan-settlement", &db).env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", &at);
            process.env("YIZHAN_PEERS_FILING_ADDRESS", filing.url())
        };
        let clock = ProcessClock::ahead(MINUTES);
        let ahead = settlement().with_clock(&clock).start().await;
        let right = settlement().start().await;
        let [ahead, right] = [&ahead, &right].map(|process| Client::new([process.url(), at.clone(), filing.url(), NOBODY.to_owned(), NOBODY.to_owned()]));
        right.import_institutions("places", standard_institutions()).await.unwrap();
        right.import_catalogue("items", standard_catalogue()).await.unwrap();
        right.enrol(&[Person::employee("P1")]).await;

        let first = ahead.settle("S1", stay("P1", "2024-05-06", "2024-05-20", "2000")).await.unwrap();
        let second = right.settle("S2", stay("P1", "2024-06-06", "2024-06-20", "2000")).await.unwrap();
        assert!(info(&first).setl_time.unwrap().seconds > info(&second).setl_time.unwrap().seconds + 200, "clocks differ");
        for client in [&right, &ahead] {
            let error = refused(client.reverse("R1", &first).await);
            assert_eq!(error.reason, "LATER_SETTLEMENTS_STAND");
            assert_eq!(error.metadata["later_setl_ids"], info(&second).setl_id);
        }
        // The clock that was ahead is set back, now an hour behind.
        clock.set(-12 * MINUTES);
        let third = ahead.settle("S3", stay("P1", "2024-07-06", "2024-07-20", "2000")).await.unwrap();
        let error = refused(right.reverse("R2", &second).await);
        assert_eq!(error.metadata["later_setl_ids"], info(&third).setl_id);
        for (number, settled) in [third, second, first].iter().enumerate() {
            right.reverse(&format!("R-{number}"), settled).await.expect("the latest first");
        }
        assert_books_balance(&ahead).await;
    }
}

/// The clock of every service jumps an hour ahead, then two behind, then right, while clients work that never ask twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clocks_jump_under_load_and_nobody_notices() {
    let clocks = Service::ALL.map(|service| (service, ProcessClock::ahead(0)));
    let databases = databases(|_| TestDatabase::postgres().url().to_owned());
    let suite = Suite::start_by(databases, 1, clocks.into()).await;
    suite.furnish(4).await;
    let load = Load::begin((0..4).map(|_| suite.balancing()).collect(), Clients::AskOnce, 0);
    for minutes in [60, -60, 0] {
        for service in Service::ALL {
            suite.set_clock(service, 60 * minutes);
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
    }
    let done = load.end().await;
    done.assert_nothing_failed();
    assert!(done.settlements.len() > 20, "hardly any load: {}", done.settlements.len());
    suite.check(&done).await;
}
