//! 家庭共济: a relative's account helps, if the relative said so.

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::Kinship;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::support::{assert_books_balance, clinic, settle_at_once, violations};

/// P1 may use the account of P2, who has 1000; P1 has 100 of their own.
async fn family(db: &TestDatabase) -> TestPlatform {
    let helped = Person::employee("P1").may_use_account_of("P2");
    let persons = [Person::employee("P2"), Person::employee("P3"), helped];
    let platform = TestPlatform::on(db).with_persons(persons).start().await;
    platform.deposit("P1", COMPOSITE_AREA, yuan("100")).await;
    platform.deposit("P2", COMPOSITE_AREA, yuan("1000")).await;
    platform
}

both_databases! {
    async fn the_own_account_pays_first_and_the_relative_s_then(db: TestDatabase) {
        let platform = family(&db).await;
        let settled = platform.settle("R1", clinic("P1", "2024-03-01", "700").helped_by("P2")).await.unwrap();
        assert_adds_up(&settled);
        // 300 of deductible and 40 % of 400.
        assert_eq!(info(&settled).psn_part_amt_fen, yuan("460"));
        assert_eq!((info(&settled).acct_pay_fen, info(&settled).acct_mulaid_pay_fen), (yuan("460"), yuan("360")));
        assert_eq!((info(&settled).psn_cash_pay_fen, info(&settled).balc_fen), (0, 0));
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, 0);
        assert_eq!(platform.balance("P2", COMPOSITE_AREA).await, yuan("640"));

        let reversal = platform.reverse("V1", &settled).await.unwrap();
        assert_adds_up(&reversal);
        assert_eq!((info(&reversal).acct_pay_fen, info(&reversal).acct_mulaid_pay_fen), (yuan("-460"), yuan("-360")));
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, yuan("100"));
        assert_eq!(platform.balance("P2", COMPOSITE_AREA).await, yuan("1000"));
        assert!(platform.replay(&info(&settled).setl_id).await.unwrap().identical);
        assert!(platform.replay(&info(&reversal).setl_id).await.unwrap().identical);
        assert_books_balance(&platform).await;
    }

    async fn who_did_not_agree_does_not_pay(db: TestDatabase) {
        let platform = family(&db).await;
        let before = platform.row_counts().await;
        let refusal = async |visit: VisitBuilder| {
            let error = refused(platform.settle("R1", visit).await);
            violations(&error).iter().map(|(field, reason)| format!("{field} {reason}")).collect::<Vec<_>>()
        };
        let visit = clinic("P1", "2024-03-01", "700");
        assert_eq!(refusal(visit.clone().helped_by("P3")).await, ["visit.mulaid_psn_no ACCOUNT_NOT_SHARED"]);
        assert_eq!(refusal(visit.clone().helped_by("P1")).await, ["visit.mulaid_psn_no OWN_ACCOUNT"]);
        let without = visit.clone().helped_by("P2").but(|visit| visit.acct_used_flag = false);
        assert_eq!(refusal(without).await, ["visit.mulaid_psn_no ACCOUNT_NOT_USED"]);
        let other_way = clinic("P2", "2024-03-01", "700").helped_by("P1");
        assert_eq!(refusal(other_way).await, ["visit.mulaid_psn_no ACCOUNT_NOT_SHARED"]);
        let too_early = clinic("P1", "2009-12-31", "700").helped_by("P2");
        assert!(!refused(platform.settle("R1", too_early).await).reason.is_empty());
        assert_eq!(platform.row_counts().await, before);
    }

    /// The day of death itself is covered; behind it nothing leaves the account, on whatever day the visit was.
    async fn the_dead_pay_nothing_after_the_day_of_death(db: TestDatabase) {
        let platform = family(&db).await;
        let settled = platform.settle("R1", clinic("P1", "2026-01-10", "700").helped_by("P2")).await.unwrap();
        platform.record_death("P2", "2026-01-31").await;
        for day in ["2026-01-20", "2026-01-31", "2026-02-01"] {
            let error = refused(platform.settle("R2", clinic("P1", day, "700").helped_by("P2")).await);
            assert_eq!(violations(&error), [("visit.mulaid_psn_no", "OWNER_CANNOT_PAY")], "{day}");
            assert_eq!(error.metadata["visit.mulaid_psn_no.why"], "DECEASED");
        }
        // Without the relative it is settled, and what was paid before goes back.
        platform.settle("R2", clinic("P1", "2026-01-20", "700")).await.unwrap();
        platform.reverse("V1", &settled).await.unwrap();
        assert_eq!(platform.balance("P2", COMPOSITE_AREA).await, yuan("1000"));
        assert_books_balance(&platform).await;
    }

    /// A list of the agency does not give again what the owner withdrew; the owner does.
    async fn what_the_owner_withdraws_pays_for_no_day(db: TestDatabase) {
        let platform = family(&db).await;
        let ask = async || platform.settle("R1", clinic("P1", "2026-01-10", "700").helped_by("P2")).await;
        assert_eq!(platform.withdraw_account("P2", "P1", false).await, 1);
        assert!(refused(ask().await).says("ACCOUNT_NOT_SHARED"));
        platform.import_shares(vec![relative_share("P1", "P2")]).await;
        assert!(refused(ask().await).says("ACCOUNT_NOT_SHARED"), "a list does not undo it");
        assert_eq!(platform.withdraw_account("P2", "P1", false).await, 0);
        platform.share_account("P2", "P1", Kinship::Child).await;
        let settled = ask().await.unwrap();
        assert_eq!(info(&settled).mulaid_kinship, "子女");
    }

    /// The relative's own visits and those they help with draw on one balance.
    async fn an_account_is_not_spent_twice_by_two_persons(db: TestDatabase) {
        let platform = family(&db).await;
        let requests = (0..80).map(|number| {
            let visit = match number % 2 {
                0 => clinic("P1", "2024-03-01", "32").helped_by("P2"),
                _ => clinic("P2", "2024-03-01", "32").with_account(),
            };
            settle_request(&format!("R{number}"), visit)
        });
        let settled = settle_at_once(&[platform.client()], requests.collect()).await;
        let paid: i64 = settled.iter().map(|settled| info(settled).acct_pay_fen).sum();
        let left = platform.balance("P1", COMPOSITE_AREA).await + platform.balance("P2", COMPOSITE_AREA).await;
        assert_eq!(paid + left, yuan("1100"));
        assert_eq!(left, 0, "all of it was needed");
        assert_books_balance(&platform).await;
    }
}
