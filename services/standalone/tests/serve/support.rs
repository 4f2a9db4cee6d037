//! What the tests of `yizhan serve` have alike.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    CoverageRow, GetEligibilityRequest, ImportCoveragesRequest, ImportPersonsRequest, PersonRow,
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
use yizhan_testkit::{ServiceProcess, free_port};

/// `yizhan serve` with its databases in a folder.
pub fn serve(folder: &tempfile::TempDir) -> ServiceProcess {
    serve_on(folder, free_port())
}

/// The same with settlement on this port.
pub fn serve_on(folder: &tempfile::TempDir, settlement_port: u16) -> ServiceProcess {
    let process = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan")).arg("serve");
    let port = process.url().rsplit(':').next().unwrap().to_owned();
    let data = folder.path().to_str().unwrap();
    let process = process.arg("--data").arg(data).arg("--enrollment-port").arg(port);
    let process = process.arg("--filing-port").arg(free_port().to_string());
    let process = process.arg("--audit-port").arg(free_port().to_string());
    let process = process.arg("--credit-port").arg(free_port().to_string());
    process.arg("--settlement-port").arg(settlement_port.to_string())
}

/// A channel that connects when first used.
pub fn channel(peer: &PeerConfig) -> PeerChannel {
    client::channel(peer, &Caller::LocalAdministrator).unwrap()
}

/// `yizhan serve` without settings of its own, on these ports of enrollment, filing and settlement and free ones of the others.
pub fn serving(folder: &Path, [enrollment, filing, settlement]: [u16; 3]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yizhan"));
    command.arg("serve").arg("--data").arg(folder).kill_on_drop(true);
    for (name, port) in [
        ("--enrollment-port", enrollment),
        ("--filing-port", filing),
        ("--audit-port", free_port()),
        ("--credit-port", free_port()),
        ("--settlement-port", settlement),
    ] {
        command.arg(name).arg(port.to_string());
    }
    command
}

/// Waits until something listens there.
pub async fn until_it_serves(port: u16) {
    for _ in 0..120 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("nothing listens on {port}");
}

/// Registers somebody and asks about them twice.
pub async fn register_and_ask(enrollment: &mut EnrollmentServiceClient<PeerChannel>) {
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
pub async fn previewed_away(enrollment: PeerChannel, settlement: PeerChannel) -> RemoteError {
    let visit = insured_and_visiting(enrollment, settlement.clone(), "H31011500003", "310115").await;
    let request = PreviewRequest { visit: Some(visit) };
    SettlementServiceClient::new(settlement).preview(request).await.expect_err("nothing is filed").into()
}

/// Insures the person at home, in 430200, and what a visit of theirs at this institution needs.
pub async fn insured_and_visiting(
    enrollment: PeerChannel,
    settlement: PeerChannel,
    fixmedins_code: &str,
    admdvs: &str,
) -> Visit {
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
        fixmedins_code: fixmedins_code.into(),
        fixmedins_name: "某三级医院".into(),
        level: "third".into(),
        admdvs: admdvs.into(),
        fixmedins_type: "1".into(),
        contracted: false,
        dual_channel: false,
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
    CatalogueServiceClient::new(settlement).import_catalogue(request).await.unwrap();
    let line = FeeLine {
        feedetl_sn: "F1".into(),
        hilist_code: "001102000050000".into(),
        cnt: "1".into(),
        pric: "20".into(),
        det_item_fee_sumamt_fen: 2000,
        ..FeeLine::default()
    };
    Visit {
        psn_no: "P1".into(),
        insutype: "310".into(),
        mdtrt_id: "M1".into(),
        med_type: "21".into(),
        begndate: "2026-01-02".into(),
        enddate: "2026-01-09".into(),
        fixmedins_code: fixmedins_code.into(),
        feedetail: vec![line],
        ..Visit::default()
    }
}
