//! Ids that cannot be any are refused as such and never come to the database, which does not take every text.

use yizhan_proto::filing::v1::*;
use yizhan_testkit::both_databases;

use crate::office::*;
use crate::support::*;

both_databases! {
    async fn of_filings(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", temporary("P1")).await.unwrap();
        for unfit in ["", "备案", "a b", &"x".repeat(65), &"x".repeat(1 << 12)] {
            let got = service.get(HOME, unfit).await.unwrap_err();
            let request = AdvanceFilingRequest { filing_id: unfit.into(), ..step(&filing, FilingAction::Cancel) };
            let advanced = service.advance(HOME, request).await.unwrap_err();
            assert_eq!((got.reason.as_str(), advanced.reason.as_str()), ("FILING_UNKNOWN", "FILING_UNKNOWN"));
            if !unfit.is_empty() {
                let request = SubmitFilingRequest {
                    replaces_filing_id: unfit.into(),
                    begndate: "2025-06-19".into(),
                    ..temporary("P1")
                };
                let submitted = service.submit("person:P1", request).await.unwrap_err();
                assert_eq!(submitted.reason, "FILING_UNKNOWN");
            }
        }
        assert_eq!(service.at_home(&filing).await, filing);
    }

    async fn of_requests(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", temporary("P1")).await.unwrap();
        for unfit in ["", "a\0b", "请求", "a b", &"x".repeat(65)] {
            let request_id = unfit.to_owned();
            let request = SubmitFilingRequest { request_id, rloc_admdvs: "330100".into(), ..temporary("P1") };
            let submitted = service.submit("person:P1", request).await.unwrap_err();
            let request = AdvanceFilingRequest { request_id: unfit.into(), ..step(&filing, FilingAction::Cancel) };
            let advanced = service.advance(HOME, request).await.unwrap_err();
            let row = FilingRow {
                foreign_id: "F1".into(),
                psn_no: "P1".into(),
                insutype: "310".into(),
                out_fil_type: "07".into(),
                rloc_admdvs: "330100".into(),
                begndate: "2024-01-01".into(),
                enddate: String::new(),
            };
            let request =
                ImportFilingsRequest { request_id: unfit.into(), poolarea_no: "360100".into(), rows: vec![row] };
            let imported = told(service.client.clone().import_filings(by(HOME, request)).await).unwrap_err();
            for refused in [submitted, advanced, imported] {
                assert_eq!(violations(&refused), [("request_id", "REQUEST_ID_INVALID")], "{refused:?}");
            }
        }
    }
}
