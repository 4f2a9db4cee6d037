//! What no import lets in, and somebody wrote into the database all the same, is refused, not passed over.

use sea_orm::{ConnectionTrait, Database};
use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_testkit::both_databases;

use crate::support::*;

both_databases! {
    async fn a_scheme_that_no_dictionary_knows(db: TestDatabase) {
        let mut service = start(&db).await;
        service.enrol("P1", "310", "2024-01-01").await;
        service.enrol("P2", "310", "2024-01-01").await;
        let due = Contribution {
            psn_no: "P1".into(), insutype: "310".into(), accrym: "2024-05".into(), amount_fen: 1, clct_type: "10".into(),
            clct_flag: "0".into(), ..Default::default()
        };
        let due = RecordContributionsRequest { request_id: yizhan_runtime::ids::new_id(), rows: vec![due] };
        service.coverage().await.record_contributions(due).await.unwrap();
        let connection = Database::connect(db.url()).await.unwrap();
        for statement in [
            "UPDATE entitlement_timeline SET timeline = REPLACE(timeline, '\"310\"', '\"39901\"') WHERE psn_no = 'P1'",
            "UPDATE contribution SET insutype = '39901'",
        ] {
            assert_eq!(connection.execute_unprepared(statement).await.unwrap().rows_affected(), 1);
        }
        // Another process: nothing of it is in memory.
        let mut service = start(&db).await;
        let request = |psn_no: &str| GetEligibilityRequest { psn_no: psn_no.into(), ..Default::default() };
        let refused = service.ask(request("P1")).await.unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (Code::Internal, "INTERNAL"));
        assert!(service.ask(request("P2")).await.unwrap().entitled);
        connection.execute_unprepared("UPDATE entitlement_timeline SET timeline = REPLACE(timeline, '39901', '310')").await.unwrap();
        let listing = ListContributionsRequest { psn_no: "P1".into(), ..Default::default() };
        let refused = error(service.coverage().await.list_contributions(listing).await.unwrap_err());
        assert_eq!((refused.code, refused.reason.as_str()), (Code::Internal, "INTERNAL"));
    }
}
