//! Rate, errors and duration of what this process answers. A method's name is one of the contract's, whatever was asked for.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use opentelemetry::KeyValue;
use prost::bytes::Bytes;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Span;

use super::{Metric, UnderWay, add, installed, took, under_way};
use crate::Reason;
use crate::error::RemoteError;

/// A method of the contract.
#[derive(Debug)]
pub(crate) struct Method {
    /// `/yizhan.settlement.v1.SettlementService/Settle`.
    pub path: &'static str,
    /// `yizhan.settlement.v1.SettlementService`.
    pub service: &'static str,
    /// `Settle`.
    pub name: &'static str,
    /// `settlement`.
    pub of: &'static str,
}

/// What stands for everything that is not in the contract: a path is text that a client made up.
const UNKNOWN: Method = Method { path: "unknown", service: "unknown", name: "unknown", of: "unknown" };

static METHODS: LazyLock<HashMap<&'static str, Method>> = LazyLock::new(|| {
    let method = |path: &'static str| {
        let (service, name) = path.trim_start_matches('/').split_once('/').unwrap_or((path, path));
        let of = service.split('.').nth(1).unwrap_or("unknown");
        (path, Method { path, service, name, of })
    };
    yizhan_proto::METHODS.iter().map(|path| method(path)).collect()
});

/// The method of a path.
pub(crate) fn method(path: &str) -> &'static Method {
    METHODS.get(path).unwrap_or(&UNKNOWN)
}

/// As the labels name it: `NOT_FOUND`.
pub(super) fn name_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// A call on its way, counted when it has ended: with its status, or given up by who asked (CANCELLED).
#[derive(Debug)]
pub(crate) struct Call {
    method: &'static Method,
    begun: Instant,
    code: Code,
    reason: Option<&'static str>,
    span: Span,
    _under_way: Option<UnderWay>,
}

/// A call begins; `None` where nothing is counted, and for what gRPC itself defines.
pub(crate) fn begin<B>(request: &Request<B>, span: &Span) -> Option<Call> {
    if !installed() || crate::request_layer::is_infrastructure(request) {
        return None;
    }
    let (method, begun, span) = (method(request.uri().path()), Instant::now(), span.clone());
    Some(Call { method, begun, code: Code::Cancelled, reason: None, span, _under_way: under_way() })
}

impl Call {
    fn ended(&mut self, status: &Status) {
        self.code = status.code();
        if self.code != Code::Ok {
            let known = Reason::from_code(&RemoteError::from(status).reason).map(Reason::code);
            self.reason = Some(known.unwrap_or("NONE"));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let code = name_of(self.code);
        self.span.record("grpc_code", code);
        let (method, took_) = (self.method, self.begun.elapsed());
        let labels = [
            KeyValue::new("rpc_service", method.service),
            KeyValue::new("rpc_method", method.name),
            KeyValue::new("grpc_code", code),
        ];
        took(Metric::RpcServerDuration, took_, &labels);
        if let Some(reason) = self.reason {
            let labels = [KeyValue::new("rpc_method", method.name), KeyValue::new("reason", reason)];
            add(Metric::RpcRefusals, 1, &labels);
        }
    }
}

/// What is answered, watched to its end.
pub(crate) fn watched(call: Option<Call>, answer: Response<Body>) -> Response<Body> {
    match call {
        Some(mut call) => watch(answer, move |status| call.ended(status)),
        None => answer,
    }
}

/// Calls `ended` with the status of an answer, once it is there, and drops it with the answer.
pub(super) fn watch<B>(answer: Response<B>, mut ended: impl FnMut(&Status) + Send + 'static) -> Response<Body>
where
    B: http_body::Body<Data = Bytes, Error = Status> + Send + 'static,
{
    let answer = answer.map(Body::new);
    if let Some(status) = Status::from_header_map(answer.headers()) {
        ended(&status);
        return answer;
    }
    answer.map(|body| Body::new(WatchedBody { body, ended: Box::new(ended) }))
}

struct WatchedBody {
    body: Body,
    ended: Box<dyn FnMut(&Status) + Send>,
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(status) = frame.trailers_ref().and_then(status_of) {
                    (self.ended)(&status);
                }
            }
            Poll::Ready(Some(Err(status))) => (self.ended)(status),
            _ => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn status_of(trailers: &HeaderMap) -> Option<Status> {
    Status::from_header_map(trailers)
}
