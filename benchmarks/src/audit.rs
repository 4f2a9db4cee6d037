//! Audit's engine on one core with 10,000 knowledge points, beside one lookup of each line's code; and Check of a stay of a hundred lines of
//! somebody with earlier visits, at a constant rate, beside a bare server that is sent the same and answers the same.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::NaiveDate;
use prost::Message;
use sea_orm::ConnectionTrait;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Status;
use tonic::transport::Server;
use yizhan_audit::rules::{AuditRule, Stage, rulebook};
use yizhan_audit::visits;
use yizhan_documents::{Document, Documents};
use yizhan_proto::audit::v1::check_service_client::CheckServiceClient;
use yizhan_proto::audit::v1::check_service_server::SERVICE_NAME;
use yizhan_proto::audit::v1::rules_service_client::RulesServiceClient;
use yizhan_proto::audit::v1::{
    CheckRequest, CheckResponse, Diagnosis, Encounter, EncounterLine, PublishAuditRuleRequest,
};
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::{Violations, db};
use yizhan_testkit::TestDatabase;

use crate::bare::{Answers, Bare};
use crate::load::{Latencies, constant_arrival};
use crate::options::Options;
use crate::platform::{channel, service};
use crate::report::{Report, count, ms, ratio, us};

/// Rules, and knowledge points of each.
const RULES: usize = 80;
const POINTS: usize = 125;
/// Lines of the stay: one in ten is of an item that points are about.
const LINES: usize = 100;
/// Stays checked by the engine.
const CHECKS: u32 = 20_000;
/// Persons of whom audit has heard, and visits of each within the days that rules look back.
const PERSONS: usize = 10_000;
const EARLIER: usize = 10;
/// Checks a second that arrive whatever the answers do.
const ARRIVALS: u32 = 250;
const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 5, 20).unwrap();

/// Measures both.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    measure_engine(report)?;
    let database = TestDatabase::postgres_durable();
    let process = service("yizhan-audit", &database)?.start().await;
    let channel = channel(&process.url())?;
    let mut rules = RulesServiceClient::new(channel.clone());
    for number in 0..RULES {
        let request =
            PublishAuditRuleRequest { request_id: format!("rule-{number}"), document: document(number) };
        rules.publish_audit_rule(request).await?;
    }
    remember(database.url()).await?;
    let question = CheckRequest { encounter: Some(stay()), trig_scen: "8".into() };
    let answer = CheckServiceClient::new(channel.clone()).check(question.clone()).await?.into_inner();
    ensure!(!answer.result.is_empty(), "something is against the rules");
    let (bare, bare_channel) = bare(answer.clone()).await?;
    let ceiling = checks(bare_channel, &question, &answer, options).await?;
    bare.abort();
    let times = checks(channel, &question, &answer, options).await?;
    let p99 = times.percentile(99_000);
    let words = |times: &Latencies| {
        let [p50, p99] = [50_000, 99_000].map(|part| ms(times.percentile(part)));
        format!("p50 {p50}, p99 {p99}, max {}", ms(times.max()))
    };
    report.target(
        format!(
            "Check of a stay of {LINES} lines at {ARRIVALS}/s, {} knowledge points, {EARLIER} earlier visits",
            count((RULES * POINTS) as u64)
        ),
        words(&times),
        "p99 ≤ 10 ms",
        p99 <= Duration::from_millis(10),
    );
    report.info("… against a bare server with the same messages", words(&ceiling));
    Ok(())
}

/// How long checks take that arrive at a constant rate.
async fn checks(
    channel: PeerChannel,
    question: &CheckRequest,
    answer: &CheckResponse,
    options: &Options,
) -> anyhow::Result<Latencies> {
    let (check, question, found) = (CheckServiceClient::new(channel), question.clone(), answer.result.len());
    let job = move || {
        let (mut check, question) = (check.clone(), question.clone());
        async move {
            let answer = check.check(question).await?.into_inner();
            ensure!(answer.result.len() == found, "the same is found");
            Ok(())
        }
    };
    constant_arrival(ARRIVALS, options.arrival_time, job).await
}

/// A server that gives this answer, and a way to it.
async fn bare(answer: CheckResponse) -> anyhow::Result<(JoinHandle<()>, PeerChannel)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = Server::builder().add_service(Bare(Canned(answer)));
    let serving = server.serve_with_incoming(TcpListenerStream::new(listener));
    Ok((tokio::spawn(async move { drop(serving.await) }), channel(&url)?))
}

#[derive(Clone)]
struct Canned(CheckResponse);

impl Answers for Canned {
    const SERVICE: &'static str = SERVICE_NAME;
    type Question = CheckRequest;
    type Answer = CheckResponse;

    async fn answer(self, _: CheckRequest) -> Result<CheckResponse, Status> {
        Ok(self.0)
    }
}

/// Visits that audit has heard of: of the person, and as many of each of many others.
async fn remember(url: &str) -> anyhow::Result<()> {
    let visit = Encounter {
        begndate: "2026-04-20".into(),
        enddate: "2026-04-20".into(),
        med_type: "11".into(),
        lines: stay().lines.into_iter().take(5).collect(),
        ..stay()
    };
    let bytes: String = visit.encode_to_vec().iter().map(|byte| format!("{byte:02x}")).collect();
    let db = db::connect(&DatabaseConfig::at(url)).await?;
    let sql = format!(
        "INSERT INTO visit (setl_id, psn_no, own_psn_no, poolarea_no, fixmedins_code, mdtrt_id, begndate, enddate, setl_part, unchecked,
             by_hand, medfee_sumamt_fen, stands, encounter)
         SELECT p || '-' || n, 'B' || p, 'B' || p, '430200', 'H43020000001', 'E' || p || '-' || n, '2026-04-20', '2026-04-20', 0, false, false, 100000, true,
             decode('{bytes}', 'hex')
         FROM generate_series(1, {PERSONS}) p, generate_series(1, {EARLIER}) n"
    );
    db.execute_unprepared(&format!("SET statement_timeout = 0; {sql}; ANALYZE visit")).await?;
    Ok(())
}

fn measure_engine(report: &mut Report) -> anyhow::Result<()> {
    let read = |number| AuditRule::read("benchmark.yaml", &document(number)).map_err(anyhow::Error::from);
    let documents: Documents<AuditRule> =
        (0..RULES).map(read).collect::<Result<Vec<_>, _>>()?.into_iter().collect();
    let rules = rulebook(&documents, "430200".parse()?);
    let mut wrong = Violations::new();
    let visit = visits::read(&stay(), DAY, &mut wrong).context("a stay")?;
    let found = rules.check(&visit, &[], Stage::During).len();
    let checked = timed(|| drop(black_box(rules.check(black_box(&visit), &[], Stage::During))));
    let codes: HashMap<String, usize> = (0..RULES * POINTS).map(|point| (code(point), point)).collect();
    let lookups = timed(|| {
        let known = |line: &yizhan_audit::rules::Line| black_box(codes.get(&line.code)).copied();
        drop(black_box(visit.lines.iter().filter_map(known).collect::<Vec<_>>()));
    });
    let evaluations = (LINES * RULES) as u128 * 1_000_000_000 / checked.as_nanos().max(1);
    report.target(
        format!(
            "Audit's engine: {LINES} lines against {RULES} rules with {} knowledge points, one core",
            count((RULES * POINTS) as u64)
        ),
        format!("{} a stay, {found} found: {} line × rule a second", us(checked), count(evaluations as u64)),
        "≥ 100,000 a second",
        evaluations >= 100_000,
    );
    let part = ratio(lookups.as_nanos() as u64, checked.as_nanos() as u64);
    report.info("… against one lookup of each line's code", format!("{} a stay, ratio {part}", us(lookups)));
    Ok(())
}

/// What one takes, of many.
fn timed(mut job: impl FnMut()) -> Duration {
    (0..CHECKS / 10).for_each(|_| job());
    let start = Instant::now();
    (0..CHECKS).for_each(|_| job());
    start.elapsed() / CHECKS
}

/// 医保目录编码 of a knowledge point's item.
fn code(point: usize) -> String {
    format!("XA{point:021}")
}

/// A rule about the items of its points: age, sex, level, frequency, or what excludes each other.
fn document(number: usize) -> String {
    let kind = match number % 5 {
        0 => "only\nvalues: { allowed: { ages: { to: 17 } } }",
        1 => "only\nvalues: { allowed: { sex: \"2\" } }",
        2 => "only\nvalues: { allowed: { levels: [third, provincial] } }",
        3 => "most\nvalues: { of: quantity, most: 1, within: 30d }",
        _ => "excludes\nvalues: { within: day }",
    };
    let point = |at: usize| {
        let others = if number % 5 == 4 { format!(", others: [{}]", code(at + 1)) } else { String::new() };
        format!("  - {{ code: {}{others} }}\n", code(at))
    };
    let points: String = (number * POINTS..(number + 1) * POINTS).map(point).collect();
    format!(
        "rule: B-{number}\nversion: \"1\"\ntitle: 试验\nclass: 药品政策限定类\narea: \"430200\"\n\
         sources: {{ doc: {{ title: 试验, quality: P }} }}\nsource: doc\nfrom: 2026-01-01\nlife: active\nresult: 违规\n\
         stages: [事中]\nconsequence: mark\nmay_answer: true\nbehaviour: 超医保支付范围\nscope: day\nkind: {kind}\npoints:\n{points}"
    )
}

fn stay() -> Encounter {
    let line = |number: usize| EncounterLine {
        feedetl_sn: number.to_string(),
        hilist_code: if number.is_multiple_of(10) { code(number * 97) } else { format!("XB{number:021}") },
        list_type: "101".into(),
        cnt: "2".into(),
        pric: "10".into(),
        det_item_fee_sumamt_fen: 2000,
        inscp_scp_amt_fen: 2000,
        fee_ocur_time: format!("2026-05-{:02}", 1 + number % 20),
        ..EncounterLine::default()
    };
    Encounter {
        psn_no: "B1".into(),
        gend: "1".into(),
        brdy: "1975-04-12".into(),
        poolarea_no: "430200".into(),
        insutype: "310".into(),
        mdtrt_id: "M1".into(),
        med_type: "21".into(),
        fixmedins_code: "H43020000001".into(),
        medins_type: "1".into(),
        medins_lv: "second".into(),
        begndate: "2026-05-01".into(),
        enddate: DAY.to_string(),
        diagnoses: vec![Diagnosis {
            dise_codg: "J18.900".into(),
            maindise_flag: true,
            ..Diagnosis::default()
        }],
        lines: (0..LINES).map(line).collect(),
        medfee_sumamt_fen: 200_000,
        ..Encounter::default()
    }
}
