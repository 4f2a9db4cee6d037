//! 事中审核: what settlement makes of what audit says of a visit. The audit here says what the test wants.

mod fake;

use std::time::Duration;

use prost::Message;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use tonic::Code;
use yizhan_integration_tests::checks::{assert_adds_up, info};
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::{Consequence, Operation, Violation, ViolationDetail};
use yizhan_proto::settlement::v1::{SettleRequest, Settlement, UploadFeesRequest};
use yizhan_runtime::error::RemoteError;
use yizhan_settlement::books::store::entities::settlement;
use yizhan_testkit::{TestDatabase, both_databases};

use self::fake::FakeAudit;
use crate::support::{assert_books_balance, clinic, stay, violations};

/// Long enough for any machine.
const PATIENT: Duration = Duration::from_secs(20);

/// Against a rule, with lines and how much of each is.
fn against(consequence: Consequence, lines: &[(&str, i64)]) -> Violation {
    let detail = |(feedetl_sn, fen): &(&str, i64)| ViolationDetail {
        feedetl_sn: (*feedetl_sn).to_owned(),
        vola_item_type: "1".to_owned(),
        vola_amt_fen: *fen,
        ..ViolationDetail::default()
    };
    Violation {
        jr_id: "J1".to_owned(),
        rule_id: "GZ1".to_owned(),
        rule_name: "限性别".to_owned(),
        rule_version: "GZ1@1".to_owned(),
        vola_cont: "性别不符".to_owned(),
        judge_result_detail_dtos: lines.iter().map(detail).collect(),
        consequence: consequence.into(),
        ..Violation::default()
    }
}

/// A visit of two lines, of 300 and 700 yuan, F1 and F2.
fn two_lines(psn_no: &str) -> VisitBuilder {
    visit(psn_no).outpatient("2026-01-20").line(CARE, "1", "300").line(CARE, "1", "700").numbered("V1")
}

async fn platform(
    db: &TestDatabase,
    audit: &FakeAudit,
) -> (TestPlatform, yizhan_runtime::server::RunningServer) {
    let running = audit.start().await;
    let setup = TestPlatform::on(db).asking_audit_at(&running.url(), PATIENT);
    (setup.with_person(Person::employee("P1")).start().await, running)
}

fn marks(settlement: &Settlement) -> Vec<(&str, usize)> {
    info(settlement).marks.iter().map(|mark| (mark.kind.as_str(), mark.feedetl_sn.len())).collect()
}

fn withheld(settlement: &Settlement) -> i64 {
    settlement.audit.as_ref().map_or(0, |audit| audit.withheld_fen)
}

/// What is posted to an account.
fn posted(settlement: &Settlement, account: &str) -> i64 {
    let of_account = settlement.postings.iter().filter(|posting| posting.account == account);
    of_account.map(|posting| posting.amount_fen).sum()
}

both_databases! {
    async fn what_audit_says_is_told_and_marked(db: TestDatabase) {
        let audit = FakeAudit::default();
        let (platform, _running) = platform(&db, &audit).await;
        let visit = two_lines("P1").but(|visit| {
            visit.dise_codg = vec!["I10".into(), "E11.9".into()];
            visit.dise_name = vec!["高血压".into(), "糖尿病".into()];
            visit.adm_dept_codg = "A03".into();
            visit.dr_codg = "D430000000001".into();
            visit.itnt_flag = true;
            let operation = Operation { oprn_oprt_code: "36.0601".into(), oprn_oprt_date: "2026-01-20".into(), ..Default::default() };
            visit.oprninfo = vec![operation];
            let line = &mut visit.feedetail[0];
            (line.fee_ocur_date, line.fee_ocur_time) = ("2026-01-20".into(), "08:30:00".into());
            (line.prd_days, line.sin_dos_dscr, line.used_frqu_dscr) = (7, "10mg".into(), "bid".into());
            (line.dscg_tkdrug_flag, line.long_rx_flag) = (true, true);
        });
        audit.finds(vec![against(Consequence::Mark, &[("F1", 30_000)]), against(Consequence::Remind, &[("F2", 70_000)])]);
        let preview = platform.preview(visit.clone()).await.unwrap().settlement.unwrap();
        let request = settle_request("R1", visit);
        let settled = platform.answer_to(request.clone()).await.unwrap().settlement.unwrap();
        for answer in [&preview, &settled] {
            assert!(!info(answer).audit_pending);
            assert_eq!(marks(answer), [("AUDIT_MARKED", 1)]);
            assert_eq!((answer.audit.as_ref().unwrap().result.len(), withheld(answer)), (2, 0));
        }
        assert_adds_up(&settled);
        let asked = audit.asked();
        let scenes: Vec<&str> = asked.iter().map(|one| one.trig_scen.as_str()).collect();
        assert_eq!((scenes, &asked[0].encounter), (vec!["7", "6"], &asked[1].encounter), "before it is settled, and then");
        let told = asked[1].encounter.as_ref().unwrap();
        assert_eq!((told.gend.as_str(), told.brdy.as_str(), told.medins_lv.as_str()), ("2", "1972-03-01", "third"));
        assert_eq!((told.adm_dept_codg.as_str(), told.dr_codg.as_str(), told.itnt_flag), ("A03", "D430000000001", true));
        assert_eq!((told.operations.len(), told.diagnoses[1].dise_name.as_str()), (1, "糖尿病"));
        assert_eq!(told.fund_pay_sumamt_fen, info(&settled).fund_pay_sumamt_fen);
        let line = &told.lines[0];
        assert_eq!((line.fee_ocur_time.as_str(), line.prd_days, line.list_type.as_str()), ("2026-01-20 08:30:00", 7, "201"));
        assert_eq!((line.sin_dos_dscr.as_str(), line.used_frqu_dscr.as_str()), ("10mg", "bid"));
        assert!(line.dscg_tkdrug_flag && line.long_rx_flag && line.inscp_scp_amt_fen == 30_000);
        // A retry asks nobody and is answered as then.
        audit.finds(vec![against(Consequence::Block, &[])]);
        let again = platform.answer_to(request).await.unwrap();
        assert_eq!((again.replayed, again.settlement.as_ref(), audit.asked().len()), (true, Some(&settled), 2));
        assert!(platform.replay(&info(&settled).setl_id).await.unwrap().identical);
        let statement = platform.statement(&info(&settled).setl_id).await.unwrap();
        assert!(!statement.text.contains("性别不符") && !statement.html.contains("性别不符"), "not the patient's");
        assert_books_balance(&platform).await;
    }

    async fn what_is_blocked_is_settled_when_it_is_corrected_or_answered(db: TestDatabase) {
        let audit = FakeAudit::default();
        let (platform, _running) = platform(&db, &audit).await;
        audit.finds(vec![against(Consequence::Block, &[("F1", 30_000), ("F2", 70_000)])]);
        let preview = platform.preview(two_lines("P1")).await.unwrap();
        assert_eq!(preview.settlement.unwrap().audit.unwrap().result[0].consequence(), Consequence::Block);
        let quoted = SettleRequest { quote_id: preview.quote.unwrap().quote_id, ..settle_request("R1", two_lines("P1")) };
        let before = platform.row_counts().await;
        let error = refused(platform.answer_to(quoted.clone()).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "AUDIT_VIOLATION"));
        let told = ["rule_id", "jr_id", "feedetl_sn", "violations"].map(|name| error.metadata[name].as_str());
        assert_eq!(told, ["GZ1", "J1", "F1,F2", "1"]);
        assert_eq!(error.text, "违反医保规则，不能结算，请更正：限性别：性别不符（明细 F1,F2）");
        assert_eq!(platform.row_counts().await, before);
        let answered = Violation { answer_reason: "抢救用药".into(), ..against(Consequence::Mark, &[("F1", 30_000)]) };
        audit.finds(vec![answered]);
        let settled = platform.answer_to(quoted).await.expect("the quoted amounts").settlement.unwrap();
        assert_eq!(marks(&settled), [("AUDIT_ANSWERED", 1)]);
        assert_eq!(settled.audit.unwrap().result[0].answer_reason, "抢救用药");
    }

    async fn what_is_withheld_is_the_institution_s_and_nobody_else_s(db: TestDatabase) {
        let audit = FakeAudit::default();
        let (platform, _running) = platform(&db, &audit).await;
        let promised = platform.preview(two_lines("P1")).await.unwrap();
        // Of F1 200 of 300 yuan are against a rule, told by two.
        let found = vec![against(Consequence::Withhold, &[("F1", 20_000)]), against(Consequence::Withhold, &[("F1", 10_000)])];
        audit.finds(found.clone());
        let quoted = SettleRequest { quote_id: promised.quote.unwrap().quote_id, ..settle_request("R1", two_lines("P1")) };
        let error = refused(platform.answer_to(quoted).await);
        assert_eq!((error.reason.as_str(), error.metadata["changed"].as_str()), ("QUOTE_CHANGED", "audit"));
        let quote_id = platform.preview(two_lines("P1")).await.unwrap().quote.unwrap().quote_id;
        let quoted = SettleRequest { quote_id, ..settle_request("R2", two_lines("P1")) };
        let settled = platform.answer_to(quoted).await.unwrap().settlement.unwrap();
        let (own, without) = (info(&settled), promised.settlement.unwrap());
        assert_eq!(own.psn_part_amt_fen, info(&without).psn_part_amt_fen, "the person pays what they pay without");
        assert_eq!(settled.setldetail, without.setldetail);
        let share = (2 * 20_000 * own.fund_pay_sumamt_fen + own.inscp_scp_amt_fen) / (2 * own.inscp_scp_amt_fen);
        let institution = |settlement: &Settlement| posted(settlement, &format!("institution/{THIRD_LEVEL}"));
        let held_back = |settlement: &Settlement| posted(settlement, &format!("withheld/{THIRD_LEVEL}"));
        assert!(share > 0 && withheld(&settled) == share);
        assert_eq!((held_back(&settled), institution(&settled)), (share, own.medfee_sumamt_fen - share));
        assert_eq!(marks(&settled), [("AUDIT_WITHHELD", 1); 2]);
        assert_books_balance(&platform).await;
        assert!(platform.replay(&own.setl_id).await.unwrap().identical);

        // It is what follows from what was found, or CheckBooks says so.
        let row = settlement::Entity::find().one(platform.rows()).await.unwrap().unwrap();
        let mut forged = settled.clone();
        forged.audit.as_mut().unwrap().result[0].consequence = Consequence::Mark.into();
        let answer = row.answer.clone();
        let mut forged_row = row.into_active_model();
        forged_row.answer = Set(forged.encode_to_vec());
        let forged_row = forged_row.update(platform.rows()).await.unwrap();
        let books = platform.check_books(COMPOSITE_AREA).await;
        assert!(books.discrepancies.iter().any(|text| text.contains("fen are withheld")), "{books:?}");
        let mut restored = forged_row.into_active_model();
        restored.answer = Set(answer);
        restored.update(platform.rows()).await.unwrap();

        let reversal = platform.reverse("V1", &settled).await.unwrap();
        assert_eq!((held_back(&reversal), institution(&reversal)), (-share, share - own.medfee_sumamt_fen));
        assert_eq!((reversal.audit.as_ref(), marks(&reversal).len()), (None, 2));
        assert!(platform.replay(&info(&reversal).setl_id).await.unwrap().identical);
        assert_books_balance(&platform).await;
    }

    async fn without_audit_it_is_settled_and_audit_sees_it_later(db: TestDatabase) {
        let audit = FakeAudit::default();
        let running = audit.start().await;
        // Silent audit holds a settlement up for this long.
        let setup = TestPlatform::on(&db).asking_audit_at(&running.url(), Duration::from_millis(300));
        let platform = setup.with_person(Person::employee("P1")).start().await;
        audit.finds(vec![against(Consequence::Withhold, &[("F1", 0)])]);
        // Asked until it is in time, on however slow a machine.
        let quote = loop {
            let preview = platform.preview(two_lines("P1")).await.unwrap();
            if withheld(preview.settlement.as_ref().unwrap()) > 0 {
                break preview.quote.unwrap();
            }
        };
        audit.is_silent();
        let preview = platform.preview(clinic("P1", "2026-01-20", "100")).await.unwrap();
        assert!(info(&preview.settlement.unwrap()).audit_pending);
        let quoted = SettleRequest { quote_id: quote.quote_id, ..settle_request("R1", two_lines("P1")) };
        let late = platform.answer_to(quoted).await.expect("what was withheld then is not now").settlement.unwrap();
        running.shutdown().await;
        let away = platform.settle("R2", clinic("P1", "2026-01-21", "100")).await.unwrap();
        for settled in [&late, &away] {
            assert!(info(settled).audit_pending && settled.audit.is_none() && marks(settled).is_empty());
            assert_eq!(posted(settled, &format!("institution/{THIRD_LEVEL}")), info(settled).medfee_sumamt_fen);
        }
        assert_books_balance(&platform).await;
    }

    async fn each_part_of_a_stay_is_asked_about_and_pays_its_own(db: TestDatabase) {
        let audit = FakeAudit::default();
        let (platform, _running) = platform(&db, &audit).await;
        let until = |day: &str, sn: &str, yuan: &str| {
            stay("P1", "2026-01-05", day, yuan).numbered("M7").but(|visit| {
                visit.feedetail[0].feedetl_sn = sn.into();
                visit.feedetail[0].fee_ocur_date = day.into();
            })
        };
        audit.finds(vec![against(Consequence::Withhold, &[("A1", 800_000)])]);
        let first = until("2026-01-10", "A1", "8000").but(|visit| visit.mid_setl_flag = true);
        let first = platform.settle("R1", first).await.unwrap();
        assert_eq!(withheld(&first), info(&first).fund_pay_sumamt_fen, "all that is in scope is against a rule");
        // The rule says the line of the earlier part again: it is that part's.
        let last = platform.settle("R2", until("2026-01-15", "A2", "2000")).await.unwrap();
        assert_eq!((withheld(&last), marks(&last)), (0, vec![("AUDIT_WITHHELD", 1)]));
        let asked = audit.asked();
        let told: Vec<(&str, Vec<&str>)> = asked.iter().map(|one| {
            let lines = &one.encounter.as_ref().unwrap().lines;
            (one.trig_scen.as_str(), lines.iter().map(|line| line.feedetl_sn.as_str()).collect())
        }).collect();
        assert_eq!(told, [("8", vec!["A1"]), ("8", vec!["A2"])]);
        for settled in [&first, &last] {
            assert!(platform.replay(&info(settled).setl_id).await.unwrap().identical);
        }
        platform.reverse("V2", &last).await.unwrap();
        platform.reverse("V1", &first).await.unwrap();
        assert_books_balance(&platform).await;
    }

    /// A visit that is settled again keeps what was found, and its share follows the amounts.
    async fn settled_again_as_much_is_withheld_as_follows_from_the_new_amounts(db: TestDatabase) {
        let audit = FakeAudit::default();
        let (platform, _running) = platform(&db, &audit).await;
        let deductible = platform.settle("R1", clinic("P1", "2026-01-10", "500")).await.unwrap();
        audit.finds(vec![against(Consequence::Withhold, &[("F1", 30_000)])]);
        let later = platform.settle("R2", two_lines("P1")).await.unwrap();
        let asked = audit.asked().len();
        let again = platform.resettle_behind("V1", &deductible).await.unwrap();
        let again = platform.get(&again.visits[0].new_setl_id).await.unwrap();
        assert!(withheld(&again) > 0 && withheld(&again) < withheld(&later), "the deductible is borne by it now");
        assert_eq!((audit.asked().len(), marks(&again)), (asked, marks(&later)));
        assert_books_balance(&platform).await;
    }

    async fn what_is_said_for_audit_is_checked(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let wrong = two_lines("P1").but(|visit| {
            visit.dise_codg = vec!["I10".into()];
            visit.dise_name = vec!["高血压".into(), "糖尿病".into()];
            visit.dscg_dept_codg = "A".repeat(31);
            visit.oprninfo = vec![Operation::default()];
            let line = &mut visit.feedetail[0];
            (line.fee_ocur_time, line.prd_days, line.sin_dos_dscr) = ("8:30".into(), 1000, "剂".repeat(101));
        });
        let error = refused(platform.preview(wrong.clone()).await);
        assert_eq!(violations(&error), [
            ("visit.dise_name", "COUNT_INVALID"),
            ("visit.dscg_dept_codg", "TOO_LONG"),
            ("visit.feedetail[0].fee_ocur_time", "TIME_INVALID"),
            ("visit.feedetail[0].fee_ocur_date", "LINE_DATE_REQUIRED"),
            ("visit.feedetail[0].prd_days", "COUNT_INVALID"),
            ("visit.feedetail[0].sin_dos_dscr", "TOO_LONG"),
            ("visit.oprninfo[0].oprn_oprt_code", "REQUIRED"),
            ("visit.oprninfo[0].oprn_oprt_date", "DATE_INVALID"),
        ]);
        let visit: yizhan_proto::settlement::v1::Visit = wrong.into();
        let upload = UploadFeesRequest {
            request_id: "U1".into(), fixmedins_code: visit.fixmedins_code, mdtrt_id: visit.mdtrt_id, psn_no: visit.psn_no,
            feedetail: visit.feedetail,
        };
        let error = RemoteError::from(platform.fees().upload_fees(upload).await.unwrap_err());
        assert!(violations(&error).contains(&("feedetail[0].prd_days", "COUNT_INVALID")), "{error:?}");
    }
}
