//! Records of one person were merged: what stands beside settlements under the number that went (期初, 手工报销, account bookings, uploaded
//! lines) is the person's under the one that stays.

use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::Kinship;
use yizhan_proto::settlement::v1::{
    AccumulatorAddition, CancelManualPaymentRequest, CancelOpeningRequest, DepositRequest, FeeLine,
    FundAmount, ListFeesRequest, ListOpeningsRequest, OpeningKind, PayContributionRequest,
    RecordManualPaymentRequest, RecordOpeningRequest, UploadFeesRequest,
};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::replay::next_composite_version;
use crate::support::{YEAR_2024, assert_books_balance, stay};

fn added(accumulator: &str, added: i64) -> AccumulatorAddition {
    AccumulatorAddition { accumulator: accumulator.to_owned(), added }
}

fn opening(psn_no: &str) -> RecordOpeningRequest {
    RecordOpeningRequest {
        request_id: "O1".to_owned(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        psn_no: psn_no.to_owned(),
        kind: OpeningKind::Opening.into(),
        policy_year: YEAR_2024.to_owned(),
        accumulators: vec![added("outpatient_deductible", yuan("100"))],
        acct_added_fen: yuan("1000"),
        source: "原系统 2024-03".to_owned(),
        ..RecordOpeningRequest::default()
    }
}

/// A bill that names no institution.
fn payment(request_id: &str, psn_no: &str) -> RecordManualPaymentRequest {
    RecordManualPaymentRequest {
        request_id: request_id.to_owned(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        psn_no: psn_no.to_owned(),
        insutype: "310".to_owned(),
        mdtrt_id: "BILL-1".to_owned(),
        fixmedins_name: "外地医院".to_owned(),
        mdtrtarea_admvs: SHANGHAI.to_owned(),
        med_type: "11".to_owned(),
        begndate: "2024-03-01".to_owned(),
        enddate: "2024-03-01".to_owned(),
        manl_reim_rea: "02".to_owned(),
        medfee_sumamt_fen: yuan("400"),
        inscp_scp_amt_fen: yuan("400"),
        funds: vec![FundAmount { fund_pay_type: "310100".to_owned(), fund_payamt_fen: yuan("60") }],
        policy_year: YEAR_2024.to_owned(),
        accumulators: vec![added("outpatient_paid", yuan("60"))],
        ..RecordManualPaymentRequest::default()
    }
}

fn upload(request_id: &str, psn_no: &str, sn: &str) -> UploadFeesRequest {
    let line = FeeLine {
        feedetl_sn: sn.to_owned(),
        hilist_code: CARE.to_owned(),
        cnt: "1".to_owned(),
        pric: "1000".to_owned(),
        det_item_fee_sumamt_fen: yuan("1000"),
        fee_ocur_date: "2024-05-08".to_owned(),
        ..FeeLine::default()
    };
    UploadFeesRequest {
        request_id: request_id.to_owned(),
        fixmedins_code: THIRD_LEVEL.to_owned(),
        mdtrt_id: "M1".to_owned(),
        psn_no: psn_no.to_owned(),
        feedetail: vec![line],
    }
}

async fn bring(platform: &TestPlatform, request: UploadFeesRequest) -> Result<i32, RemoteError> {
    Ok(platform.fees().upload_fees(request).await?.into_inner().uploaded)
}

both_databases! {
    async fn lines_brought_before_are_settled_under_the_number_that_stays(db: TestDatabase) {
        let persons = ["P1", "P2", "P3"].map(Person::employee);
        let platform = TestPlatform::on(&db).with_persons(persons).start().await;
        bring(&platform, upload("U1", "P2", "L1")).await.unwrap();
        let of = |psn_no: &str| stay(psn_no, "2024-05-06", "2024-05-20", "1").but(|visit| {
            visit.mdtrt_id = "M1".to_owned();
            visit.fees_uploaded = true;
            visit.feedetail.clear();
        });
        assert_eq!(refused(platform.settle("R1", of("P1")).await).reason, "VISIT_OF_ANOTHER");
        platform.merge("P1", "P2").await;
        // At once, whatever the follower has seen.
        assert_eq!(bring(&platform, upload("U2", "P3", "L2")).await.unwrap_err().reason, "VISIT_OF_ANOTHER");
        bring(&platform, upload("U2", "P1", "L2")).await.unwrap();
        assert_eq!(refused(platform.settle("R0", of("P2")).await).reason, "PERSON_MERGED");
        let settled = platform.settle("R1", of("P1")).await.unwrap();
        assert_eq!((info(&settled).medfee_sumamt_fen, info(&settled).psn_no.as_str()), (yuan("2000"), "P1"));
        let request = ListFeesRequest { fixmedins_code: THIRD_LEVEL.to_owned(), mdtrt_id: "M1".to_owned(), ..Default::default() };
        let listed = platform.fees().list_fees(request).await.unwrap().into_inner().fees;
        assert!(listed.len() == 2 && listed.iter().all(|fee| fee.psn_no == "P1" && fee.setl_id == info(&settled).setl_id));
        platform.reverse("V1", &settled).await.unwrap();
        platform.settle("R2", of("P1")).await.unwrap();
        assert_books_balance(&platform).await;
    }

    async fn openings_manual_payments_and_bookings_are_undone_under_the_number_that_stays(db: TestDatabase) {
        let persons = [Person::employee("P1"), Person::employee("P2"), Person::resident("C1"), Person::resident("C2")];
        let platform = TestPlatform::on(&db).with_persons(persons).start().await;
        let opened = platform.record_opening(opening("P2")).await.unwrap().opening.unwrap();
        let deposit = DepositRequest {
            request_id: "D1".to_owned(), psn_no: "P2".to_owned(), poolarea_no: COMPOSITE_AREA.to_owned(), amount_fen: yuan("100"),
        };
        let deposited = platform.pay_in(deposit.clone()).await.unwrap();
        let allowed = next_composite_version().replace(
            "  sharing: true\n",
            "  sharing: true\n  contributions: { source: project, rows: [ { allowed: true } ] }\n",
        );
        platform.publish_policy(&allowed).await.unwrap();
        platform.share_account("P2", "C2", Kinship::Child).await;
        let pay = |request_id: &str, owner: &str, child: &str| PayContributionRequest {
            request_id: request_id.to_owned(),
            psn_no: owner.to_owned(),
            poolarea_no: COMPOSITE_AREA.to_owned(),
            for_psn_no: child.to_owned(),
            accrym: "2026".to_owned(),
            amount_fen: yuan("400"),
        };
        let contribution = platform.pay_contribution(pay("Y1", "P2", "C2")).await.unwrap();
        let paid = platform.record_manual_payment(payment("W1", "P2")).await.unwrap().settlement.unwrap();
        platform.merge("P1", "P2").await;
        platform.merge("C1", "C2").await;
        // The same bill, the same year's contribution: not again under the other number, whatever the follower has seen.
        assert_eq!(refused(platform.record_manual_payment(payment("W2", "P1")).await).reason, "VISIT_SETTLED");
        assert_eq!(refused(platform.pay_contribution(pay("Y2", "P1", "C1")).await).reason, "CONTRIBUTION_PAID");
        assert_eq!(refused(platform.record_opening(RecordOpeningRequest { request_id: "O2".to_owned(), ..opening("P1") }).await).reason, "YEAR_HAS_ENTRIES");
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, yuan("700"));

        for psn_no in ["P1", "P2"] {
            assert_eq!(platform.bookings(psn_no).await.len(), 2, "{psn_no}");
            let request = ListOpeningsRequest { psn_no: psn_no.to_owned(), poolarea_no: COMPOSITE_AREA.to_owned(), ..Default::default() };
            let openings = platform.list_openings(request).await.unwrap().openings;
            assert_eq!(openings.iter().map(|one| &one.opening_id).collect::<Vec<_>>(), [&opened.opening_id], "{psn_no}");
        }
        assert!(platform.pay_in(deposit).await.unwrap().replayed, "a retry is answered as then");
        let cancelled = platform.cancel_booking("C1", "P1", &contribution.booking_id).await.unwrap();
        assert_eq!(cancelled.balc_fen, yuan("1100"));
        assert_eq!(platform.cancel_booking("C2", "P2", &deposited.booking_id).await.unwrap().balc_fen, yuan("1000"));
        assert_eq!(refused(platform.cancel_booking("C3", "P1", &deposited.booking_id).await).reason, "BOOKING_CANCELLED");
        let cancel = |request_id: &str, psn_no: &str| CancelManualPaymentRequest {
            request_id: request_id.to_owned(),
            psn_no: psn_no.to_owned(),
            setl_id: info(&paid).setl_id.clone(),
            reason: "重复建档".to_owned(),
        };
        assert_eq!(refused(platform.cancel_manual_payment(cancel("X0", "C1")).await).reason, "SETTLEMENT_UNKNOWN");
        let undone = platform.cancel_manual_payment(cancel("X1", "P1")).await.unwrap().settlement.unwrap();
        assert_eq!((info(&undone).psn_no.as_str(), info(&undone).fund_pay_sumamt_fen), ("P1", -yuan("60")));
        platform.record_manual_payment(payment("W2", "P1")).await.unwrap();
        let cancel = |request_id: &str, psn_no: &str| CancelOpeningRequest {
            request_id: request_id.to_owned(),
            psn_no: psn_no.to_owned(),
            opening_id: opened.opening_id.clone(),
            reason: "重复建档".to_owned(),
        };
        assert_eq!(refused(platform.cancel_opening(cancel("Z0", "C1")).await).reason, "OPENING_UNKNOWN");
        assert_eq!(refused(platform.cancel_opening(cancel("Z1", "P1")).await).reason, "ENTRIES_REST_ON_IT");
        let listed = platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements;
        let standing = listed.iter().find(|one| one.setl_type == "1" && one.reversed_by_setl_id.is_empty() && one.reverses_setl_id.is_empty());
        let setl_id = standing.unwrap().setl_id.clone();
        let last = CancelManualPaymentRequest {
            request_id: "X2".to_owned(), psn_no: "P1".to_owned(), setl_id, reason: "重复建档".to_owned(),
        };
        platform.cancel_manual_payment(last).await.unwrap();
        let undone = platform.cancel_opening(cancel("Z1", "P1")).await.unwrap().opening.unwrap();
        assert_eq!((undone.psn_no.as_str(), undone.balc_fen), ("P1", 0));
        assert_eq!(refused(platform.cancel_opening(cancel("Z2", "P2")).await).reason, "ALREADY_REVERSED");
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "outpatient_deductible").await, 0);
        assert_books_balance(&platform).await;
    }
}
