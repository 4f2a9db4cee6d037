//! Nobody is answered from further back than the README says, whatever happens to Redis and to the service: writers change
//! coverages while readers look up, Redis is killed, paused, emptied and restarted, one service is killed again and again, and
//! another writes without ever touching the shared cache, as if it always died between commit and cache write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_testkit::{RedisServer, ServiceProcess, TestDatabase, both_databases};

use crate::support::*;

/// The bound the README states: `cache.max_staleness_ms` by default.
const BOUND: Duration = Duration::from_secs(2);
const PERSONS: usize = 24;
const WRITERS: usize = 6;
const READERS: usize = 12;

/// When which version was known to be committed, by person.
#[derive(Default)]
struct Ledger(Mutex<BTreeMap<String, Vec<(Instant, i64)>>>);

impl Ledger {
    fn acknowledged(&self, psn_no: &str, version: i64) {
        self.0.lock().unwrap().entry(psn_no.to_owned()).or_default().push((Instant::now(), version));
    }

    /// The least version that a question asked then may be answered from.
    fn required(&self, psn_no: &str, asked: Instant) -> i64 {
        let ledger = self.0.lock().unwrap();
        let known = ledger[psn_no].iter().rev().find(|(at, _)| *at + BOUND <= asked);
        known.map_or(1, |(_, version)| *version)
    }
}

/// What the writers and readers share.
struct Field {
    ledger: Ledger,
    stop: AtomicBool,
    reads: AtomicU64,
    /// Always there; to be killed; never in touch with the shared cache.
    clients: [Client; 3],
}

impl Field {
    fn running(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Changes one person again and again, each time through another service; what fails is tried again under its id.
    async fn write(self: Arc<Self>, number: usize) {
        let mut turn = number;
        let mut version = BTreeMap::new();
        while self.running() {
            turn += 1;
            let psn_no = format!("P{}", (turn * WRITERS + number) % PERSONS / WRITERS * WRITERS + number);
            let next = version.get(&psn_no).copied().unwrap_or(2) + 1;
            let psn_type = if next % 2 == 0 { "1101" } else { "1103" };
            let row = CoverageRow { psn_type: psn_type.into(), ..coverage(&psn_no, "310", "2020-01-01", "") };
            let request = ImportCoveragesRequest { request_id: format!("{psn_no}-{next}"), rows: vec![row] };
            let mut attempt = turn;
            loop {
                let mut client = self.clients[attempt % 3].clone();
                match client.import_coverages(request.clone()).await {
                    Ok(_) => break,
                    Err(_) => attempt += 1,
                }
            }
            self.ledger.acknowledged(&psn_no, next);
            version.insert(psn_no, next);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn read(self: Arc<Self>, number: usize) {
        let mut turn = number * 7;
        while self.running() {
            turn += 1;
            let psn_no = format!("P{}", turn * 5 % PERSONS);
            let which = turn % 2;
            let asked = Instant::now();
            let request = GetEligibilityRequest { psn_no: psn_no.clone(), ..Default::default() };
            let answer = match self.clients[which].clone().get_eligibility(request).await {
                Ok(answer) => answer.into_inner().eligibility.unwrap(),
                Err(status) => {
                    assert_eq!(which, 1, "only the service that is killed may fail: {status:?}");
                    continue;
                }
            };
            let required = self.ledger.required(&psn_no, asked);
            let version = answer.person_version;
            assert!(
                version >= required,
                "{psn_no}: version {version}, but {required} was known two seconds before"
            );
            self.reads.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn service(db: &TestDatabase, cache_url: &str) -> ServiceProcess {
    let process = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-enrollment"));
    process.env("YIZHAN_DATABASE_URL", db.url()).env("YIZHAN_CACHE_URL", cache_url)
}

both_databases! {
    async fn nobody_is_answered_from_further_back_than_stated(db: TestDatabase) {
        let mut redis = RedisServer::start();
        let steady = service(&db, &redis.url()).start().await;
        let mut killed = service(&db, &redis.url()).start().await;
        let apart = service(&db, "").start().await;
        let mut client = connect(steady.url()).await;
        let everybody: Vec<String> = (0..PERSONS).map(|number| format!("P{number}")).collect();
        register(&mut client, &everybody).await;
        let clients = [client, connect_lazy(killed.url()), connect(apart.url()).await];
        let field = Arc::new(Field {
            ledger: Ledger::default(),
            stop: AtomicBool::new(false),
            reads: AtomicU64::new(0),
            clients,
        });
        everybody.iter().for_each(|psn_no| field.ledger.acknowledged(psn_no, 2));
        let writers = (0..WRITERS).map(|number| tokio::spawn(field.clone().write(number)));
        let readers = (0..READERS).map(|number| tokio::spawn(field.clone().read(number)));
        let work: Vec<_> = writers.chain(readers).collect();

        torment(&mut redis, &mut killed).await;
        field.stop.store(true, Ordering::Relaxed);
        for done in join_all(work).await {
            done.unwrap();
        }
        assert!(field.reads.load(Ordering::Relaxed) > 500, "{:?} reads", field.reads);

        // Quiet: the bound is over; every cached value and every answer is the database's.
        tokio::time::sleep(BOUND).await;
        let truth = stored(&db).await;
        let kept = cached(&redis);
        assert!(kept.iter().all(|(psn_no, value)| truth[psn_no] == *value), "{kept:?} of {truth:?}");
        for (psn_no, client) in everybody.iter().flat_map(|psn_no| field.clients.iter().map(move |c| (psn_no, c))) {
            let request = GetEligibilityRequest { psn_no: psn_no.clone(), ..Default::default() };
            let answer = client.clone().get_eligibility(request).await.unwrap().into_inner();
            assert_eq!(answer.eligibility.unwrap().person_version, truth[psn_no].0);
        }
        let status = field.clients[0].clone().get_cache_status(GetCacheStatusRequest {}).await.unwrap();
        let status = status.into_inner();
        let answered = status.near_hits > 0 && status.hits > status.near_hits && status.away > 0;
        assert!(answered && status.backend == "redis", "{status:?}");
    }

    async fn a_poisoned_value_is_ignored_and_replaced(db: TestDatabase) {
        let redis = RedisServer::start();
        // Nothing in front of Redis, so that it is asked every time.
        let process = service(&db, &redis.url()).env("YIZHAN_CACHE_LOCAL_ENTRIES", "0").start().await;
        let mut client = connect(process.url()).await;
        register(&mut client, &["P0".to_owned(), "P1".to_owned()]).await;
        wait_until_trusted(&mut client).await;
        let mut ask = async |psn_no: &str| {
            let request = GetEligibilityRequest { psn_no: psn_no.into(), ..Default::default() };
            client.get_eligibility(request).await.unwrap().into_inner().eligibility.unwrap()
        };
        let (right, other) = (ask("P0").await, ask("P1").await);
        let at = |psn_no: &str| redis.keys().into_iter().find(|key| key.ends_with(&format!(":{psn_no}")));
        // What is loaded while the keeper makes a pass is not kept: the next question tries again.
        while at("P0").is_none() || at("P1").is_none() {
            ask("P0").await;
            ask("P1").await;
        }
        let (key, of_another) = (at("P0").unwrap(), redis.get_raw(&at("P1").unwrap()).unwrap());
        let good = redis.get_raw(&key).unwrap();
        let mut poisons = vec![b"nonsense".to_vec(), good[..40].to_vec(), of_another];
        poisons.push([&good[..32], b"{}".as_slice()].concat());
        let count = poisons.len() as i64;
        for poison in poisons {
            redis.set_raw(&key, &poison);
            assert_eq!(ask("P0").await.eligibility_id, right.eligibility_id);
            while redis.get_raw(&key).is_none() {
                ask("P0").await;
            }
            assert_eq!(redis.get_raw(&key), Some(good.clone()), "replaced by what is right");
        }
        assert_eq!(ask("P1").await.eligibility_id, other.eligibility_id);
        let status = client.get_cache_status(GetCacheStatusRequest {}).await.unwrap().into_inner();
        assert_eq!(status.poisoned, count, "{status:?}");
    }
}

async fn register(client: &mut Client, everybody: &[String]) {
    let rows = everybody.iter().enumerate().map(|(number, psn_no)| PersonRow {
        psn_cert_type: "99".into(),
        certno: format!("T{number}"),
        ..person(psn_no)
    });
    client.import_persons(persons(rows)).await.unwrap();
    let rows = everybody.iter().map(|psn_no| coverage(psn_no, "310", "2020-01-01", ""));
    client.import_coverages(coverages(rows)).await.unwrap();
}

async fn wait_until_trusted(client: &mut Client) {
    for _ in 0..200 {
        let status = client.get_cache_status(GetCacheStatusRequest {}).await.unwrap().into_inner();
        if status.confirmed_age_ms >= 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the cache is never confirmed");
}

/// Everything that can happen, once.
async fn torment(redis: &mut RedisServer, killed: &mut ServiceProcess) {
    let pause = |millis| tokio::time::sleep(Duration::from_millis(millis));
    pause(1500).await;
    redis.kill();
    pause(800).await;
    redis.start_again_empty();
    pause(1200).await;
    redis.pause();
    pause(1500).await;
    // What this service sends to a Redis that stands still arrives after its end.
    killed.kill_9().await;
    redis.resume();
    killed.restart().await;
    pause(800).await;
    redis.flush();
    pause(500).await;
    killed.kill_9().await;
    killed.restart().await;
    pause(2500).await;
}

/// Version and text of every person in Redis that counts: of the generation of its bucket's watermark.
fn cached(redis: &RedisServer) -> BTreeMap<String, (i64, serde_json::Value)> {
    let person = |key: String| {
        let (bucket, psn_no) = key.rsplit_once(':')?;
        let generation = redis.get_raw(bucket)?[..16].to_vec();
        let value = redis.get_raw(&key).filter(|value| value.starts_with(&generation))?;
        let value = String::from_utf8(value).unwrap();
        let version = (u64::from_str_radix(&value[16..32], 16).unwrap() ^ (1 << 63)) as i64;
        Some((psn_no.to_owned(), (version, serde_json::from_str(&value[32..]).unwrap())))
    };
    redis.keys().into_iter().filter_map(person).collect()
}

/// The same of the database.
async fn stored(db: &TestDatabase) -> BTreeMap<String, (i64, serde_json::Value)> {
    let db = yizhan_runtime::db::connect(&DatabaseConfig::at(db.url())).await.unwrap();
    let sql = "SELECT psn_no, poolarea_no, version, timeline FROM entitlement_timeline";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    let row = |row: sea_orm::QueryResult| {
        let text = |column: &str| row.try_get::<String>("", column).unwrap();
        let timeline: serde_json::Value = serde_json::from_str(&text("timeline")).unwrap();
        let value = serde_json::json!([text("psn_no"), text("poolarea_no"), timeline]);
        (text("psn_no"), (row.try_get("", "version").unwrap(), value))
    };
    rows.into_iter().map(row).collect()
}
