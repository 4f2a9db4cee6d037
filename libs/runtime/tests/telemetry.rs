//! What a process exports, from the outside: one process, so one test of it.

#![allow(clippy::unwrap_used, reason = "a test that lacks what it needs ends")]

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use yizhan_runtime::config::TelemetryConfig;
use yizhan_runtime::metrics::{self, Kind, Metric};
use yizhan_runtime::telemetry;
use yizhan_testkit::OtlpSink;

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Everything that others call.
fn count_everything() {
    metrics::retried("enrollment");
    metrics::circuit_open("enrollment", true);
    metrics::circuit_open("filing", false);
    metrics::shed("late");
    metrics::certificate_expires("server", 1_800_000_000);
    metrics::certificate_expires("server", 1_900_000_000);
    metrics::books_checked("430200", 0, 1_700_000_000);
    metrics::books_checked("430100", 2, 1_700_000_100);
    metrics::identities_violated();
    metrics::chain_checked("access_log", false);
    metrics::settled("settle", 2);
    metrics::settle_took(Duration::from_millis(30), 7);
    metrics::settle_took(Duration::from_millis(30), 12);
    metrics::worklist_open("register", 3);
    metrics::partitions("settlements", 12, 0);
}

/// Lines that must be read.
const READ: [&str; 16] = [
    "yizhan_rpc_retries_total{peer=\"enrollment\",service=\"test\"} 1",
    "yizhan_circuit_open{peer=\"enrollment\",service=\"test\"} 1",
    "yizhan_circuit_open{peer=\"filing\",service=\"test\"} 0",
    "yizhan_shed_total{why=\"late\",service=\"test\"} 1",
    "yizhan_certificate_expires_seconds{use=\"server\",service=\"test\"} 1900000000",
    "yizhan_books_differences_total{area=\"430200\",service=\"test\"} 0",
    "yizhan_books_differences_total{area=\"430100\",service=\"test\"} 2",
    "yizhan_books_checked_seconds{area=\"430100\",service=\"test\"} 1700000100",
    "yizhan_identity_violations_total{service=\"test\"} 1",
    "yizhan_chain_breaks_total{log=\"access_log\",service=\"test\"} 0",
    "yizhan_settlements_total{kind=\"settle\",service=\"test\"} 2",
    "yizhan_settle_duration_seconds_count{payers=\"8+\",service=\"test\"} 1",
    "yizhan_worklist_open{list=\"register\",service=\"test\"} 3",
    "yizhan_partitions_ahead{table=\"settlements\",service=\"test\"} 12",
    "yizhan_partition_rest{table=\"settlements\",service=\"test\"} 0",
    "yizhan_rpc_in_flight{service=\"test\"} 0",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_is_read_and_exported_and_the_rest_at_the_end() {
    count_everything();
    assert!(!metrics::installed(), "before anything is exported nothing is counted");
    let sink = OtlpSink::start().await;
    let config = TelemetryConfig {
        otlp_endpoint: Some(sink.url().into()),
        sample_one_in: 1,
        metrics_listen: Some("127.0.0.1:0".parse().unwrap()),
        ..TelemetryConfig::default()
    };
    let telemetry = telemetry::init("test", &config).unwrap();
    count_everything();
    tracing::info_span!(target: "yizhan_test", "a step").in_scope(|| tracing::warn!("said in it"));
    tracing::info_span!(target: "library", "not ours").in_scope(|| ());

    let address = telemetry.metrics_address().unwrap();
    let read = get(address, "/metrics").await;
    assert!(read.starts_with("HTTP/1.1 200 OK\r\n") && read.contains("text/plain; version=0.0.4"), "{read}");
    for line in READ {
        assert!(read.lines().any(|read| read == line), "{line} is missing: {read}");
    }
    assert!(read.contains("yizhan_build_info{version=\""), "{read}");
    assert!(!read.contains("otel_scope") && !read.contains("target_info"), "{read}");
    assert!(get(address, "/").await.starts_with("HTTP/1.1 404 "));

    // Blocks until it is sent.
    tokio::task::spawn_blocking(move || drop(telemetry)).await.unwrap();
    let received = sink.received();
    let names: Vec<String> =
        received.spans().into_iter().map(|(service, span)| format!("{service}: {}", span.name)).collect();
    assert_eq!(names, ["test: a step"]);
    let [_, (_, logs), _] = received.texts();
    assert!(logs.contains("said in it"), "{logs}");
    let span = &received.spans()[0].1;
    let records = received.logs.iter().flat_map(|logs| &logs.resource_logs).flat_map(|of| &of.scope_logs);
    let said = records.flat_map(|of| &of.log_records).find(|record| record.trace_id == span.trace_id);
    assert!(said.is_some_and(|said| said.span_id == span.span_id), "a line names the span it was said in");
    let exported = received.metrics_of("test");
    assert!(exported.iter().any(|name| name == "yizhan.settle.duration"), "{exported:?}");
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.expect("nobody reads metrics any more");
}

#[test]
fn names_are_as_both_worlds_want_them() {
    for metric in Metric::ALL {
        let (name, kind) = (metric.name(), metric.kind());
        assert!(name.starts_with("yizhan_"), "{name}");
        assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
        assert!(kind != Kind::Histogram || metric.unit() == "s", "{name}");
        let told = metric.otlp_name();
        let unit = if metric.unit() == "s" { "_seconds" } else { "" };
        let total = if kind == Kind::Counter { "_total" } else { "" };
        assert_eq!(format!("{}{unit}{total}", told.replace('.', "_")), name, "as the exporter makes it");
    }
}

/// The names that alerts and dashboards use, with kind and labels.
#[test]
fn the_chart_knows_the_same_metrics() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../integration-tests/helm/metrics.txt");
    let Ok(list) = std::fs::read_to_string(path) else { return };
    let known = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut known: Vec<String> = known.map(str::to_owned).collect();
    let kind = |metric: &Metric| format!("{:?}", metric.kind()).to_lowercase();
    let told = |metric: &Metric| {
        let labels = metric.labels().iter().map(|label| (*label).to_owned());
        [metric.name().to_owned(), kind(metric)].into_iter().chain(labels).collect::<Vec<_>>().join(" ")
    };
    let mut ours: Vec<String> = Metric::ALL.iter().map(told).collect();
    known.sort_unstable();
    ours.sort_unstable();
    assert_eq!(ours, known);
}

/// `YIZHAN_WRITE_DOCS=1` writes it.
#[test]
fn the_document_tells_every_metric() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut table = String::from("| metric | kind | labels | |\n|---|---|---|---|\n");
    for metric in Metric::ALL {
        let labels = metric.labels().iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let kind = format!("{:?}", metric.kind()).to_lowercase();
        table += &format!("| `{}` | {kind} | {labels} | {} |\n", metric.name(), metric.means());
    }
    let begin = text.find("| metric | kind |").unwrap_or(text.len());
    let end = text[begin..].find("\n\n").map_or(text.len(), |end| begin + end + 1);
    if std::env::var_os("YIZHAN_WRITE_DOCS").is_some() {
        std::fs::write(path, [&text[..begin], &table, &text[end..]].concat()).unwrap();
    } else {
        assert_eq!(&text[begin..end], table, "docs/OPERATIONS.md, Metrics");
    }
}
