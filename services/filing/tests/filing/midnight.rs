//! Around midnight the clocks of services differ: what settlement found to be today may be tomorrow here.

use yizhan_proto::filing::v1::*;
use yizhan_testkit::both_databases;

use crate::office::*;
use crate::support::*;

both_databases! {
    async fn services_ask_by_their_own_clocks(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", temporary("P1")).await.unwrap();
        for enddate in ["", "2025-06-19"] {
            let found = service.find(stay("P1", "2025-06-19", enddate)).await.unwrap();
            assert_eq!((found.filing_class(), found.filing_id), (FilingClass::Temporary, filing.filing_id.clone()));
            let people = FindFilingRequest { poolarea_no: String::new(), ..stay("P1", "2025-06-19", enddate) };
            for caller in [HOME, "person:P1", "institution:H31010000001"] {
                let asked = service.client.clone().find_filing(by(caller, people.clone())).await;
                let refused = told(asked).unwrap_err();
                assert_eq!(violations(&refused)[0], ("begndate", "IN_THE_FUTURE"), "{caller}");
            }
        }
        // Days in the wrong order are wrong by every clock.
        let refused = service.find(stay("P1", "2025-06-20", "2025-06-19")).await.unwrap_err();
        assert_eq!(violations(&refused), [("enddate", "DATES_REVERSED")]);
    }
}
