//! A merge of two persons who were not one is taken back: the books part, and what would be paid otherwise is on the worklist.

use std::time::{Duration, Instant};

use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{WorkItem, WorkItemState};
use yizhan_testkit::both_databases;

use crate::support::{YEAR_2024, assert_books_balance, clinic};

async fn paid(platform: &TestPlatform, psn_no: &str) -> i64 {
    platform.accumulator(psn_no, COMPOSITE_AREA, YEAR_2024, "outpatient_paid").await
}

/// Waits until the open items of the area are as they should be.
async fn until(client: &Client, hold: impl Fn(&[WorkItem]) -> bool) -> Vec<WorkItem> {
    let begun = Instant::now();
    loop {
        let mut items = client.worklist_of(COMPOSITE_AREA, WorkItemState::Open).await.unwrap();
        if hold(&items) {
            items.sort_by(|one, other| one.why.cmp(&other.why));
            return items;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never so: {items:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

both_databases! {
    /// P1 and P2 were merged: P1's next visit found the cap used up by P2's, and was paid from P2's account. They were two persons.
    async fn books_part_again(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons([Person::employee("P1"), Person::employee("P2")]).start().await;
        platform.deposit("P2", COMPOSITE_AREA, yuan("40")).await;
        let visit = |psn_no: &str, mdtrt_id: &str, day: &str, bill: &str| {
            let mdtrt_id = mdtrt_id.to_owned();
            clinic(psn_no, day, bill).but(|visit| visit.mdtrt_id = mdtrt_id)
        };
        let small = platform.settle("R1", visit("P2", "M1", "2024-03-01", "100")).await.unwrap();
        let other = platform.settle("R2", visit("P2", "M2", "2024-03-02", "3000")).await.unwrap();
        let of_other = paid(&platform, "P2").await;
        platform.merge("P1", "P2").await;
        let together = platform.settle("R3", visit("P1", "M3", "2024-03-03", "1000").with_account()).await.unwrap();
        assert_eq!((info(&together).hifp_pay_fen, info(&together).acct_pay_fen), (0, yuan("40")));
        // A visit of P2's is taken back meanwhile, under the number that stays.
        platform.reverse_as("P1", "V1", &small).await.unwrap();
        assert_eq!(paid(&platform, "P1").await, of_other - info(&small).hifp_pay_fen);

        platform.unmerge("P2").await;
        // The account of P1 is empty: what was P2's is to be recovered; and P1 was paid too little.
        let items = until(&platform, |items| items.len() == 2).await;
        let told: Vec<_> = items.iter().map(|item| (item.why.as_str(), item.psn_no.as_str())).collect();
        assert_eq!(told, [("ACCOUNT_SPENT", "P1"), ("RECORDS_PARTED", "P1")]);
        assert_eq!((items[0].paid_fen, items[0].would_pay_fen, items[0].differs_fen), (yuan("40"), 0, yuan("-40")));
        assert_eq!(items[1].setl_id, info(&together).setl_id);
        assert!(items[1].differs_fen > 0, "{items:?}");
        assert_eq!((paid(&platform, "P1").await, paid(&platform, "P2").await), (0, info(&other).hifp_pay_fen));
        assert_eq!((platform.balance("P1", COMPOSITE_AREA).await, platform.balance("P2", COMPOSITE_AREA).await), (0, yuan("40")));
        assert_books_balance(&platform).await;

        // Each settles for itself again, and what is P2's is taken back under P2.
        let own = platform.settle("R4", visit("P1", "M4", "2024-03-04", "1000")).await.unwrap();
        assert!(info(&own).hifp_pay_fen > 0);
        platform.reverse_as("P2", "V2", &other).await.unwrap();
        assert_eq!(paid(&platform, "P2").await, 0);
        assert_eq!(refused(platform.reverse_as("P1", "V3", &other).await).reason, "SETTLEMENT_UNKNOWN");
        platform.reverse_as("P1", "V4", &together).await.unwrap();
        assert_books_balance(&platform).await;

        // Merged rightly this time, and parted once more: what was given back is not given twice.
        platform.merge("P1", "P2").await;
        let begun = Instant::now();
        while platform.balance("P1", COMPOSITE_AREA).await != yuan("80") {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", platform.balance("P1", COMPOSITE_AREA).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        platform.unmerge("P2").await;
        let begun = Instant::now();
        while platform.balance("P1", COMPOSITE_AREA).await != yuan("40") {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", platform.balance("P1", COMPOSITE_AREA).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(platform.balance("P2", COMPOSITE_AREA).await, yuan("40"));
        assert_books_balance(&platform).await;
    }

    /// Both numbers settle while they are parted: each visit counts for one of them, wherever the books were.
    async fn settled_while_they_are_parted(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).with_persons(["P1", "P2"].map(Person::employee)).start().await;
        let mut clients = vec![platform.client()];
        if db.backend() == yizhan_testkit::Backend::Postgres {
            clients.push(platform.another_instance().await);
        }
        let visit = |psn_no: &str| clinic(psn_no, "2024-03-03", "40").with_account();
        let mut settled = Vec::new();
        for psn_no in ["P1", "P2"] {
            platform.deposit(psn_no, COMPOSITE_AREA, yuan("1000")).await;
            settled.push(platform.settle(&format!("R{psn_no}"), visit(psn_no)).await.unwrap());
        }
        platform.merge("P1", "P2").await;
        settled.push(platform.settle("R3", visit("P1")).await.unwrap());
        let parting = tokio::spawn({
            let client = platform.client();
            async move { client.unmerge("P2").await }
        });
        let tasks = (0..24usize).map(|number| {
            let (client, psn_no) = (clients[number % clients.len()].clone(), ["P1", "P2"][number / 2 % 2]);
            let request = settle_request(&format!("S{number}"), visit(psn_no));
            tokio::spawn(async move {
                let begun = Instant::now();
                // Some before, some while, some after it.
                tokio::time::sleep(Duration::from_millis(8) * u32::try_from(number).unwrap()).await;
                loop {
                    match client.settle_stubbornly(request.clone()).await {
                        Ok(answer) => return answer.settlement.unwrap(),
                        // Until settlement has followed.
                        Err(refusal) if refusal.reason == "PERSON_MERGED" => assert!(begun.elapsed() < Duration::from_secs(20)),
                        Err(refusal) => panic!("{refusal:?}"),
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            settled.push(task.await.expect("no panic"));
        }
        parting.await.expect("no panic");

        let mut kept = 0;
        for psn_no in ["P1", "P2"] {
            let own: Vec<_> = settled.iter().map(info).filter(|info| info.psn_no == psn_no).collect();
            assert_eq!(own.len(), if psn_no == "P1" { 14 } else { 13 });
            assert_eq!(paid(&platform, psn_no).await, own.iter().map(|info| info.hifp_pay_fen).sum::<i64>());
            let deductible = platform.accumulator(psn_no, COMPOSITE_AREA, YEAR_2024, "outpatient_deductible").await;
            assert_eq!(deductible, own.iter().map(|info| info.act_pay_dedc_fen).sum::<i64>());
            kept += platform.balance(psn_no, COMPOSITE_AREA).await;
        }
        assert_eq!(kept + settled.iter().map(|settled| info(settled).acct_pay_fen).sum::<i64>(), yuan("2000"));
        assert_books_balance(&platform).await;
    }
}
