//! 稽核案件: from a violation to money returned and the archive, over the whole platform.

pub mod desk;
mod killed;

use sea_orm::ConnectionTrait;
use tonic::Code;
use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::*;
use yizhan_proto::settlement::v1::{Recovery, RecoveryKind, Settlement, Visit};
use yizhan_testkit::{Backend, TestDatabase, both_databases};

use self::desk::*;
use crate::support::{assert_books_balance, clinic};

/// Settled with two lines, of 300 and 700 yuan; the funds pay 420 of the 1000.
async fn two_lines(platform: &TestPlatform, number: &str) -> Settlement {
    let visit = visit("P1").outpatient("2024-03-01").line(CARE, "1", "300").line(CARE, "1", "700");
    platform.settle(number, visit).await.unwrap()
}

async fn start(db: &TestDatabase) -> TestPlatform {
    TestPlatform::on(db)
        .with_persons([Person::employee("P1"), Person::employee("P2")])
        .asking_audit()
        .start()
        .await
}

/// As a line of a case.
fn line(settled: &Settlement, feedetl_sn: &str, vola_amt_fen: i64) -> CaseLine {
    CaseLine {
        setl_id: info(settled).setl_id.clone(),
        feedetl_sn: feedetl_sn.to_owned(),
        vola_amt_fen,
        ..CaseLine::default()
    }
}

/// A part of P1's stay V1, from 2024-05-01.
fn part(end: &str, mid: bool) -> VisitBuilder {
    visit("P1").inpatient("2024-05-01", end).numbered("V1").but(|visit| visit.mid_setl_flag = mid)
}

/// The last line of a visit, of this number and day.
fn dated(visit: &mut Visit, feedetl_sn: &str, day: &str) {
    let line = visit.feedetail.last_mut().unwrap();
    (line.feedetl_sn, line.fee_ocur_date) = (feedetl_sn.to_owned(), day.to_owned());
}

/// It takes back this one.
fn takes_back(visit: &mut Visit, init_feedetl_sn: &str) {
    visit.feedetail.last_mut().unwrap().init_feedetl_sn = init_feedetl_sn.to_owned();
}

fn kinds(recoveries: &[Recovery]) -> Vec<(RecoveryKind, i64)> {
    recoveries.iter().map(|one| (one.kind(), one.recovered_fen)).collect()
}

both_databases! {
    /// The appeal against one line is upheld, that against the other refused: what the funds paid for that line goes back to them, off what the
    /// institution is owed; the person's amounts and years stay.
    async fn an_appeal_is_upheld_for_one_line_and_refused_for_another(db: TestDatabase) {
        let platform = start(&db).await;
        let settled = two_lines(&platform, "R1").await;
        let (owed, years) = (platform.posted(INSTITUTION).await, platform.accumulators("P1", COMPOSITE_AREA).await);
        let office = Office::of(&platform);
        let case = office.opened(&settled).await;
        assert_eq!((case.state(), case.due_date.as_str(), case.lines.len()), (CaseState::Screening, "2026-02-13", 2));
        assert_eq!(refused(office.institution().get(&case.case_id).await).reason, "CASE_UNKNOWN", "before it is told");

        // 初审, 复核, 申诉, 复审: four officers, of whom none does two.
        let own = refused(office.step("A", CaseAction::Screen, &case).await);
        assert_eq!((own.code, own.reason.as_str(), own.metadata["state"].as_str()), (Code::PermissionDenied, "OWN_CASE", "SCREENING"));
        let case = office.step("B", CaseAction::Screen, &case).await.unwrap();
        let same = refused(office.step("B", CaseAction::Confirm, &case).await);
        assert_eq!((same.reason.as_str(), same.metadata["allowed_actions"].as_str()), ("REVIEWED_BEFORE", "SUPPLEMENT"));
        let early = refused(office.step("C", CaseAction::Decide, &case).await);
        assert_eq!((early.reason.as_str(), early.metadata["allowed_actions"].as_str()), ("CASE_STEP_REFUSED", "CONFIRM,RETURN,DISMISS,SUPPLEMENT"));
        let case = office.step("C", CaseAction::Confirm, &case).await.unwrap();
        let hospital = office.institution();
        let told = hospital.get(&case.case_id).await.unwrap();
        assert_eq!((told.0.state(), told.0.papers.len()), (CaseState::Appealable, 0), "not what officers gathered");
        assert_eq!(told.1.iter().map(|step| (step.action(), step.opter.as_str())).collect::<Vec<_>>(), [(CaseAction::Confirm, "")]);
        let case = hospital.appeal(&case, "两项均为治疗必需").await.unwrap();
        let stale = AdvanceCaseRequest { version: 1, reason: "x".into(), ..office.request("D", CaseAction::Decide, &case) };
        assert_eq!(refused(office.advance(stale).await).reason, "CASE_VERSION_STALE");
        let case = office.decide("D", &case, &[30_000, 0]).await.unwrap();
        let waiting = office.queue(false).await;
        assert_eq!(waiting.iter().map(|case| case.state()).collect::<Vec<_>>(), [CaseState::Feedback]);
        office.step("A", CaseAction::Tell, &case).await.unwrap();

        let case = office.until(&case, |case| case.state() == CaseState::Archived).await;
        assert_eq!((case.decision_no, case.recoveries.len()), (1, 1));
        let recovery = &case.recoveries[0];
        // The funds paid 420 of 1000, all in scope: of 300 that is 126.
        assert_eq!((recovery.recovered_fen, recovery.refusal.as_str()), (yuan("126"), ""));
        assert_eq!(recovery.funds.iter().map(|fund| fund.amount_fen).sum::<i64>(), yuan("126"));
        assert_eq!(platform.posted(INSTITUTION).await, owed - yuan("126"), "the next payment is less");
        assert_eq!(platform.accumulators("P1", COMPOSITE_AREA).await, years);
        let now = platform.get(&info(&settled).setl_id).await.unwrap();
        assert_eq!((info(&now).recovered_fen, &info(&now).recovered_case_ids), (yuan("126"), &vec![case.case_id.clone()]));
        let listed = platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements;
        assert_eq!(listed[0].recovered_fen, yuan("126"));
        assert_eq!(kinds(&platform.recoveries(&case.case_id).await), [(RecoveryKind::Booked, yuan("126"))]);
        assert_eq!(platform.as_caller(HOSPITAL).recoveries(&case.case_id).await.len(), 1);
        assert_eq!(platform.as_caller("institution:H99990000002").recoveries(&case.case_id).await, []);
        assert_eq!(platform.recovered_in_feed().await.len(), 1);
        assert_books_balance(&platform).await;

        // It is not reversed, nor settled again, before the case is corrected.
        let error = refused(platform.reverse("V1", &settled).await);
        assert_eq!((error.code, error.reason.as_str(), &error.metadata["case_id"]), (Code::FailedPrecondition, "RECOVERED", &case.case_id));
        let error = refused(platform.resettle_behind("V2", &settled).await);
        assert_eq!((error.reason.as_str(), error.metadata["why"].as_str()), ("RESETTLE_BLOCKED", "RECOVERED"));
    }

    /// An appeal that is upheld ends the case without a decision; where one is refused all is recovered. Followers are told who, what, by what,
    /// how much and when; what is told again, to settlement or to audit, changes nothing.
    async fn one_appeal_is_upheld_and_one_refused(db: TestDatabase) {
        let platform = start(&db).await;
        let seen_by = |visit: VisitBuilder| visit.but(|visit| visit.dr_codg = "D430000001".to_owned());
        let upheld = platform.settle("R1", clinic("P1", "2024-03-01", "1000")).await.unwrap();
        let kept = platform.settle("R2", seen_by(clinic("P2", "2024-03-01", "1000"))).await.unwrap();
        let (owed, paid) = (platform.posted(INSTITUTION).await, info(&kept).fund_pay_sumamt_fen);
        let office = Office::of(&platform);
        platform.until_heard(2).await;
        let cases = [office.confirmed(&upheld).await, office.confirmed(&kept).await];
        for case in &cases {
            office.institution().appeal(case, "治疗必需").await.unwrap();
        }
        let dismissed = office.step("D", CaseAction::Dismiss, &cases[0]).await.unwrap();
        assert_eq!(dismissed.state(), CaseState::Dismissed);
        let decided = office.decide("D", &cases[1], &[100_000]).await.unwrap();
        let told = office.step("A", CaseAction::Tell, &decided).await.unwrap();
        office.until(&told, |case| case.state() == CaseState::Archived).await;
        assert_eq!(platform.posted(INSTITUTION).await, owed - paid);
        assert_books_balance(&platform).await;

        for rows in [platform.rows(), platform.audit_rows()] {
            rows.execute_unprepared("DELETE FROM followed_feed").await.unwrap();
        }
        let last = office.told(&upheld, &[100_000]).await;
        let last = office.until(&last, |case| case.state() == CaseState::Archived).await;
        let mut booked = 0;
        for case in [&dismissed, &told, &last] {
            booked += platform.recoveries(&case.case_id).await.len();
        }
        assert_eq!(booked, 2);
        assert_eq!(platform.posted(INSTITUTION).await, owed - paid - info(&upheld).fund_pay_sumamt_fen);
        assert_books_balance(&platform).await;

        use DecisionKind::{Decided, Dismissed, Recovered};
        let heard = platform.as_caller("service:credit").decisions(5).await;
        assert_eq!(heard.iter().map(|one| one.kind()).collect::<Vec<_>>(), [Dismissed, Decided, Recovered, Decided, Recovered]);
        let [line] = heard[2].lines.as_slice() else { panic!("{heard:#?}") };
        let (what, recovery) = (line.line.as_ref().unwrap(), line.recovery.as_ref().unwrap());
        assert_eq!((heard[2].case_id.as_str(), heard[2].fixmedins_code.as_str(), heard[2].decided_on.as_str()), (told.case_id.as_str(), THIRD_LEVEL, "2026-02-01"));
        assert_eq!((line.psn_no.as_str(), what.bilg_dr_codg.as_str(), what.vola_bhvr_type.as_str()), ("P2", "D430000001", "超标准收费"));
        assert_eq!((what.vola_amt_fen, recovery.recovered_fen), (100_000, paid));
        let agency = platform.as_caller("agency:999900").decisions(5).await;
        assert!(agency.iter().flat_map(|one| &one.lines).all(|line| line.psn_no.is_empty()), "it looks at persons where that is logged");
    }

    /// Of a line something is recovered once: a second case hears why not, and an officer looks at it. A correction gives back what was
    /// recovered, and the line can be recovered again.
    async fn a_line_is_recovered_once_until_its_case_is_corrected(db: TestDatabase) {
        let platform = start(&db).await;
        let settled = two_lines(&platform, "R1").await;
        let owed = platform.posted(INSTITUTION).await;
        let office = Office::of(&platform);
        let first = office.told(&settled, &[30_000, 70_000]).await;
        let first = office.until(&first, |case| case.state() == CaseState::Archived).await;
        assert_eq!(first.recoveries.iter().map(|one| one.recovered_fen).sum::<i64>(), yuan("420"), "all that they paid");
        let second = office.told(&settled, &[30_000, 0]).await;
        let second = office.until(&second, |case| !case.recoveries.is_empty()).await;
        assert_eq!((second.state(), second.recoveries[0].refusal.as_str()), (CaseState::Handling, "ALREADY_RECOVERED"));
        assert_eq!(platform.posted(INSTITUTION).await, owed - yuan("420"));
        let archive = AdvanceCaseRequest { reason: "已由另案追回".into(), ..office.request("A", CaseAction::Archive, &second) };
        assert_eq!(office.advance(archive).await.unwrap().state(), CaseState::Archived);
        assert_books_balance(&platform).await;

        let below = refused(office.correct(&first, "agency:999900").await);
        assert_eq!((below.reason.as_str(), below.metadata["allowed_actions"].as_str()), ("CASE_STEP_REFUSED", ""));
        let reopened = office.correct(&first, "agency:100000").await.unwrap();
        assert_eq!((reopened.state(), reopened.recoveries.len()), (CaseState::ReReview, 0));
        platform.until_posted(INSTITUTION, owed).await;
        assert_eq!(kinds(&platform.recoveries(&first.case_id).await), [(RecoveryKind::Undone, -yuan("420")), (RecoveryKind::Booked, yuan("420"))]);
        assert_eq!(info(&platform.get(&info(&settled).setl_id).await.unwrap()).recovered_fen, 0);
        assert_books_balance(&platform).await;
        assert_eq!(refused(office.decide("C", &reopened, &[0, 10_000]).await).reason, "REVIEWED_BEFORE");
        let decided = office.decide("F", &reopened, &[0, 10_000]).await.unwrap();
        let told = office.step("A", CaseAction::Tell, &decided).await.unwrap();
        let again = office.until(&told, |case| case.state() == CaseState::Archived).await;
        assert_eq!((again.decision_no, again.recoveries[0].recovered_fen), (2, yuan("42")));
        assert_eq!(platform.posted(INSTITUTION).await, owed - yuan("42"));
        assert_books_balance(&platform).await;

        // Taken back once more and dismissed, nothing stands in the way of a reversal; of what is reversed nothing is recovered.
        let reopened = office.correct_as("H", &again, "agency:100000").await.unwrap();
        platform.until_posted(INSTITUTION, owed).await;
        let dismiss = AdvanceCaseRequest { reason: "确属治疗必需".into(), ..office.request("G", CaseAction::Dismiss, &reopened) };
        assert_eq!(office.advance(dismiss).await.unwrap().state(), CaseState::Dismissed);
        platform.reverse("V1", &settled).await.unwrap();
        let late = office.told(&settled, &[30_000, 0]).await;
        let late = office.until(&late, |case| !case.recoveries.is_empty()).await;
        assert_eq!(late.recoveries[0].refusal, "ALREADY_REVERSED");
        assert_eq!(platform.posted(INSTITUTION).await, 0);
        assert_books_balance(&platform).await;
    }

    /// Silence up to the last day is acceptance: computed when asked, noted by the sweep. A day late an appeal is refused with that day.
    async fn an_appeal_is_too_late_on_the_day_after_its_last(db: TestDatabase) {
        let platform = start(&db).await;
        let settled = two_lines(&platform, "R1").await;
        let office = Office::of(&platform);
        let (silent, appealed) = (office.confirmed(&settled).await, office.confirmed(&settled).await);
        // 10 working days behind 2026-02-01.
        let last_day = silent.due_date.clone();
        platform.clock.set(format!("{last_day}T10:00:00Z").parse().unwrap());
        let hospital = office.institution();
        let bare = refused(hospital.appeal_with(&appealed, "不服", &[]).await);
        assert_eq!(bare.reason, "EVIDENCE_REQUIRED");
        assert_eq!(hospital.appeal(&appealed, "不服").await.unwrap().state(), CaseState::ReReview, "on the last day");
        assert_eq!(office.queue(true).await.len(), 0, "nothing is overdue");
        platform.clock.set(format!("{last_day}T16:30:00Z").parse().unwrap());
        let (now, _) = hospital.get(&silent.case_id).await.unwrap();
        assert_eq!(now.state(), CaseState::Feedback, "the day after has begun in China");
        let late = refused(hospital.appeal(&silent, "不服").await);
        assert_eq!((late.code, late.reason.as_str(), &late.metadata["last_day"]), (Code::FailedPrecondition, "APPEAL_TOO_LATE", &last_day));
        let waiting = office.queue(false).await;
        assert_eq!(waiting.len(), 2, "it waits for its officer, noted or not: {waiting:?}");
        let told = office.step("A", CaseAction::Tell, &now).await.unwrap();
        let (_, steps) = office.get(&told.case_id).await.unwrap();
        assert_eq!(steps.iter().map(|step| step.actor.as_str()).filter(|actor| *actor == "clock").count(), 1);
        office.until(&told, |case| case.state() == CaseState::Archived).await;
        platform.clock.set("2026-06-30T04:00:00Z".parse().unwrap());
        assert_eq!(office.queue(true).await.iter().map(|case| &case.case_id).collect::<Vec<_>>(), [&appealed.case_id]);
        assert_books_balance(&platform).await;
    }

    /// What was withheld at settlement goes to the funds where the case finds against the line, and back to the institution where it does not.
    /// The finding goes with its case.
    async fn what_was_withheld_comes_to_its_end(db: TestDatabase) {
        let platform = start(&db).await;
        platform.publish_rule("withhold").await;
        let visit = |number: &str| visit("P1").outpatient("2024-03-01").line(CARE, "5", "200").line(SINGLE_ROOM, "1", "700").numbered(number);
        let first = platform.settle("R1", visit("V1")).await.unwrap();
        let withheld = first.audit.as_ref().unwrap().withheld_fen;
        assert!(withheld > 0 && platform.posted("withheld/H99990000003").await == withheld);
        let owed = platform.posted(INSTITUTION).await;
        let office = Office::of(&platform);
        let jr_id = office.found(1).await.remove(0);
        let case = office.opened_on(&jr_id).await.unwrap();
        assert_eq!((case.lines.len(), case.lines[0].jr_id.as_str()), (1, jr_id.as_str()));
        let twice = refused(office.opened_on(&jr_id).await);
        assert_eq!((twice.code, twice.reason.as_str(), &twice.metadata["case_id"]), (Code::AlreadyExists, "FINDING_IN_CASE", &case.case_id));
        // Who opened it entered nothing, and screens it.
        let case = office.step("A", CaseAction::Screen, &case).await.unwrap();
        let dismiss = AdvanceCaseRequest { reason: "确有指征".into(), ..office.request("C", CaseAction::Dismiss, &case) };
        office.advance(dismiss).await.unwrap();
        platform.until_posted(INSTITUTION, owed + withheld).await;
        assert_eq!(platform.posted("withheld/H99990000003").await, 0);
        assert_eq!(office.finding(&jr_id).await.state(), FindingState::Dismissed);
        assert_eq!(refused(platform.reverse("V1", &first).await).reason, "RECOVERED");
        assert_books_balance(&platform).await;

        // Somebody finds otherwise: what went back to the institution is recovered.
        office.reopen(&jr_id).await;
        let other = office.opened_on(&jr_id).await.unwrap();
        let other = office.through(office.request("B", CaseAction::Screen, &other)).await;
        let other = office.until(&other, |case| case.state() == CaseState::Archived).await;
        let recovered = other.recoveries[0].recovered_fen;
        assert!(recovered > 0 && platform.posted(INSTITUTION).await == owed + withheld - recovered);
        assert_books_balance(&platform).await;

        // Both are taken back: the finding stays in the case it came to last, and what was withheld is withheld again.
        office.correct(&other, "agency:100000").await.unwrap();
        platform.until_posted(INSTITUTION, owed + withheld).await;
        let again = office.correct(&case, "agency:100000").await.unwrap();
        assert_eq!(again.state(), CaseState::Screening, "what was dismissed begins again");
        platform.until_posted(INSTITUTION, owed).await;
        assert_eq!(platform.posted("withheld/H99990000003").await, withheld);
        let found = office.finding(&jr_id).await;
        assert_eq!((found.state(), &found.case_id), (FindingState::InCase, &other.case_id));
        assert_books_balance(&platform).await;
    }

    /// Recovered under the number it was settled under, whoever that is now; and of a stay in parts what all its parts came to.
    async fn merged_persons_and_stays_in_parts(db: TestDatabase) {
        let platform = start(&db).await;
        let other = platform.settle("R1", clinic("P2", "2024-03-01", "1000")).await.unwrap();
        let one = part("2024-05-10", true).line(CARE, "1", "8000").but(|visit| dated(visit, "F1", "2024-05-02"));
        let one = one.line(CARE, "1", "4000").but(|visit| dated(visit, "F2", "2024-05-03"));
        let one = platform.settle("R2", one).await.unwrap();
        let two = part("2024-05-20", false).line(CARE, "-1", "4000").but(|visit| {
            dated(visit, "F3", "2024-05-12");
            takes_back(visit, "F2");
        });
        let two = platform.settle("R3", two).await.unwrap();
        let paid = info(&one).fund_pay_sumamt_fen + info(&two).fund_pay_sumamt_fen;
        platform.merge("P1", "P2").await;
        while info(&platform.get(&info(&other).setl_id).await.unwrap()).stays_psn_no != "P1" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let office = Office::of(&platform);
        let lines = vec![line(&other, "", 50_000), line(&one, "F1", 800_000), line(&one, "F2", 400_000)];
        let case = office.told_of(lines).await;
        let case = office.until(&case, |case| case.recoveries.len() == 3).await;
        let told: Vec<(&str, i64, &str)> = case.recoveries.iter().map(|one| (one.feedetl_sn.as_str(), one.recovered_fen, one.refusal.as_str())).collect();
        let half = info(&other).fund_pay_sumamt_fen / 2;
        assert!(told.contains(&("", half, "")), "half of the visit as a whole: {told:?}");
        assert!(told.contains(&("F1", paid, "")), "all that both parts came to: {told:?}");
        assert!(told.contains(&("F2", 0, "NOTHING_PAID")), "it was refunded: {told:?}");
        for settled in [&other, &one, &two] {
            let error = refused(platform.reverse_as("P1", &format!("V{}", info(settled).setl_id), settled).await);
            assert_eq!(error.reason, "RECOVERED");
        }
        assert_books_balance(&platform).await;
    }

    /// What was recovered is not taken back by a later part of the stay as well, before the case is corrected.
    async fn a_recovered_line_is_not_refunded(db: TestDatabase) {
        let platform = start(&db).await;
        let one = part("2024-05-10", true).line(CARE, "1", "8000").but(|visit| dated(visit, "F1", "2024-05-02"));
        let one = one.line(CARE, "1", "4000").but(|visit| dated(visit, "F2", "2024-05-03"));
        let one = platform.settle("R1", one).await.unwrap();
        let office = Office::of(&platform);
        let case = office.told_of(vec![line(&one, "F2", 400_000)]).await;
        let case = office.until(&case, |case| case.state() == CaseState::Archived).await;
        let two = |taken_back: &str, price: &str| {
            part("2024-05-20", false).line(CARE, "-1", price).but(|visit| {
                dated(visit, "F3", "2024-05-12");
                takes_back(visit, taken_back);
            })
        };
        let error = refused(platform.settle("R2", two("F2", "4000")).await);
        assert_eq!((error.reason.as_str(), &error.metadata["case_id"]), ("RECOVERED", &case.case_id));
        office.correct(&case, "agency:100000").await.unwrap();
        while !platform.recoveries(&case.case_id).await.iter().any(|one| one.kind() == RecoveryKind::Undone) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        platform.settle("R3", two("F2", "4000")).await.unwrap();
        assert_books_balance(&platform).await;
    }

    /// Experts of a joint review, each once; and the log shows whoever changes what was written behind the service's back.
    async fn the_log_of_cases_shows_tampering(db: TestDatabase) {
        let platform = start(&db).await;
        let settled = two_lines(&platform, "R1").await;
        let office = Office::of(&platform);
        let case = office.opened(&settled).await;
        let case = office.step("B", CaseAction::Screen, &case).await.unwrap();
        let case = office.step("C", CaseAction::Confirm, &case).await.unwrap();
        let case = office.institution().appeal(&case, "有争议").await.unwrap();
        let convene = AdvanceCaseRequest {
            experts: ["X", "Y", "Z"].map(str::to_owned).to_vec(),
            ..office.request("D", CaseAction::Convene, &case)
        };
        let case = office.advance(convene).await.unwrap();
        assert_eq!(refused(office.decide("D", &case, &[1, 0]).await).reason, "OPINIONS_MISSING");
        for expert in ["X", "Y", "Z"] {
            office.opine(expert, &case).await.unwrap();
            assert_eq!(refused(office.opine(expert, &case).await).reason, "OPINION_GIVEN");
        }
        assert_eq!(office.decide("D", &case, &[10_000, 0]).await.unwrap().opinions.len(), 3);

        let intact = office.verify(None).await;
        assert!(intact.intact && intact.complete && intact.entries == 9, "{intact:?}");
        let broken = async |statement: &str| {
            tamper(&platform, &db, statement).await;
            let verdict = office.verify(None).await;
            assert!(!verdict.intact && !verdict.explanation.is_empty(), "{verdict:?}");
            let known = if verdict.case_id == case.case_id { "its case" } else { "" };
            (verdict.fault(), verdict.broken_seq, verdict.entries, known)
        };
        // The case itself: decided otherwise than was logged.
        assert_eq!(broken("UPDATE audit_record SET record = ''").await, (CaseLogFault::CaseAltered, 9, 8, "its case"));
        assert_eq!(broken("UPDATE audit_log SET step_no = 7 WHERE seq = 4").await, (CaseLogFault::Altered, 4, 3, "its case"));
        assert_eq!(broken("DELETE FROM audit_log WHERE seq = 2").await, (CaseLogFault::Missing, 2, 1, ""));
        tamper(&platform, &db, "DELETE FROM audit_log").await;
        tamper(&platform, &db, "DELETE FROM audit_log_head").await;
        assert!(office.verify(None).await.intact, "all of it thrown away shows only by what was noted outside");
        assert_eq!(office.verify(Some(&intact)).await.fault(), CaseLogFault::AnchorMismatch);
    }
}

/// Changes a table behind the service's back, as the owner of the database can.
async fn tamper(platform: &TestPlatform, db: &TestDatabase, statement: &str) {
    let triggers: &[&str] = match db.backend() {
        Backend::Postgres => &["ALTER TABLE audit_log DISABLE TRIGGER ALL"],
        Backend::Sqlite => {
            &["DROP TRIGGER IF EXISTS audit_log_no_update", "DROP TRIGGER IF EXISTS audit_log_no_delete"]
        }
    };
    for statement in triggers.iter().chain([&statement]) {
        platform.audit_rows().execute_unprepared(statement).await.unwrap();
    }
}
