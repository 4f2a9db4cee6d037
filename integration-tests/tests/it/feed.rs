//! WatchSettlements: every settlement and reversal once, in the order of commit, whatever happens meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use tonic::Streaming;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{Settlement, WatchSettlementsResponse};
use yizhan_testkit::{Backend, both_databases};

use crate::support::{clinic, ids, settle_at_once};

/// Longest wait for one event.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time in which nothing is to come.
const SILENCE: Duration = Duration::from_millis(600);

/// An event, as far as tests look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// To go on behind it.
    pub token: String,
    /// What it tells.
    pub setl_id: String,
    /// All of it.
    pub settlement: Settlement,
}

/// The next events of a stream.
pub async fn read_events(stream: &mut Streaming<WatchSettlementsResponse>, number: usize) -> Vec<Event> {
    let mut events = Vec::with_capacity(number);
    while events.len() < number {
        let next = tokio::time::timeout(PATIENCE, stream.message()).await;
        let next = next.unwrap_or_else(|_| panic!("only {} of {number} events came", events.len()));
        let event = next.expect("no error").expect("the stream goes on");
        let settlement = event.settlement.expect("a settlement");
        events.push(Event {
            token: event.resume_token,
            setl_id: info(&settlement).setl_id.clone(),
            settlement,
        });
    }
    events
}

/// Nothing more comes.
async fn assert_silent(stream: &mut Streaming<WatchSettlementsResponse>) {
    let more = tokio::time::timeout(SILENCE, stream.message()).await;
    assert!(more.is_err(), "one event too many: {more:?}");
}

/// Asks for the feed until it is given: so many settle over the same connection that there may be no place at the moment.
async fn watch_stubbornly(client: &Client, token: &str) -> Streaming<WatchSettlementsResponse> {
    loop {
        match client.watch(token).await {
            Ok(stream) => return stream,
            Err(error) => tokio::time::sleep(error.retry_after.expect("only for now")).await,
        }
    }
}

/// A follower that loses its connection every few events and goes on from its last token.
async fn follow_in_steps(client: Client, number: usize) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    while events.len() < number {
        let token = events.last().map_or(String::new(), |event| event.token.clone());
        let mut stream = watch_stubbornly(&client, &token).await;
        let step = (number - events.len()).min(7);
        events.extend(read_events(&mut stream, step).await);
    }
    events
}

both_databases! {
    async fn from_the_beginning_from_the_middle_and_on(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let mut settled = Vec::new();
        for number in 0..6 {
            settled.push(platform.settle(&format!("R{number}"), clinic("P1", "2024-03-01", "100")).await.unwrap());
        }
        settled.push(platform.reverse("V1", &settled[2]).await.unwrap());

        let mut stream = platform.watch("").await.unwrap();
        let events = read_events(&mut stream, 7).await;
        let told: Vec<&Settlement> = events.iter().map(|event| &event.settlement).collect();
        assert_eq!(told, settled.iter().collect::<Vec<_>>(), "as they were answered, in order");
        assert_silent(&mut stream).await;

        let mut later = platform.watch(&events[3].token).await.unwrap();
        assert_eq!(read_events(&mut later, 3).await, events[4..]);
        assert_silent(&mut later).await;

        let next = platform.settle("R7", clinic("P1", "2024-03-02", "100")).await.unwrap();
        assert_eq!(read_events(&mut stream, 1).await[0].settlement, next, "the stream stays open");
        let last = read_events(&mut later, 1).await.remove(0);
        assert_eq!(last.settlement, next);

        platform.restart_settlement().await;
        assert!(!matches!(stream.message().await, Ok(Some(_))), "the old stream ended");
        let mut again = platform.watch(&last.token).await.unwrap();
        assert_silent(&mut again).await;
        let after = platform.settle("R8", clinic("P1", "2024-03-03", "100")).await.unwrap();
        assert_eq!(read_events(&mut again, 1).await[0].settlement, after);
        let mut all = platform.watch("").await.unwrap();
        assert_eq!(read_events(&mut all, 9).await[..7], events);
    }

    /// What is refused or only previewed is no event, and a deposit is none either.
    async fn only_settlements(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let mut stream = platform.watch("").await.unwrap();
        platform.deposit("P1", COMPOSITE_AREA, 1000).await;
        platform.preview(clinic("P1", "2024-03-01", "100")).await.unwrap();
        refused(platform.settle("R1", clinic("NOBODY", "2024-03-01", "100")).await);
        assert_silent(&mut stream).await;
    }

    /// Two servers commit at the same time; followers of either see one order, in which each person's settlements
    /// follow one another as they rest on one another.
    async fn under_load_nothing_is_skipped(db: TestDatabase) {
        let persons: Vec<Person> = (0..20).map(|number| Person::employee(&format!("P{number}"))).collect();
        let mut platform = TestPlatform::on(&db).with_persons(persons).start().await;
        let mut clients = vec![platform.client()];
        if db.backend() == Backend::Postgres {
            clients.push(platform.another_instance().await);
        }
        let requests = (0..400).map(|number| {
            let psn_no = format!("P{}", number % 20);
            settle_request(&format!("R{number}"), clinic(&psn_no, "2024-03-01", "1000"))
        });
        let requests: Vec<_> = requests.collect();
        let number = requests.len();
        let mut followers = Vec::new();
        for client in &clients {
            let mut stream = client.watch("").await.unwrap();
            followers.push(tokio::spawn(async move { read_events(&mut stream, number).await }));
            followers.push(tokio::spawn(follow_in_steps(client.clone(), number)));
        }
        let settled = settle_at_once(&clients, requests).await;

        let mut told = Vec::new();
        for follower in followers {
            told.push(follower.await.expect("no panic"));
        }
        for events in &told {
            assert_eq!(ids(events.iter().map(|event| &event.settlement)), ids(&settled));
            assert_eq!(events, &told[0], "every follower sees the same");
        }
        let mut paid: BTreeMap<&str, i64> = BTreeMap::new();
        for event in &told[0] {
            let changes = &event.settlement.trace.as_ref().unwrap().accumulators;
            for change in changes.iter().filter(|change| change.accumulator == "outpatient_paid") {
                let before = paid.entry(&info(&event.settlement).psn_no).or_default();
                assert_eq!(change.before, *before, "an event came before the one it rests on");
                *before += change.added;
            }
        }
        assert_eq!(paid.values().collect::<Vec<_>>(), vec![&150_000; 20], "each person's yearly limit");
    }

    async fn an_institution_sees_its_own(db: TestDatabase) {
        let platform = TestPlatform::on(&db)
            .with_person(Person::employee("P1"))
            .with_person(Person::employee("Z1").of_area(ZHUZHOU))
            .start()
            .await;
        let mut own = Vec::new();
        for number in 0..4 {
            let here = clinic("P1", "2024-03-01", "100");
            own.push(platform.settle(&format!("A{number}"), here.clone()).await.unwrap());
            platform.settle(&format!("B{number}"), here.at(SECOND_LEVEL)).await.unwrap();
            platform.settle(&format!("C{number}"), clinic("Z1", "2024-03-01", "100").at(ZHUZHOU_HOSPITAL)).await.unwrap();
        }
        let third = platform.as_caller(&format!("institution:{THIRD_LEVEL}"));
        let mut stream = third.watch("").await.unwrap();
        let events = read_events(&mut stream, 4).await;
        assert_eq!(events.iter().map(|event| event.settlement.clone()).collect::<Vec<_>>(), own);
        assert_silent(&mut stream).await;
        let mut rest = third.watch(&events[1].token).await.unwrap();
        assert_eq!(read_events(&mut rest, 2).await, events[2..]);

        let mut of_area = platform.as_caller("agency:430200").watch("").await.unwrap();
        let events = read_events(&mut of_area, 4).await;
        assert!(events.iter().all(|event| info(&event.settlement).poolarea_no == ZHUZHOU));
        assert_silent(&mut of_area).await;
    }
}
