//! 慢特病 in 株洲: what is used of a month's limit is held by the month, and is given back, taken again and opened like any other total.

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{AccumulatorAddition, OpeningKind, RecordOpeningRequest};
use yizhan_testkit::both_databases;

use crate::support::violations;

/// Drugs for Parkinson's: 300 a month at 80 %, and what is left of a month until the quarter ends.
fn drugs(day: &str, pric: &str) -> VisitBuilder {
    let visit = visit("P1").on_days("14", day, day).at(ZHUZHOU_HOSPITAL).line(FACTOR_VIII, "1", pric);
    visit.but(|visit| visit.opsp_dise_code = "M02300".to_owned())
}

/// What the earlier system left out of a month.
fn adjustment(request_id: &str, accumulator: &str) -> RecordOpeningRequest {
    let used = AccumulatorAddition { accumulator: accumulator.to_owned(), added: yuan("200") };
    RecordOpeningRequest {
        request_id: request_id.to_owned(),
        poolarea_no: ZHUZHOU.to_owned(),
        psn_no: "P1".to_owned(),
        kind: OpeningKind::Adjustment.into(),
        policy_year: "2026-01-01".to_owned(),
        accumulators: vec![used],
        source: "原系统 2026-03".to_owned(),
        reason: "原系统漏记".to_owned(),
        ..RecordOpeningRequest::default()
    }
}

async fn used(platform: &TestPlatform) -> Vec<(String, i64)> {
    let all = platform.accumulators("P1", ZHUZHOU).await;
    all.into_iter()
        .filter(|(_, name, _)| name.starts_with("chronic_cost"))
        .map(|(_, name, total)| (name, total))
        .collect()
}

fn of_months(months: &[(&str, &str)]) -> Vec<(String, i64)> {
    months.iter().map(|(month, used)| (format!("chronic_cost/{month}"), yuan(used))).collect()
}

both_databases! {
    async fn a_month_is_reversed_settled_again_and_opened(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1").of_area(ZHUZHOU)).start().await;
        platform.clock.set("2026-04-02T04:00:00Z".parse().unwrap());
        platform.entitle_to_disease("P1", "M02300", "2026-01-01", "").await;
        let mut settled = Vec::new();
        for (request_id, day, pric, expected) in [
            ("R1", "2026-01-10", "400", "240"),
            ("R2", "2026-01-20", "100", "0"),
            ("R3", "2026-02-10", "700", "240"),
        ] {
            let one = platform.settle(request_id, drugs(day, pric)).await.unwrap();
            assert_adds_up(&one);
            assert_eq!(info(&one).hifp_pay_fen, yuan(expected), "{request_id}");
            assert!(platform.replay(&info(&one).setl_id).await.unwrap().identical);
            settled.push(one);
        }
        assert_eq!(used(&platform).await, of_months(&[("2026-01", "300"), ("2026-02", "300")]));
        let statement = platform.statement(&info(&settled[2]).setl_id).await.unwrap();
        assert!(statement.text.replace('\n', "").contains("费用限额"), "{}", statement.text);

        // Without the first January has 200 left after the second, and February the 500 of both months.
        let answer = platform.resettle_behind("A1", &settled[0]).await.unwrap();
        let mut again = Vec::new();
        for visit in &answer.visits {
            let new = platform.get(&visit.new_setl_id).await.unwrap();
            assert_adds_up(&new);
            assert!(platform.replay(&visit.new_setl_id).await.unwrap().identical);
            again.push(info(&new).hifp_pay_fen);
        }
        assert_eq!(again, [yuan("80"), yuan("400")]);
        assert_eq!(used(&platform).await, of_months(&[("2026-01", "100"), ("2026-02", "500")]));

        // What the earlier system counted is entered by the month; nothing else would ever be read.
        let agency = platform.as_caller("agency:430200");
        for wrong in ["chronic_cost", "chronic_cost/2025-12", "chronic_cost/2026-3", "basic_paid/2026-03"] {
            let refusal = refused(agency.record_opening(adjustment("O0", wrong)).await);
            assert_eq!(violations(&refusal), [("accumulators[0].accumulator", "ACCUMULATOR_UNKNOWN")], "{wrong}");
        }
        agency.record_opening(adjustment("O1", "chronic_cost/2026-03")).await.unwrap();
        let march = platform.settle("R4", drugs("2026-03-31", "700")).await.unwrap();
        assert_eq!(info(&march).hifp_pay_fen, yuan("80"), "900 of the quarter less 100, 500 and 200");
        let april = platform.settle("R5", drugs("2026-04-01", "700")).await.unwrap();
        assert_eq!(info(&april).hifp_pay_fen, yuan("240"), "a quarter of its own");
        let months = of_months(&[("2026-01", "100"), ("2026-02", "500"), ("2026-03", "300"), ("2026-04", "300")]);
        assert_eq!(used(&platform).await, months);
        let books = platform.check_books(ZHUZHOU).await;
        assert_eq!(books.discrepancies, Vec::<String>::new());
        assert!(books.settlements > 0 && books.postings > 0, "{books:?}");
    }
}
