//! 转院: after a transfer only the difference of the deductibles is charged, where the policy says so.

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::ImportCoveragesRequest;
use yizhan_proto::settlement::v1::{FundAmount, RecordManualPaymentRequest, Settlement};
use yizhan_testkit::{TestDatabase, both_databases};

use crate::register_followed::until;
use crate::resettlement::assert_replaced;
use crate::support::{YEAR_2024, assert_books_balance, clinic, stay};

/// The composite policy (起付线 of 湖南: 800 at the second level, 1100 at the third), which looks for transfers within two days.
fn policy() -> String {
    let embedded = yizhan_policy::embedded().iter();
    let (_, document) =
        embedded.into_iter().find(|(_, text)| text.contains("policy: composite-seven-payers")).unwrap();
    let rule = "      less_previous:
        source: project
        rows:
          - { when: { previous: { within_days: 2, transferred: true, level: [lower] } }, ratio: 100% }
      year_cap:
        source: hunan_inpatient
";
    let next = document.replace("version: \"2022.4\"", "version: \"2022.5\"").replacen(
        "      year_cap:\n        source: hunan_inpatient\n",
        rule,
        1,
    );
    assert!(next.contains("less_previous"));
    next
}

async fn start(db: &TestDatabase) -> TestPlatform {
    let persons = [Person::employee("P1"), Person::employee("P2")];
    let platform = TestPlatform::on(db).with_persons(persons).start().await;
    platform.publish_policy(&policy()).await.unwrap();
    platform
}

/// 05-01 to 05-06 at the second level, and from there to the third.
fn first(psn_no: &str) -> VisitBuilder {
    stay(psn_no, "2024-05-01", "2024-05-06", "5000")
        .at(SECOND_LEVEL)
        .but(|visit| visit.dscg_way = "2".to_owned())
}

fn second(psn_no: &str, begndate: &str) -> VisitBuilder {
    stay(psn_no, begndate, "2024-05-20", "10000")
}

fn charged(settlement: &Settlement) -> i64 {
    assert_adds_up(settlement);
    info(settlement).act_pay_dedc_fen
}

fn kinds(settlement: &Settlement) -> Vec<&str> {
    info(settlement).marks.iter().map(|mark| mark.kind.as_str()).collect()
}

both_databases! {
    async fn only_the_difference_is_charged_after_a_transfer(db: TestDatabase) {
        let platform = start(&db).await;
        let before = platform.settle("R1", first("P1")).await.unwrap();
        assert_eq!((charged(&before), kinds(&before)), (yuan("800"), vec![]));
        // Outpatient care between them, and a stay of somebody else, are none.
        platform.settle("R2", clinic("P1", "2024-05-06", "30")).await.unwrap();
        let after = platform.settle("R3", second("P1", "2024-05-07")).await.unwrap();
        // (10,000 - 300) × 85 %
        assert_eq!((charged(&after), info(&after).hifp_pay_fen), (yuan("300"), yuan("8245")));
        let told = info(&after).previous_stay.clone().unwrap();
        assert_eq!((&told.setl_id, told.enddate.as_str()), (&info(&before).setl_id, "2024-05-06"));
        assert_eq!((told.level.as_str(), told.transferred, told.act_pay_dedc_fen), ("second", true, yuan("800")));
        assert!(kinds(&after).is_empty());
        let basic = after.setldetail.iter().find(|row| row.layer_id == "basic").unwrap();
        assert!(basic.setl_proc_info.contains("减去上一次住院已扣起付线800.00元"), "{}", basic.setl_proc_info);
        assert!(platform.replay(&info(&after).setl_id).await.unwrap().identical);
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "deductible_used").await, yuan("1100"));

        // Reversed, and settled again as what it is without the first.
        let taken_back = platform.reverse("V3", &after).await.unwrap();
        assert!(info(&taken_back).previous_stay.is_none());
        platform.reverse("V1", &before).await.unwrap();
        let alone = platform.settle("R4", second("P1", "2024-05-07")).await.unwrap();
        assert_eq!((charged(&alone), kinds(&alone)), (yuan("1100"), vec![]));
        // The first comes late: the second stands as settled, and the counter is told which.
        let late = platform.settle("R5", first("P1")).await.unwrap();
        assert_eq!((charged(&late), kinds(&late)), (yuan("800"), vec!["FOLLOWING_STAY_SETTLED"]));
        assert!(info(&late).marks[0].text.contains(&info(&alone).setl_id));
        assert_books_balance(&platform).await;
    }

    async fn what_the_books_do_not_know_is_charged_in_full(db: TestDatabase) {
        let platform = start(&db).await;
        let came = |begndate: &str| second("P1", begndate).but(|visit| visit.adm_way = "3".to_owned());
        let unknown = platform.settle("R1", came("2024-05-07")).await.unwrap();
        assert_eq!((charged(&unknown), kinds(&unknown)), (yuan("1100"), vec!["PREVIOUS_STAY_UNKNOWN"]));
        platform.reverse("V1", &unknown).await.unwrap();

        // Discharged without a word of where to: what the next one says decides; where nobody says anything, it is marked.
        let silent = first("P1").but(|visit| visit.dscg_way.clear());
        platform.settle("R2", silent).await.unwrap();
        for (number, (visit, fen, marks)) in [
            (came("2024-05-08"), "300", vec![]),
            (came("2024-05-09"), "1100", vec!["PREVIOUS_STAY_UNKNOWN"]),
            (second("P1", "2024-05-06"), "1100", vec!["PREVIOUS_STAY_UNKNOWN"]),
            (second("P1", "2024-05-06").but(|visit| visit.adm_way = "2".to_owned()), "1100", vec![]),
            (second("P1", "2024-05-09"), "1100", vec![]),
            // Back to the same hospital is a second stay at its level, and no transfer.
            (came("2024-05-06").at(SECOND_LEVEL), "400", vec![]),
        ].into_iter().enumerate() {
            let previewed = platform.preview(visit.clone()).await.unwrap().settlement.unwrap();
            let settled = platform.settle(&format!("S{number}"), visit).await.unwrap();
            assert_eq!((charged(&settled), kinds(&settled)), (yuan(fen), marks), "{number}");
            assert_eq!(charged(&previewed), charged(&settled));
            platform.reverse(&format!("W{number}"), &settled).await.unwrap();
        }
        let error = refused(platform.settle("R9", first("P1").but(|visit| visit.dscg_way = "7".to_owned())).await);
        assert_eq!(crate::support::violations(&error), [("visit.dscg_way", "CODE_UNKNOWN")]);
    }

    /// Resettled, the stay before has another deductible, and none where it is reversed: the difference is that of the new one.
    async fn it_is_settled_again_with_the_stay_before(db: TestDatabase) {
        let platform = start(&db).await;
        let earlier = stay("P1", "2024-03-01", "2024-03-05", "5000").at(SECOND_LEVEL);
        let earlier = platform.settle("R0", earlier).await.unwrap();
        let before = platform.settle("R1", first("P1")).await.unwrap();
        let after = platform.settle("R2", second("P1", "2024-05-07")).await.unwrap();
        // Half of 800 for the second stay at the level; 1,100 less 400.
        assert_eq!([&earlier, &before, &after].map(charged), [yuan("800"), yuan("400"), yuan("700")]);

        let answer = platform.resettle_behind("A1", &earlier).await.unwrap();
        let new = assert_replaced(&platform, &answer).await;
        assert_eq!(new.iter().map(charged).collect::<Vec<_>>(), [yuan("800"), yuan("300")]);
        let told = info(&new[1]).previous_stay.clone().unwrap();
        assert_eq!((&told.setl_id, told.act_pay_dedc_fen), (&info(&new[0]).setl_id, yuan("800")));
        let used = async || platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "deductible_used").await;
        assert_eq!(used().await, yuan("1100"));

        let answer = platform.resettle_behind("A2", &new[0]).await.unwrap();
        let alone = assert_replaced(&platform, &answer).await.remove(0);
        assert_eq!((charged(&alone), info(&alone).previous_stay.clone(), used().await), (yuan("1100"), None, yuan("1100")));
        let found = platform.find_later_visits(&info(&earlier).setl_id).await.unwrap();
        assert_eq!(found.later.unwrap_or_default(), Default::default());
    }

    /// The stay was settled under the number that went; or paid by hand.
    async fn stays_of_a_merged_record_and_those_paid_by_hand_count(db: TestDatabase) {
        let platform = start(&db).await;
        platform.settle("R1", first("P2")).await.unwrap();
        platform.merge("P1", "P2").await;
        let after = platform.settle("R2", second("P1", "2024-05-06")).await.unwrap();
        assert_eq!(charged(&after), yuan("300"));

        let by_hand = RecordManualPaymentRequest {
            request_id: "W1".to_owned(),
            poolarea_no: COMPOSITE_AREA.to_owned(),
            psn_no: "P1".to_owned(),
            insutype: "310".to_owned(),
            mdtrt_id: "BILL-1".to_owned(),
            fixmedins_code: SECOND_LEVEL.to_owned(),
            med_type: "21".to_owned(),
            begndate: "2024-07-01".to_owned(),
            enddate: "2024-07-03".to_owned(),
            manl_reim_rea: "02".to_owned(),
            medfee_sumamt_fen: yuan("700"),
            inscp_scp_amt_fen: yuan("700"),
            act_pay_dedc_fen: yuan("400"),
            funds: vec![FundAmount { fund_pay_type: "310100".to_owned(), fund_payamt_fen: yuan("270") }],
            policy_year: YEAR_2024.to_owned(),
            ..RecordManualPaymentRequest::default()
        };
        platform.record_manual_payment(by_hand).await.unwrap();
        let after = stay("P1", "2024-07-04", "2024-07-20", "10000").but(|visit| visit.adm_way = "3".to_owned());
        // Half of 1,100 for the second stay at the level, less 400.
        let after = platform.settle("R3", after).await.unwrap();
        assert_eq!((charged(&after), kinds(&after)), (yuan("150"), vec![]));
        assert_books_balance(&platform).await;
    }

    /// Not insured on the days of the first, it turns out: neither is paid as it was.
    async fn a_stay_that_should_not_have_been_paid_is_no_stay_before(db: TestDatabase) {
        let person = Person::employee("P1").insured_between("2010-01-01", "2024-05-06");
        let platform = TestPlatform::on(&db).with_person(person.clone()).start().await;
        platform.publish_policy(&policy()).await.unwrap();
        let covered = async |request_id: &str, begndate: &str, enddate: &str| {
            let row = person.clone().insured_between(begndate, enddate).coverage;
            let request = ImportCoveragesRequest { request_id: request_id.to_owned(), rows: vec![row] };
            platform.enrollment().import_coverages(request).await.unwrap();
        };
        covered("C1", "2024-05-07", "").await;
        let before = platform.settle("R1", first("P1")).await.unwrap();
        let after = platform.settle("R2", second("P1", "2024-05-07")).await.unwrap();
        assert_eq!(charged(&after), yuan("300"));

        covered("C2", "2010-01-01", "2024-04-30").await;
        let items = until(&platform, |items| items.len() == 2).await;
        let differs = |settled: &Settlement| {
            let item = items.iter().find(|item| item.setl_id == info(settled).setl_id).unwrap();
            (item.differs_fen, item.why.as_str())
        };
        assert_eq!(differs(&before).0, yuan("-3780"));
        // (10,000 - 1,100) × 85 %
        assert_eq!(differs(&after), (yuan("7565") - yuan("8245"), "EARLIER_VISITS"));
    }
}
