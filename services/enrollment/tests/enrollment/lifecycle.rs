//! The life of a process: it migrates and ends, says how it is where probes ask, stops, and stops at once when it is told again.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use tonic::Code;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use yizhan_testkit::{ServiceProcess, TestDatabase, both_databases, free_port};

const READY: &str = "yizhan.enrollment.v1.EnrollmentService";
/// Longer than a test waits.
const DRAIN_SECONDS: &str = "40";

fn process(db: &TestDatabase) -> ServiceProcess {
    ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-enrollment"))
        .env("YIZHAN_DATABASE_URL", db.url())
        .env("YIZHAN_SERVER_DRAIN_SECONDS", DRAIN_SECONDS)
}

both_databases! {
    /// As the job before an upgrade does, while an older process serves.
    async fn a_database_is_migrated_and_nothing_is_served(db: TestDatabase) {
        // Nothing is bound: the port is somebody else's.
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = taken.local_addr().unwrap().to_string();
        let migrate = || process(&db).env("YIZHAN_SERVER_LISTEN", &listen).arg("--migrate").run_to_end();
        let (code, said) = migrate().await;
        assert_eq!(code, Some(0), "{said}");
        let mut serving = process(&db).start().await;
        let both = tokio::join!(migrate(), migrate());
        assert_eq!((both.0.0, both.1.0), (Some(0), Some(0)), "{both:?}");
        assert!(serving.is_serving(READY).await);
        serving.kill_9().await;
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_migrated_is_told() {
    let nowhere = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-enrollment"))
        .env("YIZHAN_DATABASE_URL", format!("postgres://nobody:hush@127.0.0.1:{}/none", free_port()));
    let (code, said) = nowhere.arg("--migrate").run_to_end().await;
    assert_eq!(code, Some(1), "{said}");
    assert!(!said.contains("hush"), "{said}");
}

/// What a probe is told on this port, or that it is told nothing.
async fn probe(port: u16, service: &str) -> Option<Result<ServingStatus, Code>> {
    let channel = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap().connect().await.ok()?;
    let request = HealthCheckRequest { service: service.to_owned() };
    let told = HealthClient::new(channel).check(request).await;
    Some(told.map(|told| told.into_inner().status()).map_err(|status| status.code()))
}

#[tokio::test]
async fn probes_have_a_port_of_their_own_until_the_end() {
    use yizhan_proto::enrollment::v1::GetCacheStatusRequest;
    use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;

    let (db, port) = (TestDatabase::sqlite(), free_port());
    let process = process(&db).env("YIZHAN_SERVER_HEALTH_LISTEN", format!("127.0.0.1:{port}"));
    let mut process = process.start().await;
    for service in ["", READY] {
        assert_eq!(probe(port, service).await, Some(Ok(ServingStatus::Serving)), "{service}");
    }
    assert_eq!(probe(port, "nobody").await, Some(Err(Code::NotFound)));
    // Nothing else is answered there.
    let channel = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap().connect().await.unwrap();
    let asked = EnrollmentServiceClient::new(channel).get_cache_status(GetCacheStatusRequest {}).await;
    assert_eq!(asked.unwrap_err().code(), Code::Unimplemented);

    process.ask_to_stop();
    while probe(port, READY).await != Some(Ok(ServingStatus::NotServing)) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(process.ended().await.success());
    assert_eq!(probe(port, "").await, None);
}

#[tokio::test]
async fn who_is_told_twice_to_stop_stops_at_once() {
    let db = TestDatabase::sqlite();
    for (interrupted, code) in [(false, 143), (true, 130)] {
        let mut process = process(&db).start().await;
        process.ask_to_stop();
        // It takes its time first: a tenth of the drain, so that it is seen.
        while process.is_serving(READY).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let told = Instant::now();
        if interrupted {
            process.interrupt()
        } else {
            process.ask_to_stop()
        }
        assert_eq!(process.ended().await.code(), Some(code));
        assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
    }
}
