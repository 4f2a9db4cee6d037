//! The service as a process: bad settings, a hard kill, a soft stop, many starting at once.

use futures::future::join_all;
use yizhan_testkit::{ServiceProcess, TestDatabase, both_databases};

use crate::support::*;

fn process(db: &TestDatabase) -> ServiceProcess {
    ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-enrollment")).env("YIZHAN_DATABASE_URL", db.url())
}

#[tokio::test]
async fn bad_settings_are_all_told_and_exit_with_64() {
    let db = TestDatabase::sqlite();
    let bad = process(&db)
        .env("YIZHAN_SERVER_LISTEN", "nowhere")
        .env("YIZHAN_DATABASE_URL", "mysql://root:secret@db/x")
        .env("YIZHAN_ENROLLMENT_CERTIFICATE_KEY", "short-secret")
        .env("YIZHAN_ENROLLMENT_LOG_KEY", "zz".repeat(32))
        .env("YIZHAN_ENROLLMENT_DATA_KEYS", format!("k2:{},k1:secret", "7e".repeat(32)))
        .env("YIZHAN_TELEMETRY_LOG_FORMAT", "xml");
    let (code, output) = bad.run_to_end().await;
    assert_eq!(code, Some(64), "{output}");
    assert!(output.contains("6 problem(s)"), "{output}");
    for name in [
        "YIZHAN_SERVER_LISTEN",
        "database.url",
        "YIZHAN_ENROLLMENT_CERTIFICATE_KEY",
        "YIZHAN_ENROLLMENT_LOG_KEY",
        "YIZHAN_ENROLLMENT_DATA_KEYS: key k1 must be 64 hexadecimal characters",
        "YIZHAN_TELEMETRY_LOG_FORMAT",
    ] {
        assert!(output.contains(name), "{name} in {output}");
    }
    for secret in ["secret", "zzzz", "7e7e"] {
        assert!(!output.contains(secret), "{output}");
    }
}

both_databases! {
    async fn what_was_acknowledged_outlives_kill_9(db: TestDatabase) {
        let mut process = process(&db).start().await;
        for round in 0..3 {
            let mut client = connect(process.url()).await;
            let request = persons([person(&format!("P{round}"))]);
            client.import_persons(request.clone()).await.unwrap();
            process.kill_9().await;
            process.restart().await;
            let mut client = connect(process.url()).await;
            client.get_person(get_person(&format!("P{round}"))).await.unwrap();
            let again = client.import_persons(request).await.unwrap().into_inner();
            assert!(again.outcome.unwrap().replayed);
        }
        let ended = process.terminate().await;
        assert!(ended.success(), "SIGTERM drains and exits 0: {ended}");
    }

    async fn three_processes_start_at_once_on_one_empty_database(db: TestDatabase) {
        let processes = join_all((0..3).map(|_| process(&db).start())).await;
        let mut first = connect(processes[0].url()).await;
        first.import_persons(persons([person("P1")])).await.unwrap();
        let mut last = connect(processes[2].url()).await;
        last.get_person(get_person("P1")).await.unwrap();
    }
}

/// Health, both versions of reflection, and a soft stop in process.
#[tokio::test]
async fn the_server_tells_of_itself_and_stops_when_asked() {
    use tonic::transport::Channel;
    let service = start(&TestDatabase::sqlite()).await;
    let url = service.server.url();
    let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
    for name in ["", "yizhan.enrollment.v1.EnrollmentService"] {
        let request = tonic_health::pb::HealthCheckRequest { service: name.to_owned() };
        let status = health.check(request).await.unwrap().into_inner().status;
        assert_eq!(status, tonic_health::pb::health_check_response::ServingStatus::Serving as i32);
    }
    let mut reflection =
        tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    let ask = |request| tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    };
    let asked = futures::stream::iter([
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("google.rpc.BadRequest".to_owned())),
    ]);
    let mut answers = reflection.server_reflection_info(asked).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(listed)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no list of services");
    };
    let names: Vec<_> = listed.service.into_iter().map(|service| service.name).collect();
    assert!(names.contains(&"yizhan.enrollment.v1.EnrollmentService".to_owned()), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("settlement")), "{names:?}");
    let types = answers.message().await.unwrap().unwrap().message_response;
    assert!(matches!(types, Some(MessageResponse::FileDescriptorResponse(_))), "{types:?}");
    drop((answers, reflection, health, channel, service.client));
    assert!(service.server.shutdown().await, "drained in time");
}
