//! Which places are home, asked wherever it matters: 市本级 is at home in its whole city, and a city that lies in a place is not.

use std::time::Duration;

use yizhan_proto::filing::v1::filing_figures_service_client::FilingFiguresServiceClient;
use yizhan_proto::filing::v1::*;
use yizhan_proto::settlement::v1::SettlementInfo;
use yizhan_runtime::config::PeerConfig;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::fake_settlement::FakeSettlement;
use crate::support::*;

/// 株洲市本级, and a district of the city.
const POOL: &str = "430299";
const DISTRICT: &str = "430203";
/// Another city of the province.
const ELSEWHERE: &str = "430103";

async fn record(service: &TestService, place: &str) -> Result<(), RemoteError> {
    let mut figures = FilingFiguresServiceClient::connect(service.server.url()).await.unwrap();
    let bill = RecordManualReimbursementRequest {
        request_id: new_id(),
        poolarea_no: POOL.into(),
        psn_no: "P1".into(),
        mdtrtarea_admvs: place.into(),
        mdtrt_id: place.into(),
        med_type: "21".into(),
        enddate: "2025-06-10".into(),
        medfee_sumamt_fen: 300_000,
        ..Default::default()
    };
    told(figures.record_manual_reimbursement(by("agency:430200", bill)).await).map(|_| ())
}

/// What figures tell of stays in the province: settled directly, by hand.
async fn stays(service: &TestService) -> (i64, i64) {
    let mut figures = FilingFiguresServiceClient::connect(service.server.url()).await.unwrap();
    let month = || "2025-06".to_owned();
    let request = GetFilingFiguresRequest {
        area: POOL.into(),
        begin_month: month(),
        end_month: month(),
        ..Default::default()
    };
    let found = told(figures.get_filing_figures(by("agency:430200", request)).await).unwrap().figures;
    let in_province = found.into_iter().next().and_then(|row| row.in_province).unwrap_or_default();
    (in_province.stays_direct, in_province.stays_manual)
}

/// Whether filings from a pool to a place are taken: submitted, and from an earlier system.
async fn filed(service: &TestService, pool: &str, place: &str) -> (Result<(), String>, Result<(), String>) {
    let reason =
        |error: RemoteError| error.violations.first().map_or(error.reason, |wrong| wrong.reason.clone());
    let psn_no = format!("P{pool}-{place}");
    service.insure_in(&psn_no, pool, "310", "11").await;
    let request =
        SubmitFilingRequest { rloc_admdvs: place.into(), ..resident(&psn_no, &["residence_proof"]) };
    let submitted = service.submit(&format!("person:{psn_no}"), request).await.map(|_| ()).map_err(reason);
    let row = FilingRow {
        foreign_id: psn_no.clone(),
        psn_no: format!("{psn_no}-earlier"),
        insutype: "310".into(),
        out_fil_type: "07".into(),
        rloc_admdvs: place.into(),
        begndate: "2020-03-01".into(),
        ..Default::default()
    };
    let request = ImportFilingsRequest { request_id: new_id(), poolarea_no: pool.into(), rows: vec![row] };
    let imported = service.client.clone().import_filings(by(&format!("agency:{pool}"), request)).await;
    (submitted, told(imported).map(|_| ()).map_err(reason))
}

both_databases! {
    async fn figures_and_manual_reimbursement_know_the_home_that_settlement_knows(db: TestDatabase) {
        let settlement = FakeSettlement::default();
        let feed = settlement.start().await;
        let service = start_with(&db, |settings| settings.settlement = Some(PeerConfig::at(feed.url()))).await;
        for (setl_id, place) in [("S1", DISTRICT), ("S2", "430200"), ("S3", ELSEWHERE)] {
            settlement.settle(SettlementInfo {
                setl_id: setl_id.into(), poolarea_no: POOL.into(), mdtrtarea_admvs: place.into(), med_type: "21".into(),
                enddate: "2025-06-10".into(), medfee_sumamt_fen: 100, ..Default::default()
            });
        }
        assert_eq!(violations(&record(&service, DISTRICT).await.unwrap_err()), [("mdtrtarea_admvs", "PLACE_AT_HOME")]);
        record(&service, ELSEWHERE).await.unwrap();
        while stays(&service).await.0 == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(stays(&service).await, (1, 1), "only what is elsewhere");
    }

    async fn what_may_be_submitted_may_be_imported(db: TestDatabase) {
        let service = start(&db).await;
        let home = || Err("PLACE_AT_HOME".to_owned());
        for (pool, place, taken) in [
            // 海南 is filed as a whole: whoever is insured in 海口 may live elsewhere in it.
            ("460100", "460000", Ok(())),
            ("460100", "460105", home()),
            ("460000", "460100", home()),
            (POOL, DISTRICT, home()),
            (POOL, "430200", home()),
            (POOL, ELSEWHERE, Ok(())),
        ] {
            assert_eq!(filed(&service, pool, place).await, (taken.clone(), taken), "{pool} → {place}");
        }
    }
}
