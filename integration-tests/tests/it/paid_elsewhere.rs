//! 他处已付: what 惠民保, 大病 or 救助 of other places paid already is told with the visit, taken off what is left to pay, and is no payment.

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    AdvanceReimbursementRequest, ApplicantKind, Deferral, FeeLine, PaidElsewhere, Posting,
    ReimbursementAction, ReimbursementApplication, ReimbursementBill, ReimbursementPaper, SettleRequest,
    Settlement, SubmitReimbursementRequest, Visit,
};
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::deferrals::{By, RULES};
use crate::support::{assert_books_balance, clinic, everybodys_insured, stay, violations};

fn paper(payer: &str, paid_fen: i64, reference: &str) -> PaidElsewhere {
    PaidElsewhere { payer: payer.to_owned(), paid_fen, reference: reference.to_owned() }
}

fn with(visit: VisitBuilder, papers: &[PaidElsewhere]) -> VisitBuilder {
    let papers = papers.to_vec();
    visit.but(move |visit| visit.paid_elsewhere = papers)
}

/// Fee, funds, accounts, cash, paid elsewhere.
fn amounts(settled: &Settlement) -> [i64; 5] {
    let told = info(settled);
    [
        told.medfee_sumamt_fen,
        told.fund_pay_sumamt_fen,
        told.acct_pay_fen,
        told.psn_cash_pay_fen,
        told.paid_elsewhere_fen,
    ]
}

/// A part of the stay M1 up to a day, with one line of it.
fn part(day: u32, yuan: &str, mid: bool) -> VisitBuilder {
    stay("P1", "2024-05-06", &format!("2024-05-{day:02}"), yuan).numbered("M1").but(|visit| {
        visit.mid_setl_flag = mid;
        let line = visit.feedetail.remove(0);
        visit.feedetail.push(FeeLine {
            feedetl_sn: format!("L{day}"),
            fee_ocur_date: format!("2024-05-{day:02}"),
            ..line
        });
    })
}

fn named<'e>(error: &'e RemoteError, reason: &str) -> Vec<&'e str> {
    let of = error.violations.iter().filter(|violation| violation.reason == reason);
    of.map(|violation| violation.field.as_str()).collect()
}

both_databases! {
    async fn what_others_paid_is_left_out_of_what_is_paid_and_is_no_payment(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        platform.publish_settlement_rules(RULES).await.unwrap();
        let desk = By::of(&platform, &format!("institution:{THIRD_LEVEL}"));
        platform.deposit("P1", COMPOSITE_AREA, yuan("300")).await;
        let bill = || stay("P1", "2024-05-06", "2024-05-20", "10000").with_account();
        let plain = platform.preview(bill()).await.unwrap().settlement.unwrap();
        let papers = [paper("commercial_insurance", yuan("9000"), "LP-7"), paper("medical_assistance", yuan("200"), "JZ-1")];
        let told = with(bill(), &papers);
        let quoted = platform.preview(told.clone()).await.unwrap();
        let [_, funds, ..] = amounts(&plain);
        let quote_id = quoted.quote.unwrap().quote_id;
        // The quote is of the visit with its papers.
        let other = SettleRequest { quote_id: quote_id.clone(), ..settle_request("R0", with(bill(), &papers[..1])) };
        assert_eq!(platform.answer_to(other).await.unwrap_err().violations[0].reason, "QUOTE_OF_ANOTHER_VISIT");
        let request = SettleRequest { quote_id, ..settle_request("R1", told.clone()) };
        let settled = platform.answer_to(request.clone()).await.unwrap().settlement.unwrap();
        assert_adds_up(&settled);
        assert_eq!(quoted.settlement.unwrap().setldetail, settled.setldetail);
        let [fee, paid, account, cash, elsewhere] = amounts(&settled);
        assert!(funds > yuan("800"), "without the papers the funds pay more than they leave: {funds}");
        assert_eq!((fee, paid, account, elsewhere), (yuan("10000"), yuan("800"), 0, yuan("9200")));
        assert_eq!((cash, info(&settled).paid_elsewhere.as_slice()), (yuan("9200"), &papers[..]));
        // In no posting beside the cash, in no row of a fund.
        let of = |told: &dyn Fn(&Posting) -> bool| settled.postings.iter().filter(|posting| told(posting)).map(|posting| posting.amount_fen).sum::<i64>();
        assert_eq!(of(&|posting| posting.account.starts_with("cash/")), -cash);
        assert_eq!(of(&|posting| posting.account.starts_with("fund/")), -yuan("800"));
        assert!(settled.setldetail.iter().all(|row| row.fund_payamt_fen.abs() != yuan("9000") && row.fund_payamt_fen.abs() != yuan("200")));
        let id = &info(&settled).setl_id;
        assert!(platform.replay(id).await.unwrap().identical);
        let statement = platform.statement(id).await.unwrap();
        for said in ["他处已付", "商业保险 9000.00 元（凭据 LP-7）", "医疗救助 200.00 元（凭据 JZ-1）", "现金中尚应支付"] {
            assert!(statement.text.contains(said) && statement.html.contains(said), "{said}: {}", statement.text);
        }
        // The request is the same only with the same papers.
        assert!(platform.answer_to(request.clone()).await.unwrap().replayed);
        let changed = SettleRequest { visit: Some(with(bill(), &papers[..1]).into()), ..request };
        assert_eq!(platform.answer_to(changed).await.unwrap_err().reason, "REQUEST_ID_REUSED");
        // Nothing of the cash is owed to anybody.
        By::of(&platform, "person:P1").set("P1", true, &[]).await.unwrap();
        assert_eq!(desk.defer(&settled).await.unwrap_err().reason, "NOTHING_TO_DEFER");
        assert_books_balance(&platform).await;
        let reversal = platform.reverse("V1", &settled).await.unwrap();
        assert_eq!(amounts(&reversal), amounts(&settled).map(|fen| -fen));
        assert_eq!(info(&reversal).paid_elsewhere[0].paid_fen, -yuan("9000"));
        assert!(platform.replay(&info(&reversal).setl_id).await.unwrap().identical);

        // Of the cash what is left may be paid later, and no more.
        let some = with(clinic("P1", "2024-06-03", "500"), &[paper("critical_illness", yuan("100"), "DB-1")]);
        let some = platform.settle("R2", some).await.unwrap();
        let [.., cash, elsewhere] = amounts(&some);
        let Deferral { amount_fen, .. } = desk.defer(&some).await.unwrap();
        assert!(elsewhere == yuan("100") && amount_fen > 0);
        assert_eq!(amount_fen, cash - elsewhere);
        assert_books_balance(&platform).await;
    }

    async fn everything_wrong_with_papers_is_told_at_once(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        let wrong = [
            paper("hospital", 5, "A"), paper("nobody", 5, ""), paper("basic", -1, "有空 格"), paper("basic", 0, "B"),
            paper("commercial_insurance", yuan("400"), "C"), paper("commercial_insurance", yuan("200"), "C"),
        ];
        let visit = with(clinic("P1", "2024-06-03", "500"), &wrong).but(|visit| visit.insutype = "x".to_owned());
        let refused = platform.preview(visit).await.unwrap_err();
        let at = |index: usize, field: &str| format!("visit.paid_elsewhere[{index}].{field}");
        assert_eq!(named(&refused, "CODE_UNKNOWN"), ["visit.insutype".to_owned(), at(0, "payer"), at(1, "payer")]);
        assert_eq!(named(&refused, "AMOUNT_INVALID"), [at(2, "paid_fen"), at(3, "paid_fen")]);
        assert_eq!(named(&refused, "REQUIRED"), [at(1, "reference")]);
        assert_eq!(named(&refused, "CHARACTERS"), [at(2, "reference")]);
        assert_eq!(named(&refused, "DUPLICATE"), [at(5, "reference")]);
        assert_eq!(named(&refused, "PAID_ELSEWHERE_TOO_MUCH"), ["visit.paid_elsewhere"]);
        let many: Vec<_> = (0..21).map(|number| paper("basic", 1, &format!("N{number}"))).collect();
        let refused = platform.preview(with(clinic("P1", "2024-06-03", "500"), &many)).await.unwrap_err();
        assert_eq!(violations(&refused), [("visit.paid_elsewhere", "TOO_MANY")]);
        // A stay's bill is known when it is settled.
        let more = with(stay("P1", "2024-05-06", "2024-05-20", "500"), &[paper("basic", yuan("500.01"), "A")]);
        let refused = platform.settle("R1", more).await.unwrap_err();
        assert_eq!(violations(&refused), [("visit.paid_elsewhere", "PAID_ELSEWHERE_TOO_MUCH")]);
    }

    /// Each part tells it of the stay so far; a paper that comes late gives back what was paid too much, one that is left out is refused.
    async fn parts_of_a_stay_tell_it_of_the_stay_so_far(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons(["P1", "P2"].map(everybodys_insured)).start().await;
        let first = [paper("commercial_insurance", yuan("1000"), "LP-1")];
        let both = [paper("commercial_insurance", yuan("1500"), "LP-1"), paper("medical_assistance", yuan("30000"), "JZ-1")];
        let too_much = with(part(10, "12000", true), &[paper("basic", yuan("12000.01"), "A")]);
        let refused = platform.settle("R0", too_much).await.unwrap_err();
        assert_eq!(violations(&refused), [("visit.paid_elsewhere", "PAID_ELSEWHERE_TOO_MUCH")]);
        let one = platform.settle("R1", with(part(10, "12000", true), &first)).await.unwrap();
        for left_out in [vec![], both[1..].to_vec()] {
            let refused = platform.settle("R2", with(part(20, "30000", false), &left_out)).await.unwrap_err();
            assert_eq!(violations(&refused), [("visit.paid_elsewhere", "PAID_ELSEWHERE_MISSING")]);
        }
        let two = platform.settle("R3", with(part(20, "30000", false), &both)).await.unwrap();
        let whole = with(stay("P2", "2024-05-06", "2024-05-20", "42000"), &both);
        let whole = platform.settle("R4", whole).await.unwrap();
        let mut sum = amounts(&one);
        sum.iter_mut().zip(amounts(&two)).for_each(|(sum, fen)| *sum += fen);
        assert_eq!(sum, amounts(&whole));
        assert_eq!((amounts(&one)[4], amounts(&two)[4]), (yuan("1000"), yuan("30500")));
        assert_eq!(info(&two).earlier_parts[0].paid_elsewhere_fen, yuan("1000"));
        assert!(platform.replay(&info(&two).setl_id).await.unwrap().identical);
        platform.reverse("V2", &two).await.unwrap();
        assert_books_balance(&platform).await;
    }

    /// An application of somebody who paid the bill says it as Settle does.
    async fn an_application_tells_it_too(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        let window = platform.as_caller("agency:999900");
        let apply = |papers: &[PaidElsewhere]| {
            let visit: Visit = with(stay("P1", "2026-01-06", "2026-01-08", "5000"), papers).into();
            let bill = ReimbursementBill {
                invono: "1".to_owned(),
                amount_fen: yuan("5000"),
                file_id: "bill-1".to_owned(),
                ..ReimbursementBill::default()
            };
            let papers = ["FEE_LIST", "DIAGNOSIS", "DISCHARGE_SUMMARY"];
            let papers = papers.map(|kind| ReimbursementPaper { kind: kind.to_owned(), file_id: "f".to_owned() });
            SubmitReimbursementRequest {
                request_id: new_id(),
                application: Some(ReimbursementApplication {
                    visit: Some(visit),
                    manl_reim_rea: "02".to_owned(),
                    bills: vec![bill],
                    papers: papers.to_vec(),
                    applicant: ApplicantKind::Person.into(),
                    payee_account_ref: "acct-7".to_owned(),
                    ..ReimbursementApplication::default()
                }),
                opter: "A".to_owned(),
            }
        };
        let submitted = window.reimbursements().submit_reimbursement(apply(&[paper("basic", 5, "")])).await;
        let refused = RemoteError::from(&submitted.unwrap_err());
        assert!(refused.violations.iter().any(|one| one.field.ends_with("paid_elsewhere[0].reference")), "{refused:?}");
        let papers = [paper("commercial_insurance", yuan("4900"), "LP-1")];
        let of = window.reimbursements().submit_reimbursement(apply(&papers)).await.unwrap().into_inner().reimbursement.unwrap();
        let mut settled = None;
        for (action, opter) in [(ReimbursementAction::Pass, "B"), (ReimbursementAction::Approve, "C")] {
            let request = AdvanceReimbursementRequest {
                request_id: new_id(),
                reimbursement_id: of.reimbursement_id.clone(),
                action: action.into(),
                opter: opter.to_owned(),
                ..AdvanceReimbursementRequest::default()
            };
            settled = window.reimbursements().advance_reimbursement(request).await.unwrap().into_inner().settlement;
        }
        let settled = settled.unwrap();
        let [fee, funds, _, _, elsewhere] = amounts(&settled);
        assert_eq!((fee, funds, elsewhere), (yuan("5000"), yuan("100"), yuan("4900")));
        assert_eq!(info(&settled).paid_elsewhere, papers);
        assert_books_balance(&platform).await;
    }
}
