//! Logs to stderr, and spans to an OTLP collector when one is configured.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::{LogFormat, TelemetryConfig};

/// How long the last spans may take to leave at the end.
pub(crate) const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Keeps the export alive; sends what is left when dropped.
#[derive(Debug)]
pub struct Telemetry {
    spans: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    #[expect(clippy::print_stderr, reason = "telemetry itself is at its end")]
    fn drop(&mut self) {
        if let Some(spans) = &self.spans
            && let Err(error) = spans.shutdown_with_timeout(FLUSH_TIMEOUT)
        {
            eprintln!("the last spans were not exported: {error}");
        }
    }
}

/// Sets logs and spans up for this process: once, inside the tokio runtime. Keep the value until the end of `main`.
pub fn init(service: &'static str, config: &TelemetryConfig) -> anyhow::Result<Telemetry> {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let spans = config.otlp_endpoint.as_ref().map(|at| span_provider(service, at.as_str())).transpose()?;
    let export =
        spans.as_ref().map(|spans| tracing_opentelemetry::layer().with_tracer(tracer(spans, service)));
    tracing_subscriber::registry()
        .with(export)
        .with(log_lines(config.log_format).with_filter(config.log_filter.parse::<EnvFilter>()?))
        .try_init()?;
    Ok(Telemetry { spans })
}

fn tracer(spans: &SdkTracerProvider, service: &'static str) -> Tracer {
    spans.tracer(service)
}

fn log_lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    let lines = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    }
}

fn span_provider(service: &'static str, endpoint: &str) -> anyhow::Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let resource = Resource::builder().with_service_name(format!("yizhan-{service}")).build();
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}
