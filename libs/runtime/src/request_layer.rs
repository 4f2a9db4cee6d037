//! What happens around every request: its message read whole, a place among the concurrent ones, a limit to how long it may
//! take, the trace continued, the caller made, a panic caught. One tower layer, put on by [`crate::server`].
//!
//! Nothing limited is held while waiting for the caller: a place is taken when the message is there, and given back with the
//! answer. Until then a request costs its connection one of its streams, and what has arrived of it is counted.

mod arrival;
mod deadline;
mod places;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use http::{Request, Response};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt};
use tracing::Instrument;

use crate::caller::{CALLER_HEADER, Caller};
use crate::config::ServerConfig;
use crate::metrics::rpc;
use crate::trace;
use crate::{Reason, ServiceError};

pub use places::ConnectionId;
use places::{Holder, Places};

/// How long a message may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);
/// Bytes of messages that are not whole yet, in a process.
const MAX_ARRIVING_BYTES: usize = 256 * 1024 * 1024;
/// Requests that are streams, at once in a process: their place is kept until the stream ends, so it is none of the others'.
const MAX_REQUEST_STREAMS: usize = 128;
/// Tools that look at the contract by reflection, at once.
const MAX_REFLECTIONS: usize = 32;
/// Silence on a request that is a stream.
const SILENCE: Duration = Duration::from_secs(90);
/// How long a call may take that is meant for quiet hours.
const QUIET_HOURS: Duration = Duration::from_secs(600);

/// Makes the [`RequestService`]s of a server.
#[derive(Clone, Debug)]
pub struct RequestLayer(Arc<Limits>);

#[derive(Debug)]
struct Limits {
    trust_caller_header: bool,
    stopping: CancellationToken,
    arrival: Duration,
    handling: Duration,
    for_quiet_hours: Vec<&'static str>,
    arriving: Arc<Places>,
    places: Arc<Places>,
    streams: Arc<Places>,
    reflections: Arc<Places>,
}

impl RequestLayer {
    /// With the limits of a server, which stops when told so; these methods, by path, may take longer.
    pub fn new(
        config: &ServerConfig,
        for_quiet_hours: Vec<&'static str>,
        stopping: CancellationToken,
    ) -> Self {
        RequestLayer(Arc::new(Limits {
            trust_caller_header: config.trust_caller_header,
            stopping,
            arrival: ARRIVAL.min(config.request),
            handling: config.request,
            for_quiet_hours,
            arriving: Places::new(MAX_ARRIVING_BYTES),
            places: Places::new(config.max_concurrent_requests),
            streams: Places::new(MAX_REQUEST_STREAMS),
            reflections: Places::new(MAX_REFLECTIONS),
        }))
    }
}

impl Limits {
    fn caller(&self, request: &Request<Body>) -> Result<Caller, ServiceError> {
        if !self.trust_caller_header {
            return Ok(Caller::LocalAdministrator);
        }
        let mut told = request.headers().get_all(CALLER_HEADER).iter();
        match (told.next(), told.next()) {
            (Some(header), None) => header.to_str().ok().and_then(Caller::parse).ok_or_else(caller_malformed),
            // One of them was not set by who may: nobody knows which.
            (Some(_), Some(_)) => Err(caller_malformed()),
            (None, _) if asks_about_server(request) => Ok(Caller::Operator { name: "probe".to_owned() }),
            (None, _) => Err(caller_missing()),
        }
    }

    fn holder(&self, request: &Request<Body>, caller: &Caller) -> Holder {
        let connection = || request.extensions().get().copied().unwrap_or(ConnectionId(0));
        if self.trust_caller_header {
            Holder::Caller(caller.clone())
        } else {
            Holder::Connection(connection())
        }
    }

    /// Where a request that is a stream has its place; `None` for all others.
    fn streams(&self, path: &str) -> Option<&Arc<Places>> {
        let reflection = path.starts_with("/grpc.reflection.");
        let places = if reflection { &self.reflections } else { &self.streams };
        (reflection || yizhan_proto::CLIENT_STREAMING.contains(&path)).then_some(places)
    }

    /// How long handling may take, and what is told then.
    fn deadline(&self, request: &Request<Body>) -> (Duration, fn() -> ServiceError) {
        let unhurried = self.for_quiet_hours.contains(&request.uri().path());
        let ours = if unhurried { QUIET_HOURS } else { self.handling };
        match deadline::of_caller(request.headers()) {
            Some(theirs) if theirs < ours => (theirs, caller_deadline),
            _ => (ours, answer_late),
        }
    }

    async fn answer<S>(&self, inner: S, mut request: Request<Body>) -> Result<Response<Body>, Status>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send,
        S::Future: Send,
    {
        let caller = self.caller(&request)?;
        let holder = self.holder(&request, &caller);
        request.extensions_mut().insert(caller);
        if let Some(streams) = self.streams(request.uri().path()) {
            let place = streams.take(&holder, 1).ok_or_else(overloaded)?;
            let request = request.map(|body| arrival::stream(body, place, SILENCE));
            return inner.oneshot(request).await.map_err(|never| match never {});
        }
        let (limit, late) = self.deadline(&request);
        let infrastructure = is_infrastructure(&request);
        let (head, body) = request.into_parts();
        let message = tokio::select! {
            biased;
            message = arrival::whole(body, &self.arriving, &holder) => message?,
            () = sleep(self.arrival.min(limit)) => return Err(incomplete().into()),
            // A server that stops does not wait for what is not there.
            () = self.stopping.cancelled() => return Err(incomplete().into()),
        };
        // Health checks are answered however busy the server is.
        let _place = match infrastructure {
            true => None,
            false => Some(self.places.take(&holder, 1).ok_or_else(overloaded)?),
        };
        let answer = timeout(limit, inner.oneshot(Request::from_parts(head, message)));
        answer.await.map_err(|_| late())?.map_err(|never| match never {})
    }
}

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;

    fn layer(&self, inner: S) -> RequestService<S> {
        RequestService { inner, limits: self.0.clone() }
    }
}

/// A service with the layer around it.
#[derive(Clone, Debug)]
pub struct RequestService<S> {
    inner: S,
    limits: Arc<Limits>,
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S> Service<Request<Body>> for RequestService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<Infallible>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (inner, limits, span) = (self.inner.clone(), self.limits.clone(), span_of(&request));
        let call = rpc::begin(&request, &span);
        let answer = async move {
            let answer = AssertUnwindSafe(limits.answer(inner, request)).catch_unwind().await;
            let answer = answer.unwrap_or_else(|panic| Err(panicked(&*panic)));
            Ok(rpc::watched(call, answer.unwrap_or_else(Status::into_http)))
        };
        Box::pin(answer.instrument(span))
    }
}

/// The path names service and method, where it is one of the contract; nothing of the request itself is recorded.
fn span_of(request: &Request<Body>) -> tracing::Span {
    if is_infrastructure(request) {
        return tracing::Span::none();
    }
    let (method, code) = (rpc::method(request.uri().path()), tracing::field::Empty);
    let span =
        tracing::info_span!("request", otel.name = method.path, otel.kind = "server", grpc_code = code);
    trace::continue_trace(&span, request.headers());
    span
}

/// A panic is a bug of ours, of one request: the others on the connection go on. The panic hook has printed it already.
fn panicked(panic: &(dyn std::any::Any + Send)) -> Status {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    ServiceError::internal(anyhow::anyhow!("a request panicked: {text}")).into()
}

/// What gRPC itself defines: health, reflection.
pub(crate) fn is_infrastructure<B>(request: &Request<B>) -> bool {
    request.uri().path().starts_with("/grpc.")
}

/// Whether it is answered by one message: not by a stream, which may be endless.
pub(crate) fn is_answered_once<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    let streaming = path.starts_with("/grpc.reflection.") || path == "/grpc.health.v1.Health/Watch";
    !streaming && !yizhan_proto::SERVER_STREAMING.contains(&path)
}

fn overloaded() -> ServiceError {
    ServiceError::new(Reason::Overloaded, "too many requests at once").retry_after(Duration::from_millis(500))
}

fn incomplete() -> ServiceError {
    ServiceError::new(Reason::RequestIncomplete, "the message did not arrive whole in time; nothing was done")
        .retry_after(Duration::from_millis(500))
}

fn answer_late() -> ServiceError {
    let message = "no answer in time; whether it was done is not known: repeat with the same request_id";
    ServiceError::new(Reason::AnswerLate, message)
}

fn caller_deadline() -> ServiceError {
    let message =
        "the caller's deadline is over; whether it was done is not known: repeat with the same request_id";
    ServiceError::new(Reason::CallerDeadline, message)
}

/// Health and reflection: asked by probes and tools, which have no caller to name.
fn asks_about_server(request: &Request<Body>) -> bool {
    ["/grpc.health.", "/grpc.reflection."].iter().any(|start| request.uri().path().starts_with(start))
}

fn caller_missing() -> ServiceError {
    ServiceError::new(
        Reason::CallerMissing,
        "this server believes the metadata entry yizhan-caller, and there is none",
    )
}

fn caller_malformed() -> ServiceError {
    ServiceError::new(Reason::CallerMalformed, "metadata entry yizhan-caller does not name a caller")
}
