//! 医保支付资格: what settlement makes of what credit says of those who gave the services. The credit here says what the test wants.

mod fake;
mod followed;

use std::time::Duration;

use yizhan_integration_tests::checks::{assert_adds_up, info};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{LineHandling, SettleRequest, Settlement};
use yizhan_runtime::server::RunningServer;
use yizhan_testkit::{TestDatabase, both_databases};

use self::fake::FakeCredit;
use crate::support::assert_books_balance;

/// Long enough for any machine.
const PATIENT: Duration = Duration::from_secs(20);

/// A visit of two lines, of 300 and 700 yuan, F1 by D1 and F2 by the doctor of the visit, D2; both behind the number of the visit.
fn two_doctors(psn_no: &str, number: &str) -> VisitBuilder {
    let visit = visit(psn_no).outpatient("2026-01-20").line(CARE, "1", "300").line(CARE, "1", "700");
    visit.numbered(number).but(|visit| {
        visit.dr_codg = "D2".into();
        visit.feedetail[0].bilg_dr_codg = "D1".into();
        visit.feedetail.iter_mut().for_each(|line| line.feedetl_sn = format!("{number}{}", line.feedetl_sn));
    })
}

async fn platform(
    db: &TestDatabase,
    credit: &FakeCredit,
    patience: Duration,
) -> (TestPlatform, RunningServer) {
    let running = credit.start().await;
    let setup = TestPlatform::on(db).asking_credit_at(&running.url(), patience);
    (setup.with_person(Person::employee("P1")).start().await, running)
}

/// The area's own rule of practitioners.
fn rules(said: &str) -> String {
    format!(
        "rules: practitioners-of-999900\nversion: '1'\ntitle: 试\narea: '999900'\n\
         sources: {{ s: {{ title: 试〔2025〕1号, quality: G }} }}\n\
         practitioners: [{{ from: 2025-01-01, source: s, suspended: refuse, terminated: refuse, unregistered: accept, {said} }}]\n"
    )
}

fn marks(settlement: &Settlement) -> Vec<(&str, usize)> {
    info(settlement).marks.iter().map(|mark| (mark.kind.as_str(), mark.feedetl_sn.len())).collect()
}

fn withheld(settlement: &Settlement) -> i64 {
    settlement.credit.as_ref().expect("credit answered").withheld_fen
}

/// What is posted to an account.
fn posted(settlement: &Settlement, account: &str) -> i64 {
    let of_account = settlement.postings.iter().filter(|posting| posting.account == account);
    of_account.map(|posting| posting.amount_fen).sum()
}

both_databases! {
    async fn a_line_of_somebody_suspended_is_borne_by_the_institution(db: TestDatabase) {
        let credit = FakeCredit::default();
        let (platform, _running) = platform(&db, &credit, PATIENT).await;
        let paid = platform.preview(two_doctors("P1", "V1")).await.unwrap().settlement.unwrap();
        assert_eq!((marks(&paid).len(), withheld(&paid)), (0, 0));
        credit.suspends(&["D1"]);
        let preview = platform.preview(two_doctors("P1", "V1")).await.unwrap();
        let quoted = SettleRequest { quote_id: preview.quote.unwrap().quote_id, ..settle_request("R1", two_doctors("P1", "V1")) };
        let settled = platform.answer_to(quoted.clone()).await.unwrap().settlement.unwrap();
        for answer in [preview.settlement.as_ref().unwrap(), &settled] {
            assert_eq!(marks(answer), [("PRACTITIONER_REFUSED", 1)]);
            let line = &answer.credit.as_ref().unwrap().lines[0];
            assert_eq!((line.feedetl_sn.as_str(), line.handling()), ("V1F1", LineHandling::Refused));
            assert_eq!(line.qualification.as_ref().unwrap().basis, "长医保处〔2026〕3号");
            assert!(withheld(answer) > 0 && withheld(answer) < info(answer).fund_pay_sumamt_fen);
            let person = |answer: &Settlement| (info(answer).psn_part_amt_fen, info(answer).fund_pay_sumamt_fen);
            assert_eq!(person(answer), person(&paid), "nothing is the patient's");
        }
        assert_adds_up(&settled);
        assert_eq!(posted(&settled, &format!("withheld/{THIRD_LEVEL}")), withheld(&settled));
        let asked = credit.asked();
        let whom: Vec<&str> = asked[2].questions.iter().map(|one| one.practitioner_code.as_str()).collect();
        assert_eq!((asked.len(), whom), (3, vec!["D1", "D2"]), "one call for each preview and settlement");
        let again = platform.answer_to(quoted).await.unwrap();
        assert!(again.replayed && again.settlement.as_ref() == Some(&settled) && credit.asked().len() == 3);
        assert!(platform.replay(&info(&settled).setl_id).await.unwrap().identical);
        let statement = platform.statement(&info(&settled).setl_id).await.unwrap();
        assert!(statement.text.contains("医保支付资格暂停") && statement.text.contains("不影响个人负担"), "{}", statement.text);
        assert_books_balance(&platform).await;
        let reversed = platform.reverse("V1", &settled).await.unwrap();
        assert_eq!(posted(&reversed, &format!("withheld/{THIRD_LEVEL}")), -withheld(&settled));
        assert_books_balance(&platform).await;
    }

    async fn an_emergency_is_paid_and_what_credit_did_not_say_is_marked(db: TestDatabase) {
        let credit = FakeCredit::default();
        let (platform, _running) = platform(&db, &credit, Duration::from_millis(300)).await;
        credit.suspends(&["D1", "D2"]);
        let emergency = two_doctors("P1", "V1").but(|visit| visit.emergency = true);
        let settled = platform.answer_to(settle_request("R1", emergency)).await.unwrap().settlement.unwrap();
        assert_eq!(withheld(&settled), 0);
        assert_eq!(marks(&settled), [("PRACTITIONER_EMERGENCY", 1), ("PRACTITIONER_EMERGENCY", 1)]);
        let preview = platform.preview(two_doctors("P1", "V2")).await.unwrap();
        assert_eq!(withheld(preview.settlement.as_ref().unwrap()), info(preview.settlement.as_ref().unwrap()).fund_pay_sumamt_fen);
        credit.is_silent();
        let quoted = SettleRequest { quote_id: preview.quote.unwrap().quote_id, ..settle_request("R2", two_doctors("P1", "V2")) };
        let late = platform.answer_to(quoted).await.expect("what was withheld then is not now").settlement.unwrap();
        assert!(late.credit.is_none() && marks(&late) == [("CREDIT_PENDING", 0)]);
        assert_eq!(posted(&late, &format!("withheld/{THIRD_LEVEL}")), 0);
        assert!(platform.replay(&info(&late).setl_id).await.unwrap().identical);

        // A line that names nobody is refused all the same where the area says so.
        credit.answers();
        platform.publish_settlement_rules(&rules("unnamed: refuse")).await.unwrap();
        let nobody = || two_doctors("P1", "V3").but(|visit| visit.dr_codg.clear());
        let preview = platform.preview(nobody()).await.unwrap();
        let quoted = preview.settlement.as_ref().unwrap();
        let paid = info(quoted).fund_pay_sumamt_fen;
        assert_eq!((marks(quoted), withheld(quoted)), (vec![("PRACTITIONER_REFUSED", 1), ("PRACTITIONER_REFUSED", 1)], paid));
        credit.is_silent();
        let quoted = SettleRequest { quote_id: preview.quote.unwrap().quote_id, ..settle_request("R3", nobody()) };
        let late = platform.answer_to(quoted).await.expect("what credit refused then is not refused now").settlement.unwrap();
        assert_eq!(marks(&late), [("PRACTITIONER_REFUSED", 1), ("CREDIT_PENDING", 0)]);
        let lines: Vec<&str> = late.credit.iter().flat_map(|credit| &credit.lines).map(|line| line.feedetl_sn.as_str()).collect();
        assert_eq!((lines, info(&late).fund_pay_sumamt_fen), (vec!["V3F2"], paid), "nothing is the patient's");
        assert!(withheld(&late) > 0 && withheld(&late) < paid);
        assert_eq!(posted(&late, &format!("withheld/{THIRD_LEVEL}")), withheld(&late));
        assert_adds_up(&late);
        assert!(platform.replay(&info(&late).setl_id).await.unwrap().identical);
        assert_books_balance(&platform).await;
    }
}
