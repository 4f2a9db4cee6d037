//! WatchRegister: every change once, in order, to whom it concerns.

use std::time::Duration;

use tonic::{Code, Streaming};
use yizhan_proto::enrollment::v1::merge_service_client::MergeServiceClient;
use yizhan_proto::enrollment::v1::transfer_service_client::TransferServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use RegisterChangeKind as Kind;

use crate::support::*;

/// Longest wait for one event.
const PATIENCE: Duration = Duration::from_secs(20);
/// Time in which nothing is to come.
const SILENCE: Duration = Duration::from_millis(600);

async fn watch(service: &TestService, caller: &str, resume_token: &str) -> Streaming<WatchRegisterResponse> {
    let request = WatchRegisterRequest { resume_token: resume_token.into() };
    service.client.clone().watch_register(as_caller(caller, request)).await.unwrap().into_inner()
}

async fn read(stream: &mut Streaming<WatchRegisterResponse>, number: usize) -> Vec<WatchRegisterResponse> {
    let mut events = Vec::new();
    while events.len() < number {
        let next = tokio::time::timeout(PATIENCE, stream.message()).await;
        let next = next.unwrap_or_else(|_| panic!("only {} of {number} events came", events.len()));
        events.push(next.expect("no error").expect("the stream goes on"));
    }
    events
}

async fn assert_silent(stream: &mut Streaming<WatchRegisterResponse>) {
    let more = tokio::time::timeout(SILENCE, stream.message()).await;
    assert!(more.is_err(), "one event too many: {more:?}");
}

fn told(events: &[WatchRegisterResponse]) -> Vec<(&str, i64, &str, Kind)> {
    let told = events.iter();
    told.map(|event| (event.psn_no.as_str(), event.person_version, event.poolarea_no.as_str(), event.kind()))
        .collect()
}

async fn transfer(service: &TestService, psn_no: &str) {
    let mut transfers = TransferServiceClient::connect(service.server.url()).await.unwrap();
    let opening = StartTransferRequest {
        request_id: new_id(),
        biz_prcs_codg: "T21".into(),
        psn_no: psn_no.into(),
        from_poolarea_no: "430200".into(),
        to_poolarea_no: "110000".into(),
        traf_prot_dirc: "11".into(),
        trans_mode: "99".into(),
        reason: String::new(),
    };
    let all = "local-administrator";
    let opened =
        transfers.start_transfer(as_caller(all, opening)).await.unwrap().into_inner().transfer.unwrap();
    for action in [TransferAction::GenerateStatement, TransferAction::Accept, TransferAction::Finish] {
        let finish = (action == TransferAction::Finish).then(|| FinishTerms {
            begndate: "2024-07-01".into(),
            psn_type: "11".into(),
            ..FinishTerms::default()
        });
        let step = AdvanceTransferRequest {
            request_id: new_id(),
            transfer_id: opened.transfer_id.clone(),
            action: action.into(),
            reason: String::new(),
            finish,
        };
        transfers.advance_transfer(as_caller(all, step)).await.unwrap();
    }
}

both_databases! {
    async fn changes_merges_and_moves_are_told_to_whom_they_concern(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("P1")])).await.unwrap();
        let (mut all, mut old, mut new) = (
            watch(&service, "service:settlement", "").await,
            watch(&service, "agency:430200", "").await,
            watch(&service, "department:110000", "").await,
        );
        service.import_coverages(coverages([coverage("P1", "310", "2020-01-01", "")])).await.unwrap();
        let elsewhere = PersonRow { poolarea_no: "110000".into(), ..person("P2") };
        service.import_persons(persons([elsewhere])).await.unwrap();
        transfer(&service, "P1").await;
        let mut merges = MergeServiceClient::connect(service.server.url()).await.unwrap();
        let merge = MergePersonsRequest {
            request_id: new_id(), keep_psn_no: "P1".into(), merged_psn_no: "P2".into(), reason: "重复建档".into(),
        };
        merges.merge_persons(as_caller("agency:110000", merge)).await.unwrap();

        let ours = [("P1", 1, "430200", Kind::Changed), ("P1", 2, "430200", Kind::Changed)];
        let moved = ("P1", 3, "110000", Kind::Moved);
        let theirs = ("P2", 1, "110000", Kind::Changed);
        let merged = [("P1", 4, "110000", Kind::Changed), ("P2", 2, "110000", Kind::Merged)];
        assert_eq!(told(&read(&mut old, 3).await), [ours[0], ours[1], moved]);
        assert_eq!(told(&read(&mut new, 4).await), [theirs, moved, merged[0], merged[1]]);
        let events = read(&mut all, 7).await;
        assert_eq!(told(&events), [ours[0], ours[1], theirs, moved, moved, merged[0], merged[1]]);
        for stream in [&mut all, &mut old, &mut new] {
            assert_silent(stream).await;
        }
        let mut later = watch(&service, "service:settlement", &events[2].resume_token).await;
        assert_eq!(read(&mut later, 4).await, events[3..]);
        // What changes nothing is no event.
        service.import_coverages(coverages([])).await.unwrap_err();
        assert_silent(&mut later).await;
    }

    async fn under_load_nothing_is_skipped_and_a_stop_ends_the_stream(db: TestDatabase) {
        let service = start(&db).await;
        let mut stream = watch(&service, "local-administrator", "").await;
        let writers = (0..8).map(|writer| {
            let mut client = service.client.clone();
            async move {
                for number in 0..25 {
                    client.import_persons(persons([person(&format!("P{writer}-{number}"))])).await.unwrap();
                }
            }
        });
        futures::future::join_all(writers).await;
        let mut psn_nos: Vec<String> = read(&mut stream, 200).await.into_iter().map(|event| event.psn_no).collect();
        psn_nos.sort_unstable();
        psn_nos.dedup();
        assert_eq!(psn_nos.len(), 200);
        assert_silent(&mut stream).await;
        let stopping = tokio::spawn(service.server.shutdown());
        assert!(!matches!(tokio::time::timeout(PATIENCE, stream.message()).await.unwrap(), Ok(Some(_))));
        drop((stream, service.client));
        assert!(stopping.await.unwrap(), "drained in time, in spite of an endless stream");
    }

    async fn who_may_not_follow(db: TestDatabase) {
        let mut service = start(&db).await;
        for caller in ["person:P1", "institution:H43020000001", "insurer:X", "operator:alice"] {
            let refused = service.client.watch_register(as_caller(caller, WatchRegisterRequest::default())).await;
            let refused = error(refused.unwrap_err());
            assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"), "{caller}");
        }
        let damaged = WatchRegisterRequest { resume_token: "damaged".into() };
        let refused = error(service.client.watch_register(damaged).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["RESUME_TOKEN_INVALID"]);
    }
}
