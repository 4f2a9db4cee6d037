//! Enrollment is away: the call fails, nothing is written, and the same request succeeds later.

use tonic::Code;
use yizhan_integration_tests::*;
use yizhan_testkit::both_databases;

use crate::support::clinic;

both_databases! {
    async fn without_enrollment_nobody_settles(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let earlier_visit = clinic("P1", "2024-03-01", "100");
        let earlier = platform.settle("R0", earlier_visit.clone()).await.unwrap();
        let before = platform.row_counts().await;
        platform.stop_enrollment().await;

        let request = settle_request("R1", clinic("P1", "2024-03-02", "100"));
        let error = refused(platform.answer_to(request.clone()).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::Unavailable, "ENROLLMENT_AWAY"));
        assert!(error.retry_after.is_some() && !error.text.is_empty());
        assert_eq!(refused(platform.preview(clinic("P1", "2024-03-02", "100")).await).reason, "ENROLLMENT_AWAY");
        assert_eq!(platform.row_counts().await, before);
        // What was settled is still known: a retry, the institution's and the person's own looks, and a reversal do not need
        // enrollment. Nobody else is shown anything: it could not be logged.
        let retried = platform.answer_to(settle_request("R0", earlier_visit)).await.unwrap();
        assert!(retried.replayed);
        let setl_id = &checks::info(&earlier).setl_id;
        for own in ["person:P1".to_owned(), format!("institution:{THIRD_LEVEL}")] {
            platform.as_caller(&own).statement(setl_id).await.unwrap();
        }
        let agency = platform.as_caller("agency:999900");
        assert_eq!(refused(agency.statement(setl_id).await).reason, "ENROLLMENT_AWAY");
        assert_eq!(refused(agency.get(setl_id).await).reason, "ENROLLMENT_AWAY");
        assert_eq!(refused(agency.list("P1", COMPOSITE_AREA, 0, "").await).reason, "ENROLLMENT_AWAY");
        platform.reverse("V0", &earlier).await.unwrap();

        platform.start_enrollment().await;
        let answer = platform.settle_stubbornly(request).await.expect("the same request");
        assert!(!answer.replayed);
    }
}
