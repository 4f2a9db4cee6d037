//! Duration of what this process asks of others, and a span for each: the name of the method, and nothing of the question.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Request, Response};
use opentelemetry::KeyValue;
use prost::bytes::Bytes;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::rpc::{self, Method, name_of};
use super::{Metric, took};
use crate::trace;

/// A channel to another service whose calls are watched.
#[derive(Clone, Debug)]
pub struct Watched<S>(S);

impl<S> Watched<S> {
    /// Watches the calls of this channel.
    pub fn new(channel: S) -> Self {
        Watched(channel)
    }
}

impl<S, B> Service<Request<Body>> for Watched<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    B: http_body::Body<Data = Bytes, Error = Status> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = rpc::method(request.uri().path());
        let span = match trace::is_recorded() {
            true => {
                tracing::debug_span!("call", otel.name = method.path, otel.kind = "client", grpc_code = Empty)
            }
            // What is asked goes on in the trace of who asks.
            false => Span::current(),
        };
        let own = if trace::is_recorded() { span.clone() } else { Span::none() };
        let asked = Asked { method, begun: Instant::now(), code: Code::Cancelled, span: own };
        // What puts the trace on the request does so here.
        let answer = span.in_scope(|| self.0.call(request));
        let answer = async move {
            let mut asked = asked;
            match answer.await {
                Ok(answer) => Ok(rpc::watch(answer, move |status| asked.ended(status))),
                Err(error) => {
                    asked.code = Code::Unavailable;
                    Err(error)
                }
            }
        };
        Box::pin(answer.instrument(span))
    }
}

/// A call on its way, counted when it has ended.
struct Asked {
    method: &'static Method,
    begun: Instant,
    code: Code,
    span: Span,
}

impl Asked {
    fn ended(&mut self, status: &Status) {
        self.code = status.code();
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let code = name_of(self.code);
        self.span.record("grpc_code", code);
        let labels = [
            KeyValue::new("peer", self.method.of),
            KeyValue::new("rpc_method", self.method.name),
            KeyValue::new("grpc_code", code),
        ];
        took(Metric::RpcClientDuration, self.begun.elapsed(), &labels);
    }
}
