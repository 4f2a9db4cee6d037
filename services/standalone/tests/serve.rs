//! `yizhan serve`: the services find each other, and settings reach the service they are for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::path::Path;
use std::time::Duration;

use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    CoverageRow, GetCacheStatusRequest, GetEligibilityRequest, ImportCoveragesRequest, ImportPersonsRequest,
    PersonRow,
};
use yizhan_proto::settlement::v1::catalogue_service_client::CatalogueServiceClient;
use yizhan_proto::settlement::v1::institution_service_client::InstitutionServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{
    CatalogueItem, FeeLine, ImportCatalogueRequest, ImportInstitutionsRequest, Institution, PreviewRequest,
    Visit,
};
use yizhan_runtime::Caller;
use yizhan_runtime::client::{self, PeerChannel};
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::{RedisServer, ServiceProcess, free_port};

/// `yizhan serve` with its databases in a folder.
fn serve(folder: &tempfile::TempDir) -> ServiceProcess {
    serve_on(folder, free_port())
}

/// The same with settlement on this port.
fn serve_on(folder: &tempfile::TempDir, settlement_port: u16) -> ServiceProcess {
    let process = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan")).arg("serve");
    let port = process.url().rsplit(':').next().unwrap().to_owned();
    let data = folder.path().to_str().unwrap();
    let process = process.arg("--data").arg(data).arg("--enrollment-port").arg(port);
    let process = process.arg("--filing-port").arg(free_port().to_string());
    process.arg("--settlement-port").arg(settlement_port.to_string())
}

/// A channel that connects when first used.
fn channel(peer: &PeerConfig) -> PeerChannel {
    client::channel(peer, &Caller::LocalAdministrator).unwrap()
}

/// Registers somebody and asks about them twice.
async fn register_and_ask(enrollment: &mut EnrollmentServiceClient<PeerChannel>) {
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
async fn import(mut institutions: InstitutionServiceClient<PeerChannel>, hospital: Institution) {
    let request = ImportInstitutionsRequest { request_id: "r3".into(), institutions: vec![hospital] };
    for _ in 0..60 {
        if institutions.import_institutions(request.clone()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("settlement does not listen");
}

/// Insures the person at home, in 430200, and previews a visit of theirs in 310115; what is said to it.
async fn previewed_away(enrollment: PeerChannel, settlement: PeerChannel) -> RemoteError {
    let coverage = CoverageRow {
        psn_no: "P1".into(),
        insutype: "310".into(),
        psn_type: "11".into(),
        psn_insu_stas: "1".into(),
        begndate: "2010-01-01".into(),
        ..CoverageRow::default()
    };
    let request = ImportCoveragesRequest { request_id: "r2".into(), rows: vec![coverage] };
    EnrollmentServiceClient::new(enrollment).import_coverages(request).await.unwrap();
    let hospital = Institution {
        fixmedins_code: "H31011500003".into(),
        fixmedins_name: "上海某三级医院".into(),
        level: "third".into(),
        admdvs: "310115".into(),
        fixmedins_type: "1".into(),
        contracted: false,
    };
    import(InstitutionServiceClient::new(settlement.clone()), hospital).await;
    let item = CatalogueItem {
        hilist_code: "001102000050000".into(),
        name: "住院诊察费".into(),
        list_type: "201".into(),
        chrgitm_lv: "01".into(),
        admdvs: "100000".into(),
        begndate: "2010-01-01".into(),
        source: "test".into(),
        ..CatalogueItem::default()
    };
    let request = ImportCatalogueRequest { request_id: "r4".into(), items: vec![item] };
    CatalogueServiceClient::new(settlement.clone()).import_catalogue(request).await.unwrap();
    let line = FeeLine {
        feedetl_sn: "F1".into(),
        hilist_code: "001102000050000".into(),
        cnt: "1".into(),
        pric: "20".into(),
        det_item_fee_sumamt_fen: 2000,
        ..FeeLine::default()
    };
    let visit = Visit {
        psn_no: "P1".into(),
        insutype: "310".into(),
        mdtrt_id: "M1".into(),
        med_type: "21".into(),
        begndate: "2026-01-02".into(),
        enddate: "2026-01-09".into(),
        fixmedins_code: "H31011500003".into(),
        feedetail: vec![line],
        ..Visit::default()
    };
    let request = PreviewRequest { visit: Some(visit) };
    SettlementServiceClient::new(settlement).preview(request).await.expect_err("nothing is filed").into()
}

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

/// A certificate for `localhost`, its key, and itself as the authority.
fn certificate(folder: &Path) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let write = |name: &str, pem: String| {
        let path = folder.join(name);
        std::fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    (write("cert.pem", made.cert.pem()), write("key.pem", made.signing_key.serialize_pem()))
}

#[tokio::test]
async fn services_with_tls_find_each_other_by_tls_or_nothing_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(folder.path());
    let ports = [free_port(), free_port(), free_port()];
    let names = ["enrollment", "filing", "settlement"];
    let mut toml = format!(
        "[server]\ntls_cert = {cert:?}\ntls_key = {key:?}\n[database]\nfolder = {:?}\n",
        folder.path()
    );
    for (name, port) in names.iter().zip(ports) {
        toml.push_str(&format!("[{name}.server]\nlisten = \"127.0.0.1:{port}\"\n"));
    }
    let file = folder.path().join("yizhan.toml");
    let yizhan = || {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_yizhan"));
        command.arg("serve").env("YIZHAN_CONFIG", &file).kill_on_drop(true);
        command
    };
    std::fs::write(&file, &toml).unwrap();
    let refused = yizhan().output().await.unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(64), "{said}");
    assert!(names.iter().all(|name| said.contains(&format!("peers.{name}.address"))), "{said}");
    for (name, port) in names.iter().zip(ports) {
        toml.push_str(&format!(
            "[peers.{name}]\naddress = \"https://localhost:{port}\"\ntls_ca = {cert:?}\n"
        ));
    }
    std::fs::write(&file, &toml).unwrap();
    let _running = yizhan().spawn().unwrap();
    let by_tls = |port: u16| {
        let peer = PeerConfig::at(format!("https://localhost:{port}"));
        channel(&PeerConfig { tls_ca: Some(cert.clone().into()), ..peer })
    };
    until_it_serves(ports[0]).await;
    register_and_ask(&mut EnrollmentServiceClient::new(by_tls(ports[0]))).await;
    // Settlement reaches enrollment and filing: neither is away.
    let told = previewed_away(by_tls(ports[0]), by_tls(ports[2])).await;
    assert_eq!(told.reason, "NOT_SETTLED_DIRECTLY", "{told:?}");
}

async fn until_it_serves(port: u16) {
    for _ in 0..120 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("nothing listens on {port}");
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
