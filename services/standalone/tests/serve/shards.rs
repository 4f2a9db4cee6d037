//! Two shards, each with its areas: neither does anything for the other's people, also where it has a copy of them.

use std::path::Path;

use tonic::Request;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    GetEligibilityRequest, GetPersonRequest, ImportPersonsRequest, PersonRow, RecordDeathRequest,
    StartTransferRequest, coverage_service_client::CoverageServiceClient,
    transfer_service_client::TransferServiceClient,
};
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{
    GetSettlementRequest, ListSettlementsRequest, ReverseRequest, SettleRequest, Visit,
};
use yizhan_runtime::areas::AREA_HEADER;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::{ServiceProcess, free_port};

use crate::support::{channel, insured_and_visiting, register_and_ask, serve_on};

/// A shard at work: its process, and where its register and its counter are.
struct Shard {
    process: ServiceProcess,
    enrollment: PeerChannel,
    settlement: PeerChannel,
}

impl Shard {
    async fn start(folder: &tempfile::TempDir, areas: &str) -> Shard {
        let port = free_port();
        let process = serve_on(folder, port).env("YIZHAN_SERVER_AREAS", areas).start().await;
        let enrollment = channel(&PeerConfig::at(process.url()));
        crate::support::until_it_serves(port).await;
        let settlement = channel(&PeerConfig::at(format!("http://127.0.0.1:{port}")));
        Shard { process, enrollment, settlement }
    }

    fn counter(&self) -> SettlementServiceClient<PeerChannel> {
        SettlementServiceClient::new(self.settlement.clone())
    }

    fn register(&self) -> EnrollmentServiceClient<PeerChannel> {
        EnrollmentServiceClient::new(self.enrollment.clone())
    }

    /// Why a visit is not settled.
    async fn refuses(&self, visit: &Visit) -> RemoteError {
        let visit = Some(Visit { mdtrt_id: "M2".into(), ..visit.clone() });
        let request = SettleRequest { request_id: "s2".into(), visit, ..SettleRequest::default() };
        self.counter().settle(request).await.unwrap_err().into()
    }
}

/// That it is another shard's, and where the request says so.
fn is_elsewhere(status: tonic::Status, (area, field): (&str, Option<&str>)) {
    let told = RemoteError::from(&status);
    assert_eq!((status.code(), told.reason.as_str()), (tonic::Code::FailedPrecondition, "AREA_NOT_HERE"));
    let of = |name: &str| told.metadata.get(name).map(String::as_str);
    assert_eq!((of("area"), of("field")), (Some(area), field), "{told:?}");
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test]
async fn neither_shard_does_anything_for_the_others_people() {
    let [zhuzhou_files, quzhou_files, split_files] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let mut zhuzhou = Shard::start(&zhuzhou_files, "430200").await;
    let mut quzhou = Shard::start(&quzhou_files, "330800,331100").await;
    register_and_ask(&mut zhuzhou.register()).await;
    let (enrollment, settlement) = (zhuzhou.enrollment.clone(), zhuzhou.settlement.clone());
    let visit = insured_and_visiting(enrollment, settlement, "H43020000001", "430200").await;
    let request =
        SettleRequest { request_id: "s1".into(), visit: Some(visit.clone()), ..SettleRequest::default() };
    let mut said = Request::new(request.clone());
    said.metadata_mut().insert(AREA_HEADER, "430203".parse().unwrap());
    let settled = zhuzhou.counter().settle(said).await.unwrap().into_inner().settlement.unwrap();

    // A gateway with a wrong rule: nothing is done, whatever it is.
    let mut said = Request::new(request);
    said.metadata_mut().insert(AREA_HEADER, "330802".parse().unwrap());
    is_elsewhere(zhuzhou.counter().settle(said).await.unwrap_err(), ("330802", None));
    // What is for another area.
    let row = PersonRow { psn_no: "P2".into(), poolarea_no: "430200".into(), ..PersonRow::default() };
    let import = ImportPersonsRequest { request_id: "r1".into(), rows: vec![row] };
    let refused = quzhou.register().import_persons(import).await.unwrap_err();
    is_elsewhere(refused, ("430200", Some("rows[0].poolarea_no")));
    let list = ListSettlementsRequest { poolarea_no: "430200".into(), ..ListSettlementsRequest::default() };
    let refused = quzhou.counter().list_settlements(list).await.unwrap_err();
    is_elsewhere(refused, ("430200", Some("poolarea_no")));
    // Who moves away ends here and begins there.
    let transfer = StartTransferRequest {
        request_id: "t1".into(),
        psn_no: "P1".into(),
        from_poolarea_no: "430200".into(),
        to_poolarea_no: "330800".into(),
        ..StartTransferRequest::default()
    };
    let mut transfers = TransferServiceClient::new(zhuzhou.enrollment.clone());
    is_elsewhere(transfers.start_transfer(transfer).await.unwrap_err(), ("330800", Some("to_poolarea_no")));
    // Of who is not there it knows nothing.
    let question = GetEligibilityRequest { psn_no: "P1".into(), ..GetEligibilityRequest::default() };
    let unknown = quzhou.register().get_eligibility(question).await.unwrap_err();
    assert_eq!(RemoteError::from(&unknown).reason, "PERSON_UNKNOWN");
    assert!(zhuzhou.process.terminate().await.success() && quzhou.process.terminate().await.success());

    // A shard that begins with a copy of everything does nothing for those it does not keep, and says what it knew of them.
    copy(zhuzhou_files.path(), split_files.path());
    let mut split = Shard::start(&split_files, "430300").await;
    let told = split.refuses(&visit).await;
    assert_eq!((told.reason.as_str(), told.metadata["area"].as_str()), ("AREA_NOT_HERE", "430200"));
    let setl_id = settled.setlinfo.unwrap().setl_id;
    let reverse = ReverseRequest {
        request_id: "v1".into(),
        psn_no: "P1".into(),
        setl_id: setl_id.clone(),
        reason: "录入错误".into(),
    };
    is_elsewhere(split.counter().reverse(reverse).await.unwrap_err(), ("430200", None));
    let death =
        RecordDeathRequest { request_id: "d1".into(), psn_no: "P1".into(), die_date: "2026-02-01".into() };
    let mut coverage = CoverageServiceClient::new(split.enrollment.clone());
    is_elsewhere(coverage.record_death(death).await.unwrap_err(), ("430200", None));
    let get = GetSettlementRequest { setl_id, ..GetSettlementRequest::default() };
    split.counter().get_settlement(get).await.unwrap();
    let get = GetPersonRequest { psn_no: "P1".into(), ..GetPersonRequest::default() };
    split.register().get_person(get).await.unwrap();
    assert!(split.process.terminate().await.success());
}
