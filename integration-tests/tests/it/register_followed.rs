//! Settlement follows enrollment's register: merged records count together, and what is recorded late is put on the worklist.

use std::time::{Duration, Instant};

use futures::future::join_all;
use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::{CoverageRow, ImportCoveragesRequest, ImportPersonsRequest};
use yizhan_proto::settlement::v1::{
    FindMessageRequest, MessageOutcome, ReconcileLinesRequest, Settlement, WorkItem, WorkItemState,
};
use yizhan_testkit::{TestDatabase, both_databases};

use crate::support::{YEAR_2024, assert_books_balance, clinic};

/// P2's visit at the cap of a year, 1500, and a bigger one of P1's a day later: both numbers are one person, and nobody knows.
async fn twice_at_the_cap(platform: &TestPlatform) -> (Settlement, Settlement) {
    platform.deposit("P2", COMPOSITE_AREA, yuan("40")).await;
    let of_other =
        clinic("P2", "2024-03-01", "3000").with_account().but(|visit| visit.mdtrt_id = "M-P2".to_owned());
    let other = platform.settle("R1", of_other).await.unwrap();
    let own = platform.settle("R2", clinic("P1", "2024-03-02", "3000")).await.unwrap();
    assert_eq!((info(&other).hifp_pay_fen, info(&own).hifp_pay_fen), (yuan("1500"), yuan("1500")));
    (other, own)
}

async fn paid(platform: &TestPlatform, psn_no: &str) -> i64 {
    platform.accumulator(psn_no, COMPOSITE_AREA, YEAR_2024, "outpatient_paid").await
}

/// Waits until the open items of the area are as they should be.
pub async fn until(client: &Client, hold: impl Fn(&[WorkItem]) -> bool) -> Vec<WorkItem> {
    let begun = Instant::now();
    loop {
        let items = client.worklist_of(COMPOSITE_AREA, WorkItemState::Open).await.unwrap();
        if hold(&items) {
            return items;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never so: {items:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn start(db: &TestDatabase) -> TestPlatform {
    TestPlatform::on(db).with_persons([Person::employee("P1"), Person::employee("P2")]).start().await
}

both_databases! {
    /// The cap is not paid twice, what was paid too much is on the worklist, and all of it stands under the number that stays.
    async fn merged_records_are_one_person(db: TestDatabase) {
        let platform = start(&db).await;
        let (other, own) = twice_at_the_cap(&platform).await;
        platform.merge("P1", "P2").await;
        // At once, whatever the follower has seen: the cap was reached, and nothing is paid again.
        let next = platform.settle("R3", clinic("P1", "2024-03-03", "1000").with_account().but(|visit| visit.mdtrt_id = "M3".to_owned()));
        let next = next.await.unwrap();
        assert_eq!((info(&next).hifp_pay_fen, info(&next).act_pay_dedc_fen), (0, 0));
        assert_eq!(info(&next).acct_pay_fen, 0, "the balance of 40 was used up under the number that went");
        let old_number = clinic("P2", "2024-03-03", "1000").but(|visit| visit.mdtrt_id = "M4".to_owned());
        assert_eq!(refused(platform.settle("R4", old_number).await).reason, "PERSON_MERGED");
        assert_eq!((paid(&platform, "P1").await, paid(&platform, "P2").await), (yuan("3000"), yuan("3000")));

        // Of the second visit 1500 were paid beyond the cap.
        let items = until(&platform, |items| items.len() == 1).await;
        let item = &items[0];
        assert_eq!((&item.setl_id, item.why.as_str(), item.psn_no.as_str()), (&info(&own).setl_id, "RECORDS_MERGED", "P1"));
        assert_eq!((item.paid_fen, item.would_pay_fen, item.differs_fen), (yuan("1500"), 0, yuan("-1500")));

        let listed = platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements;
        assert_eq!(listed.len(), 3);
        let person = platform.as_caller("person:P1");
        let seen = person.get(&info(&other).setl_id).await.unwrap();
        assert_eq!((info(&seen).psn_no.as_str(), info(&seen).stays_psn_no.as_str()), ("P2", "P1"));
        let agency = platform.as_caller("agency:999900");
        assert_eq!(agency.get(&info(&other).setl_id).await.unwrap(), seen, "the look is logged for the number that stays");

        // Reversed under the number that stays, once; it gives the cap and the account back there.
        let reversal = platform.reverse_as("P1", "V1", &other).await.unwrap();
        assert_adds_up(&reversal);
        assert_eq!((info(&reversal).psn_no.as_str(), info(&reversal).balc_fen), ("P1", yuan("40")));
        assert_eq!((paid(&platform, "P1").await, platform.balance("P1", COMPOSITE_AREA).await), (yuan("1500"), yuan("40")));
        assert_eq!(platform.balance("P2", COMPOSITE_AREA).await, yuan("40"), "asked by either number");
        assert_eq!(refused(platform.reverse("V2", &other).await).reason, "ALREADY_REVERSED");
        for setl_id in [&info(&other).setl_id, &info(&reversal).setl_id] {
            assert!(platform.replay(setl_id).await.unwrap().identical);
        }
        for psn_no in ["P1", "P2"] {
            let message = FindMessageRequest {
                fixmedins_code: THIRD_LEVEL.to_owned(),
                psn_no: psn_no.to_owned(),
                omsgid: "R1".to_owned(),
            };
            assert_eq!(platform.find_message(message).await.unwrap().outcome(), MessageOutcome::Reversed);
        }
        // Reconciled, it is reversed, under whichever number that was.
        let lines = ReconcileLinesRequest {
            fixmedins_code: THIRD_LEVEL.to_owned(),
            stmt_begndate: "2026-02-01".to_owned(),
            stmt_enddate: "2026-02-01".to_owned(),
            last: true,
            ..ReconcileLinesRequest::default()
        };
        let lines = platform.reconcile_lines(lines).await.unwrap().differences;
        let told = lines.iter().find(|line| line.setl_id == info(&other).setl_id).unwrap();
        assert_eq!(told.here.as_ref().unwrap().refd_setl_flag, "1");
        assert_eq!(told.reversal_setl_id, info(&reversal).setl_id);
        assert_books_balance(&platform).await;

        // Behind the service's back something is left under the number that went.
        database::tamper(platform.rows(), &format!("UPDATE accumulated SET totals = '{{\"outpatient_paid\":1}}' \
            WHERE psn_no = 'P2' AND policy_year = '{YEAR_2024}'")).await;
        let books = platform.check_books(COMPOSITE_AREA).await;
        assert!(books.discrepancies.iter().any(|told| told.starts_with("person P2: accumulators")), "{books:?}");
    }

    /// The account goes over, by a transfer that is posted; settling under both numbers while they are merged pays the cap once.
    async fn settling_while_records_are_merged(db: TestDatabase) {
        let platform = start(&db).await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("30")).await;
        platform.deposit("P2", COMPOSITE_AREA, yuan("12")).await;
        let settle = |number: usize| {
            let client = platform.client();
            tokio::spawn(async move {
                let visit = clinic(if number.is_multiple_of(2) { "P1" } else { "P2" }, "2024-03-01", "400");
                let visit = visit.but(|visit| visit.mdtrt_id = format!("M{number}"));
                client.settle_stubbornly(settle_request(&format!("R{number}"), visit)).await
            })
        };
        let mut tasks: Vec<_> = (0..12).map(settle).collect();
        platform.merge("P1", "P2").await;
        tasks.extend((12..24).map(settle));
        let answers = join_all(tasks).await.into_iter().map(|answer| answer.expect("no panic"));
        let (done, refusals): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
        assert!(refusals.into_iter().all(|refusal| refused(refusal).reason == "PERSON_MERGED"));
        let all: i64 = done.into_iter().map(|done| info(&done.unwrap().settlement.unwrap()).hifp_pay_fen).sum();
        let begun = Instant::now();
        while platform.balance("P1", COMPOSITE_AREA).await != yuan("42") {
            assert!(begun.elapsed() < Duration::from_secs(20), "the account never went over");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let last = platform.settle("R-last", clinic("P1", "2024-03-02", "4000").but(|visit| visit.mdtrt_id = "M-last".to_owned()));
        let last = info(&last.await.unwrap()).hifp_pay_fen;
        assert_eq!(last, (yuan("1500") - all).max(0), "what was open of the cap under both");
        assert_eq!(paid(&platform, "P1").await, all + last);
        assert_books_balance(&platform).await;
    }

    /// A death and an end of coverage that are recorded late, and undone.
    async fn what_is_recorded_late_is_listed_until_it_is_undone(db: TestDatabase) {
        let mut platform = start(&db).await;
        let settle = async |request_id: &str, psn_no: &str, day: &str| {
            let visit = clinic(psn_no, day, "500").but(|visit| visit.mdtrt_id = request_id.to_owned());
            info(&platform.settle(request_id, visit).await.unwrap()).setl_id.clone()
        };
        settle("R1", "P1", "2024-03-01").await;
        let late = settle("R2", "P1", "2024-05-10").await;
        settle("R3", "P2", "2024-05-10").await;
        let nobody = platform.worklist_of(COMPOSITE_AREA, WorkItemState::Unspecified).await.unwrap();
        assert_eq!(nobody, []);

        // Insured until the end of April, it turns out: of two visits one was paid too much.
        let covered = async |platform: &TestPlatform, enddate: &str| {
            let row = CoverageRow { enddate: enddate.to_owned(), ..Person::employee("P1").coverage };
            let request = ImportCoveragesRequest { request_id: format!("c-{enddate}"), rows: vec![row] };
            platform.enrollment().import_coverages(request).await.unwrap();
        };
        covered(&platform, "2024-04-30").await;
        let items = until(&platform, |items| items.len() == 1).await;
        let item = items[0].clone();
        assert_eq!((item.setl_id.as_str(), item.why.as_str()), (late.as_str(), "COVERAGE_ENDED"));
        assert_eq!((item.calculated, item.differs_fen), (true, yuan("-300")));
        assert!(item.person_version_now > item.person_version_then && item.why_text.contains("2024-04-30"), "{item:?}");

        // Undone, it is taken off. Enrollment away meanwhile: the follower waits.
        covered(&platform, "").await;
        until(&platform, <[WorkItem]>::is_empty).await;
        let resolved = platform.worklist_of(COMPOSITE_AREA, WorkItemState::Resolved).await.unwrap();
        assert_eq!(resolved[0].item_id, item.item_id);

        // Dead since the second of May: recorded while settlement is down, learned when it comes back.
        platform.restart_settlement().await;
        let mut died = Person::employee("P1").row;
        died.die_date = "2024-05-02".to_owned();
        let request = ImportPersonsRequest { request_id: "d".to_owned(), rows: vec![died] };
        platform.enrollment().import_persons(request).await.unwrap();
        let items = until(&platform, |items| items.len() == 1).await;
        assert_eq!((items[0].setl_id.as_str(), items[0].why.as_str()), (late.as_str(), "DECEASED"));

        // Closed by the agency of the area, with a reason; what is told again changes nothing.
        let agency = platform.as_caller("agency:999900");
        let closed = agency.close_work_item("K1", &items[0].item_id, "已追回").await.unwrap();
        assert_eq!((closed.state(), closed.closed_by.as_str(), closed.closed_reason.as_str()), (WorkItemState::Closed, "agency:999900", "已追回"));
        assert_eq!(agency.close_work_item("K1", &items[0].item_id, "已追回").await.unwrap(), closed);
        assert_eq!(refused(agency.close_work_item("K2", &items[0].item_id, "再次").await).reason, "WORK_ITEM_NOT_OPEN");
        database::tamper(platform.rows(), "UPDATE followed_feed SET resume_token = ''").await;
        platform.restart_settlement().await;
        platform.merge("P2", "P1").await;
        until(&platform, |items| items.iter().all(|item| item.setl_id != late)).await;
        let foreign = platform.as_caller("agency:430200");
        assert_eq!(refused(foreign.work_item(&item.item_id).await).reason, "WORK_ITEM_UNKNOWN");
        assert_eq!(refused(foreign.worklist_of(COMPOSITE_AREA, WorkItemState::Open).await).reason, "AREA_NOT_OWNED");
    }

    /// A lost identity changes what the funds pay, and by how much for each of them.
    async fn a_lost_identity_is_told_by_fund(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1").identity("低保")).start().await;
        let bill = crate::support::stay("P1", "2024-05-06", "2024-05-20", "90000");
        let settled = platform.settle("R1", bill).await.unwrap();
        let mut lost = Person::employee("P1").identity("低保").identities;
        lost[0].enddate = "2024-04-30".to_owned();
        let request = yizhan_proto::enrollment::v1::ImportIdentitiesRequest { request_id: "i".to_owned(), rows: lost };
        platform.enrollment().import_identities(request).await.unwrap();
        let items = until(&platform, |items| items.len() == 1).await;
        let item = &items[0];
        assert_eq!((item.why.as_str(), item.paid_fen), ("FACTS_CHANGED", info(&settled).fund_pay_sumamt_fen));
        assert!(item.why_text.contains("低保") && item.differs_fen < 0, "{item:?}");
        let by_fund: i64 = item.funds.iter().map(|fund| fund.would_pay_fen - fund.paid_fen).sum();
        assert_eq!(by_fund, item.differs_fen);
    }
}
