//! Figures of institutions over a whole platform: settled, in parts, reversed over a year's end, found against and taken back, heard again.

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::CaseState;
use yizhan_proto::credit::v1::figure_service_client::FigureServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_testkit::both_databases;

use crate::cases::desk::Office;
use crate::support::clinic;

/// What an institution's year is, as its agency is told.
async fn year(client: &Client, code: &str, year: i32) -> InstitutionFigures {
    let request = ListInstitutionFiguresRequest {
        poolarea_no: COMPOSITE_AREA.into(),
        year,
        fixmedins_code: code.into(),
        ..ListInstitutionFiguresRequest::default()
    };
    let to = client.as_caller("agency:999900").to_credit();
    let answer = FigureServiceClient::new(to).list_institution_figures(request).await.unwrap().into_inner();
    assert!(answer.settlements_followed && answer.decisions_followed);
    answer.institutions.into_iter().next().unwrap_or_default()
}

/// Waits until that is so, and stays so.
async fn until(
    client: &Client,
    (code, of): (&str, i32),
    hold: impl Fn(&InstitutionFigures) -> bool,
) -> InstitutionFigures {
    let begun = Instant::now();
    loop {
        let told = year(client, code, of).await;
        if hold(&told) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(year(client, code, of).await, told, "nothing more comes of what was told");
            return told;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{told:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn months(told: &InstitutionFigures) -> Vec<(&str, i64, i64, i64)> {
    told.months.iter().map(|one| (one.month.as_str(), one.settlements, one.visits, one.stays)).collect()
}

fn indicator<'f>(told: &'f InstitutionFigures, code: &str) -> Option<&'f str> {
    told.indicators.iter().find(|one| one.code == code).map(|one| one.value.as_str())
}

/// Sums of settlements: 医疗费总额, funds, outside the catalogue.
fn sums(settled: &[&Settlement]) -> [i64; 3] {
    let of = |one: &&Settlement| {
        let info = info(one);
        [
            info.medfee_sumamt_fen,
            info.fund_pay_sumamt_fen,
            info.fulamt_ownpay_amt_fen + info.overlmt_selfpay_fen,
        ]
    };
    settled.iter().map(of).fold([0; 3], |sum, one| std::array::from_fn(|at| sum[at] + one[at]))
}

fn told_sums(told: &InstitutionFigures) -> [i64; 3] {
    let of = |one: &MonthFigures| [one.medfee_sumamt_fen, one.fund_pay_sumamt_fen, one.out_of_scope_fen];
    told.months.iter().map(of).fold([0; 3], |sum, one| std::array::from_fn(|at| sum[at] + one[at]))
}

/// A part of P2's stay from 2024-05-30, with a line of its last day.
fn part(end: &str, mid: bool) -> VisitBuilder {
    let stay = visit("P2").numbered("M1").inpatient("2024-05-30", end);
    stay.line(CARE, "1", "2000").line(SINGLE_ROOM, "1", "300").but(|visit| {
        visit.mid_setl_flag = mid;
        for line in &mut visit.feedetail {
            line.fee_ocur_date = end.to_owned();
            line.feedetl_sn = format!("{end}{}", line.feedetl_sn);
        }
    })
}

both_databases! {
    /// A stay in parts is one stay; a reversal takes off the month, and the year, in which the visit was counted; from the beginning again it is the
    /// same.
    async fn what_stands_is_counted_once(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons([Person::employee("P1"), Person::employee("P2")]).start().await;
        let first = platform.settle("R1", part("2024-05-31", true)).await.unwrap();
        let last = platform.settle("R2", part("2024-06-05", false)).await.unwrap();
        let visit = platform.settle("R3", clinic("P1", "2024-03-01", "1000")).await.unwrap();
        let told = until(&platform, (THIRD_LEVEL, 2024), |told| told.months.len() == 3).await;
        assert_eq!(months(&told), [("2024-03", 1, 1, 0), ("2024-05", 1, 0, 0), ("2024-06", 1, 1, 1)]);
        assert_eq!(told_sums(&told), sums(&[&first, &last, &visit]));
        let value = |code| indicator(&told, code).unwrap_or_default();
        let stay = sums(&[&first, &last]);
        assert_eq!(["visits", "stays", "average_days", "violations"].map(value), ["2", "1", "6", "0"]);
        assert_eq!([value("average_fee_stay"), value("fund_per_stay")], [stay[0], stay[1]].map(|fen| fen.to_string()));
        assert_eq!([value("average_fee_visit"), value("self_paid_share_stay")], ["100000", "0.1304"]);

        // The last part is reversed today, and the visit: both are gone from 2024, and nothing is of today's year.
        platform.reverse("V1", &last).await.unwrap();
        platform.reverse("V2", &visit).await.unwrap();
        let told = until(&platform, (THIRD_LEVEL, 2024), |told| told.months.len() == 1).await;
        assert_eq!((months(&told), told_sums(&told)), (vec![("2024-05", 1, 0, 0)], sums(&[&first])));
        assert_eq!(indicator(&told, "average_fee_stay"), None, "no stay is over");
        assert_eq!(year(&platform, THIRD_LEVEL, 2026).await, InstitutionFigures::default());

        // The feed is followed from its beginning again, as where settlement's database was restored.
        platform.credit_rows().execute_unprepared("UPDATE followed_feed SET resume_token = ''").await.unwrap();
        let again = platform.settle("R4", part("2024-06-05", false).but(|visit| visit.feedetail.truncate(1))).await.unwrap();
        let told = until(&platform, (THIRD_LEVEL, 2024), |told| told.months.len() == 2).await;
        assert_eq!(months(&told), [("2024-05", 1, 0, 0), ("2024-06", 1, 1, 1)]);
        assert_eq!(told_sums(&told), sums(&[&first, &again]));
    }

    /// A decision counts with what settlement took back by it, until it is corrected; heard again, once.
    async fn a_decision_counts_until_it_is_corrected(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons([Person::employee("P1")]).asking_audit().start().await;
        let settled = platform.settle("R1", clinic("P1", "2026-01-05", "1000")).await.unwrap();
        let office = Office::of(&platform);
        let case = office.told(&settled, &[30_000]).await;
        let case = office.until(&case, |case| case.state() == CaseState::Archived).await;
        let recovered = case.recoveries[0].recovered_fen;
        let told = until(&platform, (THIRD_LEVEL, 2026), |told| told.months.iter().any(|one| one.violation_fund_fen > 0)).await;
        let of = |one: &MonthFigures| (one.month.clone(), one.decisions, one.violation_lines, one.violation_fee_fen, one.violation_fund_fen);
        let against: Vec<_> = told.months.iter().map(of).collect();
        assert_eq!(against, [("2026-01".to_owned(), 0, 0, 0, 0), ("2026-02".to_owned(), 1, 1, 30_000, recovered)]);
        let value = |code| indicator(&told, code).unwrap_or_default();
        assert_eq!(["violations", "violation_fee_share", "violation_share"].map(value), ["1", "0.3", "0.3"]);
        platform.credit_rows().execute_unprepared("UPDATE followed_feed SET resume_token = ''").await.unwrap();
        office.correct(&case, "agency:100000").await.unwrap();
        let told = until(&platform, (THIRD_LEVEL, 2026), |told| told.months.iter().any(|one| one.decisions_withdrawn > 0)).await;
        let against: Vec<_> = told.months.iter().map(|one| (one.decisions, one.violation_fund_fen)).collect();
        assert_eq!((against, indicator(&told, "violation_share")), (vec![(0, 0), (0, 0)], Some("0")));
    }
}
