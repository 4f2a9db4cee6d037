//! Certificates of running services are exchanged, with their authority: nobody notices, and what they show and believe is the new one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{GetCacheStatusRequest, ImportCoveragesRequest, ImportPersonsRequest};
use yizhan_proto::settlement::v1::catalogue_service_client::CatalogueServiceClient;
use yizhan_proto::settlement::v1::institution_service_client::InstitutionServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{
    ImportCatalogueRequest, ImportInstitutionsRequest, Institution, PreviewRequest,
};
use yizhan_runtime::Caller;
use yizhan_runtime::client::{PeerChannel, channel};
use yizhan_runtime::config::{PeerConfig, PeerTls, TlsIdentity};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::{Authority, Backend, ServiceProcess, TestDatabase, TlsFiles};

/// Who has a certificate here; the last calls the others, as a gateway.
const SIDES: [&str; 3] = ["enrollment", "settlement", "gateway"];
/// How long something may take on a busy machine. Files are looked at every two seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// What each side mounts, as a kubelet does: a link that is turned to another version.
struct Mounted(tempfile::TempDir);

impl Mounted {
    /// The files of a step of the exchange: who signs, and who is believed.
    fn step(&self, step: &str, signs: &Authority, believed: &str) {
        for side in SIDES {
            let names = ["localhost".to_owned(), format!("spiffe://yizhan/ns/yizhan/sa/yizhan-{side}")];
            let files =
                signs.write(&self.0.path().join(step).join(side), &names.each_ref().map(String::as_str));
            fs::write(files.ca, believed).unwrap();
        }
    }

    fn turn_to(&self, step: &str) {
        for side in SIDES {
            let volume = self.volume(side);
            fs::create_dir_all(&volume).unwrap();
            let next = volume.join("..next");
            symlink(self.0.path().join(step).join(side), &next).unwrap();
            fs::rename(&next, volume.join("..data")).unwrap();
        }
    }

    fn volume(&self, side: &str) -> PathBuf {
        self.0.path().join("mounted").join(side)
    }

    fn of(&self, side: &str) -> TlsFiles {
        files(&self.volume(side).join("..data"))
    }

    /// The gateway, as it was in a step.
    fn gateway_of(&self, step: &str) -> TlsFiles {
        files(&self.0.path().join(step).join("gateway"))
    }
}

fn files(folder: &Path) -> TlsFiles {
    let [ca, cert, key] = ["ca.crt", "tls.crt", "tls.key"].map(|name| folder.join(name));
    TlsFiles { ca, cert, key }
}

/// A connection that shows and believes what is in these files.
fn to(url: &str, files: &TlsFiles) -> PeerChannel {
    by(&format!("institution:{THIRD_LEVEL}"), PATIENCE, url, files)
}

/// One that may not be let in: it is not tried for long.
fn trying(url: &str, files: &TlsFiles) -> PeerChannel {
    by(&format!("institution:{THIRD_LEVEL}"), Duration::from_secs(3), url, files)
}

fn by(caller: &str, deadline: Duration, url: &str, files: &TlsFiles) -> PeerChannel {
    let identity = TlsIdentity { cert: files.cert.clone(), key: files.key.clone() };
    let tls = PeerTls { ca: files.ca.clone(), identity: Some(identity), name: None };
    let peer = PeerConfig { deadline, tls: Some(tls), ..PeerConfig::at(url) };
    channel(&peer, &Caller::parse(caller).unwrap()).unwrap()
}

async fn preview(settlement: PeerChannel) -> Answer<()> {
    let visit = visit("P1").outpatient("2026-01-20").line(CARE, "1", "350").into();
    let answer =
        SettlementServiceClient::new(settlement).preview(PreviewRequest { visit: Some(visit) }).await;
    answer.map(drop).map_err(|status| Box::new(RemoteError::from(status)))
}

async fn until_previewed(what: &str, channel: impl Fn() -> PeerChannel) {
    let begun = Instant::now();
    while let Err(error) = preview(channel()).await {
        assert!(begun.elapsed() < PATIENCE, "{what}: {error:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn start(mounted: &Mounted, databases: &[TestDatabase; 2]) -> (ServiceProcess, ServiceProcess) {
    let callers = mounted.0.path().join("callers.toml");
    fs::write(
        &callers,
        "[[rule]]\nmatch = \"spiffe://yizhan/ns/yizhan/sa/yizhan-gateway\"\ngateway = true\n",
    )
    .unwrap();
    let process = |service: &str, db: &TestDatabase| {
        let process = ServiceProcess::of(&format!("yizhan-{service}")).env("YIZHAN_DATABASE_URL", db.url());
        let process = process.env("YIZHAN_SERVER_CALLERS", callers.to_str().unwrap());
        process.env("YIZHAN_TELEMETRY_LOG_FILTER", "off").with_mutual_tls(&mounted.of(service))
    };
    let enrollment = process("enrollment", &databases[0]).start().await;
    let TlsFiles { ca, cert, key } = mounted.of("settlement");
    let mut settlement =
        process("settlement", &databases[1]).env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", enrollment.url());
    for (setting, path) in [("CA", ca), ("CERT", cert), ("KEY", key)] {
        settlement =
            settlement.env(&format!("YIZHAN_PEERS_ENROLLMENT_TLS_{setting}"), path.to_str().unwrap());
    }
    (enrollment, settlement.start().await)
}

async fn furnish(enrollment: PeerChannel, settlement: PeerChannel) {
    let of_area = |one: &Institution| one.fixmedins_code == THIRD_LEVEL;
    let institutions = standard_institutions().into_iter().filter(of_area).collect();
    let request = ImportInstitutionsRequest { request_id: "places".into(), institutions };
    InstitutionServiceClient::new(settlement.clone()).import_institutions(request).await.unwrap();
    let request = ImportCatalogueRequest { request_id: "items".into(), items: standard_catalogue() };
    CatalogueServiceClient::new(settlement).import_catalogue(request).await.unwrap();
    let person = Person::employee("P1");
    let request = ImportPersonsRequest { request_id: "persons".into(), rows: vec![person.row] };
    EnrollmentServiceClient::new(enrollment.clone()).import_persons(request).await.unwrap();
    let request = ImportCoveragesRequest { request_id: "coverages".into(), rows: vec![person.coverage] };
    EnrollmentServiceClient::new(enrollment).import_coverages(request).await.unwrap();
}

/// Two services under load, each with certificates of its own that are exchanged for those of another authority. Then one is started anew and
/// believes only that one: the other, which was not, is let in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_services_exchange_their_certificates_and_nobody_notices() {
    let (old, new, mounted) = (Authority::new(), Authority::new(), Mounted(tempfile::tempdir().unwrap()));
    let both = format!("{}{}", old.pem(), new.pem());
    mounted.step("old", &old, &both);
    mounted.step("new", &new, &both);
    mounted.step("only new", &new, &new.pem());
    mounted.turn_to("old");
    let databases = [TestDatabase::of(Backend::Sqlite), TestDatabase::of(Backend::Sqlite)];
    let (mut enrollment, mut settlement) = start(&mounted, &databases).await;
    let [before, after] = ["old", "only new"].map(|step| mounted.gateway_of(step));
    let agency = |url: String| by(&format!("agency:{COMPOSITE_AREA}"), PATIENCE, &url, &before);
    furnish(agency(enrollment.url()), agency(settlement.url())).await;
    preview(to(&settlement.url(), &before)).await.unwrap();
    preview(trying(&settlement.url(), &after))
        .await
        .expect_err("who believes only the new authority does not know this certificate");

    let (asked, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let load = {
        let (asked, over, channel) = (asked.clone(), over.clone(), to(&settlement.url(), &before));
        tokio::spawn(async move {
            let mut failed = Vec::new();
            while !over.load(SeqCst) {
                failed.extend(preview(channel.clone()).await.err());
                asked.fetch_add(1, SeqCst);
            }
            failed
        })
    };
    mounted.turn_to("new");
    until_previewed("the certificate of settlement is exchanged", || trying(&settlement.url(), &after)).await;
    over.store(true, SeqCst);
    let failed = load.await.unwrap();
    assert!(failed.is_empty(), "{} of {}: {:?}", failed.len(), asked.load(SeqCst), failed[0]);
    assert!(asked.load(SeqCst) > 20, "hardly any load: {}", asked.load(SeqCst));

    mounted.turn_to("only new");
    assert!(enrollment.terminate().await.success());
    enrollment.restart().await;
    let request = GetCacheStatusRequest::default();
    let of_old =
        EnrollmentServiceClient::new(trying(&enrollment.url(), &before)).get_cache_status(request).await;
    of_old.expect_err("what the old authority signed is not let in any more");
    until_previewed("settlement shows its new certificate", || trying(&settlement.url(), &after)).await;
    assert!(settlement.terminate().await.success() && enrollment.terminate().await.success());
}
