//! Calling a peer that is away or does not answer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use yizhan_proto::enrollment::v1::GetPersonRequest;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_runtime::Caller;
use yizhan_runtime::client::{self, is_away};
use yizhan_runtime::config::PeerConfig;

async fn call(address: &str) -> (tonic::Status, Duration) {
    let peer = PeerConfig { deadline: Duration::from_millis(300), ..PeerConfig::at(address) };
    let caller = Caller::Service { name: "settlement".to_owned() };
    let mut client = EnrollmentServiceClient::new(client::channel(&peer, &caller).unwrap());
    let begun = Instant::now();
    let status = client.get_person(GetPersonRequest::default()).await.unwrap_err();
    (status, begun.elapsed())
}

#[tokio::test]
async fn a_peer_that_is_away_fails_the_call_not_the_start() {
    let (status, took) = call(&format!("http://127.0.0.1:{}", yizhan_testkit::free_port())).await;
    assert_eq!(status.code(), tonic::Code::Unavailable);
    assert!(is_away(&status) && took < Duration::from_secs(2));
}

#[tokio::test]
async fn a_peer_that_does_not_answer_is_given_up_at_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (status, took) = call(&format!("http://{}", silent.local_addr().unwrap())).await;
    assert!(is_away(&status), "{status:?}");
    assert!((300..2000).contains(&took.as_millis()), "{took:?}");
}
