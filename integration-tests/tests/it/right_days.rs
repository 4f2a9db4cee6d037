//! Paid for the right days: those on which the person is entitled, by the catalogue of the day of each line, within bounds.

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::{
    CoverageRow, IdentityRow, ImportCoveragesRequest, ImportIdentitiesRequest,
};
use yizhan_proto::settlement::v1::{CatalogueItem, CoverageSpan, Settlement, Visit};
use yizhan_testkit::both_databases;

use crate::support::{YEAR_2024, assert_books_balance, clinic, stay, violations};

/// A June of 30 lines of 3,000.00, one a day: paid whole it is (90,000 - 1,100) × 85 % = 75,565.00.
fn june(psn_no: &str) -> VisitBuilder {
    let visit = visit(psn_no).inpatient("2024-06-01", "2024-06-30");
    (1..=30).fold(visit, |visit, day| {
        let line = visit.line(CARE, "1", "3000");
        line.but(|visit| visit.feedetail[day - 1].fee_ocur_date = format!("2024-06-{day:02}"))
    })
}

fn coverage(psn_no: &str, insutype: &str, psn_type: &str, days: (&str, &str)) -> CoverageRow {
    CoverageRow {
        psn_no: psn_no.to_owned(),
        insutype: insutype.to_owned(),
        psn_type: psn_type.to_owned(),
        psn_insu_stas: "1".to_owned(),
        begndate: days.0.to_owned(),
        enddate: days.1.to_owned(),
        ..CoverageRow::default()
    }
}

async fn import(platform: &TestPlatform, request_id: &str, rows: Vec<CoverageRow>) {
    let request = ImportCoveragesRequest { request_id: request_id.to_owned(), rows };
    platform.enrollment().import_coverages(request).await.unwrap();
}

/// First day, last day, and why not, or under which scheme and psn_type.
fn spans(settlement: &Settlement) -> Vec<(&str, &str, String)> {
    let what = |span: &CoverageSpan| match span.covered {
        true => format!("{} {}{}", span.insutype, span.psn_type, span.identities.concat()),
        false => span.reason.clone(),
    };
    let spans = info(settlement).coverage_spans.iter();
    spans.map(|span| (span.begndate.as_str(), span.enddate.as_str(), what(span))).collect()
}

fn spans_of<'s>(expected: &[(&'s str, &'s str, &str)]) -> Vec<(&'s str, &'s str, String)> {
    expected.iter().map(|(first, last, what)| (*first, *last, (*what).to_owned())).collect()
}

/// What the fund pays, and 全自费.
fn paid(settlement: &Settlement) -> (i64, i64) {
    assert_adds_up(settlement);
    (info(settlement).hifp_pay_fen, info(settlement).fulamt_ownpay_amt_fen)
}

both_databases! {
    async fn only_the_days_that_are_covered_are_paid(db: TestDatabase) {
        let platform = TestPlatform::on(&db)
            .with_persons([
                Person::employee("ALL"),
                Person::employee("LATE").insured_between("2024-06-30", ""),
                Person::employee("EARLY").insured_between("2010-01-01", "2024-06-29"),
            ])
            .start()
            .await;
        let whole = platform.settle("R1", june("ALL")).await.unwrap();
        assert_eq!((paid(&whole), spans(&whole)), ((yuan("75565"), 0), Vec::new()));

        // (3,000 - 1,100) × 85 %; before, the whole of it.
        let late = platform.settle("R2", june("LATE")).await.unwrap();
        assert_eq!(paid(&late), (yuan("1615"), yuan("87000")));
        let days = [("2024-06-01", "2024-06-29", "COVERAGE_NOT_STARTED"), ("2024-06-30", "2024-06-30", "310 11")];
        assert_eq!(spans(&late), spans_of(&days));
        let traced = &late.trace.as_ref().unwrap().not_covered[0];
        let told = (traced.enddate.as_str(), traced.reason.as_str(), traced.medfee_sumamt_fen);
        assert_eq!(told, ("2024-06-29", "COVERAGE_NOT_STARTED", yuan("87000")));
        let statement = platform.statement(&info(&late).setl_id).await.unwrap();
        let said = "2024-06-01 至 2024-06-29 参保自 2024-06-30 起生效，就诊日期尚未参保；费用 87000.00 元由个人承担";
        assert!(statement.html.contains(said), "{}", statement.html);

        // (87,000 - 1,100) × 85 %; before, nothing.
        let early = platform.settle("R3", june("EARLY")).await.unwrap();
        assert_eq!(paid(&early), (yuan("73015"), yuan("3000")));
        assert_eq!(spans(&early)[1], ("2024-06-30", "2024-06-30", "COVERAGE_ENDED".to_owned()));
        assert!(platform.replay(&info(&early).setl_id).await.unwrap().identical);
        let taken_back = platform.reverse("V3", &early).await.unwrap();
        assert_eq!(paid(&taken_back), (-yuan("73015"), -yuan("3000")));
        assert_eq!(platform.accumulators("EARLY", COMPOSITE_AREA).await, []);

        // What was charged on which day is not guessed.
        let undated = june("LATE").but(|visit| visit.feedetail[7].fee_ocur_date = String::new());
        let error = refused(platform.settle("R4", undated).await);
        assert_eq!(violations(&error), [("visit.feedetail[7].fee_ocur_date", "LINE_DATE_REQUIRED")]);
        let after = refused(platform.settle("R5", stay("EARLY", "2024-06-30", "2024-07-09", "5000")).await);
        assert_eq!((after.reason.as_str(), after.metadata["why"].as_str()), ("NOT_ENTITLED", "COVERAGE_ENDED"));
        assert_books_balance(&platform).await;
    }

    /// Waiting until 06-10, paused from 06-16 to 06-20, dead on 06-25: ten days are covered.
    async fn waiting_a_pause_and_death_inside_a_stay(db: TestDatabase) {
        let mut person = Person::employee("P1").insured_between("2024-06-01", "2024-06-15");
        person.coverage.entitled_begndate = "2024-06-11".to_owned();
        person.row.die_date = "2024-06-25".to_owned();
        let platform = TestPlatform::on(&db).with_person(person).start().await;
        let paused = CoverageRow {
            psn_insu_stas: "2".to_owned(),
            ..coverage("P1", "310", "11", ("2024-06-16", "2024-06-20"))
        };
        import(&platform, "C1", vec![paused, coverage("P1", "310", "11", ("2024-06-21", ""))]).await;
        let settled = platform.settle("R1", june("P1")).await.unwrap();
        let days = [
            ("2024-06-01", "2024-06-10", "WAITING_PERIOD"),
            ("2024-06-11", "2024-06-15", "310 11"),
            ("2024-06-16", "2024-06-20", "COVERAGE_PAUSED"),
            ("2024-06-21", "2024-06-25", "310 11"),
            ("2024-06-26", "2024-06-30", "DECEASED"),
        ];
        assert_eq!(spans(&settled), spans_of(&days));
        assert_eq!(paid(&settled), (yuan("24565"), yuan("60000")), "(30,000 - 1,100) × 85 %");
    }

    /// By default what was true at admission counts.
    async fn retirement_and_an_identity_in_the_middle_of_a_stay(db: TestDatabase) {
        let working = Person::employee("P1").insured_between("2010-01-01", "2024-06-14");
        let platform = TestPlatform::on(&db).with_person(working).start().await;
        import(&platform, "C1", vec![coverage("P1", "310", "12", ("2024-06-15", ""))]).await;
        let poor = IdentityRow {
            psn_no: "P1".to_owned(),
            name: "特困".to_owned(),
            begndate: "2024-06-20".to_owned(),
            ..IdentityRow::default()
        };
        let request = ImportIdentitiesRequest { request_id: "I1".to_owned(), rows: vec![poor] };
        platform.enrollment().import_identities(request).await.unwrap();
        let settled = platform.settle("R1", june("P1")).await.unwrap();
        assert_eq!((info(&settled).psn_type.as_str(), info(&settled).maf_pay_fen), ("11", 0));
        assert_eq!(paid(&settled), (yuan("75565"), 0));
        let days = [
            ("2024-06-01", "2024-06-14", "310 11"),
            ("2024-06-15", "2024-06-19", "310 12"),
            ("2024-06-20", "2024-06-30", "310 12特困"),
        ];
        assert_eq!(spans(&settled), spans_of(&days));
        let next = platform.settle("R2", stay("P1", "2024-07-01", "2024-07-09", "10000")).await.unwrap();
        assert_eq!(info(&next).psn_type, "12");
    }

    async fn another_scheme_or_area_in_the_middle_of_a_stay(db: TestDatabase) {
        let resident = |psn_no: &str| Person::resident(psn_no).of_area(ZHUZHOU).insured_between("2010-01-01", "2024-06-14");
        let platform = TestPlatform::on(&db).with_persons([resident("P1"), resident("P2")]).start().await;
        let moved = CoverageRow {
            poolarea_no: COMPOSITE_AREA.to_owned(),
            ..coverage("P2", "310", "11", ("2024-06-15", ""))
        };
        import(&platform, "C1", vec![coverage("P1", "310", "11", ("2024-06-15", "")), moved]).await;
        let visit = |psn_no: &str, insutype: &str| june(psn_no).insutype(insutype).at(ZHUZHOU_HOSPITAL);
        let error = refused(platform.settle("R1", visit("P1", "310")).await);
        assert_eq!((error.reason.as_str(), error.metadata["insutype"].as_str()), ("SCHEME_OF_STAY", "390"));
        let settled = platform.settle("R2", visit("P1", "390")).await.unwrap();
        assert_eq!(info(&settled).fulamt_ownpay_amt_fen, 0, "a change of scheme is no end of being insured");
        let days = [("2024-06-01", "2024-06-14", "390 15"), ("2024-06-15", "2024-06-30", "310 11")];
        assert_eq!(spans(&settled), spans_of(&days));
        let error = refused(platform.settle("R3", visit("P2", "390")).await);
        let told = (error.reason.as_str(), error.metadata["what"].as_str(), error.metadata["since"].as_str());
        assert_eq!(told, ("CHANGED_IN_STAY", "poolarea_no", "2024-06-15"));
    }

    /// An item that leaves the list on 06-15, and one whose price is limited from then on.
    async fn each_line_is_of_the_catalogue_of_its_day(db: TestDatabase) {
        let entry = |code: &str, begndate: &str, enddate: &str, limit: &str| CatalogueItem {
            begndate: begndate.to_owned(),
            enddate: enddate.to_owned(),
            pric_uplmt_amt: limit.to_owned(),
            ..item(code, "药", "101", "01", "")
        };
        let entries = [
            entry("GONE", "2020-01-01", "2024-06-14", ""),
            entry("LIMITED", "2020-01-01", "2024-06-14", ""),
            entry("LIMITED", "2024-06-15", "", "60"),
        ];
        let platform = TestPlatform::on(&db).with_catalogue(entries).with_person(Person::employee("P1")).start().await;
        let bill = |gone: &str| {
            let lines = visit("P1").inpatient("2024-06-01", "2024-06-30").line("GONE", "1", "100");
            lines.line("LIMITED", "1", "100").line("LIMITED", "1", "100").line("LIMITED", "1", "100").but(|visit| {
                let days = [gone, "2024-06-14", "2024-06-15", ""];
                visit.feedetail.iter_mut().zip(days).for_each(|(line, day)| line.fee_ocur_date = day.to_owned());
            })
        };
        let settled = platform.settle("R1", bill("2024-06-14")).await.unwrap();
        let over: Vec<i64> = settled.feedetail.iter().map(|line| line.overlmt_amt_fen).collect();
        assert_eq!(over, [0, 0, 4000, 4000], "a line without a day is of the last");
        let error = refused(platform.settle("R2", bill("2024-06-15")).await);
        assert_eq!(violations(&error), [("visit.feedetail[0].hilist_code", "ITEM_UNKNOWN")]);
    }

    async fn days_that_no_visit_has(db: TestDatabase) {
        let mut born = Person::employee("BORN");
        born.row.brdy = "2024-06-05".to_owned();
        born.coverage.begndate = "2024-06-05".to_owned();
        let platform = TestPlatform::on(&db).with_persons([Person::employee("P1"), Person::employee("P2"), born]).start().await;
        let refusal = async |visit: VisitBuilder| {
            let error = refused(platform.settle("R1", visit).await);
            violations(&error).into_iter().map(|(field, reason)| format!("{field} {reason}")).collect::<Vec<_>>()
        };
        assert_eq!(refusal(june("BORN")).await, ["visit.begndate BEFORE_BIRTH"]);
        let too_long = ["visit.begndate VISIT_TOO_LONG"];
        assert_eq!(refusal(stay("P1", "1900-01-01", "2024-06-30", "1")).await, too_long);
        assert_eq!(refusal(stay("P1", "2024-01-01", "2025-01-01", "1")).await, too_long, "367 days");
        let year = |visit: &mut Visit| visit.begndate = "2023-07-01".to_owned();
        assert_eq!(refusal(clinic("P1", "2024-06-30", "1").but(year)).await, too_long);
        let long_ago = refusal(stay("P1", "2016-01-01", "2016-01-30", "1")).await;
        assert_eq!(long_ago, ["visit.enddate SETTLED_TOO_LATE"]);
        platform.settle("R2", stay("P1", "2024-01-02", "2025-01-01", "1")).await.unwrap();
        let month = clinic("P2", "2024-07-31", "1").but(|visit| visit.begndate = "2024-07-01".into());
        platform.settle("R3", month).await.unwrap();
    }

    async fn a_stay_that_claims_nothing_leaves_the_next_deductible_whole(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let of = |number: u32, item: &str, yuan: &str| {
            let day = |last: u32| format!("2024-0{number}-0{last}");
            visit("P1").inpatient(&day(1), &day(5)).line(item, "1", yuan)
        };
        platform.settle("R1", of(1, CARE, "0")).await.unwrap();
        platform.settle("R2", of(2, SINGLE_ROOM, "500")).await.unwrap();
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "stays@third").await, 0);
        let first = platform.settle("R3", of(3, CARE, "10000")).await.unwrap();
        assert_eq!(info(&first).act_pay_dedc_fen, yuan("1100"), "before, 550: the 0 yuan counted");
        let second = platform.settle("R4", of(4, CARE, "10000")).await.unwrap();
        assert_eq!(info(&second).act_pay_dedc_fen, yuan("550"));
        platform.reverse("V4", &second).await.unwrap();
        platform.reverse("V3", &first).await.unwrap();
        assert_eq!(platform.accumulator("P1", COMPOSITE_AREA, YEAR_2024, "stays@third").await, 0);
        let again = platform.settle("R5", of(5, CARE, "10000")).await.unwrap();
        assert_eq!(info(&again).act_pay_dedc_fen, yuan("1100"));
        assert_books_balance(&platform).await;
    }
}
