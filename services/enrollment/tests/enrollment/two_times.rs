//! When something holds, and when it became known: what was answered then can be asked again.

use chrono::TimeDelta;
use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::clock::timestamp;
use yizhan_testkit::both_databases;

use crate::support::*;

both_databases! {
    async fn what_was_answered_on_a_day_is_answered_again(db: TestDatabase) {
        let mut service = start(&db).await;
        service.enrol("P1", "390", "2024-01-01").await;
        let then = service.eligibility("P1", "2024-06-01").await;
        let known_at = Some(timestamp(service.clock.now()));
        service.hand.advance(TimeDelta::days(3));
        let ended = CoverageRow { psn_insu_stas: "4".into(), ..coverage("P1", "390", "2024-01-01", "") };
        service.import_coverages(coverages([ended])).await.unwrap();
        assert_eq!(service.eligibility("P1", "2024-06-01").await.reason, "COVERAGE_ENDED");

        let as_known = |known_at| GetEligibilityRequest {
            psn_no: "P1".into(),
            as_of: "2024-06-01".into(),
            known_at,
            ..Default::default()
        };
        let again = service.ask(as_known(known_at)).await.unwrap();
        assert_eq!(again, Eligibility { expires_at: None, ..then }, "id and version are those of then");
        let before = service.ask(as_known(moment("2024-06-14T00:00:00Z"))).await.unwrap_err();
        assert_eq!((before.code, before.reason.as_str()), (Code::NotFound, "PERSON_UNKNOWN"));
    }

    /// Two processes, or a clock that was set back: what was recorded behind a version is not known before it.
    async fn what_a_clock_behind_recorded_is_not_known_earlier(db: TestDatabase) {
        let mut service = start(&db).await;
        service.enrol("P1", "390", "2024-01-01").await;
        service.hand.advance(TimeDelta::minutes(-5));
        let ended = CoverageRow { psn_insu_stas: "4".into(), ..coverage("P1", "390", "2024-01-01", "") };
        service.import_coverages(coverages([ended])).await.unwrap();
        service.hand.advance(TimeDelta::minutes(10));
        let as_known = |known_at| GetEligibilityRequest { psn_no: "P1".into(), known_at: moment(known_at), ..Default::default() };
        assert_eq!(service.ask(as_known("2024-06-15T03:57:00Z")).await.unwrap_err().reason, "PERSON_UNKNOWN");
        assert_eq!(service.ask(as_known("2024-06-15T04:00:00Z")).await.unwrap().reason, "COVERAGE_ENDED");
    }

    async fn an_answer_says_how_long_it_may_be_relied_on(db: TestDatabase) {
        let mut service = start(&db).await;
        service.enrol("P1", "390", "2024-01-01").await;
        let today = || GetEligibilityRequest { psn_no: "P1".into(), ..Default::default() };
        assert_eq!(service.ask(today()).await.unwrap().expires_at, moment("2024-06-15T04:05:00Z"));
        // 23:58 in Shanghai: "today" is over in two minutes, the day itself is not.
        service.hand.set("2024-06-15T15:58:00Z".parse().unwrap());
        assert_eq!(service.ask(today()).await.unwrap().expires_at, moment("2024-06-15T16:00:00Z"));
        assert_eq!(service.eligibility("P1", "2024-06-15").await.expires_at, moment("2024-06-15T16:03:00Z"));
    }
}
