//! 对账 3201, 3202 and 2601.

use tonic::Code;
use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    DifferenceKind, FindMessageRequest, MessageOutcome, ReconcileLinesRequest, ReconcileTotalsRequest,
    ReverseMessageRequest, Settlement, StatementLine, StatementTotals,
};
use yizhan_testkit::both_databases;

use crate::support::{assert_books_balance, clinic, stay, violations};

/// Of the days on which the tests settle.
fn totals(totals: StatementTotals) -> ReconcileTotalsRequest {
    ReconcileTotalsRequest {
        fixmedins_code: THIRD_LEVEL.to_owned(),
        stmt_begndate: "2026-01-01".to_owned(),
        stmt_enddate: "2026-12-31".to_owned(),
        totals: Some(totals),
        ..ReconcileTotalsRequest::default()
    }
}

fn line(settled: &Settlement) -> StatementLine {
    let told = info(settled);
    StatementLine {
        setl_id: told.setl_id.clone(),
        refd_setl_flag: "0".to_owned(),
        medfee_sumamt_fen: told.medfee_sumamt_fen,
        fund_pay_sumamt_fen: told.fund_pay_sumamt_fen,
        acct_pay_fen: told.acct_pay_fen,
    }
}

fn own(platform: &TestPlatform) -> Client {
    platform.as_caller(&format!("institution:{THIRD_LEVEL}"))
}

both_databases! {
    async fn totals_of_a_period_are_compared(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons(["P1", "P2"].map(Person::employee)).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("100")).await;
        let first = platform.settle("R1", clinic("P1", "2025-03-01", "200").with_account()).await.unwrap();
        let second = platform.settle("R2", stay("P2", "2025-03-01", "2025-03-09", "10000")).await.unwrap();
        let third = platform.settle("R3", clinic("P2", "2025-04-01", "70")).await.unwrap();
        platform.reverse("V3", &third).await.unwrap();
        let sum = |settled: &[&Settlement], count| StatementTotals {
            medfee_sumamt_fen: settled.iter().map(|one| info(one).medfee_sumamt_fen).sum(),
            fund_pay_sumamt_fen: settled.iter().map(|one| info(one).fund_pay_sumamt_fen).sum(),
            acct_pay_fen: settled.iter().map(|one| info(one).acct_pay_fen).sum(),
            fixmedins_setl_cnt: count,
        };
        let own = own(&platform);
        let answer = own.reconcile_totals(totals(sum(&[&first, &second], 4))).await.unwrap();
        assert!(answer.equal && answer.refd_cnt == 1, "{answer:?}");
        let stays = ReconcileTotalsRequest { clr_type: "21".into(), insutype: "310".into(), ..totals(sum(&[&second], 1)) };
        assert!(own.reconcile_totals(stays).await.unwrap().equal);
        let without = ReconcileTotalsRequest { refd_setl_flag: "0".into(), ..totals(sum(&[&first, &second, &third], 3)) };
        assert!(own.reconcile_totals(without).await.unwrap().equal);
        let residents = ReconcileTotalsRequest { insutype: "390".into(), ..totals(StatementTotals::default()) };
        assert!(own.reconcile_totals(residents).await.unwrap().equal);

        let mut wrong = sum(&[&first, &second], 5);
        wrong.fund_pay_sumamt_fen += 1;
        let answer = own.reconcile_totals(totals(wrong)).await.unwrap();
        assert!(!answer.equal && answer.stmt_rslt_dscr.contains("相差 0.01"), "{answer:?}");
        assert!(answer.stmt_rslt_dscr.contains("结算笔数：中心 4，机构 5"));
        // The agency of the area that pays, and nobody else's.
        let of_area = ReconcileTotalsRequest { setl_optins: COMPOSITE_AREA.into(), ..totals(sum(&[&first, &second], 4)) };
        let by = |caller: &str| platform.as_caller(caller);
        assert!(by("agency:999900").reconcile_totals(of_area.clone()).await.unwrap().equal);
        assert_eq!(refused(by("agency:430200").reconcile_totals(of_area.clone()).await).reason, "AREA_NOT_OWNED");
        assert_eq!(refused(by("agency:999900").reconcile_totals(totals(StatementTotals::default())).await).code, Code::PermissionDenied);
        let other = by(&format!("institution:{SECOND_LEVEL}"));
        assert_eq!(refused(other.reconcile_totals(of_area.clone()).await).reason, "INSTITUTION_NOT_OWN");
        let long = ReconcileTotalsRequest { stmt_begndate: "2025-12-30".into(), ..of_area };
        assert_eq!(violations(&refused(own.reconcile_totals(long).await)), [("stmt_enddate", "PERIOD_TOO_LONG")]);
    }

    /// Settlements from before there were columns to reconcile by are filled in from their answers at the upgrade.
    async fn what_was_settled_before_the_upgrade_is_reconciled_too(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("100")).await;
        let settled = platform.settle("R1", clinic("P1", "2025-03-01", "200").with_account()).await.unwrap();
        for before in [
            "UPDATE settlements SET insutype = '', clr_type = '', acct_pay_fen = 0",
            "DELETE FROM seaql_migrations WHERE version = 'm20261129_000016_reconcile_settlements'",
        ] {
            database::tamper(platform.rows(), before).await;
        }
        platform.restart_settlement().await;
        let said = StatementTotals {
            medfee_sumamt_fen: yuan("200"),
            fund_pay_sumamt_fen: info(&settled).fund_pay_sumamt_fen,
            acct_pay_fen: yuan("100"),
            fixmedins_setl_cnt: 1,
        };
        let asked = ReconcileTotalsRequest { insutype: "310".into(), clr_type: "11".into(), ..totals(said) };
        let answer = own(&platform).reconcile_totals(asked).await.unwrap();
        assert!(answer.equal, "{answer:?}");
    }

    async fn every_difference_of_a_list_is_named(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let mut settled = Vec::new();
        for day in 1..=5 {
            let visit = clinic("P1", &format!("2025-03-0{day}"), "200");
            settled.push(platform.settle(&format!("R{day}"), visit).await.unwrap());
        }
        let reversal = platform.reverse("V5", &settled[4]).await.unwrap();
        let today = yizhan_runtime::clock::day_of(yizhan_runtime::clock::moment(info(&settled[0]).setl_time.unwrap()).unwrap());
        let request = |after: &str, lines: Vec<StatementLine>, last| ReconcileLinesRequest {
            stmt_begndate: today.to_string(), stmt_enddate: today.to_string(),
            after_setl_id: after.into(), lines, last, ..Default::default()
        };
        let own = own(&platform);
        // The second is missing there, the third has another amount, and one is invented.
        let mut lines: Vec<StatementLine> = settled.iter().map(line).collect();
        lines[2].fund_pay_sumamt_fen += 1;
        let invented = StatementLine { setl_id: format!("{}0", lines[0].setl_id), ..lines[0].clone() };
        let first = own.reconcile_lines(request("", vec![lines[0].clone(), invented.clone(), lines[2].clone()], false)).await.unwrap();
        let kinds = |answer: &yizhan_proto::settlement::v1::ReconcileLinesResponse| -> Vec<(String, DifferenceKind)> {
            answer.differences.iter().map(|one| (one.setl_id.clone(), one.kind())).collect()
        };
        assert_eq!(kinds(&first), [
            (invented.setl_id.clone(), DifferenceKind::MissingHere),
            (lines[1].setl_id.clone(), DifferenceKind::MissingThere),
            (lines[2].setl_id.clone(), DifferenceKind::AmountsDiffer),
        ]);
        assert_eq!((first.equal_count, &first.next_setl_id), (1, &lines[2].setl_id));
        // The fifth was reversed, which the institution does not know.
        let second = own.reconcile_lines(request(&first.next_setl_id, vec![lines[3].clone(), lines[4].clone()], true)).await.unwrap();
        assert_eq!(kinds(&second), [
            (lines[4].setl_id.clone(), DifferenceKind::Reversed),
            (info(&reversal).setl_id.clone(), DifferenceKind::MissingThere),
        ]);
        assert_eq!(second.differences[0].reversal_setl_id, info(&reversal).setl_id);
        assert_eq!((second.equal_count, second.next_setl_id.as_str()), (1, ""));
        // Of another day they are elsewhere.
        let yesterday = today.pred_opt().unwrap().to_string();
        let other_day = ReconcileLinesRequest { stmt_begndate: yesterday.clone(), stmt_enddate: yesterday, ..request("", vec![lines[0].clone()], true) };
        assert_eq!(kinds(&own.reconcile_lines(other_day).await.unwrap()), [(lines[0].setl_id.clone(), DifferenceKind::Elsewhere)]);
        let unordered = request("", vec![lines[1].clone(), lines[0].clone()], true);
        assert_eq!(violations(&refused(own.reconcile_lines(unordered).await)), [("lines[1].setl_id", "NOT_IN_ORDER")]);
    }

    /// Looking changes nothing; undoing reverses what settled, and what has not arrived never settles.
    async fn a_message_with_unknown_outcome_is_found_and_undone(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let own = own(&platform);
        let find = |omsgid: &str| FindMessageRequest { psn_no: "P1".into(), omsgid: omsgid.into(), ..Default::default() };
        let undo = |request_id: &str, omsgid: &str| ReverseMessageRequest {
            request_id: request_id.into(), psn_no: "P1".into(), omsgid: omsgid.into(), reason: "超时冲正".into(), ..Default::default()
        };
        let visit = || clinic("P1", "2025-03-01", "200");
        let settled = own.settle("R1", visit()).await.unwrap();
        let before = platform.row_counts().await;
        let found = own.find_message(find("R1")).await.unwrap();
        assert_eq!((found.outcome(), found.settlement.as_ref()), (MessageOutcome::Settled, Some(&settled)));
        assert_eq!(own.find_message(find("R2")).await.unwrap().outcome(), MessageOutcome::NotArrived);
        let strange = FindMessageRequest { psn_no: "P2".into(), ..find("R1") };
        assert_eq!(refused(own.find_message(strange).await).reason, "SETTLEMENT_UNKNOWN");
        assert_eq!(platform.row_counts().await, before);

        let undone = own.reverse_message(undo("X1", "R1")).await.unwrap();
        assert_eq!((undone.outcome(), undone.replayed), (MessageOutcome::Reversed, false));
        let reversal = undone.reversal.unwrap();
        assert_eq!(info(&reversal).reverses_setl_id, info(&settled).setl_id);
        let again = own.reverse_message(undo("X1", "R1")).await.unwrap();
        assert!(again.replayed && again.reversal.as_ref() == Some(&reversal));
        assert_eq!(own.find_message(find("R1")).await.unwrap().reversal_setl_id, info(&reversal).setl_id);
        assert_eq!(own.find_message(find("X1")).await.unwrap().outcome(), MessageOutcome::Reversal);
        assert_eq!(refused(own.reverse_message(undo("X2", "X1")).await).reason, "IS_A_REVERSAL");

        // R2 is still on its way.
        assert_eq!(own.reverse_message(undo("X3", "R2")).await.unwrap().outcome(), MessageOutcome::Blocked);
        assert!(own.reverse_message(undo("X3", "R2")).await.unwrap().replayed);
        let late = refused(own.settle("R2", visit()).await);
        assert_eq!((late.code, late.reason.as_str()), (Code::FailedPrecondition, "MESSAGE_REVERSED"));
        assert_eq!(own.find_message(find("R2")).await.unwrap().outcome(), MessageOutcome::Blocked);
        own.settle("R3", visit()).await.unwrap();
        let other = platform.as_caller(&format!("institution:{SECOND_LEVEL}"));
        let theirs = ReverseMessageRequest { fixmedins_code: THIRD_LEVEL.into(), ..undo("X4", "R3") };
        assert_eq!(refused(other.reverse_message(theirs).await).reason, "INSTITUTION_NOT_OWN");
        assert_books_balance(&platform).await;
    }

    /// Settling and undoing at once: either it is undone, or it never was; it never stands.
    async fn a_message_that_arrives_while_it_is_undone_does_not_stand(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        for number in 0..12 {
            let (settling, undoing) = (own(&platform), own(&platform));
            let (message, visit) = (format!("R{number}"), clinic("P1", "2025-03-01", "20"));
            let undo = ReverseMessageRequest {
                request_id: format!("X{number}"), psn_no: "P1".into(), omsgid: message.clone(), ..Default::default()
            };
            let (settled, undone) = tokio::join!(settling.settle(&message, visit), undoing.reverse_message(undo));
            let undone = undone.unwrap();
            assert_eq!(settled.is_ok(), undone.reversal.is_some(), "{settled:?} {undone:?}");
        }
        let listed = platform.list("P1", COMPOSITE_AREA, 500, "").await.unwrap().settlements;
        assert!(listed.iter().all(|one| one.refd_setl_flag == "1"), "{listed:?}");
        let books = platform.check_books(COMPOSITE_AREA).await;
        assert_eq!(books.discrepancies, Vec::<String>::new());
    }
}
