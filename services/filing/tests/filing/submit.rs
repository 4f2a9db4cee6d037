//! Submitting: at once by oneself, at a window, by the referring hospital; and everything that is wrong at once.

use yizhan_proto::filing::v1::*;
use yizhan_testkit::both_databases;

use crate::support::*;

both_databases! {
    async fn a_person_serves_themself_and_is_found_at_once(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let before = service.find(stay("P1", "2025-06-18", "")).await.unwrap();
        assert_eq!(before.filing_class(), FilingClass::Unfiled);
        let filing = service.submit("person:P1", temporary("P1")).await.unwrap();
        assert_eq!(filing.state(), FilingState::InForce);
        assert_eq!((filing.rloc_admdvs.as_str(), filing.poolarea_no.as_str()), ("310000", "360100"));
        let found = service.find(stay("P1", "2025-06-18", "")).await.unwrap();
        assert_eq!(found.filing_class(), FilingClass::Temporary);
        assert_eq!((found.filing_id, found.filings_version), (filing.filing_id, 1));
    }
}
