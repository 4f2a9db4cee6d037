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

#[tokio::test]
async fn the_settings_in_effect_are_printed_without_their_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("yizhan.toml");
    let toml = "[cache]\nurl = \"redis://:hush@cache:6379\"\n[server]\nlisten = \"127.0.0.1:1\"\n\
                [enrollment.database]\nmax_connections = 5\n[settlement]\nnobody = \"looks at this here\"\n";
    std::fs::write(&file, toml).unwrap();
    let printing = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-enrollment"))
        .arg("--print-config")
        .env("YIZHAN_CONFIG", file.to_str().unwrap())
        .env("YIZHAN_ENROLLMENT_DATABASE_URL", "postgres://yizhan:hush@db/enrollment")
        .env("YIZHAN_ENROLLMENT_CERTIFICATE_KEY", "5e".repeat(32))
        .env("YIZHAN_ENROLLMENT_LOG_KEY", "5e".repeat(32))
        .env("YIZHAN_ENROLLMENT_DATA_KEYS", format!("k2:{},k1:{}", "5e".repeat(32), "7e".repeat(32)))
        .env("YIZHAN_TELEMETRY_OTLP_ENDPOINT", "http://me:hush@collector:4317")
        .env("YIZHAN_CAHCE_URL", "redis://:hush@typing-error");
    let (code, printed) = printing.run_to_end().await;
    assert_eq!(code, Some(0), "{printed}");
    for secret in ["hush", "5e5e", "7e7e"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    let lines: Vec<String> =
        printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "enrollment.cache.max_staleness_ms = 2000 # default",
        "enrollment.cache.url = \"redis://***@cache:6379\" # cache.url in the configuration file",
        "enrollment.certificate_key = \"***\" # YIZHAN_ENROLLMENT_CERTIFICATE_KEY",
        "enrollment.data_keys = \"k2:***,k1:***\" # YIZHAN_ENROLLMENT_DATA_KEYS",
        "enrollment.database.max_connections = 5 # enrollment.database.max_connections in the configuration file",
        "enrollment.database.url = \"postgres://***@db/enrollment\" # YIZHAN_ENROLLMENT_DATABASE_URL",
        "# enrollment.server.tls_cert is not set # default",
        "# YIZHAN_CAHCE_URL is ignored: no such setting here",
    ] {
        assert!(lines.iter().any(|printed| printed == line), "{line} in {printed}");
    }
}

#[tokio::test]
async fn an_argument_it_does_not_know_stops_the_start() {
    let unknown = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-enrollment")).arg("--port=7201");
    assert_eq!(unknown.run_to_end().await.0, Some(64));
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
