//! 零星报销: from the window to the bank, and back.

use std::time::Duration;

use tonic::{Code, Response, Status};
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{ReimbursementAction as Action, ReimbursementState as State, *};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::support::{assert_books_balance, clinic, violations};

const YEAR_2026: &str = "2026-01-01";

fn read<T>(answer: Result<Response<T>, Status>) -> Answer<T> {
    answer.map(Response::into_inner).map_err(|status| Box::new(RemoteError::from(status)))
}

fn paper(kind: &str) -> ReimbursementPaper {
    ReimbursementPaper { kind: kind.to_owned(), file_id: format!("file-{kind}") }
}

/// A visit that was paid by one bill, with every paper that an outpatient visit needs.
fn application(visit: VisitBuilder, invono: &str) -> ReimbursementApplication {
    let visit = Visit::from(visit);
    let total = visit.feedetail.iter().map(|line| line.det_item_fee_sumamt_fen).sum();
    let bill = ReimbursementBill {
        bill_code: "43060126".to_owned(),
        invono: invono.to_owned(),
        electronic: true,
        amount_fen: total,
        file_id: format!("bill-{invono}"),
    };
    ReimbursementApplication {
        visit: Some(visit),
        manl_reim_rea: "02".to_owned(),
        bills: vec![bill],
        papers: vec![paper("FEE_LIST"), paper("DIAGNOSIS")],
        applicant: ApplicantKind::Person.into(),
        payee_account_ref: "acct-7".to_owned(),
        ..ReimbursementApplication::default()
    }
}

/// What officers of the composite area do.
struct Window(Client);

impl Window {
    fn of(platform: &TestPlatform) -> Window {
        Window(platform.as_caller("agency:999900"))
    }

    async fn submit(&self, opter: &str, application: ReimbursementApplication) -> Answer<Reimbursement> {
        let request = SubmitReimbursementRequest {
            request_id: yizhan_runtime::ids::new_id(),
            application: Some(application),
            opter: opter.to_owned(),
        };
        read(self.0.reimbursements().submit_reimbursement(request).await)
            .map(|answer| answer.reimbursement.unwrap())
    }

    async fn step(&self, request: AdvanceReimbursementRequest) -> Answer<AdvanceReimbursementResponse> {
        read(self.0.reimbursements().advance_reimbursement(request).await)
    }

    async fn take(
        &self,
        of: &Reimbursement,
        action: Action,
        opter: &str,
    ) -> Answer<AdvanceReimbursementResponse> {
        self.step(step(of, action, opter)).await
    }

    /// Taken in by A, passed by B, approved by C.
    async fn approved(&self, application: ReimbursementApplication) -> (Reimbursement, Settlement) {
        let of = self.submit("A", application).await.unwrap();
        self.take(&of, Action::Pass, "B").await.unwrap();
        let answer = self.take(&of, Action::Approve, "C").await.unwrap();
        (answer.reimbursement.unwrap(), answer.settlement.unwrap())
    }

    async fn list(&self, worklist: ReimbursementWorklist) -> Vec<String> {
        let request = ListReimbursementsRequest {
            poolarea_no: COMPOSITE_AREA.to_owned(),
            worklist: worklist.into(),
            ..ListReimbursementsRequest::default()
        };
        let listed = read(self.0.reimbursements().list_reimbursements(request).await).unwrap();
        listed.reimbursements.into_iter().map(|of| of.reimbursement_id).collect()
    }

    async fn get(&self, of: &Reimbursement) -> Reimbursement {
        let request =
            GetReimbursementRequest { reimbursement_id: of.reimbursement_id.clone(), ..Default::default() };
        read(self.0.reimbursements().get_reimbursement(request).await).unwrap().reimbursement.unwrap()
    }

    async fn figures(&self) -> GetReimbursementFiguresResponse {
        let request = GetReimbursementFiguresRequest { poolarea_no: COMPOSITE_AREA.to_owned() };
        read(self.0.reimbursements().get_reimbursement_figures(request).await).unwrap()
    }

    async fn run(&self, day: &str) -> Answer<PaymentRun> {
        let request = MakePaymentRunRequest {
            request_id: yizhan_runtime::ids::new_id(),
            poolarea_no: COMPOSITE_AREA.to_owned(),
            run_date: day.to_owned(),
            opter: "D".to_owned(),
        };
        read(self.0.reimbursements().make_payment_run(request).await).map(|answer| answer.run.unwrap())
    }

    async fn confirm(&self, run: &PaymentRun, total_fen: i64) -> Answer<ConfirmPaymentRunResponse> {
        let request = ConfirmPaymentRunRequest {
            request_id: yizhan_runtime::ids::new_id(),
            run_id: run.run_id.clone(),
            total_fen,
            opter: "D".to_owned(),
        };
        read(self.0.reimbursements().confirm_payment_run(request).await)
    }

    async fn payments(&self, run: &PaymentRun) -> Vec<Payment> {
        let request = ListPaymentsRequest {
            poolarea_no: COMPOSITE_AREA.to_owned(),
            run_id: run.run_id.clone(),
            ..ListPaymentsRequest::default()
        };
        read(self.0.reimbursements().list_payments(request).await).unwrap().payments
    }

    async fn give_back(&self, payment: &Payment) -> Answer<ReturnPaymentResponse> {
        let request = ReturnPaymentRequest {
            request_id: yizhan_runtime::ids::new_id(),
            payment_id: payment.payment_id.clone(),
            reason: "账户已销户".to_owned(),
            opter: "D".to_owned(),
        };
        read(self.0.reimbursements().return_payment(request).await)
    }
}

fn step(of: &Reimbursement, action: Action, opter: &str) -> AdvanceReimbursementRequest {
    let says_why = [Action::Ask, Action::SendBack, Action::Refuse, Action::Withdraw, Action::Reverse];
    AdvanceReimbursementRequest {
        request_id: yizhan_runtime::ids::new_id(),
        reimbursement_id: of.reimbursement_id.clone(),
        action: action.into(),
        opter: opter.to_owned(),
        reason: if says_why.contains(&action) { "核对后办理".to_owned() } else { String::new() },
        ..AdvanceReimbursementRequest::default()
    }
}

fn today(platform: &TestPlatform, day: &str) {
    platform.clock.set(format!("{day}T04:00:00Z").parse().unwrap());
}

both_databases! {
    /// What lacks is told at once, two officers review, the engine settles as it would have directly, the bank pays, once.
    async fn a_bill_goes_from_the_window_to_the_bank(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons(["P1", "P2"].map(Person::employee)).start().await;
        let window = Window::of(&platform);
        let visit = || clinic("P1", "2026-01-05", "1000").but(|visit| visit.mdtrt_id = "V1".to_owned());
        let mut lacking = application(visit(), "00017");
        lacking.papers.clear();
        let of = window.submit("A", lacking).await.unwrap();
        assert_eq!((of.state(), of.lacking.as_slice(), of.due_date.as_str()),
            (State::Waiting, ["FEE_LIST".to_owned(), "DIAGNOSIS".to_owned()].as_slice(), ""));
        assert_eq!(window.list(ReimbursementWorklist::Supplement).await, [of.reimbursement_id.as_str()]);
        // The same paper twice, by name.
        let again = refused(window.submit("A", application(clinic("P2", "2026-01-05", "1000"), "00017")).await);
        assert_eq!(violations(&again), [("application.bills[0].invono", "BILL_USED")]);
        let named = &again.violations[0].description;
        assert!(named.contains("00017") && named.contains(&of.reimbursement_id), "{named}");

        // Nobody is refused for papers before their day.
        assert_eq!(refused(window.take(&of, Action::Refuse, "B").await).reason, "SUPPLEMENT_OPEN");
        let papers = vec![paper("FEE_LIST"), paper("DIAGNOSIS")];
        let supplied = AdvanceReimbursementRequest { papers, opter: String::new(), ..step(&of, Action::Supplement, "") };
        let person = Window(platform.as_caller("person:P1"));
        let supplied = person.step(supplied).await.unwrap().reimbursement.unwrap();
        // Fifteen working days from Monday on, over 春节.
        assert_eq!((supplied.state(), supplied.due_date.as_str()), (State::FirstReview, "2026-02-27"));

        assert_eq!(refused(window.take(&of, Action::Pass, "A").await).reason, "OWN_REIMBURSEMENT");
        assert_eq!(refused(person.step(step(&of, Action::Pass, "")).await).reason, "REIMBURSEMENT_STEP_REFUSED");
        window.take(&of, Action::Pass, "B").await.unwrap();
        for action in [Action::Approve, Action::SendBack, Action::Refuse] {
            assert_eq!(refused(window.take(&of, action, "B").await).reason, "SAME_REVIEWER");
        }
        let asked = PreviewReimbursementRequest { reimbursement_id: of.reimbursement_id.clone() };
        let shown = read(window.0.reimbursements().preview_reimbursement(asked).await).unwrap().settlement.unwrap();
        let directly = platform.preview(clinic("P2", "2026-01-05", "1000")).await.unwrap().settlement.unwrap();
        let approve = step(&of, Action::Approve, "C");
        let answer = window.step(approve.clone()).await.unwrap();
        let again = window.step(approve).await.unwrap();
        assert!(again.replayed && again.settlement == answer.settlement);
        let (of, settled) = (answer.reimbursement.unwrap(), answer.settlement.unwrap());
        let amounts = |settlement: &Settlement| {
            let info = info(settlement);
            (info.fund_pay_sumamt_fen, info.act_pay_dedc_fen, info.psn_cash_pay_fen, info.hifp_pay_fen)
        };
        assert_eq!(amounts(&settled), amounts(&directly));
        assert_eq!(amounts(&settled), amounts(&shown));
        let paid = info(&settled).fund_pay_sumamt_fen;
        assert!(paid > 0 && of.owed_fen == paid && of.state() == State::Approved);
        let told = info(&settled);
        assert_eq!((told.setl_type.as_str(), told.manl_reim_rea.as_str(), &told.reimbursement_id),
            ("1", "02", &of.reimbursement_id));
        let postings: Vec<_> = settled.postings.iter().map(|one| (one.account.as_str(), one.amount_fen)).collect();
        assert_eq!(postings, [("fund/310100", -paid), ("reimbursement/P1", paid)]);
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2026, "outpatient_paid").await, paid);
        assert!(platform.replay(&told.setl_id).await.unwrap().identical);
        assert!(platform.statement(&told.setl_id).await.unwrap().text.contains("医疗费用手工报销单"));
        assert_books_balance(&platform).await;
        // It is paid once, and reversed as what it is.
        assert_eq!(refused(platform.settle("R1", visit()).await).reason, "VISIT_SETTLED");
        assert_eq!(refused(platform.reverse("X1", &settled).await).reason, "PAID_BY_HAND");
        let cancel = CancelManualPaymentRequest {
            request_id: "X2".to_owned(),
            psn_no: "P1".to_owned(),
            setl_id: told.setl_id.clone(),
            reason: "重复".to_owned(),
        };
        assert_eq!(refused(window.0.cancel_manual_payment(cancel).await).reason, "OF_REIMBURSEMENT");

        // 2026-02-10 is a Tuesday.
        assert_eq!(window.list(ReimbursementWorklist::ToPay).await, [of.reimbursement_id.as_str()]);
        today(&platform, "2026-02-10");
        let wrong = refused(window.run("2026-02-09").await);
        assert_eq!((violations(&wrong), wrong.violations[0].description.contains("2026-02-10")), (vec![("run_date", "NOT_A_RUN_DAY")], true));
        let run = window.run("2026-02-10").await.unwrap();
        assert_eq!((run.payments, run.total_fen, run.dfr_souc.as_str(), run.dfr_obj.as_str()), (1, paid, "101", "11"));
        assert_eq!(window.run("2026-02-10").await.unwrap(), run, "the list of a day is made once");
        assert!(window.list(ReimbursementWorklist::ToPay).await.is_empty());
        assert_books_balance(&platform).await;
        assert_eq!(refused(window.confirm(&run, paid - 1).await).reason, "RUN_CHANGED");
        window.confirm(&run, paid).await.unwrap();
        assert_eq!(refused(window.confirm(&run, paid).await).reason, "RUN_CONFIRMED");
        let of = window.get(&of).await;
        assert_eq!((of.state(), of.owed_fen, of.overdue), (State::Closed, 0, false));
        assert_books_balance(&platform).await;

        // The bank returns it: it waits for another account, and is paid in the next run.
        let payment = window.payments(&run).await.remove(0);
        assert_eq!((payment.amount_fen, payment.payee_account_ref.as_str()), (paid, "acct-7"));
        window.give_back(&payment).await.unwrap();
        assert_eq!(refused(window.give_back(&payment).await).reason, "PAYMENT_RETURNED");
        assert_eq!(window.list(ReimbursementWorklist::Bounced).await, [of.reimbursement_id.as_str()]);
        assert_books_balance(&platform).await;
        let account = AdvanceReimbursementRequest {
            payee_account_ref: "6222020000000000000".to_owned(),
            ..step(&of, Action::ChangeAccount, "A")
        };
        assert_eq!(violations(&refused(window.step(account.clone()).await)), [("payee_account_ref", "ACCOUNT_NUMBER_GIVEN")]);
        window.step(AdvanceReimbursementRequest { payee_account_ref: "acct-8".to_owned(), ..account }).await.unwrap();
        today(&platform, "2026-02-25");
        let run = window.run("2026-02-25").await.unwrap();
        assert_eq!((run.payments, run.total_fen), (1, paid));
        assert_eq!(window.payments(&run).await[0].payee_account_ref, "acct-8");
        window.confirm(&run, paid).await.unwrap();
        assert_eq!(window.get(&of).await.state(), State::Closed);
        assert_books_balance(&platform).await;
    }

    /// Before it is paid it is taken from the list; afterwards the person owes it, and the next reimbursement nets it.
    async fn what_is_reversed_is_struck_or_netted_or_repaid(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons(["P1", "P2"].map(Person::employee)).start().await;
        let window = Window::of(&platform);
        today(&platform, "2026-02-10");
        let (first, settled) = window.approved(application(clinic("P1", "2026-01-05", "1000"), "1")).await;
        let (other, _) = window.approved(application(clinic("P2", "2026-01-05", "1000"), "2")).await;
        let run = window.run("2026-02-10").await.unwrap();
        let paid = first.owed_fen;
        assert_eq!((run.payments, run.total_fen), (2, 2 * paid));
        assert_eq!(refused(window.take(&first, Action::ChangeAccount, "A").await).reason, "INVALID_REQUEST");
        // Struck before it is paid: nothing is owed either way, the visit and the bill are free again.
        let reversed = window.take(&first, Action::Reverse, "C").await.unwrap();
        assert_eq!(info(reversed.settlement.as_ref().unwrap()).reverses_setl_id, info(&settled).setl_id);
        let reversed = reversed.reimbursement.unwrap();
        assert_eq!((reversed.state(), reversed.owed_fen, reversed.run_id.as_str()), (State::Reversed, 0, ""));
        assert_eq!(refused(window.take(&first, Action::Reverse, "C").await).reason, "REIMBURSEMENT_STEP_REFUSED");
        assert_eq!(refused(window.confirm(&run, 2 * paid).await).reason, "RUN_CHANGED");
        window.confirm(&run, paid).await.unwrap();
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2026, "outpatient_paid").await, 0);
        assert_books_balance(&platform).await;

        // After it was paid P2 owes it; what comes next is paid less that.
        let owing = window.take(&other, Action::Reverse, "C").await.unwrap().reimbursement.unwrap();
        assert_eq!((owing.state(), owing.owed_fen), (State::Owing, -paid));
        assert_books_balance(&platform).await;
        let (next, _) = window.approved(application(clinic("P2", "2026-01-05", "1500"), "2")).await;
        assert!(next.owed_fen > paid);
        today(&platform, "2026-02-25");
        let run = window.run("2026-02-25").await.unwrap();
        assert_eq!(run.total_fen, next.owed_fen - paid);
        assert_eq!(window.get(&owing).await.state(), State::Reversed);
        window.confirm(&run, run.total_fen).await.unwrap();
        assert_books_balance(&platform).await;

        // Or it is paid back.
        let owing = window.take(&next, Action::Reverse, "C").await.unwrap().reimbursement.unwrap();
        let repaid = |fen| AdvanceReimbursementRequest {
            repaid_fen: fen,
            file_id: "receipt-1".to_owned(),
            ..step(&owing, Action::Repay, "A")
        };
        assert_eq!(violations(&refused(window.step(repaid(-owing.owed_fen + 1)).await)), [("repaid_fen", "AMOUNT_INVALID")]);
        let rest = window.step(repaid(1)).await.unwrap().reimbursement.unwrap();
        assert_eq!(rest.state(), State::Owing);
        let nothing = window.step(repaid(-rest.owed_fen)).await.unwrap().reimbursement.unwrap();
        assert_eq!((nothing.state(), nothing.owed_fen), (State::Reversed, 0));
        assert_books_balance(&platform).await;
    }

    /// Of a settlement and a second review at once one stands, and of two second reviews.
    async fn at_once_one_stands(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let window = Window::of(&platform);
        for number in 0..6 {
            let visit = || clinic("P1", "2026-01-05", "100").but(|visit| visit.mdtrt_id = format!("V{number}"));
            let of = window.submit("A", application(visit(), &format!("B{number}"))).await.unwrap();
            window.take(&of, Action::Pass, "B").await.unwrap();
            let request_id = format!("R{number}");
            let (settled, one, other) = tokio::join!(
                platform.settle(&request_id, visit()),
                window.take(&of, Action::Approve, "C"),
                window.take(&of, Action::Approve, "D")
            );
            let stand = [settled.is_ok(), one.is_ok(), other.is_ok()].into_iter().filter(|stands| *stands).count();
            assert_eq!(stand, 1, "{settled:?} {one:?} {other:?}");
        }
        assert_books_balance(&platform).await;
    }

    /// Whoever goes away in the middle and asks again finds it done once: a second review, a list, what the bank paid.
    async fn what_is_cut_off_is_done_once(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let window = Window::of(&platform);
        today(&platform, "2026-02-10");
        for millis in [1, 2, 4, 7, 11, 16] {
            let visit = clinic("P1", "2026-01-05", "500");
            let of = window.submit("A", application(visit, &format!("B{millis}"))).await.unwrap();
            window.take(&of, Action::Pass, "B").await.unwrap();
            let approve = step(&of, Action::Approve, "C");
            let cut = tokio::time::timeout(Duration::from_millis(millis), window.step(approve.clone())).await;
            let answer = window.step(approve).await.unwrap();
            assert!(cut.is_err() || answer.replayed);
            assert_eq!(answer.settlement.unwrap().setlinfo.unwrap().reimbursement_id, of.reimbursement_id);
        }
        let _ = tokio::time::timeout(Duration::from_millis(5), window.run("2026-02-10")).await;
        let run = window.run("2026-02-10").await.unwrap();
        let owed: i64 = window.figures().await.figures.iter().map(|figure| figure.owed_fen).sum();
        assert_eq!(run.total_fen, owed);
        let _ = tokio::time::timeout(Duration::from_millis(5), window.confirm(&run, owed)).await;
        let again = window.confirm(&run, owed).await;
        assert!(again.is_ok() || refused(again).reason == "RUN_CONFIRMED");
        assert_eq!(window.figures().await.figures.iter().map(|figure| figure.owed_fen).sum::<i64>(), 0);
        assert_eq!(platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements.len(), 6);
        assert_books_balance(&platform).await;
    }

    /// Due days, what is late, and what is taken in with a doubt; care away from home at the area's own rate, or not at all.
    async fn time_counts_and_rates_are_the_areas(db: TestDatabase) {
        let ended = Person::employee("P2").insured_between("2024-01-01", "2025-12-31");
        let platform = TestPlatform::on(&db).with_persons([Person::employee("P1"), ended]).with_distant_institutions().start().await;
        let window = Window::of(&platform);
        let late = application(clinic("P1", "2025-01-31", "100"), "0");
        assert_eq!(violations(&refused(window.submit("A", late).await)), [("visit.enddate", "SETTLED_TOO_LATE")]);
        let of = window.submit("A", application(clinic("P1", "2026-01-05", "100"), "1")).await.unwrap();
        assert_eq!(of.due_date, "2026-02-27");
        let doubtful = window.submit("A", application(clinic("P2", "2026-01-05", "100"), "2")).await.unwrap();
        assert_eq!(doubtful.doubt, "NOT_ENTITLED");
        window.take(&doubtful, Action::Pass, "B").await.unwrap();
        assert_eq!(refused(window.take(&doubtful, Action::Approve, "C").await).reason, "NOT_ENTITLED");
        let refusal = window.take(&doubtful, Action::Refuse, "C").await.unwrap().reimbursement.unwrap();
        assert_eq!((refusal.state(), refusal.steps.last().unwrap().reason.as_str()), (State::Refused, "核对后办理"));
        assert_eq!(window.figures().await.overdue, 0);
        today(&platform, "2026-02-27");
        assert_eq!(window.list(ReimbursementWorklist::DueSoon).await, [of.reimbursement_id.as_str()]);
        today(&platform, "2026-03-01");
        assert_eq!(window.list(ReimbursementWorklist::Overdue).await, [of.reimbursement_id.as_str()]);
        assert_eq!(window.figures().await.overdue, 1);
        assert!(window.get(&of).await.overdue);

        // Elsewhere, nothing filed: the area says no rate until it publishes one.
        let away = || {
            let visit = clinic("P1", "2026-01-06", "1000").but(|visit| visit.mdtrt_id = "V9".to_owned());
            application(visit.at(SHANGHAI_HOSPITAL), "3")
        };
        let of = window.submit("A", away()).await.unwrap();
        window.take(&of, Action::Pass, "B").await.unwrap();
        let error = refused(window.take(&of, Action::Approve, "C").await);
        assert_eq!((of.doubt.as_str(), error.code, error.reason.as_str()), ("MANUAL_RATE_MISSING", Code::FailedPrecondition, "MANUAL_RATE_MISSING"));
        assert_eq!(error.metadata["why"], "FILING_REQUIRED");
    }

    /// An institution without a contract: emergencies only, with a mark; one that nobody registered has a name and a place.
    async fn without_a_contract_only_emergencies(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let window = Window::of(&platform);
        let unregistered = |emergency: bool, bill: &str| {
            let visit = clinic("P1", "2026-01-05", "1000").but(|visit| {
                visit.fixmedins_code = String::new();
                visit.mdtrt_id = format!("bill-{bill}");
                visit.emergency = emergency;
            });
            ReimbursementApplication {
                institution: Some(UnregisteredInstitution {
                    fixmedins_name: "厂区医务室".to_owned(),
                    mdtrtarea_admvs: COMPOSITE_AREA.to_owned(),
                    medins_lv: "primary".to_owned(),
                    medins_type: "1".to_owned(),
                }),
                manl_reim_rea: "04".to_owned(),
                ..application(visit, bill)
            }
        };
        let nowhere = ReimbursementApplication { institution: None, ..unregistered(true, "1") };
        assert_eq!(violations(&refused(window.submit("A", nowhere).await)), [("visit.fixmedins_code", "INSTITUTION_UNKNOWN")]);
        let planned = window.submit("A", unregistered(false, "1")).await.unwrap();
        assert_eq!(planned.doubt, "INSTITUTION_NOT_SIGNED");
        let (of, settled) = window.approved(unregistered(true, "2")).await;
        let told = info(&settled);
        assert_eq!(told.marks.iter().map(|mark| mark.kind.as_str()).collect::<Vec<_>>(), ["PAID_WITHOUT_CONTRACT"]);
        assert_eq!((told.fixmedins_name.as_str(), told.fixmedins_code.as_str()), ("厂区医务室", ""));
        assert_books_balance(&platform).await;
        let reversed = window.take(&of, Action::Reverse, "C").await.unwrap().reimbursement.unwrap();
        assert_eq!(reversed.state(), State::Reversed);
        assert_books_balance(&platform).await;
    }
}
