//! WatchFilings: every step once, in order, to whom it concerns.

use std::time::Duration;

use tonic::{Code, Streaming};
use yizhan_proto::filing::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

/// Longest wait for one event.
const PATIENCE: Duration = Duration::from_secs(20);
/// Time in which nothing is to come.
const SILENCE: Duration = Duration::from_millis(600);

async fn watch(service: &TestService, caller: &str, resume_token: &str) -> Streaming<WatchFilingsResponse> {
    let request = WatchFilingsRequest { resume_token: resume_token.into() };
    service.client.clone().watch_filings(by(caller, request)).await.unwrap().into_inner()
}

async fn read(stream: &mut Streaming<WatchFilingsResponse>, number: usize) -> Vec<WatchFilingsResponse> {
    let mut events = Vec::new();
    while events.len() < number {
        let next = tokio::time::timeout(PATIENCE, stream.message()).await;
        let next = next.unwrap_or_else(|_| panic!("only {} of {number} events came", events.len()));
        events.push(next.expect("no error").expect("the stream goes on"));
    }
    events
}

async fn assert_silent(stream: &mut Streaming<WatchFilingsResponse>) {
    let more = tokio::time::timeout(SILENCE, stream.message()).await;
    assert!(more.is_err(), "one event too many: {more:?}");
}

fn told(events: &[WatchFilingsResponse]) -> Vec<(&str, FilingAction, FilingState, i32, i64)> {
    let told = events.iter();
    told.map(|event| {
        (event.psn_no.as_str(), event.action(), event.state(), event.version, event.filings_version)
    })
    .collect()
}

/// A row of 绍兴, taken over.
async fn take_over(service: &TestService, psn_no: &str) {
    let row = FilingRow {
        foreign_id: psn_no.into(),
        psn_no: psn_no.into(),
        insutype: "310".into(),
        out_fil_type: "07".into(),
        rloc_admdvs: "310000".into(),
        begndate: "2024-01-01".into(),
        enddate: String::new(),
    };
    let request =
        ImportFilingsRequest { request_id: new_id(), poolarea_no: "330600".into(), rows: vec![row] };
    service.client.clone().import_filings(by("agency:330600", request)).await.unwrap();
}

both_databases! {
    async fn steps_are_told_to_whom_they_concern(db: TestDatabase) {
        let service = start(&db).await;
        let (mut all, mut south, mut east) = (
            watch(&service, "service:settlement", "").await,
            watch(&service, "agency:360000", "").await,
            watch(&service, "department:330600", "").await,
        );
        service.insure("P1").await;
        service.submit("person:P1", temporary("P1")).await.unwrap();
        take_over(&service, "P2").await;

        let submitted = ("P1", FilingAction::Submit, FilingState::Submitted, 1, 1);
        let completed = ("P1", FilingAction::Complete, FilingState::InForce, 2, 1);
        let taken_over = ("P2", FilingAction::Submit, FilingState::InForce, 1, 1);
        assert_eq!(told(&read(&mut south, 2).await), [submitted, completed]);
        assert_eq!(told(&read(&mut east, 1).await), [taken_over]);
        let events = read(&mut all, 3).await;
        assert_eq!(told(&events), [submitted, completed, taken_over]);
        assert_eq!((events[0].poolarea_no.as_str(), events[2].poolarea_no.as_str()), ("360100", "330600"));
        assert_silent(&mut south).await;
        assert_silent(&mut east).await;

        let mut later = watch(&service, "service:settlement", &events[1].resume_token).await;
        assert_eq!(read(&mut later, 1).await, events[2..]);
        assert_silent(&mut later).await;
        take_over(&service, "P3").await;
        assert_eq!(read(&mut later, 1).await[0].psn_no, "P3");
    }

    async fn the_stream_ends_with_the_server(db: TestDatabase) {
        let service = start(&db).await;
        let mut stream = watch(&service, "service:settlement", "").await;
        let stopping = tokio::spawn(service.server.shutdown());
        assert!(!matches!(tokio::time::timeout(PATIENCE, stream.message()).await.unwrap(), Ok(Some(_))));
        drop((stream, service.client));
        assert!(stopping.await.unwrap(), "drained in time, in spite of an endless stream");
    }

    async fn who_may_not_follow(db: TestDatabase) {
        let mut service = start(&db).await;
        for caller in ["person:P1", "institution:H36010000001", "insurer:X", "operator:alice"] {
            let refused = service.client.watch_filings(by(caller, WatchFilingsRequest::default())).await;
            let refused = crate::support::told(refused).map(|_| ()).unwrap_err();
            assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"), "{caller}");
        }
        let damaged = WatchFilingsRequest { resume_token: "damaged".into() };
        let refused = crate::support::told(service.client.watch_filings(by("service:settlement", damaged)).await).map(|_| ()).unwrap_err();
        assert_eq!(violations(&refused), [("resume_token", "RESUME_TOKEN_INVALID")]);
    }
}
