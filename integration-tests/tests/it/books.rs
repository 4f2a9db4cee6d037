//! CheckBooks finds what was changed behind the service's back.

use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_testkit::both_databases;

use crate::support::{assert_books_balance, clinic, seven_payer_stay, stay};

/// Changes something, expects CheckBooks to say so, and puts it right again.
async fn assert_noticed(platform: &TestPlatform, damage: &str, repair: &str, said: &str) {
    database::tamper(platform.rows(), damage).await;
    let books = platform.check_books(COMPOSITE_AREA).await;
    assert!(
        books.discrepancies.iter().any(|text| text.contains(said)),
        "{damage}: {:?}",
        books.discrepancies
    );
    database::tamper(platform.rows(), repair).await;
    assert_books_balance(platform).await;
}

both_databases! {
    async fn one_fen_is_missed(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.deposit("P1", COMPOSITE_AREA, 100_000).await;
        let settled = platform.settle("R1", clinic("P1", "2024-03-01", "700").with_account()).await.unwrap();
        platform.settle("R2", seven_payer_stay("P1")).await.unwrap();
        assert_books_balance(&platform).await;
        let setl_id = info(&settled).setl_id.clone();

        let posting = |from: i64, to: i64| {
            format!("UPDATE journal SET lines = REPLACE(lines, '\"f\":{from}}}', '\"f\":{to}}}') WHERE setl_id = '{setl_id}'")
        };
        assert_noticed(&platform, &posting(70_000, 70_001), &posting(70_001, 70_000), &format!("settlement {setl_id}: postings")).await;
        let balance = |by: &str| format!("UPDATE accounts SET balance_fen = balance_fen {by} WHERE psn_no = 'P1'");
        assert_noticed(&platform, &balance("+ 1"), &balance("- 1"), "account/P1").await;
        let totals = |from: &str, to: &str| {
            format!("UPDATE accumulated SET totals = REPLACE(totals, '\"outpatient_paid\":{from}', '\"outpatient_paid\":{to}') \
                     WHERE psn_no = 'P1'")
        };
        assert_noticed(&platform, &totals("24000", "24001"), &totals("24001", "24000"), "person P1: accumulators").await;
        let total = |by: &str| {
            format!("UPDATE settlements SET medfee_sumamt_fen = medfee_sumamt_fen {by} WHERE setl_id = '{setl_id}'")
        };
        assert_noticed(&platform, &total("+ 1"), &total("- 1"), &format!("settlement {setl_id}: the row")).await;
    }

    /// Money moved from one payer to another: every sum is still right, and yet it is not what was settled.
    async fn a_payer_is_exchanged_for_another(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.settle("R1", clinic("P1", "2024-03-01", "700")).await.unwrap();
        let payer = |from: &str, to: &str| format!("UPDATE journal SET lines = REPLACE(lines, '{from}', '{to}')");
        let (fund, other) = ("fund/310100", "fund/610100");
        assert_noticed(&platform, &payer(fund, other), &payer(other, fund), "the postings are not those").await;
    }

    /// A settlement that is gone is missed, even a person's only one.
    async fn a_settlement_is_removed(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let settled = platform.settle("R1", clinic("P1", "2024-03-01", "700")).await.unwrap();
        let area = |from: &str, to: &str| {
            let setl_id = &info(&settled).setl_id;
            format!("UPDATE settlements SET poolarea_no = '{to}' WHERE poolarea_no = '{from}' AND setl_id = '{setl_id}'")
        };
        assert_noticed(&platform, &area(COMPOSITE_AREA, "000000"), &area("000000", COMPOSITE_AREA), "P1").await;
    }

    /// What stands is claimed once: the faults of before, put in by hand.
    async fn claims_are_missed_and_found(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "700").numbered("M1")).await.unwrap();
        let second = clinic("P1", "2024-03-02", "700").numbered("M2").at(SECOND_LEVEL);
        let second = platform.settle("R2", second).await.unwrap();
        let gone = platform.settle("R3", clinic("P1", "2024-03-03", "700")).await.unwrap();
        platform.reverse("V3", &gone).await.unwrap();
        let visit = info(&gone).mdtrt_id.as_str();
        let [first, second, gone] = [&first, &second, &gone].map(|settled| info(settled).setl_id.as_str());
        assert_books_balance(&platform).await;
        let held = |table: &str, from: &str, to: &str| {
            format!("UPDATE {table} SET held_by = REPLACE(held_by, '{from}', '{to}') WHERE owner = '{THIRD_LEVEL}' AND held_by LIKE '{from}%'")
        };
        for (table, said) in [("claims", "its visit M1 stands in settlement"), ("claimed_lines", "its lines F1 stand in settlement")] {
            assert_noticed(&platform, &held(table, first, second), &held(table, second, first), said).await;
            assert_noticed(&platform, &held(table, first, "S0"), &held(table, "S0", first), "settlement S0: holds").await;
        }
        let number = |from: &str, to: &str| format!("UPDATE claims SET number = '{to}' WHERE number = '{from}'");
        assert_noticed(&platform, &number("M1", "M7"), &number("M7", "M1"), "its visit M1 is claimed by nobody").await;
        let days = |from: &str, to: &str| format!("UPDATE claims SET enddate = '{to}' WHERE enddate = '{from}' AND number = 'M1'");
        let (day, other) = ("2024-03-01", "2024-03-05");
        assert_noticed(&platform, &days(day, other), &days(other, day), "of other days or persons").await;
        let claim = format!("INSERT INTO claims VALUES ('V', '{THIRD_LEVEL}', '{visit}', '{gone}', '{COMPOSITE_AREA}', 'P1', '11', '{day}', '{day}')");
        let unclaim = format!("DELETE FROM claims WHERE held_by = '{gone}'");
        assert_noticed(&platform, &claim, &unclaim, "is reversed and holds its visit").await;
        let digits = |digits: u8, held_by: &str| {
            format!("UPDATE claimed_lines SET digits = {digits}, held_by = '{held_by}' WHERE owner = '{THIRD_LEVEL}' AND ten = '{visit}F'")
        };
        assert_noticed(&platform, &digits(2, &format!("{gone}:2;")), &digits(0, ""), "is reversed and holds its lines").await;
        assert_noticed(&platform, &digits(2, ""), &digits(0, ""), "is not what its holders hold").await;
    }

    /// Two settlements that the service would have refused: those of before there were claims.
    async fn visits_on_the_same_days_are_found(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.settle("R1", stay("P1", "2024-03-01", "2024-03-09", "2000").numbered("M1")).await.unwrap();
        // Nobody knows of the first while the second is settled.
        let person = |from: &str, to: &str| format!("UPDATE claims SET psn_no = '{to}' WHERE psn_no = '{from}'");
        database::tamper(platform.rows(), &person("P1", "P9")).await;
        platform.settle("R2", stay("P1", "2024-03-05", "2024-03-12", "2000").at(SECOND_LEVEL)).await.unwrap();
        database::tamper(platform.rows(), &person("P9", "P1")).await;
        let books = platform.check_books(COMPOSITE_AREA).await;
        assert!(matches!(&books.discrepancies[..], [one] if one.contains("shares days with")), "{books:?}");
    }

    async fn who_may_check(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let ask = async |caller: &str| {
            let request = yizhan_proto::settlement::v1::CheckBooksRequest { poolarea_no: COMPOSITE_AREA.to_owned() };
            platform.as_caller(caller).settlements().check_books(request).await.is_ok()
        };
        assert!(ask("operator:alice").await && ask("agency:999900").await && ask("service:audit").await);
        // What does not agree names other people's settlements.
        assert!(!ask("department:100000").await && !ask("department:999900.civil-affairs").await);
        assert!(!ask("agency:430200").await && !ask(&format!("institution:{THIRD_LEVEL}")).await && !ask("person:P1").await);
    }
}
