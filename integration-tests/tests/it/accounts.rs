//! 个人账户: what is paid in is paid in once, by the agency of the area that keeps the account.

use futures::future::join_all;
use tonic::Code;
use yizhan_integration_tests::checks::yuan;
use yizhan_integration_tests::*;
use yizhan_money::MAX_FEN;
use yizhan_proto::enrollment::v1::Kinship;
use yizhan_proto::settlement::v1::{
    DepositRequest, DepositResponse, GetAccountRequest, PayContributionRequest,
};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::replay::next_composite_version;
use crate::support::{clinic, violations};

fn deposit(request_id: &str, amount_fen: i64) -> DepositRequest {
    DepositRequest {
        request_id: request_id.to_owned(),
        psn_no: "P1".to_owned(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        amount_fen,
    }
}

both_databases! {
    async fn deposits_add_up_and_retries_do_not(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        // Fifty deposits, each sent twice at once.
        let tasks = (0..100).map(|number| {
            let client = platform.client();
            let request = deposit(&format!("D{}", number / 2), yuan("1.01"));
            tokio::spawn(async move { client.pay_in(request).await })
        });
        let answers = join_all(tasks.collect::<Vec<_>>()).await;
        let answers: Vec<DepositResponse> =
            answers.into_iter().map(|answer| answer.expect("no panic").expect("paid in")).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 50);
        assert!(answers.chunks(2).all(|pair| pair[0].balc_fen == pair[1].balc_fen));
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, yuan("50.50"));
        assert_eq!(platform.check_books(COMPOSITE_AREA).await.discrepancies, Vec::<String>::new());
        let error = refused(platform.pay_in(deposit("D0", 1)).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    }

    async fn what_cannot_be_paid_in(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.pay_in(deposit("D1", MAX_FEN)).await.expect("the most there can be");
        let before = platform.row_counts().await;
        for amount in [0, -1, -MAX_FEN] {
            let error = refused(platform.pay_in(deposit("D2", amount)).await);
            assert_eq!(violations(&error), [("amount_fen", "AMOUNT_INVALID")], "{amount}");
        }
        // By itself, or with what is there.
        for amount in [MAX_FEN + 1, i64::MAX, i64::MIN, 1] {
            let error = refused(platform.pay_in(deposit("D2", amount)).await);
            assert_eq!(violations(&error), [("amount_fen", "AMOUNT_TOO_LARGE")], "{amount}");
        }
        let nobody = DepositRequest { psn_no: "NOBODY".to_owned(), ..deposit("D2", 1) };
        assert_eq!(refused(platform.pay_in(nobody).await).reason, "PERSON_UNKNOWN");
        let elsewhere = DepositRequest { poolarea_no: ZHUZHOU.to_owned(), ..deposit("D2", 1) };
        assert!(refused(platform.pay_in(elsewhere).await).says("ACCOUNT_IN_ANOTHER_AREA"));
        for stranger in ["agency:430200", "department:999900", "person:P1", &format!("institution:{THIRD_LEVEL}")] {
            let error = refused(platform.as_caller(stranger).pay_in(deposit("D2", 1)).await);
            assert_eq!(error.reason, "AREA_NOT_OWNED", "{stranger}");
        }
        assert_eq!(platform.row_counts().await, before);
    }

    async fn a_deposit_by_mistake_is_taken_back_once(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let first = platform.pay_in(deposit("D1", yuan("100"))).await.unwrap();
        let second = platform.pay_in(deposit("D2", yuan("50"))).await.unwrap();
        let settled = platform.settle("R1", clinic("P1", "2026-01-15", "60").with_account()).await.unwrap();
        let refusal = refused(platform.cancel_booking("C1", "P1", &first.booking_id).await);
        assert_eq!((refusal.reason.as_str(), refusal.metadata["balc_fen"].as_str()), ("BALANCE_TOO_LOW", "9000"));
        assert_eq!(platform.cancel_booking("C2", "P1", &second.booking_id).await.unwrap().balc_fen, yuan("40"));
        let again = platform.cancel_booking("C2", "P1", &second.booking_id).await.unwrap();
        assert!(again.replayed && again.balc_fen == yuan("40"));
        assert_eq!(refused(platform.cancel_booking("C3", "P1", &second.booking_id).await).reason, "BOOKING_CANCELLED");
        assert_eq!(refused(platform.cancel_booking("C3", "P1", "B1").await).reason, "BOOKING_UNKNOWN");
        platform.reverse("V1", &settled).await.unwrap();
        assert_eq!(platform.cancel_booking("C1", "P1", &first.booking_id).await.unwrap().balc_fen, 0);
        assert_eq!(platform.bookings("P1").await.iter().map(|b| (b.amount_fen, b.cancelled)).collect::<Vec<_>>(), [
            (yuan("50"), true),
            (yuan("100"), true),
        ]);
        assert_eq!(platform.check_books(COMPOSITE_AREA).await.discrepancies, Vec::<String>::new());
        database::tamper(platform.rows(), "UPDATE account_bookings SET amount_fen = 1 WHERE amount_fen = 5000").await;
        let told = platform.check_books(COMPOSITE_AREA).await.discrepancies;
        assert!(told.iter().any(|text| text.contains("not booked on the account")), "{told:?}");
    }

    /// 个账代扣: a near relative's contribution, once for a year, where the area's policy lets accounts pay it; a cancel gives it back.
    async fn an_account_pays_a_relative_s_contribution_once(db: TestDatabase) {
        let persons = [Person::employee("P1"), Person::resident("C1")];
        let platform = TestPlatform::on(&db).with_persons(persons).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("1000")).await;
        let pay = async |request_id: &str, amount: &str| platform.as_caller("person:P1").pay_contribution(PayContributionRequest {
            request_id: request_id.to_owned(),
            psn_no: "P1".to_owned(),
            poolarea_no: COMPOSITE_AREA.to_owned(),
            for_psn_no: "C1".to_owned(),
            accrym: "2026".to_owned(),
            amount_fen: yuan(amount),
        }).await;
        assert!(refused(pay("Y1", "400").await).says("ACCOUNT_NOT_SHARED"));
        platform.share_account("P1", "C1", Kinship::Child).await;
        assert!(refused(pay("Y1", "400").await).says("CONTRIBUTION_NOT_PAYABLE"));
        let allowed = next_composite_version().replace(
            "  sharing: true\n",
            "  sharing: true\n  contributions: { source: project, rows: [ { allowed: true } ] }\n",
        );
        platform.publish_policy(&allowed).await.unwrap();
        assert_eq!(refused(pay("Y1", "1000.01").await).reason, "BALANCE_TOO_LOW");
        let paid = pay("Y1", "400").await.unwrap();
        assert_eq!((paid.balc_fen, paid.replayed), (yuan("600"), false));
        assert!(pay("Y1", "400").await.unwrap().replayed);
        let twice = refused(pay("Y2", "400").await);
        assert_eq!((twice.reason.as_str(), &twice.metadata["booking_id"]), ("CONTRIBUTION_PAID", &paid.booking_id));
        assert_eq!(platform.check_books(COMPOSITE_AREA).await.discrepancies, Vec::<String>::new());
        assert_eq!(platform.cancel_booking("X1", "P1", &paid.booking_id).await.unwrap().balc_fen, yuan("1000"));
        assert_eq!(pay("Y2", "380").await.unwrap().balc_fen, yuan("620"));
        assert_eq!(platform.check_books(COMPOSITE_AREA).await.discrepancies, Vec::<String>::new());
        platform.record_death("P1", "2026-01-31").await;
        assert!(pay("Y2", "380").await.unwrap().replayed, "what was paid was paid");
        assert!(refused(pay("Y3", "1").await).says("OWNER_CANNOT_PAY"));
    }

    async fn who_may_ask_for_a_balance(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, 100).await;
        assert_eq!(platform.as_caller("person:P1").balance("P1", COMPOSITE_AREA).await, 100);
        assert_eq!(platform.as_caller("agency:999900").balance("P1", COMPOSITE_AREA).await, 100);
        let request = GetAccountRequest { psn_no: "P1".to_owned(), poolarea_no: COMPOSITE_AREA.to_owned() };
        for stranger in ["person:P2", "agency:430200", "insurer:PICC"] {
            let answer = platform.as_caller(stranger).accounts().get_account(request.clone()).await;
            assert_eq!(RemoteError::from(answer.unwrap_err()).reason, "PERSON_NOT_OWN", "{stranger}");
        }
    }
}
