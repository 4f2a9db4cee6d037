//! Where spans, metrics and logs go.

use std::collections::HashMap;

use anyhow::Context;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use prometheus::Registry;
use tonic::transport::{Certificate, ClientTlsConfig};

use super::names_traces;
use crate::config::TelemetryConfig;

/// Spans that wait for the collector; more are dropped, and that is logged.
const SPANS_WAITING: usize = 16_384;

/// Spans, where they are exported or named in log lines.
pub(super) fn spans(service: &str, config: &TelemetryConfig) -> anyhow::Result<Option<SdkTracerProvider>> {
    if !names_traces(config) {
        return Ok(None);
    }
    let spans = SdkTracerProvider::builder().with_resource(resource(service));
    let Some(endpoint) = &config.otlp_endpoint else {
        // Nothing is recorded; the trace of who called is named, and goes on.
        return Ok(Some(spans.with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff))).build()));
    };
    let exporter =
        SpanExporter::builder().with_tonic().with_endpoint(endpoint.as_str()).with_tls_config(tls(config)?);
    let batches = BatchConfigBuilder::default().with_max_queue_size(SPANS_WAITING).build();
    let exporter = BatchSpanProcessor::builder(exporter.build()?).with_batch_config(batches).build();
    Ok(Some(spans.with_sampler(sampler(config)).with_span_processor(exporter).build()))
}

/// Who calls decides; of what nobody decided, one in so many.
#[expect(clippy::float_arithmetic, clippy::disallowed_types, reason = "a share of traces: no money")]
fn sampler(config: &TelemetryConfig) -> Sampler {
    let share = 1.0 / f64::from(config.sample_one_in);
    Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)))
}

/// Logs, where they are exported.
pub(super) fn logs(service: &str, config: &TelemetryConfig) -> anyhow::Result<Option<SdkLoggerProvider>> {
    let Some(endpoint) = &config.otlp_endpoint else { return Ok(None) };
    let exporter =
        LogExporter::builder().with_tonic().with_endpoint(endpoint.as_str()).with_tls_config(tls(config)?);
    let logs = SdkLoggerProvider::builder().with_resource(resource(service));
    Ok(Some(logs.with_batch_exporter(exporter.build()?).build()))
}

/// Metrics, where they are exported or read; and what is read.
pub(super) fn metrics(
    service: &str,
    config: &TelemetryConfig,
) -> anyhow::Result<(Option<SdkMeterProvider>, Option<Registry>)> {
    if config.otlp_endpoint.is_none() && config.metrics_listen.is_none() {
        return Ok((None, None));
    }
    let mut metrics = SdkMeterProvider::builder().with_resource(resource(service));
    if let Some(endpoint) = &config.otlp_endpoint {
        let exporter = MetricExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint.as_str())
            .with_tls_config(tls(config)?);
        metrics = metrics.with_periodic_exporter(exporter.build()?);
    }
    let registry = config.metrics_listen.map(|_| registry(service)).transpose()?;
    if let Some(registry) = &registry {
        let read = opentelemetry_prometheus::exporter().with_registry(registry.clone()).without_target_info();
        metrics = metrics.with_reader(read.scope_info_enabled(false).build()?);
    }
    Ok((Some(metrics.build()), registry))
}

fn registry(service: &str) -> anyhow::Result<Registry> {
    let labels = HashMap::from([("service".to_owned(), service.to_owned())]);
    Ok(Registry::new_custom(None, Some(labels))?)
}

/// Who tells. `OTEL_RESOURCE_ATTRIBUTES` adds to it: the pod, the node.
fn resource(service: &str) -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let name = KeyValue::new("service", service.to_owned());
    let space = KeyValue::new("service.namespace", "yizhan");
    Resource::builder()
        .with_service_name(format!("yizhan-{service}"))
        .with_attributes([version, name, space])
        .build()
}

/// Of no use with `http://`.
fn tls(config: &TelemetryConfig) -> anyhow::Result<ClientTlsConfig> {
    let Some(ca) = &config.otlp_ca else { return Ok(ClientTlsConfig::new()) };
    let pem = std::fs::read(ca).with_context(|| format!("cannot read {}", ca.display()))?;
    Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
}
