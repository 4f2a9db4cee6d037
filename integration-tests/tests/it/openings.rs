//! 期初、调整: a start in the middle of a year does not begin at zero, and what is recorded is undone whole.

use tonic::Code;
use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    AccumulatorAddition, CancelOpeningRequest, FundAmount, ListOpeningsRequest, OpeningKind,
    RecordOpeningRequest, RecordOpeningResponse,
};
use yizhan_testkit::both_databases;

use crate::support::{YEAR_2024, assert_books_balance, clinic, violations};

fn added(accumulator: &str, added: i64) -> AccumulatorAddition {
    AccumulatorAddition { accumulator: accumulator.to_owned(), added }
}

/// As the earlier system left P1 in March: the outpatient deductible borne, 24 yuan paid, 50 yuan in the account.
fn opening(request_id: &str) -> RecordOpeningRequest {
    RecordOpeningRequest {
        request_id: request_id.to_owned(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        psn_no: "P1".to_owned(),
        kind: OpeningKind::Opening.into(),
        policy_year: YEAR_2024.to_owned(),
        accumulators: vec![added("outpatient_deductible", yuan("300")), added("outpatient_paid", yuan("24"))],
        funds: vec![FundAmount { fund_pay_type: "310100".to_owned(), fund_payamt_fen: yuan("24") }],
        acct_added_fen: yuan("50"),
        source: "原系统 2024-03".to_owned(),
        reason: String::new(),
    }
}

fn adjustment(request_id: &str, accumulators: Vec<AccumulatorAddition>) -> RecordOpeningRequest {
    RecordOpeningRequest {
        kind: OpeningKind::Adjustment.into(),
        accumulators,
        funds: Vec::new(),
        acct_added_fen: 0,
        reason: "原系统漏记".to_owned(),
        ..opening(request_id)
    }
}

fn cancel(request_id: &str, recorded: &RecordOpeningResponse) -> CancelOpeningRequest {
    CancelOpeningRequest {
        request_id: request_id.to_owned(),
        psn_no: "P1".to_owned(),
        opening_id: recorded.opening.as_ref().unwrap().opening_id.clone(),
        reason: "登记有误".to_owned(),
    }
}

both_databases! {
    async fn a_start_in_the_middle_of_a_year_goes_on_where_the_earlier_system_ended(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let agency = platform.as_caller("agency:999900");
        let recorded = agency.record_opening(opening("O1")).await.unwrap();
        let again = agency.record_opening(opening("O1")).await.unwrap();
        assert!(again.replayed && again.opening == recorded.opening);
        let told = recorded.opening.clone().unwrap();
        assert_eq!((told.balc_fen, told.recorded_by.as_str()), (yuan("50"), "agency:999900"));
        let postings: Vec<_> = told.postings.iter().map(|one| (one.account.as_str(), one.amount_fen)).collect();
        let expected = [("fund/310100", -yuan("24")), ("account/P1", yuan("50")), ("opening/999900", -yuan("26"))];
        assert_eq!(postings, expected);
        assert_books_of_openings(&platform, 1).await;

        // Without it the deductible of 300 would be charged again.
        let settled = platform.settle("R1", clinic("P1", "2024-03-01", "500").with_account()).await.unwrap();
        assert_eq!(info(&settled).act_pay_dedc_fen, 0);
        assert_eq!(info(&settled).acct_pay_fen, yuan("50"));
        assert_books_balance(&platform).await;

        // The follower hears of both, in order, and whose it is.
        let mut events = platform.as_caller("agency:999900").watch("").await.unwrap();
        let first = events.message().await.unwrap().unwrap();
        assert_eq!((&first.opening_id, first.psn_no.as_str(), &first.settlement), (&told.opening_id, "P1", &None));
        let second = events.message().await.unwrap().unwrap();
        assert_eq!(second.settlement.as_ref(), Some(&settled));
        // An institution hears of its own case only.
        let mut events = platform.as_caller(&format!("institution:{THIRD_LEVEL}")).watch("").await.unwrap();
        assert_eq!(events.message().await.unwrap().unwrap().settlement.as_ref(), Some(&settled));
    }

    async fn a_second_opening_is_an_adjustment_and_names_what_stands_without_it(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let settled = platform.settle("R1", clinic("P1", "2024-03-01", "100")).await.unwrap();
        let setl_id = info(&settled).setl_id.clone();
        let before = platform.row_counts().await;
        let error = refused(platform.record_opening(opening("O1")).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "YEAR_HAS_ENTRIES"));
        assert_eq!((error.metadata["of"].as_str(), &error.metadata["setl_ids"]), ("policy_year", &setl_id));
        let too_much = adjustment("A0", vec![added("outpatient_deductible", -yuan("100.01"))]);
        let error = refused(platform.record_opening(too_much).await);
        assert_eq!((error.reason.as_str(), error.metadata["what"].as_str()), ("TOTAL_OUT_OF_RANGE", "outpatient_deductible"));
        assert_eq!(platform.row_counts().await, before);

        let recorded = platform.record_opening(adjustment("A1", vec![added("outpatient_deductible", yuan("200"))])).await.unwrap();
        assert_eq!(recorded.standing_setl_ids, std::slice::from_ref(&setl_id));
        let deductible = async || platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "outpatient_deductible").await;
        assert_eq!(deductible().await, yuan("300"));

        // What rests on it goes first.
        let error = refused(platform.cancel_opening(cancel("C1", &recorded)).await);
        assert_eq!((error.reason.as_str(), &error.metadata["setl_ids"]), ("ENTRIES_REST_ON_IT", &setl_id));
        platform.reverse("V1", &settled).await.unwrap();
        let undone = platform.cancel_opening(cancel("C1", &recorded)).await.unwrap();
        assert!(platform.cancel_opening(cancel("C1", &recorded)).await.unwrap().replayed);
        assert_eq!(refused(platform.cancel_opening(cancel("C2", &recorded)).await).reason, "ALREADY_REVERSED");
        let of_undoing = RecordOpeningResponse { opening: undone.opening.clone(), ..Default::default() };
        assert_eq!(refused(platform.cancel_opening(cancel("C3", &of_undoing)).await).reason, "IS_A_REVERSAL");
        assert_eq!(platform.accumulators("P1", COMPOSITE_AREA).await, []);
        assert_books_balance(&platform).await;

        let request = ListOpeningsRequest { psn_no: "P1".into(), poolarea_no: COMPOSITE_AREA.into(), ..Default::default() };
        let listed = platform.list_openings(request).await.unwrap().openings;
        assert!(listed.len() == 2 && listed.iter().all(|one| one.cancelled), "{listed:?}");
        assert_eq!(listed[0].cancels_opening_id, listed[1].opening_id);
        // Nothing stands of that year any more: an opening may be recorded; the account too, once.
        platform.record_opening(opening("O2")).await.unwrap();
        let account_only = RecordOpeningRequest { policy_year: String::new(), accumulators: vec![], funds: vec![], ..opening("O3") };
        let error = refused(platform.record_opening(account_only).await);
        assert_eq!((error.reason.as_str(), error.metadata["of"].as_str()), ("YEAR_HAS_ENTRIES", "account"));
    }

    async fn what_no_policy_counts_is_not_taken(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let before = platform.row_counts().await;
        let wrong = RecordOpeningRequest {
            accumulators: vec![added("outpatient_deductibel", 1), added("stays", 1), added("stays@third", 10_001), added("stays@third", 1), added("basic_paid", -1)],
            funds: vec![FundAmount { fund_pay_type: "310200".into(), fund_payamt_fen: 1 }, FundAmount { fund_pay_type: "310100".into(), fund_payamt_fen: 0 }],
            acct_added_fen: -1,
            source: " ".into(),
            ..opening("O1")
        };
        let error = refused(platform.record_opening(wrong).await);
        assert_eq!(violations(&error), [
            ("accumulators[0].accumulator", "ACCUMULATOR_UNKNOWN"),
            ("accumulators[1].accumulator", "ACCUMULATOR_UNKNOWN"),
            ("accumulators[2].added", "ADDITION_INVALID"),
            ("accumulators[3].accumulator", "DUPLICATE"),
            ("accumulators[4].added", "ADDITION_INVALID"),
            ("funds[0].fund_pay_type", "CODE_UNKNOWN"),
            ("funds[1].fund_payamt_fen", "AMOUNT_INVALID"),
            ("acct_added_fen", "AMOUNT_NEGATIVE"),
            ("source", "TEXT_REQUIRED"),
        ]);
        let year = RecordOpeningRequest { policy_year: "2024-07-01".into(), ..opening("O1") };
        assert_eq!(violations(&refused(platform.record_opening(year).await)), [("policy_year", "POLICY_YEAR_INVALID")]);
        let elsewhere = RecordOpeningRequest { poolarea_no: ZHUZHOU.into(), accumulators: vec![], ..opening("O1") };
        assert_eq!(violations(&refused(platform.record_opening(elsewhere).await)), [("poolarea_no", "PERSON_IN_ANOTHER_AREA")]);
        assert_eq!(platform.row_counts().await, before);
    }

    /// CheckBooks folds openings: what is changed behind the service's back is named.
    async fn openings_are_checked_with_the_books(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let recorded = platform.record_opening(opening("O1")).await.unwrap();
        let opening_id = recorded.opening.unwrap().opening_id;
        let damages = [
            ("UPDATE accumulated SET totals = '{}'", "person P1: accumulators"),
            ("UPDATE journal SET lines = REPLACE(lines, 'fund/310100', 'fund/390100')", "the postings are not those"),
            ("DELETE FROM openings", "is gone"),
        ];
        for (damage, said) in damages {
            database::tamper(platform.rows(), damage).await;
            let told = platform.check_books(COMPOSITE_AREA).await.discrepancies;
            assert!(told.iter().any(|text| text.contains(said)), "{opening_id} {damage}: {told:?}");
        }
    }
}

async fn assert_books_of_openings(client: &Client, openings: i64) {
    let books = client.check_books(COMPOSITE_AREA).await;
    assert_eq!((books.discrepancies, books.openings, books.persons), (vec![], openings, 1));
}
