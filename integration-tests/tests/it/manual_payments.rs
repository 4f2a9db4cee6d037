//! 手工报销: what is paid by hand reaches the accumulators, and no visit is paid twice.

use tonic::Code;
use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    AccumulatorAddition, CancelManualPaymentRequest, FundAmount, RecordManualPaymentRequest, Settlement,
};
use yizhan_testkit::both_databases;

use crate::support::{YEAR_2024, assert_books_balance, clinic, violations};

/// A clinic visit of P1 elsewhere, 400 yuan, of which 300 are the deductible and 60 were paid back.
fn payment(request_id: &str) -> RecordManualPaymentRequest {
    let added = |accumulator: &str, added| AccumulatorAddition { accumulator: accumulator.to_owned(), added };
    RecordManualPaymentRequest {
        request_id: request_id.to_owned(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        psn_no: "P1".to_owned(),
        insutype: "310".to_owned(),
        mdtrt_id: "BILL-1".to_owned(),
        fixmedins_code: THIRD_LEVEL.to_owned(),
        med_type: "11".to_owned(),
        begndate: "2024-03-01".to_owned(),
        enddate: "2024-03-01".to_owned(),
        manl_reim_rea: "02".to_owned(),
        medfee_sumamt_fen: yuan("400"),
        inscp_scp_amt_fen: yuan("400"),
        act_pay_dedc_fen: yuan("300"),
        funds: vec![FundAmount { fund_pay_type: "310100".to_owned(), fund_payamt_fen: yuan("60") }],
        policy_year: YEAR_2024.to_owned(),
        accumulators: vec![added("outpatient_deductible", yuan("300")), added("outpatient_paid", yuan("60"))],
        ..RecordManualPaymentRequest::default()
    }
}

fn cancel(request_id: &str, paid: &Settlement) -> CancelManualPaymentRequest {
    CancelManualPaymentRequest {
        request_id: request_id.to_owned(),
        psn_no: info(paid).psn_no.clone(),
        setl_id: info(paid).setl_id.clone(),
        reason: "重复报销".to_owned(),
    }
}

both_databases! {
    async fn manual_money_reaches_the_accumulators_and_is_owed_to_the_person(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let agency = platform.as_caller("agency:999900");
        let paid = agency.record_manual_payment(payment("W1")).await.unwrap();
        let again = agency.record_manual_payment(payment("W1")).await.unwrap();
        assert!(again.replayed && again.settlement == paid.settlement);
        let paid = paid.settlement.unwrap();
        let told = info(&paid);
        assert_eq!((told.setl_type.as_str(), told.entitlement_doubt.as_str()), ("1", ""));
        assert_eq!((told.fund_pay_sumamt_fen, told.psn_cash_pay_fen, told.hifp_pay_fen), (yuan("60"), yuan("340"), yuan("60")));
        let postings: Vec<_> = paid.postings.iter().map(|one| (one.account.as_str(), one.amount_fen)).collect();
        assert_eq!(postings, [("fund/310100", -yuan("60")), ("benefit/P1", yuan("60"))], "nothing is owed to the institution");
        assert_books_balance(&platform).await;

        // Without it the deductible would be charged a second time.
        let settled = platform.settle("R1", clinic("P1", "2024-04-01", "100")).await.unwrap();
        assert_eq!(info(&settled).act_pay_dedc_fen, 0);
        let listed = platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements;
        assert_eq!(listed.iter().map(|one| one.setl_type.as_str()).collect::<Vec<_>>(), ["", "1"]);
        let statement = platform.statement(&told.setl_id).await.unwrap();
        for said in ["医疗费用手工报销单", "职工基本医疗保险统筹基金", "60.00"] {
            assert!(statement.text.contains(said), "{}", statement.text);
        }
        // No engine made it, and no institution takes it back.
        assert_eq!(refused(platform.replay(&told.setl_id).await).reason, "PAID_BY_HAND");
        assert_eq!(refused(platform.reverse("V1", &paid).await).reason, "PAID_BY_HAND");
        assert_eq!(refused(agency.cancel_manual_payment(cancel("C0", &settled)).await).reason, "NOT_PAID_BY_HAND");
        let other = platform.as_caller("agency:430200");
        assert_eq!(refused(other.cancel_manual_payment(cancel("C1", &paid)).await).reason, "SETTLEMENT_UNKNOWN");

        let undone = agency.cancel_manual_payment(cancel("C1", &paid)).await.unwrap().settlement.unwrap();
        assert_eq!(info(&undone).fund_pay_sumamt_fen, -yuan("60"));
        assert_eq!((info(&undone).reverses_setl_id.as_str(), info(&undone).setl_type.as_str()), (told.setl_id.as_str(), "1"));
        assert!(agency.cancel_manual_payment(cancel("C1", &paid)).await.unwrap().replayed);
        assert_eq!(refused(agency.cancel_manual_payment(cancel("C2", &paid)).await).reason, "ALREADY_REVERSED");
        assert!(platform.replay(&info(&undone).setl_id).await.unwrap().identical);
        let deductible = platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "outpatient_deductible").await;
        assert_eq!(deductible, 0);
        assert_books_balance(&platform).await;
    }

    /// Either order, with fresh request ids; taken back, the visit is free again.
    async fn a_visit_is_settled_directly_or_paid_by_hand_and_never_both(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let visit = || clinic("P1", "2024-03-01", "400").but(|visit| visit.mdtrt_id = "BILL-1".to_owned());
        let settled = platform.settle("R1", visit()).await.unwrap();
        let before = platform.row_counts().await;
        let error = refused(platform.record_manual_payment(payment("W1")).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::AlreadyExists, "VISIT_SETTLED"));
        assert_eq!(error.metadata["setl_id"], info(&settled).setl_id);
        assert_eq!(platform.row_counts().await, before);

        platform.reverse("V1", &settled).await.unwrap();
        let paid = platform.record_manual_payment(payment("W2")).await.unwrap().settlement.unwrap();
        let error = refused(platform.settle("R2", visit()).await);
        assert_eq!((error.reason.as_str(), &error.metadata["setl_id"]), ("VISIT_SETTLED", &info(&paid).setl_id));
        let error = refused(platform.record_manual_payment(payment("W3")).await);
        assert_eq!(error.reason, "VISIT_SETTLED", "nor by hand twice");

        platform.cancel_manual_payment(cancel("C1", &paid)).await.unwrap();
        platform.settle("R3", visit()).await.unwrap();
        // Where no institution is named a bill is the person's.
        let nowhere = |request_id: &str| RecordManualPaymentRequest {
            fixmedins_code: String::new(),
            fixmedins_name: "境外医院".to_owned(),
            mdtrtarea_admvs: SHANGHAI.to_owned(),
            begndate: "2024-05-01".to_owned(),
            enddate: "2024-05-01".to_owned(),
            ..payment(request_id)
        };
        platform.record_manual_payment(nowhere("W4")).await.unwrap();
        assert_eq!(refused(platform.record_manual_payment(nowhere("W5")).await).reason, "VISIT_SETTLED");
        assert_books_balance(&platform).await;
    }

    /// At the same moment, many times: one of the two stands.
    async fn of_a_settlement_and_a_manual_payment_at_once_one_stands(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        for number in 0..12 {
            let bill = format!("BILL-{number}");
            let visit = clinic("P1", "2024-03-01", "400").but(|visit| visit.mdtrt_id.clone_from(&bill));
            let by_hand = RecordManualPaymentRequest { mdtrt_id: bill, ..payment(&format!("W{number}")) };
            let (settling, paying) = (platform.client(), platform.client());
            let request_id = format!("R{number}");
            let (settled, paid) = tokio::join!(settling.settle(&request_id, visit), paying.record_manual_payment(by_hand));
            assert_ne!(settled.is_ok(), paid.is_ok(), "{settled:?} {paid:?}");
            let refusal = settled.err().or(paid.err()).unwrap();
            assert_eq!(refusal.reason, "VISIT_SETTLED");
        }
        assert_books_balance(&platform).await;
    }

    async fn a_payment_that_does_not_add_up_is_refused_and_one_without_entitlement_is_marked(db: TestDatabase) {
        let insured = Person::employee("P1").insured_between("2024-04-01", "2024-12-31");
        let platform = TestPlatform::on(&db).with_person(insured).start().await;
        let before = platform.row_counts().await;
        let wrong = RecordManualPaymentRequest {
            mdtrt_id: String::new(),
            manl_reim_rea: "06".into(),
            enddate: "2024-02-29".into(),
            inscp_scp_amt_fen: yuan("299.99"),
            funds: vec![FundAmount { fund_pay_type: "310100".into(), fund_payamt_fen: yuan("400.01") }],
            policy_year: String::new(),
            ..payment("W1")
        };
        let error = refused(platform.record_manual_payment(wrong).await);
        assert_eq!(violations(&error), [
            ("mdtrt_id", "REQUIRED"),
            ("manl_reim_rea", "CODE_UNKNOWN"),
            ("enddate", "DATES_REVERSED"),
            ("medfee_sumamt_fen", "AMOUNT_MISMATCH"),
            ("act_pay_dedc_fen", "AMOUNT_MISMATCH"),
            ("funds", "AMOUNT_MISMATCH"),
            ("policy_year", "REQUIRED"),
        ]);
        assert_eq!(platform.row_counts().await, before);
        // It has been paid: the fact is kept, and what is doubtful about it is told.
        let paid = platform.record_manual_payment(payment("W1")).await.unwrap().settlement.unwrap();
        assert!(!info(&paid).entitlement_doubt.is_empty(), "{:?}", info(&paid));
    }
}
