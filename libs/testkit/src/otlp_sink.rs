//! A collector in the test: takes what services export over OTLP, and keeps it.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, async_trait};

/// The largest export taken.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A running collector; ends with the runtime of its test.
#[derive(Clone, Debug)]
pub struct OtlpSink {
    address: SocketAddr,
    received: Arc<Mutex<Received>>,
}

/// What came, in order.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// Spans.
    pub spans: Vec<ExportTraceServiceRequest>,
    /// Logs.
    pub logs: Vec<ExportLogsServiceRequest>,
    /// Metrics.
    pub metrics: Vec<ExportMetricsServiceRequest>,
}

impl OtlpSink {
    /// Starts one on a free port of the loopback interface.
    pub async fn start() -> OtlpSink {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let sink = OtlpSink { address, received: Arc::default() };
        let server = Server::builder()
            .add_service(TraceServiceServer::new(sink.clone()).max_decoding_message_size(MAX_BYTES))
            .add_service(LogsServiceServer::new(sink.clone()).max_decoding_message_size(MAX_BYTES))
            .add_service(MetricsServiceServer::new(sink.clone()).max_decoding_message_size(MAX_BYTES));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        sink
    }

    /// For `telemetry.otlp_endpoint`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came so far.
    pub fn received(&self) -> Received {
        self.held().clone()
    }

    fn held(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Received {
    /// Every span, with the `service` of whoever made it.
    pub fn spans(&self) -> Vec<(String, Span)> {
        let of = self.spans.iter().flat_map(|request| &request.resource_spans);
        let spans = of.flat_map(|of| {
            let service = service(of.resource.as_ref());
            let spans = of.scope_spans.iter().flat_map(|scope| scope.spans.clone());
            spans.map(move |span| (service.clone(), span))
        });
        spans.collect()
    }

    /// Names of the metrics of a service.
    pub fn metrics_of(&self, name: &str) -> Vec<String> {
        let of = self.metrics.iter().flat_map(|request| &request.resource_metrics);
        let of = of.filter(|of| service(of.resource.as_ref()) == name);
        let scopes = of.flat_map(|of| &of.scope_metrics);
        scopes.flat_map(|scope| scope.metrics.iter().map(|metric| metric.name.clone())).collect()
    }

    /// Spans, logs and metrics, each as text with everything in it.
    pub fn texts(&self) -> [(&'static str, String); 3] {
        let [mut spans, mut logs, mut metrics] = [(); 3].map(|()| String::new());
        for request in &self.spans {
            let _ = writeln!(spans, "{request:?}");
        }
        for request in &self.logs {
            let _ = writeln!(logs, "{request:?}");
        }
        for request in &self.metrics {
            let _ = writeln!(metrics, "{request:?}");
        }
        [("spans", spans), ("logs", logs), ("metrics", metrics)]
    }
}

fn service(resource: Option<&Resource>) -> String {
    let attributes = resource.map(|resource| resource.attributes.as_slice()).unwrap_or_default();
    let named = attributes.iter().find(|attribute| attribute.key == "service");
    match named.and_then(|attribute| attribute.value.as_ref()?.value.clone()) {
        Some(Value::StringValue(name)) => name,
        _ => String::new(),
    }
}

#[async_trait]
impl TraceService for OtlpSink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.held().spans.push(request.into_inner());
        Ok(Response::new(Default::default()))
    }
}

#[async_trait]
impl LogsService for OtlpSink {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.held().logs.push(request.into_inner());
        Ok(Response::new(Default::default()))
    }
}

#[async_trait]
impl MetricsService for OtlpSink {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.held().metrics.push(request.into_inner());
        Ok(Response::new(Default::default()))
    }
}
