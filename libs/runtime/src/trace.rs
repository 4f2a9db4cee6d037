//! W3C trace context (`traceparent`, `tracestate`) through gRPC metadata.

use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TraceContextExt;
use tonic::metadata::{MetadataKey, MetadataMap};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Makes `span` a child of the trace the headers carry, if they carry one and spans are exported at all.
pub fn continue_trace(span: &tracing::Span, headers: &http::HeaderMap) {
    let context =
        opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
    // Refused when nothing is exported: then there is nothing to continue.
    let _ = span.set_parent(context);
}

/// Whether what happens here belongs to a trace that is exported: only then its steps are worth a span of their own.
pub fn is_recorded() -> bool {
    opentelemetry::Context::map_current(|here| {
        here.has_active_span() && here.span().span_context().is_sampled()
    })
}

/// Writes the current span's trace context into the metadata of an outgoing request.
pub fn carry_trace(metadata: &mut MetadataMap) {
    let context = tracing::Span::current().context();
    opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&context, &mut Metadata(metadata));
    });
}

struct Headers<'a>(&'a http::HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

struct Metadata<'a>(&'a mut MetadataMap);

impl Injector for Metadata<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (MetadataKey::from_bytes(key.as_bytes()), value.parse()) {
            self.0.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_trace_goes_on_in_the_service_that_is_called() {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let spans = SdkTracerProvider::builder().build();
        let export = tracing_opentelemetry::layer().with_tracer(spans.tracer("test"));
        let _here = tracing::subscriber::set_default(tracing_subscriber::registry().with(export));

        let calling = tracing::info_span!("calling");
        let mut metadata = MetadataMap::new();
        calling.in_scope(|| carry_trace(&mut metadata));
        assert!(metadata.contains_key("traceparent"));

        let called = tracing::info_span!("called");
        continue_trace(&called, metadata.as_ref());
        let trace_id = |span: &tracing::Span| span.context().span().span_context().trace_id();
        assert_eq!(trace_id(&called), trace_id(&calling));
    }

    #[test]
    fn nothing_is_carried_when_nothing_is_traced() {
        let mut metadata = MetadataMap::new();
        carry_trace(&mut metadata);
        assert!(metadata.is_empty());
    }
}
