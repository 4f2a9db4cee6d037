//! `yizhan serve`: the services find each other, and settings reach the service they are for.

use std::time::Duration;

use tonic::transport::Channel;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::rights_service_client::RightsServiceClient;
use yizhan_proto::enrollment::v1::{
    GetCacheStatusRequest, GetEligibilityRequest, GetRightsRequest, ImportPersonsRequest, PersonRow,
};
use yizhan_testkit::{RedisServer, ServiceProcess, free_port};

/// `yizhan serve` with its databases in a folder.
fn serve(folder: &tempfile::TempDir) -> ServiceProcess {
    let process = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan")).arg("serve");
    let port = process.url().rsplit(':').next().unwrap().to_owned();
    let data = folder.path().to_str().unwrap();
    let process = process.arg("--data").arg(data).arg("--enrollment-port").arg(port);
    let process = process.arg("--filing-port").arg(free_port().to_string());
    process.arg("--settlement-port").arg(free_port().to_string())
}

async fn connect(process: &ServiceProcess) -> Channel {
    Channel::from_shared(process.url()).unwrap().connect().await.unwrap()
}

/// Registers somebody and asks about them twice.
async fn register_and_ask(enrollment: &mut EnrollmentServiceClient<Channel>) {
    let person = PersonRow {
        psn_no: "P1".into(),
        psn_cert_type: "99".into(),
        certno: "SAMPLE1".into(),
        psn_name: "张示例".into(),
        gend: "1".into(),
        brdy: "1980-01-01".into(),
        poolarea_no: "430200".into(),
        ..PersonRow::default()
    };
    let request = ImportPersonsRequest { request_id: "r1".into(), rows: vec![person] };
    enrollment.import_persons(request).await.unwrap();
    for _ in 0..2 {
        let question = GetEligibilityRequest { psn_no: "P1".into(), ..GetEligibilityRequest::default() };
        let answer = enrollment.get_eligibility(question).await.unwrap().into_inner();
        assert_eq!(answer.eligibility.unwrap().reason, "NO_COVERAGE");
    }
}

/// Settlement begins to listen after enrollment, so it may have to be asked again.
async fn sees_what_settlement_paid(channel: Channel) -> bool {
    let mut rights = RightsServiceClient::new(channel);
    for _ in 0..60 {
        let request = GetRightsRequest { psn_no: "P1".into(), purpose: "test".into() };
        let view = rights.get_rights(request).await.unwrap().into_inner().rights.unwrap();
        if !view.benefits_unavailable {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    false
}

#[tokio::test]
async fn enrollment_caches_in_the_redis_that_is_configured() {
    let (folder, redis) = (tempfile::tempdir().unwrap(), RedisServer::start());
    let mut process = serve(&folder).env("YIZHAN_CACHE_URL", redis.url()).start().await;
    let mut enrollment = EnrollmentServiceClient::new(connect(&process).await);
    register_and_ask(&mut enrollment).await;
    let status = enrollment.get_cache_status(GetCacheStatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.backend, "redis");
    let keys = redis.keys();
    assert!(keys.iter().any(|key| key.contains("P1")), "{keys:?}");
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn without_settings_it_caches_in_process_and_enrollment_reaches_settlement() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = serve(&folder).start().await;
    let channel = connect(&process).await;
    let mut enrollment = EnrollmentServiceClient::new(channel.clone());
    register_and_ask(&mut enrollment).await;
    let status = enrollment.get_cache_status(GetCacheStatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.backend, "in-process");
    assert!(sees_what_settlement_paid(channel).await, "enrollment does not reach settlement");
    assert!(process.terminate().await.success());
}

#[tokio::test]
async fn a_bad_cache_setting_is_told_and_nothing_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let process = serve(&folder).env("YIZHAN_CACHE_URL", "memcached://:secret@cache");
    let (code, said) = process.run_to_end().await;
    assert!(code.is_some_and(|code| code != 0), "{said}");
    assert!(said.contains("CACHE_URL") || said.contains("cache.url"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}
