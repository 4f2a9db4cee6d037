//! What happens around every request.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service, ServiceExt, service_fn};
use yizhan_runtime::Caller;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::request_layer::RequestLayer;

fn request(path: &str) -> Request<Body> {
    Request::builder().uri(format!("http://server{path}")).body(Body::empty()).unwrap()
}

fn status(response: &Response<Body>) -> Option<RemoteError> {
    Status::from_header_map(response.headers()).map(RemoteError::from)
}

/// Answers, panics or takes its time, as the path says.
async fn serve(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    match request.uri().path() {
        "/panic" => panic!("a bug"),
        "/slow" => tokio::time::sleep(Duration::from_secs(60)).await,
        _ => {}
    }
    let caller = request.extensions().get::<Caller>().expect("made by the layer").to_string();
    Ok(Response::builder().header("caller", caller).body(Body::empty()).unwrap())
}

async fn call(layer: &RequestLayer, request: Request<Body>) -> Response<Body> {
    layer.layer(service_fn(serve)).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_panic_fails_one_request_and_says_nothing_about_it() {
    let layer = RequestLayer::new(1, false);
    let error = status(&call(&layer, request("/panic")).await).unwrap();
    assert_eq!((error.code, error.reason.as_str()), (Code::Internal, "INTERNAL"));
    assert!(!format!("{error:?}").contains("a bug"));
    assert!(status(&call(&layer, request("/fine")).await).is_none(), "its place is free again");
}

#[tokio::test]
async fn more_than_the_limit_is_refused_at_once_but_health_is_answered() {
    let layer = RequestLayer::new(1, false);
    let mut service = layer.layer(service_fn(serve));
    let slow = tokio::spawn(service.ready().await.unwrap().call(request("/slow")));
    let error = status(&call(&layer, request("/fine")).await).unwrap();
    assert_eq!((error.code, error.reason.as_str()), (Code::ResourceExhausted, "OVERLOADED"));
    assert_eq!(error.retry_after, Some(Duration::from_millis(500)));
    assert!(status(&call(&layer, request("/grpc.health.v1.Health/Check")).await).is_none());
    slow.abort();
    let _ = slow.await;
    assert!(
        status(&call(&layer, request("/fine")).await).is_none(),
        "a cancelled request gives its place back"
    );
}

#[tokio::test]
async fn the_caller_header_is_believed_only_when_configured() {
    let with = |value: &str| {
        let mut request = request("/fine");
        request.headers_mut().insert("yizhan-caller", value.parse().unwrap());
        request
    };
    let open = RequestLayer::new(9, false);
    let answer = call(&open, with("agency:430200")).await;
    assert_eq!(answer.headers()["caller"], "local-administrator");
    let trusting = RequestLayer::new(9, true);
    assert_eq!(call(&trusting, with("agency:430200")).await.headers()["caller"], "agency:430200");
    let error = status(&call(&trusting, request("/fine")).await).unwrap();
    assert_eq!((error.code, error.reason.as_str()), (Code::Unauthenticated, "CALLER_MISSING"));
    let probe = call(&trusting, request("/grpc.health.v1.Health/Check")).await;
    assert_eq!(probe.headers()["caller"], "operator:probe", "health needs no caller");
    let mut twice = with("agency:430200");
    twice.headers_mut().append("yizhan-caller", "local-administrator".parse().unwrap());
    for wrong in [with("agency:everything"), twice] {
        let error = status(&call(&trusting, wrong).await).unwrap();
        assert_eq!((error.code, error.reason.as_str()), (Code::Unauthenticated, "CALLER_MALFORMED"));
    }
}
