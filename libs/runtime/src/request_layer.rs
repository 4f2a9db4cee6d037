//! What happens around every request: a place among the concurrent ones, the trace continued, the caller made, a panic
//! caught. One tower layer, put on by [`crate::server`].

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use http::{Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Instrument;

use crate::caller::{CALLER_HEADER, Caller};
use crate::trace;
use crate::{Reason, ServiceError};

/// Makes the [`RequestService`]s of a server.
#[derive(Clone, Debug)]
pub struct RequestLayer {
    trust_caller_header: bool,
    places: Arc<Semaphore>,
}

impl RequestLayer {
    /// With this many requests at once, and the caller believed or not.
    pub fn new(max_concurrent_requests: usize, trust_caller_header: bool) -> Self {
        RequestLayer { trust_caller_header, places: Arc::new(Semaphore::new(max_concurrent_requests)) }
    }

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

    fn place(&self) -> Result<OwnedSemaphorePermit, ServiceError> {
        self.places.clone().try_acquire_owned().map_err(|_| overloaded())
    }
}

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;

    fn layer(&self, inner: S) -> RequestService<S> {
        RequestService { inner, layer: self.clone() }
    }
}

/// A service with the layer around it.
#[derive(Clone, Debug)]
pub struct RequestService<S> {
    inner: S,
    layer: RequestLayer,
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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let infrastructure = request.uri().path().starts_with("/grpc.");
        let admitted = self.layer.caller(&request).and_then(|caller| {
            // Health checks and reflection are answered however busy the server is.
            let place = if infrastructure { None } else { Some(self.layer.place()?) };
            Ok((caller, place))
        });
        let (caller, place) = match admitted {
            Ok(admitted) => admitted,
            Err(error) => return Box::pin(async move { Ok(Status::from(error).into_http()) }),
        };
        let span = span_of(&request, infrastructure);
        request.extensions_mut().insert(caller);
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let answer = async move {
            let answer = answer.await.unwrap_or_else(|panic| Ok(panicked(&*panic)));
            drop(place);
            answer
        };
        Box::pin(answer.instrument(span))
    }
}

/// The path names service and method; nothing of the request itself is recorded.
fn span_of(request: &Request<Body>, infrastructure: bool) -> tracing::Span {
    if infrastructure {
        return tracing::Span::none();
    }
    let span = tracing::info_span!("request", otel.name = request.uri().path(), otel.kind = "server");
    trace::continue_trace(&span, request.headers());
    span
}

/// A panic is a bug of ours, of one request: the others on the connection go on. The panic hook has printed it already.
fn panicked(panic: &(dyn std::any::Any + Send)) -> Response<Body> {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Status::from(ServiceError::internal(anyhow::anyhow!("a request panicked: {text}"))).into_http()
}

fn overloaded() -> ServiceError {
    ServiceError::new(Reason::Overloaded, "too many requests at once").retry_after(Duration::from_millis(500))
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
