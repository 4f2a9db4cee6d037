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

/// Who waits for the answer of a service waits for what that asks of others: those are told how long that still is, less a little.
#[tokio::test]
async fn a_callee_is_given_what_is_left_to_the_caller() {
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};

    use http::{Request, Response};
    use tonic::body::Body;
    use tonic::server::NamedService;
    use tower::{Layer, ServiceExt};
    use yizhan_runtime::config::ServerConfig;
    use yizhan_runtime::request_layer::RequestLayer;
    use yizhan_runtime::server::{Server, Services};

    type Told = Arc<Mutex<Vec<Duration>>>;

    /// A callee that notes what it is given.
    #[derive(Clone)]
    struct Callee(Told);

    impl NamedService for Callee {
        const NAME: &'static str = "yizhan.enrollment.v1.EnrollmentService";
    }

    impl tower::Service<Request<Body>> for Callee {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<Body>) -> Self::Future {
            let told = request.headers()["grpc-timeout"].to_str().unwrap().to_owned();
            let (amount, unit) = told.split_at(told.len() - 1);
            let nanos = amount.parse::<u64>().unwrap() * if unit == "u" { 1000 } else { 1 };
            self.0.lock().unwrap().push(Duration::from_nanos(nanos));
            std::future::ready(Ok(tonic::Status::not_found("nobody").into_http()))
        }
    }

    let told = Told::default();
    let callee = Server::bind(ServerConfig::loopback()).unwrap();
    let callee = callee.serve(Services::default().with(Callee(told.clone()))).await.unwrap();
    let peer = PeerConfig { deadline: Duration::from_secs(2), ..PeerConfig::at(callee.url()) };
    let channel = client::channel(&peer, &Caller::Service { name: "settlement".to_owned() }).unwrap();
    // A service that takes half a second before it asks.
    let asking = tower::service_fn(move |_: Request<Body>| {
        let mut client = EnrollmentServiceClient::new(channel.clone());
        async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let _ = client.get_person(GetPersonRequest::default()).await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let layer =
        RequestLayer::new(&ServerConfig::loopback(), Vec::new(), Default::default()).unwrap().layer(asking);
    let of = |allowed: &str| {
        Request::post("http://server/ask").header("grpc-timeout", allowed).body(Body::empty()).unwrap()
    };
    for allowed in ["1S", "60S"] {
        layer.clone().oneshot(of(allowed)).await.unwrap();
    }
    let told = told.lock().unwrap().clone();
    assert!(told[0] <= Duration::from_millis(480) && told[0] > Duration::from_millis(200), "{told:?}");
    assert!(
        told[1] <= peer.deadline && told[1] > Duration::from_millis(1900),
        "no more than a peer is given: {told:?}"
    );
}
