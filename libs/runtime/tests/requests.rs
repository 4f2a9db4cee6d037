//! What happens around every request.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::convert::Infallible;
use std::time::Duration;

use futures::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, ServiceExt, service_fn};
use yizhan_runtime::Caller;
use yizhan_runtime::config::ServerConfig;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::request_layer::RequestLayer;

/// A request that is a stream.
const LOAD: &str = "/yizhan.enrollment.v1.RosterService/LoadRoster";

/// What a request takes that takes a while.
const TAKES: Duration = Duration::from_millis(200);

/// So many requests at once, a second for each.
fn layer(max_concurrent_requests: usize, trust_caller_header: bool) -> RequestLayer {
    let request = Duration::from_secs(1);
    let config =
        ServerConfig { max_concurrent_requests, trust_caller_header, request, ..ServerConfig::loopback() };
    RequestLayer::new(&config, vec!["/quiet"], CancellationToken::new()).unwrap()
}

/// A body that comes in these pieces; the last is never the end.
fn pieces<const N: usize>(pieces: [&'static [u8]; N]) -> Body {
    let frames = stream::iter(pieces).map(|piece| Ok::<_, Status>(Frame::data(piece.into())));
    Body::new(StreamBody::new(frames.chain(stream::pending())))
}

fn with_body(path: &str, body: Body) -> Request<Body> {
    request(path).map(|_| body)
}

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
        "/takes-a-while" => tokio::time::sleep(TAKES).await,
        "/quiet" => tokio::time::sleep(Duration::from_millis(1200)).await,
        "/echo" | LOAD => return Ok(Response::new(request.into_body())),
        _ => {}
    }
    let caller = request.extensions().get::<Caller>().expect("made by the layer").to_string();
    Ok(Response::builder().header("caller", caller).body(Body::empty()).unwrap())
}

fn called(layer: &RequestLayer, request: Request<Body>) -> tokio::task::JoinHandle<Response<Body>> {
    let layer = layer.clone();
    tokio::spawn(async move { call(&layer, request).await })
}

fn reason(response: &Response<Body>) -> String {
    status(response).map(|error| error.reason).unwrap_or_default()
}

async fn call(layer: &RequestLayer, request: Request<Body>) -> Response<Body> {
    layer.layer(service_fn(serve)).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_panic_fails_one_request_and_says_nothing_about_it() {
    let layer = layer(1, false);
    let error = status(&call(&layer, request("/panic")).await).unwrap();
    assert_eq!((error.code, error.reason.as_str()), (Code::Internal, "INTERNAL"));
    assert!(!format!("{error:?}").contains("a bug"));
    assert!(status(&call(&layer, request("/fine")).await).is_none(), "its place is free again");
}

#[tokio::test]
async fn more_than_the_limit_is_refused_at_once_but_health_is_answered() {
    let layer = layer(1, false);
    let slow = called(&layer, request("/slow"));
    tokio::task::yield_now().await;
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
    let open = layer(9, false);
    let answer = call(&open, with("agency:430200")).await;
    assert_eq!(answer.headers()["caller"], "local-administrator");
    let trusting = layer(9, true);
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

#[tokio::test]
async fn a_message_that_never_ends_holds_up_nobody_and_is_told_so() {
    let layer = layer(1, false);
    let never = || pieces([b"\0\0\0"]);
    let paths = ["/fine", "/fine", "/grpc.health.v1.Health/Check"];
    let waiting = paths.map(|path| called(&layer, with_body(path, never())));
    tokio::task::yield_now().await;
    for path in ["/fine", "/grpc.health.v1.Health/Check"] {
        assert_eq!(reason(&call(&layer, request(path)).await), "", "{path}");
    }
    for told in waiting {
        let error = status(&told.await.unwrap()).unwrap();
        assert_eq!((error.code, error.reason.as_str()), (Code::ResourceExhausted, "REQUEST_INCOMPLETE"));
    }
    // Requests that are streams are apart: as many as there are, the others have their place.
    assert_eq!(yizhan_proto::CLIENT_STREAMING, [LOAD]);
    let mut loads = Vec::new();
    while let answer = call(&layer, with_body(LOAD, never())).await
        && status(&answer).is_none()
    {
        loads.push(answer);
        assert!(loads.len() < 1000, "without a limit");
    }
    assert_eq!(reason(&call(&layer, request("/fine")).await), "");
}

#[tokio::test]
async fn a_message_is_handed_on_whole_however_it_comes() {
    let layer = layer(1, false);
    let echo = async |body| {
        let body = call(&layer, with_body("/echo", body)).await.into_body();
        let mut frames: Vec<_> = body.into_data_stream().map(|data| data.unwrap().to_vec()).collect().await;
        assert!(frames.len() <= 1, "in one piece");
        frames.pop().unwrap_or_default()
    };
    let message = b"\0\0\0\0\x03abc";
    assert_eq!(echo(pieces([message])).await, message);
    assert_eq!(echo(pieces([b"\0\0", b"", b"\0\0\x03a", b"b", b"c", b"no more"])).await, message);
    assert_eq!(echo(Body::empty()).await, b"");
    // Too long: nobody waits for it, whoever decodes it refuses it by its length.
    let too_long = b"\0\x01\0\0\0a";
    assert_eq!(echo(pieces([too_long])).await, too_long);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_told_that_its_outcome_is_not_known() {
    let layer = layer(9, false);
    let with_timeout = |timeout: &str| {
        let mut request = request("/slow");
        request.headers_mut().insert("grpc-timeout", timeout.parse().unwrap());
        request
    };
    let told = [request("/slow"), with_timeout("60S"), with_timeout("50m"), request("/quiet")]
        .map(|request| called(&layer, request));
    let told = futures::future::join_all(told).await;
    let told: Vec<_> = told
        .into_iter()
        .map(|answer| status(&answer.unwrap()).map(|error| (error.code, error.reason)))
        .collect();
    let late = Some((Code::Unavailable, "ANSWER_LATE".to_owned()));
    let callers = Some((Code::DeadlineExceeded, "CALLER_DEADLINE".to_owned()));
    assert_eq!(told, [late.clone(), late, callers, None]);
}

#[tokio::test]
async fn nobody_has_all_places() {
    let layer = layer(4, true);
    let of = |caller: &str, path: &str| {
        let mut request = request(path);
        request.headers_mut().insert("yizhan-caller", caller.parse().unwrap());
        request
    };
    let slow = [(); 2].map(|()| called(&layer, of("agency:430200", "/slow")));
    tokio::task::yield_now().await;
    assert_eq!(reason(&call(&layer, of("agency:430200", "/fine")).await), "OVERLOADED");
    assert_eq!(reason(&call(&layer, of("agency:430300", "/fine")).await), "");
    slow.iter().for_each(tokio::task::JoinHandle::abort);
}

/// While many are busy, a request that is waited for less than its kind takes is refused before anything is done for it.
#[tokio::test]
async fn who_waits_less_than_it_takes_is_refused_at_once() {
    let layer = layer(8, true);
    let of = |caller: &str, timeout: &str, path: &str| {
        let mut request = request(path);
        request.headers_mut().insert("yizhan-caller", caller.parse().unwrap());
        request.headers_mut().insert("grpc-timeout", timeout.parse().unwrap());
        request
    };
    let hurried = || of("agency:430300", "100m", "/takes-a-while");
    call(&layer, of("agency:430300", "900m", "/takes-a-while")).await;
    assert_eq!(reason(&call(&layer, hurried()).await), "CALLER_DEADLINE", "it is tried where there is room");
    // One caller alone, who has half of the places, changes nothing for others; two do.
    let busy = |caller: &'static str| [(); 4].map(|()| called(&layer, of(caller, "900m", "/slow")));
    let _first = busy("agency:430200");
    tokio::task::yield_now().await;
    assert_eq!(reason(&call(&layer, hurried()).await), "CALLER_DEADLINE");
    let _second = called(&layer, of("agency:430400", "900m", "/slow"));
    tokio::task::yield_now().await;
    let begun = std::time::Instant::now();
    let told = call(&layer, hurried()).await;
    assert_eq!(status(&told).map(|error| error.code), Some(Code::ResourceExhausted));
    assert_eq!(reason(&told), "OVERLOADED");
    assert!(begun.elapsed() < TAKES / 2, "nothing was begun");
    assert_eq!(reason(&call(&layer, of("agency:430300", "900m", "/takes-a-while")).await), "");
    assert_eq!(
        reason(&call(&layer, of("agency:430300", "100m", "/fine")).await),
        "",
        "another kind is quick"
    );
}

/// Four times as many as can be answered, of which as many as there are places would all be late: most of what could be done is done in time.
#[tokio::test]
async fn of_more_than_can_be_answered_as_many_as_can_are_in_time() {
    const EACH: Duration = Duration::from_millis(10);
    const AT_ONCE: usize = 4;
    let turns = std::sync::Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let worked = service_fn(move |_: Request<Body>| {
        let turns = turns.clone();
        async move {
            let _turn = turns.acquire().await;
            tokio::time::sleep(EACH).await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let layer = layer(512, false).layer(worked);
    let time = 500 * EACH;
    let begun = std::time::Instant::now();
    let mut asked = Vec::new();
    while begun.elapsed() < time {
        // As many as take a turn in that time, four times.
        for connection in 0..4 * AT_ONCE as u64 {
            let mut request = request("/work");
            request.headers_mut().insert("grpc-timeout", "900m".parse().unwrap());
            request.extensions_mut().insert(yizhan_runtime::request_layer::ConnectionId(connection));
            let layer = layer.clone();
            asked.push(tokio::spawn(async move { reason(&layer.oneshot(request).await.unwrap()) }));
        }
        tokio::time::sleep(EACH).await;
    }
    let took = begun.elapsed();
    let all = asked.len();
    let told = futures::future::join_all(asked).await;
    let done = told.iter().filter(|told| told.as_ref().unwrap().is_empty()).count() as u128;
    let capacity = took.as_millis() / EACH.as_millis() * AT_ONCE as u128;
    println!("{done} of {all} were done in time, {capacity} could be");
    assert!(done * 10 >= capacity * 7, "{done} of {all} were done in time, {capacity} could be");
    assert!(all as u128 >= 3 * capacity, "{all} asked, {capacity} could be done: no overload");
}
