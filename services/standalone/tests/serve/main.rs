//! `yizhan serve`: the services find each other, settings reach the service they are for, nobody holds them up, and they stop in
//! good order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

mod checked;
mod door;
mod mutual;
mod shards;
mod stopping;
mod support;
mod tls;

use yizhan_proto::enrollment::v1::GetCacheStatusRequest;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_runtime::config::PeerConfig;
use yizhan_testkit::{RedisServer, free_port};

use crate::support::{channel, previewed_away, register_and_ask, serve, serve_on};

#[tokio::test]
async fn enrollment_caches_in_the_redis_that_is_configured() {
    let (folder, redis) = (tempfile::tempdir().unwrap(), RedisServer::start());
    let mut process = serve(&folder).env("YIZHAN_CACHE_URL", redis.url()).start().await;
    let mut enrollment = EnrollmentServiceClient::new(channel(&PeerConfig::at(process.url())));
    register_and_ask(&mut enrollment).await;
    let status = enrollment.get_cache_status(GetCacheStatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.backend, "redis");
    let keys = redis.keys();
    assert!(keys.iter().any(|key| key.contains("P1")), "{keys:?}");
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn without_settings_it_caches_in_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = serve(&folder).start().await;
    let mut enrollment = EnrollmentServiceClient::new(channel(&PeerConfig::at(process.url())));
    register_and_ask(&mut enrollment).await;
    let status = enrollment.get_cache_status(GetCacheStatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.backend, "in-process");
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn settlement_asks_the_filing_service_beside_it() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let mut process = serve_on(&folder, port).start().await;
    let enrollment = channel(&PeerConfig::at(process.url()));
    register_and_ask(&mut EnrollmentServiceClient::new(enrollment.clone())).await;
    let settlement = channel(&PeerConfig::at(format!("http://127.0.0.1:{port}")));
    let told = previewed_away(enrollment, settlement).await;
    assert_eq!(told.reason, "NOT_SETTLED_DIRECTLY", "{told:?}");
    assert_eq!(told.metadata["why"], "FILING_REQUIRED");
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn all_settings_of_all_services_are_printed_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let printing = serve(&folder)
        .arg("--print-config")
        .arg("--settlement-database")
        .arg("postgres://yizhan:hush@db/settlement")
        .env("YIZHAN_CACHE_URL", "redis://:hush@cache:6379");
    let (code, printed) = printing.run_to_end().await;
    assert_eq!(code, Some(0), "{printed}");
    assert!(!printed.contains("hush"), "{printed}");
    for name in
        ["enrollment.server.listen", "filing.cache.url", "settlement.quote_minutes", "telemetry.log_format"]
    {
        assert!(printed.contains(name), "{printed}");
    }
    let told = printed.lines().find(|line| line.starts_with("settlement.database.url")).unwrap();
    assert!(told.contains("postgres://***@db/settlement") && told.contains("command line"), "{told}");
}

#[tokio::test]
async fn a_bad_cache_setting_is_told_and_nothing_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let process = serve(&folder).env("YIZHAN_CACHE_URL", "memcached://:secret@cache");
    let (code, said) = process.run_to_end().await;
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("CACHE_URL") || said.contains("cache.url"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}
