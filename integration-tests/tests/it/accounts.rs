//! 个人账户: what is paid in is paid in once, by the agency of the area that keeps the account.

use futures::future::join_all;
use tonic::Code;
use yizhan_integration_tests::checks::yuan;
use yizhan_integration_tests::*;
use yizhan_money::MAX_FEN;
use yizhan_proto::settlement::v1::{DepositRequest, DepositResponse, GetAccountRequest};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::support::violations;

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
