//! What five processes export and say: one trace from who called through services, databases and the cache; every metric; and nothing of
//! any person, whatever they were asked, at the level `trace`.
//!
//! Starts the services as processes: `cargo build --workspace --all-targets` first, as `integration-tests/run` does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use data_encoding::HEXLOWER;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Request;
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::VerifyCaseLogRequest;
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::credit::v1::VerifyLedgerRequest;
use yizhan_proto::credit::v1::ledger_service_client::LedgerServiceClient;
use yizhan_proto::enrollment::v1::{
    FindPersonRequest, FindPersonsByTelRequest, GetPersonRequest, ImportPersonsRequest, PersonRow,
    VerifyAccessLogRequest,
};
use yizhan_proto::settlement::v1::PreviewRequest;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::metrics::Metric;
use yizhan_testkit::{Backend, OtlpSink, RedisServer, ServiceProcess, TestDatabase, free_port};

/// Callees before callers.
const SERVICES: [&str; 5] = ["enrollment", "filing", "audit", "credit", "settlement"];
/// Who calls, and is sampled.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The span of who calls.
const CALLER_SPAN: &str = "00f067aa0ba902b7";
/// What is in everything that is exported, so that looking for something is seen to find it.
const PLANTED: &str = "端木植树13800138000";

/// What no process may say: names, numbers, phones.
const PERSONAL: [&str; 10] = [
    "欧阳鹤鸣",
    "司徒雁南",
    "慕容渡鸦",
    "430202197203016025",
    "430202198506123041",
    "430202198506123049",
    "13911122233",
    "139-1112-2233",
    "15544433322",
    "TGEHEIM77",
];

/// What is not told by this scenario, and why.
const NOT_HERE: [(Metric, &str); 6] = [
    (Metric::RpcRetries, "told when a call is made once more"),
    (Metric::CircuitOpen, "told when another service failed"),
    (Metric::Shed, "told when there is too much to do"),
    (Metric::CertificateExpires, "told where there is TLS"),
    (Metric::DbReplicaLag, "told where there is a replica"),
    (Metric::DbReplicaReads, "told where there is a replica"),
];

/// Five processes over PostgreSQL and Redis.
struct Platform {
    processes: BTreeMap<&'static str, (ServiceProcess, u16)>,
    client: Client,
    _databases: Vec<TestDatabase>,
    _redis: RedisServer,
}

impl Platform {
    async fn start(sink: &OtlpSink, folder: &Path) -> Platform {
        let redis = RedisServer::start();
        let (mut databases, mut starting) = (Vec::new(), Vec::new());
        for service in SERVICES {
            let (db, metrics) = (TestDatabase::of(Backend::Postgres), free_port());
            let process = ServiceProcess::of(&format!("yizhan-{service}"))
                .env("YIZHAN_DATABASE_URL", db.url())
                .env("YIZHAN_CACHE_URL", redis.url())
                .env("YIZHAN_CACHE_LOCAL_ENTRIES", "0")
                .env("YIZHAN_SERVER_TRUST_CALLER_HEADER", "true")
                .env("YIZHAN_SETTLEMENT_AUDIT_DEADLINE_MS", "20000")
                .env("YIZHAN_SETTLEMENT_CREDIT_DEADLINE_MS", "20000")
                .env("YIZHAN_TELEMETRY_LOG_FILTER", "trace")
                .env("YIZHAN_TELEMETRY_LOG_FORMAT", "json")
                .env("YIZHAN_TELEMETRY_OTLP_ENDPOINT", sink.url())
                .env("YIZHAN_TELEMETRY_SAMPLE_ONE_IN", "1")
                .env("YIZHAN_TELEMETRY_METRICS_LISTEN", format!("127.0.0.1:{metrics}"))
                .env("OTEL_RESOURCE_ATTRIBUTES", format!("planted={PLANTED}"))
                .stderr_to(folder.join(service));
            databases.push(db);
            starting.push((service, process, metrics));
        }
        let urls: BTreeMap<_, _> =
            starting.iter().map(|(service, process, _)| (*service, process.url())).collect();
        let mut processes = BTreeMap::new();
        for (service, mut process, metrics) in starting {
            for (peer, url) in &urls {
                let name = format!("YIZHAN_PEERS_{}", peer.to_uppercase());
                process =
                    process.env(&format!("{name}_ADDRESS"), url).env(&format!("{name}_DEADLINE_MS"), "20000");
            }
            processes.insert(service, (process.start().await, metrics));
        }
        let of = |service: &str| urls[service].clone();
        let client =
            Client::new([of("settlement"), of("enrollment"), of("filing"), of("audit"), of("credit")]);
        Platform { processes, client, _databases: databases, _redis: redis }
    }

    /// What each tells of metrics.
    async fn metrics(&self) -> BTreeMap<&'static str, String> {
        let mut told = BTreeMap::new();
        for (service, (_, port)) in &self.processes {
            let mut stream = TcpStream::connect(("127.0.0.1", *port)).await.unwrap();
            stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            told.insert(*service, answer);
        }
        told
    }

    /// Stops them, so that what is left is exported.
    async fn stop(&mut self) {
        for service in SERVICES.iter().rev() {
            let (process, _) = self.processes.get_mut(service).unwrap();
            assert_eq!(process.terminate().await.code(), Some(0), "{service}");
        }
    }
}

fn persons() -> [Person; 2] {
    let named = |psn_no: &str, name: &str, certno: &str, brdy: &str, tel: &str| {
        let mut person = Person::employee(psn_no);
        person.row = PersonRow {
            psn_name: name.to_owned(),
            psn_cert_type: "01".to_owned(),
            certno: certno.to_owned(),
            brdy: brdy.to_owned(),
            tel: tel.to_owned(),
            ..person.row
        };
        person
    };
    [
        named("P1", PERSONAL[0], PERSONAL[3], "1972-03-01", PERSONAL[6]),
        named("P2", PERSONAL[1], PERSONAL[4], "1985-06-12", PERSONAL[8]),
    ]
}

fn bill(psn_no: &str, number: &str) -> VisitBuilder {
    let visit = visit(psn_no).outpatient("2026-01-20").line(CARE, "1", "350").numbered(number);
    // Credit is asked about who gave it.
    visit.but(|visit| visit.dr_codg = "D430000000001".to_owned())
}

/// Looks for people by what is known of them.
async fn look_for_people(client: &Client) {
    let agency = client.as_caller(&format!("agency:{COMPOSITE_AREA}"));
    let mut enrollment = agency.enrollment();
    for certno in [PERSONAL[3], PERSONAL[5], "不是证件号码"] {
        let request = FindPersonRequest { psn_cert_type: "01".to_owned(), certno: certno.to_owned() };
        let _ = enrollment.find_person(request).await;
    }
    for tel in [PERSONAL[6], PERSONAL[7], PERSONAL[0]] {
        let _ = enrollment.find_persons_by_tel(FindPersonsByTelRequest { tel: tel.to_owned() }).await;
    }
    let request = GetPersonRequest { psn_no: "P1".into(), unmask: true, purpose: "核对身份".into() };
    let shown = enrollment.get_person(request).await.unwrap().into_inner().in_clear.unwrap();
    assert_eq!((shown.psn_name.as_str(), shown.tel.as_str()), (PERSONAL[0], PERSONAL[6]), "who may is told");
}

/// What is refused, with names and numbers where they do not belong.
async fn ask_wrongly(client: &Client) {
    let [person, _] = persons();
    let wrong = [
        PersonRow {
            certno: PERSONAL[5].into(),
            psn_name: PERSONAL[2].into(),
            psn_no: "P7".into(),
            ..person.row.clone()
        },
        PersonRow { psn_no: "P8".into(), ..person.row.clone() },
        PersonRow {
            psn_no: "P9".into(),
            psn_cert_type: "99".into(),
            certno: PERSONAL[9].repeat(40),
            ..person.row
        },
    ];
    for row in wrong {
        let request = ImportPersonsRequest { request_id: new_id(), rows: vec![row] };
        client.enrollment().import_persons(request).await.unwrap_err();
    }
    for said in [PERSONAL[0], PERSONAL[3], PERSONAL[9]] {
        refused(client.settle(&format!("R-{said}"), bill(said, "V9")).await);
        refused(client.preview(bill("P1", said).but(|visit| visit.med_type = said.to_owned())).await);
        refused(client.get(said).await);
    }
}

async fn verify_logs(client: &Client) {
    let poolarea_no = || COMPOSITE_AREA.to_owned();
    let request = VerifyAccessLogRequest { poolarea_no: poolarea_no(), ..Default::default() };
    client.rights().verify_access_log(request).await.unwrap();
    let request = VerifyCaseLogRequest { poolarea_no: poolarea_no(), ..Default::default() };
    CaseServiceClient::new(client.to_audit()).verify_case_log(request).await.unwrap();
    let request = VerifyLedgerRequest { poolarea_no: poolarea_no(), ..Default::default() };
    LedgerServiceClient::new(client.to_credit()).verify_ledger(request).await.unwrap();
}

/// Settles as somebody who wants a trace.
async fn settle_traced(client: &Client) -> yizhan_proto::settlement::v1::Settlement {
    // Away from home filing is asked, whatever follows from what it says.
    let away = inpatient_away("P1").into();
    let preview = client.settlements().preview(traced(PreviewRequest { visit: Some(away) })).await;
    let told = preview.map_err(RemoteError::from).map_or_else(|error| error.reason, |_| String::new());
    assert_ne!(told, "FILING_AWAY");
    let request = traced(settle_request("R1", bill("P1", "V1")));
    client.settlements().settle(request).await.unwrap().into_inner().settlement.unwrap()
}

fn inpatient_away(psn_no: &str) -> VisitBuilder {
    visit(psn_no).inpatient("2026-01-10", "2026-01-12").at(SHANGHAI_HOSPITAL).line(CARE, "1", "350")
}

fn traced<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let traceparent = format!("00-{TRACE}-{CALLER_SPAN}-01");
    request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    request
}

async fn live_a_day(client: &Client) {
    let places = standard_institutions().into_iter().chain(distant_institutions()).collect();
    client.import_institutions("places", places).await.unwrap();
    client.import_catalogue("items", standard_catalogue()).await.unwrap();
    client.enrol(&persons()).await;
    client.deposit("P1", COMPOSITE_AREA, 500_000).await;
    look_for_people(client).await;
    ask_wrongly(client).await;
    let settled = settle_traced(client).await;
    client.reverse("R2", &settled).await.unwrap();
    client.settle("R3", bill("P2", "V2")).await.unwrap();
    client.file_temporary("P2", "310", SHANGHAI).await;
    assert_eq!(client.check_books(COMPOSITE_AREA).await.discrepancies, Vec::<String>::new());
    verify_logs(client).await;
}

/// Every metric is told by somebody; those that must stay 0 are 0.
fn metrics_are_told(told: &BTreeMap<&'static str, String>) {
    let lines: Vec<&str> =
        told.values().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#')).collect();
    let of = |metric: Metric| lines.iter().filter(move |line| line.starts_with(metric.name()));
    let silent: Vec<&str> = Metric::ALL
        .iter()
        .filter(|metric| of(**metric).next().is_none() && NOT_HERE.iter().all(|(other, _)| other != *metric))
        .map(|metric| metric.name())
        .collect();
    assert_eq!(silent, Vec::<&str>::new(), "{lines:#?}");
    for zero in
        [Metric::BooksDifferences, Metric::IdentityViolations, Metric::ChainBreaks, Metric::FollowedStopped]
    {
        let not_zero: Vec<_> = of(zero).filter(|line| !line.ends_with(" 0")).collect();
        assert!(not_zero.is_empty(), "{not_zero:?}");
    }
    let has = |service: &str, start: &str| {
        assert!(
            told[service].lines().any(|line| line.starts_with(start)),
            "{service} {start}: {}",
            told[service]
        );
    };
    has("settlement", "yizhan_settlements_total{kind=\"settle\",service=\"settlement\"} 2");
    has("settlement", "yizhan_settlements_total{kind=\"reverse\",service=\"settlement\"} 1");
    has("settlement", "yizhan_rpc_refusals_total{reason=\"PERSON_UNKNOWN\",rpc_method=\"Settle\"");
    for peer in ["enrollment", "audit", "credit"] {
        has(
            "settlement",
            &format!("yizhan_rpc_client_duration_seconds_count{{grpc_code=\"OK\",peer=\"{peer}\""),
        );
    }
    has("enrollment", "yizhan_cache_redis_up{service=\"enrollment\"} 1");
    has("enrollment", "yizhan_db_pool_max{service=\"enrollment\"} 16");
}

/// The caller's trace runs through every service that was asked, each span below another of it.
fn one_trace_runs_through_all(sink: &OtlpSink) {
    let spans = sink.received().spans();
    let spans: Vec<_> = spans.iter().filter(|(_, span)| HEXLOWER.encode(&span.trace_id) == TRACE).collect();
    let named: BTreeSet<_> =
        spans.iter().map(|(service, span)| format!("{service}: {}", span.name)).collect();
    for wanted in [
        "settlement: /yizhan.settlement.v1.SettlementService/Settle",
        "settlement: /yizhan.enrollment.v1.EnrollmentService/BatchGetEligibilities",
        "settlement: /yizhan.audit.v1.CheckService/Check",
        "settlement: /yizhan.filing.v1.FilingService/BatchFindFiling",
        "filing: SELECT person_filings",
        "settlement: transaction",
        "settlement: INSERT settlements",
        "settlement: COMMIT",
        "enrollment: redis MGET",
        "audit: SELECT visit",
        "credit: SELECT qualification",
    ] {
        assert!(named.contains(wanted), "{wanted} is missing: {named:#?}");
    }
    let services: BTreeSet<_> = spans.iter().map(|(service, _)| service.as_str()).collect();
    assert_eq!(
        services,
        BTreeSet::from(["audit", "credit", "enrollment", "filing", "settlement"]),
        "{named:#?}"
    );
    let known: BTreeSet<_> = spans.iter().map(|(_, span)| HEXLOWER.encode(&span.span_id)).collect();
    for (service, span) in &spans {
        let parent = HEXLOWER.encode(&span.parent_span_id);
        let whole = known.contains(&parent) || parent == CALLER_SPAN;
        assert!(whole, "{service}: {} hangs on {parent}, which nobody exported", span.name);
    }
}

/// Everything that was said, by where.
fn said(sink: &OtlpSink, folder: &Path, metrics: BTreeMap<&'static str, String>) -> Vec<(String, String)> {
    let mut said: Vec<(String, String)> =
        sink.received().texts().into_iter().map(|(what, text)| (format!("exported {what}"), text)).collect();
    said.extend(metrics.into_iter().map(|(service, text)| (format!("metrics of {service}"), text)));
    for service in SERVICES {
        let lines = std::fs::read(folder.join(service)).unwrap();
        said.push((format!("stderr of {service}"), String::from_utf8_lossy(&lines).into_owned()));
    }
    said
}

/// Where somebody is named, with what stands around it.
fn found(said: &[(String, String)], personal: &str) -> Vec<String> {
    let escaped: String = personal.chars().map(|char| char.escape_default().to_string()).collect();
    let found = said.iter().flat_map(|(place, text)| {
        let lines = text.lines().filter(|line| line.contains(personal) || line.contains(&escaped));
        lines.take(3).map(move |line| {
            let at = line.find(personal).unwrap_or_default();
            let around: String =
                line[..at].chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
            format!("{place}: …{around}{personal}")
        })
    });
    found.collect()
}

fn nothing_of_people_is_said(said: &[(String, String)]) {
    let personal: Vec<String> = PERSONAL.iter().flat_map(|personal| found(said, personal)).collect();
    assert!(personal.is_empty(), "{personal:#?}");
    // It would be found.
    for (what, _) in said.iter().filter(|(what, _)| what.starts_with("exported")) {
        assert!(found(said, PLANTED).iter().any(|place| place.starts_with(what)), "{what}");
    }
    for (what, text) in said {
        let something = ["Settle", "telemetry", "GetEligibility", "Filing", "rpc"];
        assert!(something.iter().any(|word| text.contains(word)), "{what}: {} bytes", text.len());
    }
    let lines =
        |service: &str| said.iter().find(|(what, _)| *what == format!("stderr of {service}")).unwrap();
    assert!(lines("settlement").1.contains("\"level\":\"TRACE\""), "everything was to be said");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_traced_and_counted_and_nobody_is_named() {
    let (sink, folder) = (OtlpSink::start().await, tempfile::tempdir().unwrap());
    let mut platform = Platform::start(&sink, folder.path()).await;
    live_a_day(&platform.client).await;
    let metrics = platform.metrics().await;
    platform.stop().await;
    metrics_are_told(&metrics);
    one_trace_runs_through_all(&sink);
    let said = said(&sink, folder.path(), metrics);
    let named = format!("\"trace_id\":\"{TRACE}\"");
    for service in ["settlement", "enrollment"] {
        let (_, lines) = said.iter().find(|(what, _)| *what == format!("stderr of {service}")).unwrap();
        assert!(lines.contains(&named), "lines of {service} name the trace");
    }
    nothing_of_people_is_said(&said);
}
