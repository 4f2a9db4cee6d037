//! `kill -9` under load: nothing acknowledged is lost, nothing is settled twice, and the books balance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::join_all;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::SettleRequest;
use yizhan_testkit::{ServiceProcess, TestDatabase};

use crate::feed::read_events;
use crate::support::{assert_books_balance, clinic, stay};

/// Clients at once.
const CLIENTS: usize = 16;
/// Persons they settle for: fewer than clients, so that requests meet.
const PERSONS: usize = 6;
/// How long a client waits before it sends a request again.
const PAUSE: Duration = Duration::from_millis(20);

/// Enrollment, filing and settlement as processes of their own.
async fn processes(db: &TestDatabase, callees: &[TestDatabase; 2]) -> [ServiceProcess; 3] {
    let quiet = |binary, db: &TestDatabase| {
        ServiceProcess::of(binary)
            .env("YIZHAN_DATABASE_URL", db.url())
            .env("YIZHAN_TELEMETRY_LOG_FILTER", "error")
    };
    let enrollment = quiet("yizhan-enrollment", &callees[0]).start().await;
    let filing = quiet("yizhan-filing", &callees[1]).env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", enrollment.url());
    let filing = filing.start().await;
    let settlement = quiet("yizhan-settlement", db)
        .env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", enrollment.url())
        .env("YIZHAN_PEERS_FILING_ADDRESS", filing.url());
    [enrollment, filing, settlement.start().await]
}

/// A client's next request: stays and visits, with and without the account.
fn request(client: usize, number: usize) -> SettleRequest {
    let psn_no = format!("P{}", (client + number) % PERSONS);
    let one_day = format!("2024-{:02}-{:02}", 1 + number / 4 % 12, 1 + client);
    let visit = match number % 4 {
        // One day each, which nobody refuses: it may be the day of a transfer.
        0 => stay(&psn_no, &one_day, &one_day, "2000"),
        1 => clinic(&psn_no, "2024-03-01", "35.5").with_account(),
        _ => clinic(&psn_no, "2024-03-01", "12.34"),
    };
    settle_request(&format!("C{client}-{number}"), visit)
}

/// What a client was told.
#[derive(Default)]
struct Told {
    /// Request id and setl_id of every acknowledged settlement.
    acknowledged: Vec<(String, String)>,
    /// Attempts that ended without an answer.
    unanswered: usize,
}

/// Settles one visit after another, each until it is acknowledged, as an institution does.
async fn settle_on_and_on(client: Client, number: usize, stop: Arc<AtomicBool>) -> Told {
    let mut told = Told::default();
    for request in (0..).map(|next| request(number, next)) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        loop {
            match client.answer_to(request.clone()).await {
                Ok(answer) => {
                    let settled = answer.settlement.expect("a settlement");
                    told.acknowledged.push((request.request_id.clone(), info(&settled).setl_id.clone()));
                    told.unanswered += is_not_paid_twice(&client, &request).await;
                    break;
                }
                Err(error) => {
                    // Without a reason it is the transport's: the process is gone.
                    assert!(error.reason.is_empty() || error.retry_after.is_some(), "{error:?}");
                    told.unanswered += 1;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
    told
}

/// Sends a visit that is settled once more under an id of its own, until it is told so: how often there was no answer.
async fn is_not_paid_twice(client: &Client, settled: &SettleRequest) -> usize {
    let request_id = format!("{}-again", settled.request_id);
    let again = SettleRequest { request_id, ..settled.clone() };
    let mut unanswered = 0;
    loop {
        let refusal = refused(client.answer_to(again.clone()).await);
        if refusal.reason == "VISIT_SETTLED" {
            return unanswered;
        }
        assert!(refusal.reason.is_empty() || refusal.retry_after.is_some(), "{refusal:?}");
        unanswered += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Kills settlement this often under load, and looks at what is left.
async fn survives(db: TestDatabase, kills: u64) {
    let callees = [TestDatabase::of(db.backend()), TestDatabase::of(db.backend())];
    let [enrollment, filing, mut settlement] = processes(&db, &callees).await;
    let client =
        Client::new([settlement.url(), enrollment.url(), filing.url(), NOBODY.to_owned(), NOBODY.to_owned()]);
    client.import_institutions("places", standard_institutions()).await.expect("institutions");
    client.import_catalogue("items", standard_catalogue()).await.expect("a catalogue");
    let persons: Vec<Person> = (0..PERSONS).map(|number| Person::employee(&format!("P{number}"))).collect();
    client.enrol(&persons).await;
    for person in &persons {
        client.deposit(&person.row.psn_no, COMPOSITE_AREA, 500_000).await;
    }

    let stop = Arc::new(AtomicBool::new(false));
    let load = (0..CLIENTS).map(|number| {
        let client = client.clone();
        tokio::spawn(settle_on_and_on(client, number, stop.clone()))
    });
    let load: Vec<_> = load.collect();
    for kill in 0..kills {
        tokio::time::sleep(Duration::from_millis(250 + kill * 137 % 400)).await;
        settlement.kill_9().await;
        settlement.restart().await;
    }
    tokio::time::sleep(Duration::from_millis(250)).await;
    stop.store(true, Ordering::Relaxed);
    let told: Vec<Told> = join_all(load).await.into_iter().map(|told| told.expect("no panic")).collect();

    let acknowledged: Vec<_> = told.iter().flat_map(|told| &told.acknowledged).collect();
    let unanswered: usize = told.iter().map(|told| told.unanswered).sum();
    assert!(unanswered >= CLIENTS, "the kills did not come under load: {unanswered}");
    for (request_id, setl_id) in &acknowledged {
        let found = client.get(setl_id).await.unwrap_or_else(|error| panic!("{setl_id} is lost: {error:?}"));
        assert_eq!(&info(&found).medins_setl_id, request_id);
    }
    assert_books_balance(&client).await;
    // Every request was acknowledged in the end, so there is one settlement for each, and none beside.
    let books = client.check_books(COMPOSITE_AREA).await;
    assert_eq!(books.settlements, acknowledged.len() as i64);
    let mut events = client.watch("").await.expect("the feed");
    let mut fed: Vec<String> =
        read_events(&mut events, acknowledged.len()).await.into_iter().map(|event| event.setl_id).collect();
    let mut known: Vec<String> = acknowledged.iter().map(|(_, setl_id)| setl_id.clone()).collect();
    fed.sort_unstable();
    known.sort_unstable();
    assert_eq!(fed, known, "the feed tells each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    survives(TestDatabase::postgres_durable(), 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    survives(TestDatabase::sqlite(), 6).await;
}
