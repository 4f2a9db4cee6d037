//! What happens around every request: its message read whole, a place among the concurrent ones, a limit to how long it may
//! take, the trace continued, the caller made, a panic caught. One tower layer, put on by [`crate::server`].
//!
//! Overload is refused before anything is done: a request that finds no place, and, while places are crowded, one that is waited for less
//! than requests of its kind take at present. Of places there are fewer while requests take more than
//! half of the time they are waited for.
//!
//! Nothing limited is held while waiting for the caller: a place is taken when the message is there, and given back with the
//! answer. Until then a request costs its connection one of its streams, and what has arrived of it is counted.

mod arrival;
mod deadline;
mod places;
mod times;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use http::{Request, Response};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt};
use tracing::Instrument;

use crate::areas::{self, Areas};
use crate::caller::Caller;
use crate::config::ServerConfig;
use crate::deadline as waited_for;
use crate::identity::{Head, Identity};
use crate::metrics::rpc;
use crate::trace;
use crate::{Reason, ServiceError, metrics};

pub use places::ConnectionId;
use places::{Ended, Holder, Place, Places};
use times::Times;

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
/// What takes no longer is not late, however little time the caller allows.
const LATE: Duration = Duration::from_millis(250);
/// How long a call may take that is meant for quiet hours.
const QUIET_HOURS: Duration = Duration::from_secs(600);

/// Makes the [`RequestService`]s of a server.
#[derive(Clone, Debug)]
pub struct RequestLayer(Arc<Limits>);

#[derive(Debug)]
struct Limits {
    identity: Identity,
    areas: Areas,
    stopping: CancellationToken,
    arrival: Duration,
    handling: Duration,
    for_quiet_hours: Vec<&'static str>,
    arriving: Arc<Places>,
    places: Arc<Places>,
    times: Times,
    streams: Arc<Places>,
    reflections: Arc<Places>,
}

impl RequestLayer {
    /// With the limits of a server, which stops when told so; these methods, by path, may take longer.
    ///
    /// # Errors
    /// A file by which callers are known cannot be read.
    pub fn new(
        config: &ServerConfig,
        for_quiet_hours: Vec<&'static str>,
        stopping: CancellationToken,
    ) -> anyhow::Result<Self> {
        let identity = Identity::open(config)?;
        tracing::info!(listen = %config.listen, callers = ?identity, "who calls");
        Ok(RequestLayer(Arc::new(Limits {
            identity,
            areas: config.areas.clone(),
            stopping,
            arrival: ARRIVAL.min(config.request),
            handling: config.request,
            for_quiet_hours,
            arriving: Places::new(MAX_ARRIVING_BYTES),
            places: Places::new(config.max_concurrent_requests),
            times: Times::default(),
            streams: Places::new(MAX_REQUEST_STREAMS),
            reflections: Places::new(MAX_REFLECTIONS),
        })))
    }
}

impl Limits {
    fn holder(&self, request: &Request<Body>, caller: &Caller) -> Holder {
        let connection = || request.extensions().get().copied().unwrap_or(ConnectionId(0));
        if self.identity.tells() { Holder::Caller(caller.clone()) } else { Holder::Connection(connection()) }
    }

    /// Where a request that is a stream has its place; `None` for all others.
    fn streams(&self, path: &str) -> Option<&Arc<Places>> {
        let reflection = path.starts_with("/grpc.reflection.");
        let places = if reflection { &self.reflections } else { &self.streams };
        (reflection || yizhan_proto::CLIENT_STREAMING.contains(&path)).then_some(places)
    }

    /// How long it may take, what is told then, and whether that is the caller's word.
    fn deadline(&self, request: &Request<Body>) -> (Duration, fn() -> ServiceError, bool) {
        let unhurried = self.for_quiet_hours.contains(&request.uri().path());
        let ours = if unhurried { QUIET_HOURS } else { self.handling };
        match deadline::of_caller(request.headers()) {
            Some(theirs) if theirs < ours => (theirs, caller_deadline, true),
            _ => (ours, answer_late, false),
        }
    }

    async fn answer<S>(&self, inner: S, mut request: Request<Body>) -> Result<Response<Body>, Status>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send,
        S::Future: Send,
    {
        let caller = self.identity.caller(Head::of(&request)).await?;
        if !is_infrastructure(&request) {
            self.areas.check_header(request.headers())?;
        }
        let holder = self.holder(&request, &caller);
        request.extensions_mut().insert(caller);
        if let Some(streams) = self.streams(request.uri().path()) {
            let place = streams.take(&holder, 1).ok_or_else(|| overloaded(streams))?;
            let request = request.map(|body| arrival::stream(body, place, SILENCE));
            let answer = areas::within(self.areas.clone(), inner.oneshot(request)).await;
            return answer.map_err(|never| match never {});
        }
        let begun = Instant::now();
        let (limit, late, callers) = self.deadline(&request);
        let infrastructure = is_infrastructure(&request);
        let (head, body) = request.into_parts();
        let message = tokio::select! {
            biased;
            message = arrival::whole(body, &self.arriving, &holder) => message?,
            () = sleep(self.arrival.min(limit)) => return Err(incomplete().into()),
            // A server that stops does not wait for what is not there.
            () = self.stopping.cancelled() => return Err(incomplete().into()),
        };
        let request = Request::from_parts(head, message);
        // A caller waits from the beginning; we allow so much for handling.
        let until = if callers { begun } else { Instant::now() } + limit;
        // Health checks are answered however busy the server is.
        if infrastructure {
            let answer = timeout_at(until, inner.oneshot(request)).await;
            return answer.map_err(|_| late())?.map_err(|never| match never {});
        }
        self.in_place(inner, request, (&holder, until, late)).await
    }

    /// Answers a request that is whole, in a place of its own, until it is waited for no longer.
    async fn in_place<S>(
        &self,
        inner: S,
        request: Request<Body>,
        (holder, until, late): (&Holder, Instant, fn() -> ServiceError),
    ) -> Result<Response<Body>, Status>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send,
        S::Future: Send,
    {
        let path = request.uri().path().to_owned();
        let mut begun = self.begin(&path, holder, until)?;
        let handled = areas::within(self.areas.clone(), inner.oneshot(request));
        let handled = waited_for::until(until, handled);
        let answer = timeout_at(until, handled).await;
        let answer = answer.map_err(|_| late())?.unwrap_or_else(|never| match never {});
        begun.answered = Some(is_ok(&answer));
        Ok(answer)
    }

    /// Takes a place for what is not refused at once.
    fn begin<'a>(
        &'a self,
        path: &'a str,
        holder: &Holder,
        until: Instant,
    ) -> Result<Begun<'a>, ServiceError> {
        let at = Instant::now();
        let left = until.saturating_duration_since(at);
        // Where one caller alone is slow, others are not refused for it.
        if self.places.is_crowded() && self.times.at_present(path, at).is_some_and(|takes| takes > left) {
            metrics::shed("deadline");
            return Err(too_late_already());
        }
        let place = self.places.take(holder, 1).ok_or_else(|| overloaded(&self.places))?;
        Ok(Begun { limits: self, path, at, left, answered: None, place })
    }
}

/// A request that has its place. When it is dropped it has ended; without an answer it was given up, by us or by who waited for it.
struct Begun<'a> {
    limits: &'a Limits,
    path: &'a str,
    at: Instant,
    left: Duration,
    /// Whether what was answered is that something was done.
    answered: Option<bool>,
    place: Place,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let (now, took) = (Instant::now(), self.at.elapsed());
        match self.answered {
            Some(true) => self.limits.times.answered(self.path, took, now),
            // What is refused takes less.
            Some(false) => {}
            None => self.limits.times.given_up(self.path, took, now),
        }
        let late = took > LATE.max(self.left / 2);
        let (begun, allowed, answered) = (self.at, self.left, self.answered.is_some());
        let ended = Ended { begun, allowed, answered, late };
        self.limits.places.ended(self.place.holder(), &ended, now);
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

/// Whether something was done.
fn is_ok(answer: &Response<Body>) -> bool {
    answer.headers().get(Status::GRPC_STATUS).is_none_or(|code| code == "0")
}

fn too_late_already() -> ServiceError {
    let message =
        "requests of this kind take longer at present than this one is waited for; nothing was done";
    ServiceError::new(Reason::Overloaded, message).retry_after(Duration::from_millis(500))
}

/// There is no place. Who alone has as many as one may is said in the log: it may be them that nobody else gets any.
fn overloaded(places: &Places) -> ServiceError {
    metrics::shed("places");
    if let Some((holder, amount, all)) = places.to_be_named(Instant::now()) {
        tracing::warn!(
            caller = holder.told(),
            amount,
            all,
            "calls are refused, and one caller has all that one may have"
        );
    }
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
