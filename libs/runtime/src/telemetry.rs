//! Logs to stderr; spans, metrics and logs to an OTLP collector when one is configured; metrics for who reads them.
//!
//! Nothing of a request is in any of it: spans and metrics have names of the contract and of this code, log lines are written by hand.

mod export;
mod lines;

use std::net::SocketAddr;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, TelemetryConfig};
use crate::metrics;
use crate::metrics::scrape::{self, Scrape};

/// How long the last spans, metrics and logs may take to leave at the end, all together.
pub const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Keeps the export alive; sends what is left when dropped.
#[derive(Debug, Default)]
pub struct Telemetry {
    spans: Option<SdkTracerProvider>,
    logs: Option<SdkLoggerProvider>,
    metrics: Option<SdkMeterProvider>,
    scrape: Option<Scrape>,
}

impl Telemetry {
    /// Where metrics are read: the real port, if the configured one was 0.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.scrape.as_ref().map(|scrape| scrape.address)
    }
}

impl Drop for Telemetry {
    #[expect(clippy::print_stderr, reason = "telemetry itself is at its end")]
    fn drop(&mut self) {
        // At the same time: a collector that is away must not be waited for three times.
        let told = |what: &str, ended: Option<OTelSdkResult>| {
            if let Some(Err(error)) = ended {
                eprintln!("the last {what} were not exported: {error}");
            }
        };
        let (spans, logs, metrics) = (self.spans.take(), self.logs.take(), self.metrics.take());
        std::thread::scope(|threads| {
            threads.spawn(|| told("spans", spans.map(|spans| spans.shutdown_with_timeout(FLUSH_TIMEOUT))));
            threads.spawn(|| told("logs", logs.map(|logs| logs.shutdown_with_timeout(FLUSH_TIMEOUT))));
            threads.spawn(|| {
                told("metrics", metrics.map(|metrics| metrics.shutdown_with_timeout(FLUSH_TIMEOUT)))
            });
        });
    }
}

/// Sets logs, spans and metrics up for this process: once, inside the tokio runtime, before anything else. Keep the value until the end
/// of `main`.
pub fn init(service: &'static str, config: &TelemetryConfig) -> anyhow::Result<Telemetry> {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let spans = export::spans(service, config)?;
    let logs = export::logs(service, config)?;
    let (metrics, registry) = export::metrics(service, config)?;
    if let Some(metrics) = &metrics {
        metrics::install(metrics);
    }
    let filter = || config.log_filter.parse::<EnvFilter>();
    let exported = logs.as_ref().map(|logs| {
        Ok::<_, anyhow::Error>(
            OpenTelemetryTracingBridge::new(logs).with_filter(filter_fn(not_of_export).and(filter()?)),
        )
    });
    tracing_subscriber::registry()
        .with(spans.as_ref().map(traced))
        .with(exported.transpose()?)
        .with(lines::layer(config.log_format).with_filter(filter()?))
        .try_init()?;
    let scrape =
        registry.zip(config.metrics_listen).map(|(registry, listen)| scrape::serve(listen, registry));
    Ok(Telemetry { spans, logs, metrics, scrape: scrape.transpose()? })
}

/// Our own spans, not those of libraries, and no log lines: those go as logs.
fn traced<S>(spans: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let ours = |of: &Metadata<'_>| of.is_span() && of.target().starts_with("yizhan");
    tracing_opentelemetry::layer()
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_tracer(spans.tracer("yizhan"))
        .with_filter(filter_fn(ours))
}

/// What the export itself says would be exported, and so on for ever.
fn not_of_export(of: &Metadata<'_>) -> bool {
    !["opentelemetry", "hyper", "h2", "tonic", "tower"].iter().any(|export| of.target().starts_with(export))
}

/// Whether there are traces without export: log lines then name the trace of who called.
fn names_traces(config: &TelemetryConfig) -> bool {
    config.otlp_endpoint.is_some() || config.log_format == LogFormat::Json
}
