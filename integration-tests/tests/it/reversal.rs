//! 撤销: a settlement with negative amounts that restores everything.

use tonic::Code;
use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_testkit::both_databases;

use crate::support::{YEAR_2024, assert_books_balance, clinic, everybodys_insured, seven_payer_stay, stay};

both_databases! {
    async fn a_reversal_restores_accumulators_and_account(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(everybodys_insured("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("300")).await;
        let settled = platform.settle("R1", seven_payer_stay("P1").with_account()).await.unwrap();
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, 0);

        let reversal = platform.reverse("V1", &settled).await.unwrap();

        assert_adds_up(&reversal);
        let (was, is) = (info(&settled), info(&reversal));
        assert_eq!(is.reverses_setl_id, was.setl_id);
        assert_eq!((is.medins_setl_id.as_str(), is.refd_setl_flag.as_str()), ("V1", "1"));
        assert_eq!(is.medfee_sumamt_fen, -was.medfee_sumamt_fen);
        assert_eq!(is.fund_pay_sumamt_fen, -was.fund_pay_sumamt_fen);
        assert_eq!(is.acct_pay_fen, -was.acct_pay_fen);
        assert_eq!((is.balc_fen, is.reversal_reason.as_str()), (yuan("300"), "费用录入有误"));
        assert_eq!(settled.postings.len(), reversal.postings.len());
        for (posting, back) in settled.postings.iter().zip(&reversal.postings) {
            assert_eq!((&posting.account, posting.amount_fen), (&back.account, -back.amount_fen));
        }
        assert_eq!(platform.accumulators("P1", COMPOSITE_AREA).await, [], "as if nothing had been settled");
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, yuan("300"));
        assert_eq!(info(&platform.get(&was.setl_id).await.unwrap()).refd_setl_flag, "1");
        let statement = platform.statement(&is.setl_id).await.unwrap();
        for said in ["撤销单", &was.setl_id, "-126565.00"] {
            assert!(statement.text.contains(said), "{}", statement.text);
        }
        let listed = platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements;
        assert!(listed.len() == 2 && listed.iter().all(|info| info.refd_setl_flag == "1"));
        assert_books_balance(&platform).await;

        let again = platform.settle("R2", seven_payer_stay("P1").with_account()).await.unwrap();
        assert_eq!(again.setldetail, settled.setldetail, "the same bill is settled as the first time");
        assert_eq!(again.trace, settled.trace);
    }

    async fn neither_twice_nor_a_reversal(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let settled = platform.settle("R1", clinic("P1", "2024-03-01", "1000")).await.unwrap();
        let reversal = platform.reverse("V1", &settled).await.unwrap();
        let before = platform.row_counts().await;
        let error = refused(platform.reverse("V2", &settled).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "ALREADY_REVERSED"));
        assert_eq!(error.metadata["reversal_setl_id"], info(&reversal).setl_id);
        let error = refused(platform.reverse("V2", &reversal).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "IS_A_REVERSAL"));
        let mut unknown = settled.clone();
        unknown.setlinfo.as_mut().unwrap().setl_id = "S0".to_owned();
        assert_eq!(refused(platform.reverse("V2", &unknown).await).reason, "SETTLEMENT_UNKNOWN");
        let mut anothers = settled.clone();
        anothers.setlinfo.as_mut().unwrap().psn_no = "P2".to_owned();
        assert_eq!(refused(platform.reverse("V2", &anothers).await).reason, "SETTLEMENT_UNKNOWN");
        assert_eq!(platform.row_counts().await, before);
        assert_eq!(platform.reverse("V1", &settled).await.unwrap(), reversal, "a retry is answered as then");
    }

    /// 门诊退费: an earlier visit goes, the later ones stand as they were settled, and the next pays the deductible.
    async fn an_earlier_outpatient_visit_while_later_ones_stand(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "200")).await.unwrap();
        let second = platform.settle("R2", clinic("P1", "2024-03-02", "200")).await.unwrap();
        let third = platform.settle("R3", clinic("P1", "2024-03-03", "200")).await.unwrap();
        let charged = [&first, &second, &third].map(|settled| info(settled).act_pay_dedc_fen);
        assert_eq!(charged, [yuan("200"), yuan("100"), 0]);

        platform.reverse("V1", &first).await.unwrap();

        assert_eq!(platform.get(&info(&second).setl_id).await.unwrap(), second);
        let deductible =
            async || platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "outpatient_deductible").await;
        assert_eq!(deductible().await, yuan("100"), "what the standing visits bore");
        let fourth = platform.settle("R4", clinic("P1", "2024-03-04", "500")).await.unwrap();
        assert_eq!(info(&fourth).act_pay_dedc_fen, yuan("200"), "the deductible is borne again");
        assert_eq!(info(&fourth).hifp_pay_fen, yuan("180"));
        assert_eq!(deductible().await, yuan("300"));
        assert_books_balance(&platform).await;
    }

    /// A later stay's deductible and bands rest on the earlier one.
    async fn an_earlier_stay_not_before_the_later(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let first = platform.settle("R1", stay("P1", "2024-03-01", "2024-03-09", "10000")).await.unwrap();
        platform.settle("R2", clinic("P1", "2024-03-20", "200")).await.unwrap();
        let second = platform.settle("R3", stay("P1", "2024-04-01", "2024-04-09", "10000")).await.unwrap();
        let third = platform.settle("R4", stay("P1", "2024-05-01", "2024-05-09", "10000")).await.unwrap();
        let before = platform.row_counts().await;
        let error = refused(platform.reverse("V1", &first).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "LATER_SETTLEMENTS_STAND"));
        let later: Vec<&str> = error.metadata["later_setl_ids"].split(',').collect();
        assert_eq!(later, [info(&second).setl_id.as_str(), info(&third).setl_id.as_str()]);
        assert_eq!(platform.row_counts().await, before);
        for (request_id, settled) in [("V4", &third), ("V3", &second), ("V1", &first)] {
            platform.reverse(request_id, settled).await.unwrap();
        }
        let left = platform.accumulators("P1", COMPOSITE_AREA).await;
        assert_eq!(left, [(YEAR_2024.to_owned(), "outpatient_deductible".to_owned(), yuan("200"))]);
        assert_books_balance(&platform).await;
    }

    /// A stay of another policy year does not rest on it.
    async fn a_stay_of_an_earlier_year(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let first = platform.settle("R1", stay("P1", "2023-03-01", "2023-03-09", "10000")).await.unwrap();
        let second = platform.settle("R2", stay("P1", "2024-03-01", "2024-03-09", "10000")).await.unwrap();
        platform.reverse("V1", &first).await.unwrap();
        let left = platform.accumulators("P1", COMPOSITE_AREA).await;
        assert!(!left.is_empty() && left.iter().all(|(year, ..)| year == YEAR_2024), "{left:?}");
        assert_eq!(platform.get(&info(&second).setl_id).await.unwrap(), second);
        assert_books_balance(&platform).await;
    }

    /// Settling and reversing at once, in no particular order: what stands in the end is what was not reversed.
    async fn a_storm_of_settlements_and_reversals(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("100")).await;
        let mut clients = vec![platform.client()];
        if db.backend() == yizhan_testkit::Backend::Postgres {
            clients.push(platform.another_instance().await);
        }
        let tasks = (0..60).map(|number| {
            let client = clients[number % clients.len()].clone();
            tokio::spawn(async move {
                let visit = clinic("P1", "2024-03-01", "20").with_account();
                let request = settle_request(&format!("R{number}"), visit);
                let settled = client.settle_stubbornly(request).await.unwrap().settlement.unwrap();
                if number % 3 != 0 {
                    client.reverse_stubbornly(&format!("V{number}"), &settled).await.unwrap();
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
        // Who bore the deductible depends on the order; the sums of what stands do not depend on anything else.
        let standing: Vec<_> = platform.list("P1", COMPOSITE_AREA, 500, "").await.unwrap().settlements;
        let standing: Vec<_> = standing.into_iter().filter(|info| info.refd_setl_flag == "0").collect();
        assert_eq!(standing.len(), 20);
        let paid: i64 = standing.iter().map(|info| info.acct_pay_fen).sum();
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, yuan("100") - paid);
        let deductible: i64 = standing.iter().map(|info| info.act_pay_dedc_fen).sum();
        let accumulated = platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "outpatient_deductible").await;
        assert_eq!(accumulated, deductible);
        assert_books_balance(&platform).await;
    }

    /// The institution that settled reverses; an account that moved on since is refunded on top.
    async fn the_account_may_have_moved_on(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("100")).await;
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "80").with_account()).await.unwrap();
        platform.deposit("P1", COMPOSITE_AREA, yuan("50")).await;
        let second = platform.settle("R2", clinic("P1", "2024-03-02", "60").with_account()).await.unwrap();
        assert_eq!((info(&first).balc_fen, info(&second).balc_fen), (yuan("20"), yuan("10")));
        let own = platform.as_caller(&format!("institution:{THIRD_LEVEL}"));
        let reversal = own.reverse("V1", &first).await.unwrap();
        assert_eq!(info(&reversal).balc_fen, yuan("90"));
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, yuan("90"));
        assert_books_balance(&platform).await;
    }
}
