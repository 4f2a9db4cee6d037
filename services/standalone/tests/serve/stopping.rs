//! SIGTERM: health first, then the ports, then what is under way; all services together, in the time that is set.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_runtime::config::PeerConfig;
use yizhan_testkit::free_port;

use crate::support::{channel, register_and_ask, serve_on};

/// What `server.drain_seconds` is here.
const DRAIN: Duration = Duration::from_secs(20);

/// What health says to somebody who comes now.
async fn health(port: u16) -> Option<ServingStatus> {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    let mut client = HealthClient::new(endpoint.connect().await.ok()?);
    Some(client.check(HealthCheckRequest::default()).await.ok()?.into_inner().status())
}

#[tokio::test]
async fn all_services_stop_together_and_say_so_first() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let process = serve_on(&folder, port).env("YIZHAN_SERVER_DRAIN_SECONDS", DRAIN.as_secs().to_string());
    let mut process = process.start().await;
    let enrollment_port: u16 = process.url().rsplit(':').next().unwrap().parse().unwrap();
    while health(port).await != Some(ServingStatus::Serving) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Silent from the beginning, and after the beginning; and one that watches health, which never ends.
    let mut silent = Vec::new();
    for port in [port, enrollment_port] {
        silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        let mut begun = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        begun.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        silent.push(begun);
    }
    let watching = Endpoint::from_shared(process.url()).unwrap().connect().await.unwrap();
    let mut watched =
        HealthClient::new(watching).watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);

    process.ask_to_stop();
    let asked = Instant::now();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    for port in [port, enrollment_port] {
        assert_eq!(health(port).await, Some(ServingStatus::NotServing), "who comes now is told");
    }
    register_and_ask(&mut EnrollmentServiceClient::new(channel(&PeerConfig::at(process.url())))).await;
    assert!(process.ended().await.success());
    let took = asked.elapsed();
    assert!((DRAIN / 10..DRAIN).contains(&took), "{took:?}");
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}
