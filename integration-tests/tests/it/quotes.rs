//! Preview: the same amounts as Settle, nothing written, and a quote that holds or says what changed.

use chrono::TimeDelta;
use tonic::Code;
use yizhan_integration_tests::checks::{assert_adds_up, info};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{SettleRequest, SettlementInfo};
use yizhan_testkit::both_databases;

use crate::support::{everybodys_insured, seven_payer_stay, stay, violations};

/// Settles a visit with the quote of its preview.
fn quoted(request_id: &str, visit: VisitBuilder, quote_id: &str) -> SettleRequest {
    SettleRequest { quote_id: quote_id.to_owned(), ..settle_request(request_id, visit) }
}

async fn quote_of(platform: &TestPlatform, visit: &VisitBuilder) -> String {
    platform.preview(visit.clone()).await.unwrap().quote.unwrap().quote_id
}

both_databases! {
    async fn preview_equals_settle_and_writes_nothing(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, 30_000).await;
        let visit = seven_payer_stay("P1").with_account();
        let before = platform.row_counts().await;
        let preview = platform.preview(visit.clone()).await.unwrap();
        assert_eq!(platform.row_counts().await, before);
        assert_eq!(platform.preview(visit.clone()).await.unwrap(), preview, "a preview changes nothing");

        let (promised, quote) = (preview.settlement.unwrap(), preview.quote.unwrap());
        assert_adds_up(&promised);
        assert_eq!(info(&promised).setl_id, "");
        assert_eq!(quote.policy_version, "2022.4");
        assert_eq!(quote.person_version, platform.person_version("P1").await);
        let settled = platform.answer_to(quoted("R1", visit, &quote.quote_id)).await.unwrap().settlement.unwrap();
        let expected = SettlementInfo {
            setl_id: info(&settled).setl_id.clone(),
            medins_setl_id: "R1".to_owned(),
            setl_time: info(&settled).setl_time,
            ..info(&promised).clone()
        };
        assert_eq!(info(&settled), &expected);
        assert_eq!(settled.setldetail, promised.setldetail);
        assert_eq!(settled.feedetail, promised.feedetail);
        assert_eq!(settled.trace, promised.trace);
    }

    async fn a_quote_expires(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        let visit = seven_payer_stay("P1");
        let quote_id = quote_of(&platform, &visit).await;
        let before = platform.row_counts().await;
        platform.clock.advance(TimeDelta::minutes(10) + TimeDelta::milliseconds(1));
        let error = refused(platform.answer_to(quoted("R1", visit.clone(), &quote_id)).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "QUOTE_EXPIRED"));
        assert_eq!(platform.row_counts().await, before);
        let fresh = quote_of(&platform, &visit).await;
        platform.clock.advance(TimeDelta::minutes(10));
        platform.answer_to(quoted("R1", visit.clone(), &fresh)).await.expect("ten minutes are allowed");
        platform.clock.advance(TimeDelta::days(1));
        let retried = platform.answer_to(quoted("R1", visit, &fresh)).await.expect("a retry is answered as then");
        assert!(retried.replayed);
    }

    async fn a_quote_of_another_visit_or_of_nothing(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        let quote_id = quote_of(&platform, &seven_payer_stay("P1")).await;
        let before = platform.row_counts().await;
        let another = seven_payer_stay("P1").line(CARE, "1", "20");
        let error = refused(platform.answer_to(quoted("R1", another, &quote_id)).await);
        assert_eq!(violations(&error), [("quote_id", "QUOTE_OF_ANOTHER_VISIT")]);
        for garbage in ["x", "00", "ffff", &quote_id[..quote_id.len() - 2]] {
            let error = refused(platform.answer_to(quoted("R1", seven_payer_stay("P1"), garbage)).await);
            assert_eq!(error.code, Code::InvalidArgument, "{garbage}: {error:?}");
        }
        assert_eq!(platform.row_counts().await, before);
    }

    /// Another settlement used the deductible meanwhile.
    async fn a_quote_says_that_the_accumulators_changed(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let visit = stay("P1", "2024-05-06", "2024-05-20", "10000");
        let quote_id = quote_of(&platform, &visit).await;
        platform.settle("R1", stay("P1", "2024-03-01", "2024-03-09", "10000")).await.unwrap();
        let before = platform.row_counts().await;
        let error = refused(platform.answer_to(quoted("R2", visit.clone(), &quote_id)).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "QUOTE_CHANGED"));
        assert_eq!(error.metadata["changed"], "accumulators");
        // The first stay of the year bears 1100, the second half of it.
        assert_eq!(error.metadata["hifp_pay_fen.quoted"], "756500");
        assert_eq!(error.metadata["hifp_pay_fen.now"], "803250");
        assert_eq!(platform.row_counts().await, before);
        let fresh = quote_of(&platform, &visit).await;
        platform.answer_to(quoted("R2", visit, &fresh)).await.expect("previewed again");
    }

    async fn a_quote_says_that_the_person_changed(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let visit = stay("P1", "2024-05-06", "2024-05-20", "10000");
        let quote_id = quote_of(&platform, &visit).await;
        // A name that is written differently changes no amount: the quote holds.
        let mut renamed = Person::employee("P1");
        renamed.row.psn_name = "张小莉".to_owned();
        platform.enrol(&[renamed]).await;
        platform.answer_to(quoted("R0", visit.clone(), &quote_id)).await.expect("the same amounts");

        let later = stay("P1", "2024-06-06", "2024-06-20", "10000");
        let quote_id = quote_of(&platform, &later).await;
        platform.enrol(&[Person::employee("P1").retired()]).await;
        let error = refused(platform.answer_to(quoted("R1", later, &quote_id)).await);
        assert_eq!(error.reason, "QUOTE_CHANGED");
        assert_eq!(error.metadata["changed"], "person");
    }

    async fn a_quote_says_that_the_account_changed(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, 30_000).await;
        let visit = stay("P1", "2024-05-06", "2024-05-20", "10000").with_account();
        let quote_id = quote_of(&platform, &visit).await;
        platform.deposit("P1", COMPOSITE_AREA, 20_000).await;
        let error = refused(platform.answer_to(quoted("R1", visit, &quote_id)).await);
        assert_eq!((error.reason.as_str(), error.metadata["changed"].as_str()), ("QUOTE_CHANGED", "account"));
        assert_eq!(error.metadata["acct_pay_fen.quoted"], "30000");
        assert_eq!(error.metadata["acct_pay_fen.now"], "50000");
    }
}
