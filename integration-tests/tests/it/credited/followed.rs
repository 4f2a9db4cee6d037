//! Credit followed: what its later entries make of what was settled by the earlier ones.

use std::time::{Duration, Instant};

use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::database::{number, tamper};
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::CaseLine;
use yizhan_proto::credit::v1::{PointsAction, PointsMatter, RevisedPoints};
use yizhan_proto::settlement::v1::recovery_service_client::RecoveryServiceClient;
use yizhan_proto::settlement::v1::{
    LineHandling, ListRecoveriesRequest, Recovery, RecoveryKind, Settlement, WorkItem, WorkItemState,
};
use yizhan_testkit::{TestDatabase, both_databases};

use super::fake::FakeCredit;
use super::{marks, platform as beside, rules, two_doctors, withheld};
use crate::cases::desk::{Books, Office};
use crate::points::{DOCTOR, act, advance, decide, register};
use crate::register_followed::until;
use crate::support::assert_books_balance;

const INSTITUTION: &str = "institution/H99990000003";
const WITHHELD: &str = "withheld/H99990000003";

/// 300 yuan of the doctor who gets points, 700 of another.
fn both(number: &str) -> VisitBuilder {
    two_doctors("P1", number).but(|visit| visit.feedetail[0].bilg_dr_codg = DOCTOR.into())
}

/// A stay that began as an emergency: F1 by the doctor on its first day, F2 on its third; F3 names nobody.
fn began_as_an_emergency() -> VisitBuilder {
    let stay = visit("P1").inpatient("2026-01-15", "2026-01-20").emergency();
    let stay = stay.line(CARE, "1", "3000").line(CARE, "1", "7000").line(CARE, "1", "10000").numbered("V1");
    stay.but(|visit| {
        for (line, day) in visit.feedetail.iter_mut().zip(["2026-01-15", "2026-01-17"]) {
            line.bilg_dr_codg = DOCTOR.into();
            line.fee_ocur_date = day.into();
        }
    })
}

async fn settled(platform: &TestPlatform, number: &str) -> Settlement {
    platform.settle(&format!("R-{number}"), both(number)).await.unwrap()
}

async fn start(db: &TestDatabase) -> (TestPlatform, Client) {
    begin(TestPlatform::on(db)).await
}

async fn begin(setup: Setup) -> (TestPlatform, Client) {
    let platform = setup.with_person(Person::employee("P1")).asking_credit().start().await;
    let agency = platform.as_caller("agency:999900");
    register(&agency, DOCTOR).await;
    (platform, agency)
}

/// Nine points: suspended from 2026-01-06 on.
async fn suspend(agency: &Client) -> PointsMatter {
    decide(agency, vec![act("article-38", "V1"), act("agreement", "V2")]).await.unwrap()
}

/// Appealed against.
async fn appeal(agency: &Client, matter: PointsMatter) -> PointsMatter {
    let matter = advance(agency, &matter, PointsAction::Notice, "2026-01-07", Vec::new()).await.unwrap();
    let matter = advance(agency, &matter, PointsAction::Deliver, "2026-01-08", Vec::new()).await.unwrap();
    advance(agency, &matter, PointsAction::Appeal, "2026-01-22", Vec::new()).await.unwrap()
}

/// Three of the nine points are struck: nobody was ever suspended.
async fn uphold(agency: &Client, matter: &PointsMatter) -> PointsMatter {
    let struck = vec![RevisedPoints { entry_id: matter.acts[1].entry_id.clone(), points: 0 }];
    advance(agency, matter, PointsAction::DecideAppeal, "2026-01-30", struck).await.unwrap()
}

async fn take_back(agency: &Client, matter: &PointsMatter) -> PointsMatter {
    advance(agency, matter, PointsAction::TakeBack, "", Vec::new()).await.unwrap()
}

/// Of a settlement, the oldest first.
async fn recoveries(client: &Client, settled: &Settlement) -> Vec<Recovery> {
    let request = ListRecoveriesRequest {
        poolarea_no: COMPOSITE_AREA.into(),
        setl_id: info(settled).setl_id.clone(),
        ..ListRecoveriesRequest::default()
    };
    let mut service = RecoveryServiceClient::new(client.to_settlement());
    let mut all = service.list_recoveries(request).await.unwrap().into_inner().recoveries;
    all.reverse();
    all
}

/// Waits until a settlement has so many of them.
async fn until_booked(client: &Client, settled: &Settlement, count: usize) -> Vec<Recovery> {
    let begun = Instant::now();
    loop {
        let all = recoveries(client, settled).await;
        if all.len() == count {
            return all;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never so: {all:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everything is heard again from the beginning, and credit's feed to its end once more.
async fn hear_again(platform: &TestPlatform) {
    let token =
        "SELECT COUNT(*) AS value FROM followed_feed WHERE feed = 'credit.ledger' AND resume_token <> ''";
    tamper(platform.rows(), "UPDATE followed_feed SET resume_token = '' WHERE feed = 'credit.ledger'").await;
    register(&platform.as_caller("agency:999900"), "D999900000002").await;
    let begun = Instant::now();
    while number(platform.rows(), token).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "not heard again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn items(platform: &TestPlatform, state: WorkItemState) -> Vec<WorkItem> {
    platform.worklist_of(COMPOSITE_AREA, state).await.unwrap()
}

both_databases! {
    /// What was withheld goes back whole, once; a reversal afterwards takes everything back.
    async fn an_appeal_that_is_upheld_gives_back_what_was_withheld(db: TestDatabase) {
        let (platform, agency) = start(&db).await;
        let matter = suspend(&agency).await;
        let refused = settled(&platform, "V1").await;
        assert_eq!(marks(&refused), [("PRACTITIONER_REFUSED", 1)]);
        let fen = withheld(&refused);
        let bill = info(&refused).medfee_sumamt_fen;
        assert_eq!((platform.posted(INSTITUTION).await, platform.posted(WITHHELD).await), (bill - fen, fen));

        let appealed = appeal(&agency, matter).await;
        uphold(&agency, &appealed).await;
        let back = until_booked(&platform, &refused, 1).await.remove(0);
        assert_eq!((back.kind(), back.given_back_fen, back.recovered_fen, back.case_id.as_str()), (RecoveryKind::GivenBack, fen, 0, ""));
        assert_eq!(back.lines.iter().map(|line| (line.feedetl_sn.as_str(), line.withheld_fen)).collect::<Vec<_>>(), [("V1F1", fen)]);
        assert_eq!((platform.posted(INSTITUTION).await, platform.posted(WITHHELD).await), (bill, 0));
        let now = platform.get(&info(&refused).setl_id).await.unwrap();
        assert_eq!((&now, info(&now).recovered_fen), (&refused, 0), "what was answered stays");
        assert!(platform.replay(&info(&refused).setl_id).await.unwrap().identical);
        assert_eq!(recoveries(&platform.as_caller("institution:H99990000003"), &refused).await.len(), 1);
        assert_books_balance(&platform).await;

        hear_again(&platform).await;
        assert_eq!(recoveries(&platform, &refused).await.len(), 1, "heard twice, given back once");
        assert_eq!(items(&platform, WorkItemState::Unspecified).await, []);

        platform.reverse("V1", &refused).await.unwrap();
        let all = recoveries(&platform, &refused).await;
        assert_eq!(all.iter().map(|one| (one.kind(), one.given_back_fen)).collect::<Vec<_>>(), [(RecoveryKind::GivenBack, fen), (RecoveryKind::Undone, -fen)]);
        assert_eq!((platform.posted(INSTITUTION).await, platform.posted(WITHHELD).await), (0, 0));
        assert_books_balance(&platform).await;
        tamper(platform.rows(), "UPDATE recoveries SET given_back_fen = given_back_fen + 1 WHERE kind = 4").await;
        let found = platform.check_books(COMPOSITE_AREA).await.discrepancies;
        assert!(found.iter().any(|found| found.contains("given back")), "{found:?}");
    }

    /// Refused again after it was given back: nothing is taken, somebody is told; and no more once that is undone.
    async fn an_appeal_decision_that_is_taken_back_is_on_the_worklist(db: TestDatabase) {
        let (platform, agency) = start(&db).await;
        let matter = suspend(&agency).await;
        let refused = settled(&platform, "V1").await;
        let fen = withheld(&refused);
        let appealed = appeal(&agency, matter).await;
        let upheld = uphold(&agency, &appealed).await;
        until_booked(&platform, &refused, 1).await;
        let owed = platform.posted(INSTITUTION).await;
        let again = take_back(&agency, &upheld).await;
        let item = until(&platform, |items| items.len() == 1).await.remove(0);
        assert_eq!((item.why.as_str(), item.differs_fen, &item.setl_id), ("PRACTITIONER_UNPAYABLE", -fen, &info(&refused).setl_id));
        assert!(item.why_text.contains(DOCTOR) && item.why_text.contains("V1F1") && item.why_text.contains("暂停"), "{}", item.why_text);
        assert_eq!((item.paid_fen, item.would_pay_fen), (info(&refused).fund_pay_sumamt_fen, info(&refused).fund_pay_sumamt_fen - fen));
        assert_eq!((platform.posted(INSTITUTION).await, recoveries(&platform, &refused).await.len()), (owed, 1));
        assert_books_balance(&platform).await;
        uphold(&agency, &again).await;
        until(&platform, <[WorkItem]>::is_empty).await;
        assert_eq!(items(&platform, WorkItemState::Resolved).await.len(), 1);
        assert_eq!(recoveries(&platform, &refused).await.len(), 1, "given back once");
        assert_books_balance(&platform).await;
    }

    /// A suspension recorded after the visit was settled: what the institution would bear is told, as it would have been withheld.
    async fn a_suspension_recorded_late_is_on_the_worklist_until_it_is_undone(db: TestDatabase) {
        let (platform, agency) = start(&db).await;
        let paid = settled(&platform, "V1").await;
        assert_eq!((withheld(&paid), marks(&paid).len()), (0, 0));
        let emergency = both("V2").but(|visit| visit.emergency = true);
        platform.settle("R-V2", emergency).await.unwrap();
        let reversed = settled(&platform, "V3").await;
        platform.reverse("B-V3", &reversed).await.unwrap();
        let owed = platform.posted(INSTITUTION).await;

        let matter = suspend(&agency).await;
        let item = until(&platform, |items| items.len() == 1).await.remove(0);
        let would = platform.preview(both("V4")).await.unwrap().settlement.unwrap();
        assert_eq!(would.credit.as_ref().unwrap().lines[0].handling(), LineHandling::Refused);
        assert_eq!((item.why.as_str(), &item.setl_id), ("PRACTITIONER_UNPAYABLE", &info(&paid).setl_id), "no emergency, nothing reversed");
        // Of what the funds paid 30 % are of the line.
        let line = (info(&paid).fund_pay_sumamt_fen * 3 + 5) / 10;
        assert_eq!((item.differs_fen, item.person_version_now, item.funds.len()), (-line, 0, 0));
        assert_eq!((platform.posted(INSTITUTION).await, recoveries(&platform, &paid).await.len()), (owed, 0), "nothing is booked by itself");

        let agency_closed = agency.close_work_item("C1", &item.item_id, "转稽核").await.unwrap();
        assert_eq!(agency_closed.state(), WorkItemState::Closed);
        hear_again(&platform).await;
        assert_eq!(items(&platform, WorkItemState::Open).await, [], "what somebody closed is not told again");
        take_back(&agency, &matter).await;
        assert_books_balance(&platform).await;
    }

    /// Of a stay the area counts two days as the emergency, and marks lines that name nobody: recorded late, reversed and settled again, undone.
    async fn an_emergency_ends_and_nobody_is_marked_as_the_area_says(db: TestDatabase) {
        let (platform, agency) = start(&db).await;
        agency.publish_settlement_rules(&rules("unnamed: mark, emergency_days: 2")).await.unwrap();
        let paid = platform.settle("R1", began_as_an_emergency()).await.unwrap();
        assert_eq!((marks(&paid), withheld(&paid)), (vec![("PRACTITIONER_UNNAMED", 1)], 0));
        assert_eq!(info(&paid).marks[0].feedetl_sn, ["F3"]);

        let matter = suspend(&agency).await;
        let item = until(&platform, |items| items.len() == 1).await.remove(0);
        assert_eq!((item.why.as_str(), &item.setl_id), ("PRACTITIONER_UNPAYABLE", &info(&paid).setl_id));
        assert!(item.why_text.contains("明细 F2）") && item.differs_fen < 0, "only what lies behind: {}", item.why_text);

        platform.reverse("B1", &paid).await.unwrap();
        let again = platform.settle("R2", began_as_an_emergency()).await.unwrap();
        assert_eq!(marks(&again), [("PRACTITIONER_REFUSED", 1), ("PRACTITIONER_UNNAMED", 1), ("PRACTITIONER_EMERGENCY", 1)]);
        let text = &info(&again).marks[0].text;
        assert!(text.contains("急诊抢救计入院起 2 日，已过"), "{text}");
        assert_eq!(withheld(&again), -item.differs_fen, "as it was told");
        assert_eq!(info(&again).psn_part_amt_fen, info(&paid).psn_part_amt_fen, "nothing is the patient's");

        take_back(&agency, &matter).await;
        let back = until_booked(&platform, &again, 1).await.remove(0);
        assert_eq!((back.given_back_fen, back.lines.len(), back.lines[0].feedetl_sn.as_str()), (withheld(&again), 1, "F2"));
        hear_again(&platform).await;
        assert_eq!(recoveries(&platform, &again).await.len(), 1, "heard twice, given back once");
        assert_books_balance(&platform).await;
    }

    /// Credit was away when it was settled; once it answers, who may not be paid is told, and nobody is asked about any more.
    async fn what_credit_did_not_answer_is_asked_once_it_is_back(db: TestDatabase) {
        let credit = FakeCredit::default();
        let (platform, _running) = beside(&db, &credit, Duration::from_millis(300)).await;
        credit.suspends(&["D1"]);
        credit.is_silent();
        let late = platform.settle("R1", two_doctors("P1", "V1")).await.unwrap();
        let payable = two_doctors("P1", "V2").but(|visit| visit.feedetail[0].bilg_dr_codg = "D3".into());
        let other = platform.settle("R2", payable).await.unwrap();
        assert_eq!((marks(&late), marks(&other)), (vec![("CREDIT_PENDING", 0)], vec![("CREDIT_PENDING", 0)]));
        let unasked = "SELECT COUNT(*) AS value FROM practitioner_days WHERE status = 0";
        assert_eq!(number(platform.rows(), unasked).await, 4);
        credit.answers();
        let item = until(&platform, |items| items.len() == 1).await.remove(0);
        assert_eq!((item.why.as_str(), &item.setl_id), ("PRACTITIONER_UNPAYABLE", &info(&late).setl_id));
        assert!(item.why_text.contains("结算时未能核对"), "{}", item.why_text);
        let begun = Instant::now();
        while number(platform.rows(), unasked).await != 0 {
            assert!(begun.elapsed() < Duration::from_secs(20), "never asked");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(platform.posted(WITHHELD).await, 0);
        assert_books_balance(&platform).await;
    }

    /// Audit decided on a line that was refused already: what was withheld for it waits until the case is corrected.
    async fn a_line_that_audit_decided_on_waits_for_its_case(db: TestDatabase) {
        let (platform, agency) = begin(TestPlatform::on(&db).asking_audit()).await;
        let matter = suspend(&agency).await;
        let alone = visit("P1").outpatient("2026-01-20").line(CARE, "1", "2000");
        let alone = alone.numbered("V1").but(|visit| visit.dr_codg = DOCTOR.into());
        let refused = platform.settle("R-V1", alone).await.unwrap();
        let fen = withheld(&refused);
        let office = Office::of(&platform);
        let line = |number: usize| CaseLine {
            setl_id: info(&refused).setl_id.clone(),
            feedetl_sn: refused.feedetail[number].feedetl_sn.clone(),
            vola_bhvr_type: "超标准收费".into(),
            vola_amt_fen: refused.feedetail[number].det_item_fee_sumamt_fen,
            ..CaseLine::default()
        };
        let case = office.told_of(vec![line(0)]).await;
        let told = until_booked(&platform, &refused, 1).await.remove(0);
        assert_eq!((told.kind(), told.lines[0].refusal.as_str()), (RecoveryKind::Refused, "PRACTITIONER_REFUSED"));
        let appealed = appeal(&agency, matter).await;
        uphold(&agency, &appealed).await;
        let item = until(&platform, |items| items.len() == 1).await.remove(0);
        assert_eq!((item.why.as_str(), item.differs_fen), ("PRACTITIONER_LIFTED", fen));
        assert_eq!(platform.posted(WITHHELD).await, fen);

        let (case, _) = office.get(&case.case_id).await.unwrap();
        office.correct(&case, "agency:100000").await.unwrap();
        let all = until_booked(&platform, &refused, 3).await;
        assert_eq!(all[2].given_back_fen, fen);
        until(&platform, <[WorkItem]>::is_empty).await;
        assert_eq!(platform.posted(WITHHELD).await, 0);
        assert_books_balance(&platform).await;

        // Given back, the line is like any other: audit recovers it.
        office.told_of(vec![line(0)]).await;
        let all = until_booked(&platform, &refused, 4).await;
        assert_eq!((all[3].kind(), all[3].recovered_fen), (RecoveryKind::Booked, fen));
        assert_books_balance(&platform).await;
    }

    /// What audit withheld of the same line counted with credit; it stays withheld, as if nobody had been suspended.
    async fn what_audit_withheld_of_the_line_stays(db: TestDatabase) {
        let (platform, agency) = begin(TestPlatform::on(&db).asking_audit()).await;
        platform.publish_rule("withhold").await;
        let cared = |number: &str| {
            both(number).but(|visit| {
                let line = &mut visit.feedetail[0];
                (line.cnt, line.pric) = ("3".to_owned(), "100".to_owned());
            })
        };
        let free = platform.preview(cared("V1")).await.unwrap().settlement.unwrap();
        let of_audit = free.audit.as_ref().unwrap().withheld_fen;
        let matter = suspend(&agency).await;
        let refused = platform.settle("R-V1", cared("V1")).await.unwrap();
        let [credit, audit] = [withheld(&refused), refused.audit.as_ref().unwrap().withheld_fen];
        assert!(of_audit > 0 && credit + audit > of_audit, "{of_audit} of audit, {credit} and {audit} once suspended");
        let appealed = appeal(&agency, matter).await;
        uphold(&agency, &appealed).await;
        let back = until_booked(&platform, &refused, 1).await.remove(0);
        assert_eq!((back.given_back_fen, platform.posted(WITHHELD).await), (credit + audit - of_audit, of_audit));
        assert_books_balance(&platform).await;
        platform.reverse("V1", &refused).await.unwrap();
        assert_eq!((platform.posted(INSTITUTION).await, platform.posted(WITHHELD).await), (0, 0));
        assert_books_balance(&platform).await;
    }

    /// Of a stay in parts (中途结算) each part gets its own back; the last one is reversed first.
    async fn each_part_of_a_stay_gets_its_own_back(db: TestDatabase) {
        let (platform, agency) = start(&db).await;
        let matter = suspend(&agency).await;
        let part = |end: &str, mid: bool, number: &str, day: &str| {
            let (number, day) = (number.to_owned(), day.to_owned());
            visit("P1").inpatient("2026-01-08", end).numbered("V1").line(CARE, "1", "8000").but(move |visit| {
                visit.mid_setl_flag = mid;
                visit.dr_codg = DOCTOR.into();
                let line = &mut visit.feedetail[0];
                (line.feedetl_sn, line.fee_ocur_date) = (number, day);
            })
        };
        let one = platform.settle("R1", part("2026-01-12", true, "F1", "2026-01-09")).await.unwrap();
        let two = platform.settle("R2", part("2026-01-20", false, "F2", "2026-01-14")).await.unwrap();
        let fen = [withheld(&one), withheld(&two)];
        assert!(fen[0] > 0 && fen[1] > 0, "{fen:?}");
        assert_eq!(platform.posted(WITHHELD).await, fen[0] + fen[1]);
        let appealed = appeal(&agency, matter).await;
        let upheld = uphold(&agency, &appealed).await;
        for (part, fen) in [(&one, fen[0]), (&two, fen[1])] {
            assert_eq!(until_booked(&platform, part, 1).await[0].given_back_fen, fen);
        }
        assert_eq!(platform.posted(WITHHELD).await, 0);
        assert_books_balance(&platform).await;
        platform.reverse("B2", &two).await.unwrap();
        assert_eq!((recoveries(&platform, &one).await.len(), recoveries(&platform, &two).await.len()), (1, 2));
        assert_books_balance(&platform).await;
        take_back(&agency, &upheld).await;
        let item = until(&platform, |items| items.len() == 1).await.remove(0);
        assert_eq!((item.differs_fen, &item.setl_id), (-fen[0], &info(&one).setl_id), "what was reversed is nobody's");
        platform.reverse("B1", &one).await.unwrap();
        assert_eq!((platform.posted(INSTITUTION).await, platform.posted(WITHHELD).await), (0, 0));
        assert_books_balance(&platform).await;
    }

    /// What is settled again is looked at anew: its answer of credit is that of then.
    async fn what_is_settled_again_is_given_back_again(db: TestDatabase) {
        let (platform, agency) = start(&db).await;
        let matter = suspend(&agency).await;
        let earlier = visit("P1").outpatient("2026-01-19").line(CARE, "1", "1000").numbered("V0");
        let earlier = platform.settle("R-V0", earlier).await.unwrap();
        let refused = settled(&platform, "V1").await;
        let appealed = appeal(&agency, matter).await;
        uphold(&agency, &appealed).await;
        until_booked(&platform, &refused, 1).await;
        platform.reverse("B-V0", &earlier).await.unwrap();
        let again = platform.resettle_behind("A1", &earlier).await.unwrap().visits.remove(0).new_setl_id;
        let again = platform.get(&again).await.unwrap();
        let fen = withheld(&again);
        assert!(fen > 0, "as credit said then");
        let all = until_booked(&platform, &again, 1).await;
        assert_eq!((all[0].kind(), all[0].given_back_fen), (RecoveryKind::GivenBack, fen));
        let kinds = recoveries(&platform, &refused).await.iter().map(Recovery::kind).collect::<Vec<_>>();
        assert_eq!(kinds, [RecoveryKind::GivenBack, RecoveryKind::Undone]);
        assert_eq!(platform.posted(WITHHELD).await, 0);
        assert_books_balance(&platform).await;
    }
}
