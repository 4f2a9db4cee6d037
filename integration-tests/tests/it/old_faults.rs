//! CheckBooks finds the old faults: each is put in by hand behind the service, as a service without guards would have left it, and is told by
//! name. Which point of the platform's history it is, and who finds what no books can show, says docs/FAULTS.md.

use std::collections::BTreeSet;

use prost::Message;
use sea_orm::{ConnectionTrait, Statement, Value};
use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    AccumulatorAddition, FundAmount, OpeningKind, RecordManualPaymentRequest, RecordOpeningRequest,
    Settlement, SettlementInfo, UploadFeesRequest,
};
use yizhan_testkit::both_databases;

use crate::drugs::coded;
use crate::support::{YEAR_2024, assert_books_balance, clinic, stay};

/// The books, and what CheckBooks told of them before the next fault.
struct Books<'p> {
    platform: &'p TestPlatform,
    told: BTreeSet<String>,
}

impl Books<'_> {
    /// Changes rows by hand: at least one, or the test is wrong.
    async fn change(&self, sql: &str) {
        self.with(sql, []).await;
    }

    async fn with<const N: usize>(&self, sql: &str, values: [Value; N]) {
        let db = self.platform.rows();
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let done = db.execute_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(done.rows_affected() > 0, "{sql}");
    }

    /// Changes what a settlement was answered with.
    async fn rewrite(&self, setl_id: &str, change: impl FnOnce(&mut Settlement)) {
        let answer = format!("SELECT answer FROM settlements WHERE setl_id = '{setl_id}'");
        let rows = database::query(self.platform.rows(), &answer).await;
        let bytes: Vec<u8> = rows[0].try_get("", "answer").unwrap();
        let mut settlement = Settlement::decode(bytes.as_slice()).unwrap();
        change(&mut settlement);
        let bytes = settlement.encode_to_vec();
        self.with(&format!("UPDATE settlements SET answer = $1 WHERE setl_id = '{setl_id}'"), [bytes.into()])
            .await;
    }

    /// The same once more under another id, in the books of an area, with its postings, and with claims where it has a visit of its own.
    async fn once_more(
        &self,
        setl_id: &str,
        (copy, area): (&str, &str),
        change: impl FnOnce(&mut SettlementInfo),
    ) {
        let ids = [("poolarea_no", area), ("setl_id", copy)];
        self.copy_rows("settlements", setl_id, &[ids[0], ids[1], ("reverses_setl_id", "")]).await;
        self.copy_rows("journal", setl_id, &ids).await;
        let mut header = SettlementInfo::default();
        self.rewrite(copy, |settlement| {
            let info = settlement.setlinfo.as_mut().unwrap();
            info.setl_id = copy.to_owned();
            info.poolarea_no = area.to_owned();
            change(info);
            header = info.clone();
        })
        .await;
        let SettlementInfo { fixmedins_code, mdtrt_id, psn_no, med_type, begndate, enddate, .. } = header;
        let claim = format!(
            "INSERT INTO claims VALUES ('V', '{fixmedins_code}', '{mdtrt_id}', '{copy}', '{area}', '{psn_no}', '{med_type}', '{begndate}', \
             '{enddate}') ON CONFLICT DO NOTHING"
        );
        self.platform.rows().execute_unprepared(&claim).await.expect("a claim, unless somebody holds it");
    }

    /// Copies the rows of a settlement, with other values in some columns.
    async fn copy_rows(&self, table: &str, setl_id: &str, other: &[(&str, &str)]) {
        let rows = format!("SELECT * FROM {table} WHERE setl_id = '{setl_id}'");
        let columns = database::query(self.platform.rows(), &rows).await[0].column_names();
        let value = |column: &String| {
            let other = other.iter().find(|(name, _)| name == column);
            other.map_or_else(|| column.clone(), |(_, value)| format!("'{value}'"))
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let (columns, values) = (columns.join(", "), values.join(", "));
        let copied = format!(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE setl_id = '{setl_id}'"
        );
        self.change(&copied).await;
    }

    /// Everything of this is told, and was not before the fault.
    async fn tell(&mut self, all: &[&str]) {
        let books = self.platform.check_books(COMPOSITE_AREA).await;
        let told: BTreeSet<String> = books.discrepancies.into_iter().collect();
        let new: Vec<&String> = told.difference(&self.told).collect();
        for said in all {
            assert!(new.iter().any(|told| told.contains(said)), "{said:?} is not told, but {new:#?}");
        }
        self.told = told;
    }
}

fn numbered(number: &str) -> impl FnOnce(&mut SettlementInfo) {
    let number = number.to_owned();
    move |info| info.mdtrt_id = number
}

fn on_days(number: &str, begndate: &str, enddate: &str) -> impl FnOnce(&mut SettlementInfo) {
    let [number, begndate, enddate] = [number, begndate, enddate].map(str::to_owned);
    move |info| (info.mdtrt_id, info.begndate, info.enddate) = (number, begndate, enddate)
}

/// A bill of P1 that was paid by hand.
fn by_hand() -> RecordManualPaymentRequest {
    RecordManualPaymentRequest {
        request_id: "W1".to_owned(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        psn_no: "P1".to_owned(),
        insutype: "310".to_owned(),
        mdtrt_id: "BILL-1".to_owned(),
        fixmedins_code: THIRD_LEVEL.to_owned(),
        med_type: "11".to_owned(),
        begndate: "2024-04-01".to_owned(),
        enddate: "2024-04-01".to_owned(),
        manl_reim_rea: "02".to_owned(),
        medfee_sumamt_fen: yuan("400"),
        inscp_scp_amt_fen: yuan("400"),
        act_pay_dedc_fen: yuan("300"),
        funds: vec![FundAmount { fund_pay_type: "310100".to_owned(), fund_payamt_fen: yuan("60") }],
        policy_year: YEAR_2024.to_owned(),
        accumulators: vec![added("outpatient_paid", yuan("60"))],
        ..RecordManualPaymentRequest::default()
    }
}

fn added(accumulator: &str, added: i64) -> AccumulatorAddition {
    AccumulatorAddition { accumulator: accumulator.to_owned(), added }
}

fn opening() -> RecordOpeningRequest {
    RecordOpeningRequest {
        request_id: "O1".to_owned(),
        kind: OpeningKind::Opening.into(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        psn_no: "P2".to_owned(),
        policy_year: YEAR_2024.to_owned(),
        accumulators: vec![added("deductible_used", yuan("100"))],
        acct_added_fen: yuan("7"),
        source: "原系统".to_owned(),
        ..RecordOpeningRequest::default()
    }
}

/// The lines of a stay of P1, brought before; settled by reference, and reversed.
async fn settled_by_reference_and_reversed(platform: &TestPlatform) -> String {
    let by_reference = stay("P1", "2024-07-01", "2024-07-02", "30").numbered("M-UP");
    let mut visit: yizhan_proto::settlement::v1::Visit = by_reference.into();
    let mut feedetail = std::mem::take(&mut visit.feedetail);
    feedetail[0].feedetl_sn = "UP1".to_owned();
    feedetail[0].fee_ocur_date = "2024-07-01".to_owned();
    visit.fees_uploaded = true;
    let request = UploadFeesRequest {
        request_id: "U1".to_owned(),
        fixmedins_code: THIRD_LEVEL.to_owned(),
        mdtrt_id: "M-UP".to_owned(),
        psn_no: "P1".to_owned(),
        feedetail,
    };
    platform.fees().upload_fees(request).await.unwrap();
    let settled = platform.settle("R-UP", visit).await.unwrap();
    platform.reverse("V-UP", &settled).await.unwrap();
    info(&settled).setl_id.clone()
}

both_databases! {
    async fn each_is_found_by_name(db: TestDatabase) {
        let persons = ["P1", "P2", "P3"].map(Person::employee);
        let platform = TestPlatform::on(&db).with_persons(persons).start().await;
        let settle = async |request_id: &str, visit: VisitBuilder| {
            info(&platform.settle(request_id, visit).await.unwrap()).setl_id.clone()
        };
        platform.deposit("P1", COMPOSITE_AREA, yuan("50")).await;
        platform.deposit("P3", COMPOSITE_AREA, yuan("40")).await;
        platform.record_opening(opening()).await.unwrap();
        let manual = platform.record_manual_payment(by_hand()).await.unwrap().settlement.unwrap();
        let manual = info(&manual).setl_id.clone();
        let visit = settle("R1", clinic("P1", "2024-03-01", "700").numbered("M1")).await;
        let stayed = settle("R2", stay("P1", "2024-05-06", "2024-05-09", "2000")).await;
        settle("R3", stay("P3", "2024-05-07", "2024-05-08", "2000").numbered("M-P3").at(SECOND_LEVEL)).await;
        let code = "81123456789012345678";
        let bought = visit_with(code);
        let bought = platform.settle("R4", bought).await.unwrap();
        let reversal = info(&platform.reverse("V4", &bought).await.unwrap()).setl_id.clone();
        let bought = info(&bought).setl_id.clone();
        let uploaded = settled_by_reference_and_reversed(&platform).await;
        assert_books_balance(&platform).await;

        let mut books = Books { platform: &platform, told: BTreeSet::new() };
        let own = |copy: &'static str| (copy, COMPOSITE_AREA);
        // 1. The same visit under a fresh request, and its lines under another visit.
        books.once_more(&visit, own("S1"), |_| ()).await;
        books.tell(&[&format!("settlement S1: its visit M1 stands in settlement {visit} too")]).await;
        books.once_more(&visit, own("S2"), numbered("M2")).await;
        books.tell(&[&format!("settlement S2: its lines F1 stand in settlement {visit} too")]).await;
        // 2. Two stays on the same days: here, and paid by two areas.
        books.once_more(&stayed, own("S3"), on_days("M3", "2024-05-08", "2024-05-12")).await;
        books.tell(&[&format!("settlement {stayed}: shares days with S3")]).await;
        books.once_more(&stayed, ("S4", ZHUZHOU), numbered("M4")).await;
        books.tell(&[&format!("settlement {stayed}: shares days with S4")]).await;
        // 3. A visit that was paid by hand is settled too.
        books.once_more(&visit, own("S5"), numbered("BILL-1")).await;
        books.tell(&[&format!("settlement S5: its visit BILL-1 stands in settlement {manual} too")]).await;
        // 6. A total under a name that no policy reads any more.
        books.change("UPDATE accumulated SET totals = REPLACE(totals, '\"outpatient_paid\"', '\"paid_of_before\"') WHERE psn_no = 'P1'").await;
        books.tell(&["person P1: no policy in force reads `paid_of_before` of 2024-01-01"]).await;
        // 10. Days that nobody can have been there.
        books.once_more(&visit, own("S6"), on_days("M6", "2023-03-01", "2024-03-01")).await;
        books.tell(&["settlement S6: is a visit of 367 days"]).await;
        books.once_more(&stayed, own("S7"), on_days("M7", "1900-01-01", "2024-05-09")).await;
        books.tell(&["settlement S7: begins on 1900-01-01, before the person was born"]).await;
        // 12. A stay of nothing counts as the first.
        books.once_more(&stayed, own("S8"), on_days("M8", "2024-08-01", "2024-08-02")).await;
        books
            .rewrite("S8", |settlement| {
                for layer in &mut settlement.trace.as_mut().unwrap().layers {
                    (layer.base, layer.paid_fen) = ("0.00".to_owned(), 0);
                }
            })
            .await;
        books.tell(&["settlement S8: is counted, and no cost entered any layer"]).await;
        // 13. Lines that were brought before: held by what is reversed, by nobody, miscounted.
        let held_by = |setl_id: &str| format!("UPDATE uploaded_fees SET setl_id = '{setl_id}' WHERE feedetl_sn = 'UP1'");
        books.change(&held_by(&uploaded)).await;
        books.tell(&[&format!("settlement {uploaded}: is reversed and holds 1 uploaded lines still")]).await;
        books.change(&held_by("S0")).await;
        books.tell(&["settlement S0: holds 1 uploaded lines and is gone"]).await;
        books.change("UPDATE visit_fees SET lines = lines + 1").await;
        books.tell(&["visit M-UP of institution H99990000003: has not 2 uploaded lines"]).await;
        // 5, 15. A reversal that leaves something, or is of nothing.
        books.rewrite(&reversal, |reversal| reversal.trace.as_mut().unwrap().accumulators[0].added += 1).await;
        books.tell(&[&format!("settlement {reversal}: does not take back what it reverses")]).await;
        books.once_more(&visit, own("S9"), |info| info.reverses_setl_id = "S0".to_owned()).await;
        books.tell(&["settlement S9: reverses a settlement that there is not"]).await;
        // 18. Accounts: overdrawn; bookings without a posting, without the other side, cancelled on paper only.
        books.change("UPDATE accounts SET balance_fen = -1 WHERE psn_no = 'P1'").await;
        books.tell(&["account/P1: is overdrawn, -1 fen", "account/P1: the balance is not"]).await;
        books.change(&format!(
            "UPDATE account_bookings SET booking_id = 'B1', amount_fen = -100, for_psn_no = 'P2', for_poolarea_no = '{ZHUZHOU}', accrym = '2026' \
             WHERE psn_no = 'P1'"
        )).await;
        books.tell(&["booking B1: -100 fen are not booked", "booking B1: 100 fen of a contribution are in no books"]).await;
        books.change("UPDATE account_bookings SET version = 2, cancelled_by = 'B9' WHERE psn_no = 'P3'").await;
        books.tell(&["is cancelled, and 4000 fen are not taken off"]).await;
        books.change(&format!(
            "INSERT INTO journal (poolarea_no, psn_no, setl_id, lines) VALUES ('{COMPOSITE_AREA}', 'P1', 'C1', \
             '[{{\"n\":0,\"a\":\"clearing/{ZHUZHOU}\",\"f\":-100}},{{\"n\":1,\"a\":\"cash/P1\",\"f\":100}}]')"
        )).await;
        books.tell(&["settlement C1: -100 fen of clearing are not in the other area's books"]).await;
        // 20. A code stands where its line was taken back.
        let stands = format!("[{{\"s\":\"{bought}\",\"n\":\"T1\",\"i\":\"{THIRD_LEVEL}\",\"a\":\"{COMPOSITE_AREA}\"}}]");
        books.change(&format!("UPDATE trace_codes SET uses = '{stands}' WHERE drug_trac_codg = '{code}'")).await;
        books.tell(&[&format!("settlement {bought}: trace code {code}: is reversed, and the code stands still")]).await;
        // 3. An opening that is gone.
        books.change("DELETE FROM openings WHERE psn_no = 'P2'").await;
        books.tell(&["has postings and is gone", "person P2: has accumulators and no settlements"]).await;
        // 4. Records that were merged, and books that were not brought together.
        books.change("INSERT INTO merged_person (psn_no, into_psn_no, stays_psn_no, merge_id) VALUES ('P3', 'P1', 'P1', 'M')").await;
        let days = format!("settlement {stayed}: shares days with");
        books.tell(&["person P3: accumulators are not", "account/P3: 4000 fen stay", "holds its visit M-P3 of other days or persons", &days]).await;
        books.change("INSERT INTO merged_person (psn_no, into_psn_no, stays_psn_no, merge_id) VALUES ('P1', 'P9', 'P9', 'N')").await;
        books.tell(&["person P3: counts with a number that was merged itself"]).await;
    }
}

/// A line that carries a code.
fn visit_with(code: &str) -> VisitBuilder {
    visit("P1").outpatient("2025-08-01").numbered("M-T").line(FACTOR_VIII, "1", "100").but(|visit| {
        visit.feedetail[0].feedetl_sn = "T1".to_owned();
        coded(&mut visit.feedetail[0], &[code]);
    })
}
