//! Many settlements of one person at once use one deductible.

use chrono::{Days, NaiveDate};
use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{SettleRequest, Settlement};
use yizhan_testkit::{TestDatabase, both_databases};

use crate::support::{YEAR_2024, assert_books_balance, clinic, ids, settle_at_once, stay};

/// Settlements at once.
const AT_ONCE: usize = 200;
/// First day of the first stay.
const NEW_YEAR: NaiveDate = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a day");

fn clinics() -> Vec<SettleRequest> {
    (0..AT_ONCE)
        .map(|number| settle_request(&format!("C{number}"), clinic("P1", "2024-03-01", "10")))
        .collect()
}

/// From one hospital to the next, day after day: the day of transfer is in two stays.
fn stays() -> Vec<SettleRequest> {
    let day = |number| (NEW_YEAR + Days::new(number)).to_string();
    let one =
        |number| settle_request(&format!("S{number}"), stay("P1", &day(number), &day(number + 1), "1500"));
    (0..AT_ONCE as u64).map(one).collect()
}

fn sum(settlements: &[Settlement], of: impl Fn(&yizhan_proto::settlement::v1::SettlementInfo) -> i64) -> i64 {
    settlements.iter().map(|settlement| of(info(settlement))).sum()
}

/// 200 visits of 10 yuan: 300 of deductible at the third level, 60 % of the rest.
async fn assert_one_outpatient_deductible(platform: &TestPlatform, settled: &[Settlement]) {
    settled.iter().for_each(assert_adds_up);
    assert_eq!(ids(settled).len(), AT_ONCE);
    assert_eq!(sum(settled, |info| info.act_pay_dedc_fen), yuan("300"));
    assert_eq!(sum(settled, |info| info.hifp_pay_fen), yuan("1020"));
    let total = async |name: &str| platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, name).await;
    assert_eq!(total("outpatient_deductible").await, yuan("300"));
    assert_eq!(total("outpatient_paid").await, yuan("1020"));
    assert_books_balance(platform).await;
}

/// 200 stays of 1500 yuan: 1100, half of it, and what is left of 2000 a year.
async fn assert_one_inpatient_deductible(platform: &TestPlatform, settled: &[Settlement]) {
    settled.iter().for_each(assert_adds_up);
    let mut charged: Vec<i64> = settled.iter().map(|settlement| info(settlement).act_pay_dedc_fen).collect();
    charged.sort_unstable();
    charged.reverse();
    assert_eq!(charged[..4], [yuan("1100"), yuan("550"), yuan("350"), 0]);
    let total = async |name: &str| platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, name).await;
    assert_eq!(total("deductible_used").await, yuan("2000"));
    assert_eq!(total("stays@third").await, AT_ONCE as i64);
    // The fund's yearly limit is reached on the way: exactly, and not by one settlement too many.
    assert_eq!(total("basic_paid").await, yuan("150000"));
    assert_eq!(sum(settled, |info| info.hifp_pay_fen), yuan("150000"));
    assert_books_balance(platform).await;
}

both_databases! {
    async fn two_hundred_visits_use_one_deductible(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let settled = settle_at_once(&[platform.client()], clinics()).await;
        assert_one_outpatient_deductible(&platform, &settled).await;
    }

    async fn two_hundred_stays_use_one_deductible(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let settled = settle_at_once(&[platform.client()], stays()).await;
        assert_one_inpatient_deductible(&platform, &settled).await;
    }

    /// One account cannot be spent twice.
    async fn two_hundred_visits_spend_one_account(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("123.45")).await;
        let requests = (0..AT_ONCE).map(|number| {
            settle_request(&format!("C{number}"), clinic("P1", "2024-03-01", "10").with_account())
        });
        let settled = settle_at_once(&[platform.client()], requests.collect()).await;
        assert_eq!(sum(&settled, |info| info.acct_pay_fen), yuan("123.45"));
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, 0);
        assert_books_balance(&platform).await;
    }
}

/// Nothing in memory keeps two servers apart: the versions in the database do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_use_one_deductible() {
    let mut platform =
        TestPlatform::on(&TestDatabase::postgres()).with_person(Person::employee("P1")).start().await;
    let clients = [platform.client(), platform.another_instance().await];
    let settled = settle_at_once(&clients, clinics()).await;
    assert_one_outpatient_deductible(&platform, &settled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_use_one_yearly_limit() {
    let mut platform =
        TestPlatform::on(&TestDatabase::postgres()).with_person(Person::employee("P1")).start().await;
    let clients = [platform.client(), platform.another_instance().await];
    let settled = settle_at_once(&clients, stays()).await;
    assert_one_inpatient_deductible(&platform, &settled).await;
}
