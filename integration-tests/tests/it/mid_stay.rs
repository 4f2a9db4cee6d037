//! 中途结算: a stay is settled in parts, which pay together what one settlement of it would have paid.

use std::collections::BTreeMap;

use futures::future::join_all;
use tonic::Code;
use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    AccumulatorAddition, FeeLine, FundAmount, ReconcileTotalsRequest, RecordManualPaymentRequest, Settlement,
    StatementTotals, UploadFeesRequest, WorkItemState,
};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::support::{YEAR_2024, assert_books_balance, clinic, everybodys_insured, violations};

/// A line of care on a day of May.
fn care(sn: &str, cnt: &str, pric: &str, day: u32) -> FeeLine {
    let visit: yizhan_proto::settlement::v1::Visit = visit("P0").line(CARE, cnt, pric).into();
    FeeLine {
        feedetl_sn: sn.to_owned(),
        fee_ocur_date: format!("2024-05-{day:02}"),
        ..visit.feedetail[0].clone()
    }
}

/// 退单 of a line of care.
fn refund(sn: &str, of: &str, cnt: &str, pric: &str, day: u32) -> FeeLine {
    let charge = care(sn, cnt, pric, day);
    FeeLine {
        cnt: format!("-{cnt}"),
        det_item_fee_sumamt_fen: -charge.det_item_fee_sumamt_fen,
        init_feedetl_sn: of.to_owned(),
        ..charge
    }
}

/// A stay M1 from 6 May to a day, with lines.
fn until(psn_no: &str, day: u32, lines: impl IntoIterator<Item = FeeLine>) -> VisitBuilder {
    visit(psn_no)
        .numbered("M1")
        .inpatient("2024-05-06", &format!("2024-05-{day:02}"))
        .but(|visit| visit.feedetail.extend(lines))
}

/// The same as a part of a stay that goes on.
fn part(psn_no: &str, day: u32, lines: impl IntoIterator<Item = FeeLine>) -> VisitBuilder {
    until(psn_no, day, lines).but(|visit| visit.mid_setl_flag = true)
}

/// What was paid by each fund and account, over some settlements.
fn paid(settlements: &[&Settlement]) -> BTreeMap<String, i64> {
    let mut paid = BTreeMap::new();
    for row in settlements.iter().flat_map(|settlement| &settlement.setldetail) {
        *paid.entry(format!("{} {}", row.fund_pay_type, row.layer_id)).or_insert(0) += row.fund_payamt_fen;
    }
    paid.retain(|_, fen| *fen != 0);
    paid
}

/// Total, the four parts, deductible, funds, person, account, cash.
fn amounts(settlements: &[&Settlement]) -> [i64; 10] {
    let of = |settlement: &Settlement| {
        let info = info(settlement);
        [
            info.medfee_sumamt_fen,
            info.fulamt_ownpay_amt_fen,
            info.overlmt_selfpay_fen,
            info.preselfpay_amt_fen,
            info.inscp_scp_amt_fen,
            info.act_pay_dedc_fen,
            info.fund_pay_sumamt_fen,
            info.psn_part_amt_fen,
            info.acct_pay_fen,
            info.psn_cash_pay_fen,
        ]
    };
    settlements.iter().fold([0; 10], |mut sum, settlement| {
        sum.iter_mut().zip(of(settlement)).for_each(|(sum, fen)| *sum += fen);
        sum
    })
}

#[track_caller]
fn assert_refused(error: &RemoteError, reason: &str, setl_id: &str) {
    assert_eq!(
        (error.reason.as_str(), error.metadata.get("setl_id").map(String::as_str)),
        (reason, Some(setl_id)),
        "{error:?}"
    );
}

fn id(settlement: &Settlement) -> &str {
    &info(settlement).setl_id
}

both_databases! {
    async fn parts_pay_together_what_one_settlement_pays(db: TestDatabase) {
        let people = [everybodys_insured("P1"), everybodys_insured("P2")];
        let platform = TestPlatform::on(&db).with_persons(people).start().await;
        for psn_no in ["P1", "P2"] {
            platform.deposit(psn_no, COMPOSITE_AREA, yuan("900")).await;
        }
        let drug = |mut line: FeeLine| {
            line.hilist_code = FACTOR_VIII.to_owned();
            line
        };
        // 12,000 and a drug; a night more; at last the drug is given back by half, with a line of before that comes late.
        let first = part("P1", 10, [care("A", "10", "1200", 7), drug(care("B", "40", "1148", 8))]).with_account();
        let second = part("P1", 16, [care("C", "1", "45000.55", 15)]).with_account();
        let back = FeeLine { hilist_code: FACTOR_VIII.to_owned(), ..refund("R", "B", "20", "1148", 18) };
        let last = until("P1", 20, [care("D", "3", "19.99", 9), back]).with_account();
        let mut settled = Vec::new();
        for (number, visit) in [first, second, last].into_iter().enumerate() {
            let quoted = platform.preview(visit.clone()).await.unwrap();
            let request = settle_request(&format!("R{number}"), visit);
            let quote_id = quoted.quote.unwrap().quote_id;
            let request = yizhan_proto::settlement::v1::SettleRequest { quote_id, ..request };
            let settlement = platform.answer_to(request).await.unwrap().settlement.unwrap();
            assert_adds_up(&settlement);
            assert_eq!(quoted.settlement.unwrap().setldetail, settlement.setldetail);
            assert!(platform.replay(id(&settlement)).await.unwrap().identical);
            settled.push(settlement);
        }
        let whole = [care("a", "10", "1200", 7), drug(care("b", "20", "1148", 8)), care("c", "1", "45000.55", 15), care("d", "3", "19.99", 9)];
        let whole = until("P2", 20, whole).but(|visit| visit.mdtrt_id = "M2".to_owned()).with_account();
        let whole = platform.settle("W", whole).await.unwrap();
        let parts: Vec<&Settlement> = settled.iter().collect();
        assert_eq!(amounts(&parts), amounts(&[&whole]));
        assert_eq!(paid(&parts), paid(&[&whole]));
        assert_eq!(platform.accumulators("P1", COMPOSITE_AREA).await, platform.accumulators("P2", COMPOSITE_AREA).await);
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, platform.balance("P2", COMPOSITE_AREA).await);

        // The deductible once; each says which part it is.
        let told = |settlement: &Settlement| {
            let info = info(settlement);
            (info.setl_part, info.mid_setl_flag.clone(), info.earlier_parts.iter().map(|part| part.setl_id.clone()).collect::<Vec<_>>())
        };
        let [one, two, three] = settled.as_slice() else { panic!() };
        assert_eq!((info(one).act_pay_dedc_fen, info(two).act_pay_dedc_fen), (yuan("1100"), 0));
        assert_eq!(told(one), (1, "1".to_owned(), vec![]));
        assert_eq!(told(three), (3, "0".to_owned(), vec![id(one).to_owned(), id(two).to_owned()]));
        assert_eq!((info(&whole).setl_part, info(&whole).mid_setl_flag.as_str()), (0, ""));
        let rows: Vec<_> = three.feedetail.iter().map(|row| (row.feedetl_sn.as_str(), row.cnt.as_str(), row.det_item_fee_sumamt_fen)).collect();
        assert_eq!(rows, [("B", "-20", yuan("-22960")), ("D", "3", yuan("59.97"))]);
        assert_eq!((three.feedetail[0].earlier_part, three.feedetail[0].refd_feedetl_sn.as_slice()), (true, &["R".to_owned()][..]));
        assert!(info(three).marks.iter().any(|mark| mark.kind == "PART_GIVES_BACK"), "{:?}", info(three).marks);
        let statement = platform.statement(id(three)).await.unwrap();
        for said in ["第 3 次结算，截至 2024-05-20（出院结算）", id(one), "全程合计"] {
            assert!(statement.text.contains(said) && statement.html.contains(said), "{said}: {}", statement.text);
        }
        assert!(statement.html.contains("以前各次中途结算"), "{}", statement.text);
        assert!(platform.statement(id(two)).await.unwrap().text.contains("中途结算单"));
        // Each part is a settlement of its own for reconciliation.
        let all = amounts(&[one, two, three, &whole]);
        let institution = platform.as_caller(&format!("institution:{THIRD_LEVEL}"));
        let reconciled = institution.reconcile_totals(ReconcileTotalsRequest {
            fixmedins_code: THIRD_LEVEL.to_owned(),
            stmt_begndate: "2026-01-01".to_owned(),
            stmt_enddate: "2026-12-31".to_owned(),
            totals: Some(StatementTotals {
                medfee_sumamt_fen: all[0],
                fund_pay_sumamt_fen: all[6],
                acct_pay_fen: all[8],
                fixmedins_setl_cnt: 4,
            }),
            ..ReconcileTotalsRequest::default()
        });
        let reconciled = reconciled.await.unwrap();
        assert!(reconciled.equal, "{}", reconciled.stmt_rslt_dscr);
        assert_books_balance(&platform).await;
    }

    /// The year of the last day is that of the stay: what the first part had of the year before goes over. A stay may be longer than one
    /// settlement, as long as no part of it is.
    async fn a_stay_over_the_end_of_a_year_and_longer_than_a_visit_may_be(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons(["P1", "P2"].map(everybodys_insured)).start().await;
        let on = |line: FeeLine, day: &str| FeeLine { fee_ocur_date: day.to_owned(), ..line };
        let days = |visit: VisitBuilder, enddate: &'static str| {
            visit.but(move |visit| (visit.begndate, visit.enddate) = ("2024-12-01".to_owned(), enddate.to_owned()))
        };
        let lines = |name: &str| [on(care(&format!("{name}1"), "1", "30000", 1), "2024-12-10"), on(care(&format!("{name}2"), "1", "5000", 1), "2025-01-05")];
        let [first, second] = lines("A");
        let one = platform.settle("R1", days(part("P1", 10, [first]), "2024-12-20")).await.unwrap();
        let two = platform.settle("R2", days(until("P1", 10, [second]), "2025-01-10")).await.unwrap();
        let whole = days(until("P2", 10, lines("B")), "2025-01-10").but(|visit| visit.mdtrt_id = "M2".to_owned());
        let whole = platform.settle("R3", whole).await.unwrap();
        assert_eq!((amounts(&[&one, &two]), paid(&[&one, &two])), (amounts(&[&whole]), paid(&[&whole])));
        assert_eq!(platform.accumulators("P1", COMPOSITE_AREA).await, platform.accumulators("P2", COMPOSITE_AREA).await);
        assert!(platform.replay(id(&two)).await.unwrap().identical);
        platform.reverse("V2", &two).await.unwrap();
        assert_books_balance(&platform).await;

        let long = [on(care("A3", "1", "800", 1), "2025-06-01")];
        let third = platform.settle("R4", days(part("P1", 10, long.clone()), "2025-10-01")).await.unwrap();
        let last = days(until("P1", 10, [on(care("A4", "1", "800", 1), "2026-01-01")]), "2026-02-01");
        let last = platform.settle("R5", last).await.expect("124 days since the part before");
        assert_eq!((info(&third).setl_part, info(&last).setl_part), (2, 3));
        let at_once = days(until("P2", 10, long), "2026-02-01").but(|visit| visit.mdtrt_id = "M3".to_owned());
        assert_eq!(violations(&refused(platform.settle("R6", at_once).await)), [("visit.begndate", "VISIT_TOO_LONG")]);
        assert_books_balance(&platform).await;
    }

    async fn a_part_is_settled_once_in_order_and_fits_the_others(db: TestDatabase) {
        let people = [Person::employee("P1"), Person::employee("P2").may_use_account_of("P1"), Person::employee("P3")];
        let platform = TestPlatform::on(&db).with_persons(people).start().await;
        let wrong = |visit: VisitBuilder| async { violations(&refused(platform.preview(visit).await)).into_iter().map(|(field, reason)| format!("{field} {reason}")).collect::<Vec<_>>() };
        let outpatient = clinic("P1", "2024-05-06", "10").but(|visit| visit.mid_setl_flag = true);
        assert_eq!(wrong(outpatient).await, ["visit.mid_setl_flag PART_OF_NO_STAY", "visit.feedetail[0].fee_ocur_date LINE_DATE_REQUIRED"]);
        let undated = FeeLine { fee_ocur_date: String::new(), ..care("A", "1", "9000", 7) };
        assert_eq!(wrong(part("P1", 10, [undated])).await, ["visit.feedetail[0].fee_ocur_date LINE_DATE_REQUIRED"]);
        assert_eq!(wrong(part("P1", 10, [care("A", "1", "9000", 7)]).helped_by("P2")).await, ["visit.mulaid_psn_no PART_WITHOUT_RELATIVE"]);
        assert_eq!(wrong(part("P1", 10, [])).await, ["visit.feedetail REQUIRED"], "the first part has lines");
        assert_eq!(wrong(part("P1", 10, [care("A", "1", "9000", 7), refund("B", "Z", "1", "9000", 7)])).await, ["visit.feedetail[1] REFUND_UNMATCHED"]);

        let bill = [care("A", "1", "9000", 7), care("G", "2", "10", 7), refund("H", "G", "2", "10", 7)];
        let one = platform.settle("R1", part("P1", 10, bill.clone())).await.unwrap();
        assert_eq!(one.feedetail.len(), 2, "what is taken back whole is told, and stands");
        let before = platform.row_counts().await;
        for (request_id, again) in [("X1", part("P1", 10, bill)), ("X2", part("P1", 10, [])), ("X3", part("P1", 10, [care("B", "1", "5", 8)]))] {
            assert_refused(&refused(platform.settle(request_id, again.clone()).await), "VISIT_SETTLED", id(&one));
            assert_refused(&refused(platform.preview(again).await), "VISIT_SETTLED", id(&one));
        }
        // Earlier; from another day on; another kind of care; somebody else's; a line and a refund that stand.
        assert_refused(&refused(platform.settle("X4", part("P1", 9, [])).await), "PART_OUT_OF_ORDER", id(&one));
        assert_refused(&refused(platform.settle("X5", until("P1", 9, [])).await), "PART_OUT_OF_ORDER", id(&one));
        let from = |begndate: &'static str| until("P1", 20, [care("B", "1", "5", 19)]).but(move |visit| visit.begndate = begndate.to_owned());
        for begndate in ["2024-05-08", "2024-05-11"] {
            for error in [platform.settle("X6", from(begndate)).await.map(drop), platform.preview(from(begndate)).await.map(drop)] {
                let error = refused(error);
                assert_refused(&error, "PART_DIFFERS", id(&one));
                assert_eq!(error.metadata["begndate"], "2024-05-06");
            }
        }
        let other_care = until("P1", 20, []).but(|visit| visit.med_type = "24".to_owned());
        assert_eq!(refused(platform.settle("X7", other_care).await).metadata["differs"], "med_type");
        assert_refused(&refused(platform.settle("X8", until("P3", 20, [care("B", "1", "5", 19)])).await), "VISIT_SETTLED", id(&one));
        for again in [care("A", "1", "9000", 7), care("G", "2", "10", 7)] {
            let again = until("P1", 20, [again]);
            assert_refused(&refused(platform.settle("X9", again.clone()).await), "LINE_SETTLED", id(&one));
            assert_refused(&refused(platform.preview(again).await), "LINE_SETTLED", id(&one));
        }
        let again = until("P1", 20, [care("K", "2", "10", 12), refund("H", "K", "1", "10", 12)]);
        assert_refused(&refused(platform.settle("Y1", again.clone()).await), "LINE_SETTLED", id(&one));
        assert_refused(&refused(platform.preview(again).await), "LINE_SETTLED", id(&one));
        let by_hand = RecordManualPaymentRequest {
            request_id: "H1".to_owned(),
            poolarea_no: COMPOSITE_AREA.to_owned(),
            psn_no: "P1".to_owned(),
            fixmedins_code: THIRD_LEVEL.to_owned(),
            mdtrt_id: "M1".to_owned(),
            insutype: "310".to_owned(),
            med_type: "21".to_owned(),
            begndate: "2024-05-06".to_owned(),
            enddate: "2024-05-20".to_owned(),
            manl_reim_rea: "02".to_owned(),
            medfee_sumamt_fen: yuan("400"),
            inscp_scp_amt_fen: yuan("400"),
            funds: vec![FundAmount { fund_pay_type: "310100".to_owned(), fund_payamt_fen: yuan("60") }],
            policy_year: YEAR_2024.to_owned(),
            accumulators: vec![AccumulatorAddition { accumulator: "basic_paid".to_owned(), added: yuan("60") }],
            ..RecordManualPaymentRequest::default()
        };
        let error = refused(platform.as_caller("agency:999900").record_manual_payment(by_hand).await);
        assert_refused(&error, "VISIT_SETTLED", id(&one));
        assert_eq!(platform.row_counts().await, before, "nothing is written");

        // Many requests for the next part at once: one of each day that follows, whichever.
        let next = |number: usize| {
            let (client, line) = (platform.client(), care(&format!("N{number}"), "1", "100", 11));
            let visit = part("P1", 12, [line]);
            tokio::spawn(async move { client.settle_stubbornly(settle_request(&format!("N{number}"), visit)).await })
        };
        let answers = join_all((0..12).map(next)).await.into_iter().map(|answer| answer.expect("no panic"));
        let (done, refusals): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
        assert_eq!((done.len(), refusals.len()), (1, 11));
        let two = done.into_iter().next().unwrap().unwrap().settlement.unwrap();
        for refusal in refusals {
            let error = refused(refusal);
            assert_refused(&error, "VISIT_SETTLED", id(&two));
            assert_eq!(error.code, Code::AlreadyExists);
        }
        assert_refused(&refused(platform.settle("Z0", part("P1", 10, [])).await), "VISIT_SETTLED", id(&one));

        // Nothing more is settled after the last part, which may have nothing of its own.
        let last = platform.settle("Z1", until("P1", 12, [])).await.unwrap();
        assert_eq!((info(&last).medfee_sumamt_fen, last.postings.len(), info(&last).setl_part), (0, 0, 3));
        for more in [part("P1", 25, [care("M", "1", "5", 22)]), until("P1", 25, [care("M", "1", "5", 22)])] {
            assert_refused(&refused(platform.settle("Z2", more).await), "VISIT_SETTLED", id(&last));
        }
        assert!(platform.answer_to(settle_request("R1", part("P1", 10, [care("A", "1", "9000", 7), care("G", "2", "10", 7), refund("H", "G", "2", "10", 7)]))).await.unwrap().replayed);
        assert_books_balance(&platform).await;
    }

    async fn the_last_part_is_reversed_first_and_everything_is_as_before(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons([Person::employee("P1")]).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("1500")).await;
        let state = async || {
            let claims = database::query(platform.rows(), "SELECT kind || owner || number || held_by || enddate AS name FROM claims ORDER BY 1").await;
            let claims: Vec<String> = claims.iter().map(|row| row.try_get("", "name").unwrap()).collect();
            let lines = database::query(platform.rows(), "SELECT ten || ':' || held_by AS name FROM claimed_lines WHERE digits <> 0 ORDER BY 1").await;
            let lines: Vec<String> = lines.iter().map(|row| row.try_get("", "name").unwrap()).collect();
            let codes = database::query(platform.rows(), "SELECT uses AS name FROM trace_codes ORDER BY 1").await;
            let codes: Vec<String> = codes.iter().map(|row| row.try_get("", "name").unwrap()).collect();
            (claims, lines, codes, platform.accumulators("P1", COMPOSITE_AREA).await, platform.balance("P1", COMPOSITE_AREA).await)
        };
        let traced = |line: FeeLine, code: &str| {
            let code = yizhan_proto::settlement::v1::DrugTraceCode { drug_trac_codg: code.to_owned(), trdn_flag: false };
            FeeLine { drug_trac_info: vec![code], ..line }
        };
        let mut states = Vec::new();
        let first = part("P1", 10, [traced(care("A1", "2", "4000", 7), "81234567890123456789")]).with_account();
        let one = platform.settle("R1", first).await.unwrap();
        states.push(state().await);
        let back = [traced(care("A2", "1", "70000", 12), "81234567890123456780"), refund("A3", "A1", "2", "4000", 12)];
        let two = platform.settle("R2", part("P1", 16, back.clone()).with_account()).await.unwrap();
        states.push(state().await);
        let uses = platform.find_trace_code("81234567890123456789").await.unwrap().uses;
        assert_eq!(uses, [], "what came back whole may be handed out again");
        let last = platform.settle("R3", until("P1", 20, [care("A4", "1", "30", 18)])).await.unwrap();
        for (earlier, later) in [(&one, format!("{},{}", id(&two), id(&last))), (&two, id(&last).to_owned())] {
            let error = refused(platform.reverse("V0", earlier).await);
            assert_eq!((error.reason.as_str(), error.metadata["later_setl_ids"].as_str()), ("LATER_SETTLEMENTS_STAND", later.as_str()));
        }
        for (request_id, settlement) in [("V3", &last), ("V2", &two)] {
            let reversal = platform.reverse(request_id, settlement).await.unwrap();
            assert_adds_up(&reversal);
            assert!(platform.replay(id(&reversal)).await.unwrap().identical);
            let (claims, lines, codes, accumulators, balance) = state().await;
            let was = states.pop().unwrap();
            assert_eq!((claims, lines, accumulators, balance), (was.0, was.1, was.3, was.4), "as before {request_id}");
            let stands = codes.into_iter().filter(|uses| uses != "[]").collect::<Vec<_>>();
            assert_eq!(stands, was.2, "the code of what came back stands again");
            assert_books_balance(&platform).await;
        }
        // The stay goes on behind the part that stands: the same part anew is as it was.
        let anew = platform.settle("R4", part("P1", 16, back).with_account()).await.unwrap();
        assert_eq!((&anew.setldetail, &anew.feedetail, info(&anew).setl_part), (&two.setldetail, &two.feedetail, 2));
        platform.reverse("V4", &anew).await.unwrap();
        platform.reverse("V1", &one).await.unwrap();
        assert_eq!(platform.accumulators("P1", COMPOSITE_AREA).await, []);
        assert_eq!(platform.balance("P1", COMPOSITE_AREA).await, yuan("1500"));
        platform.settle("R5", until("P1", 20, [care("A1", "2", "4000", 7)])).await.expect("in one, after all");
        assert_books_balance(&platform).await;
    }

    async fn lines_that_are_brought_are_settled_in_parts(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons([Person::employee("P1")]).start().await;
        let bring = async |request_id: &str, feedetail: Vec<FeeLine>| {
            let request = UploadFeesRequest {
                request_id: request_id.to_owned(),
                fixmedins_code: THIRD_LEVEL.to_owned(),
                mdtrt_id: "M1".to_owned(),
                psn_no: "P1".to_owned(),
                feedetail,
            };
            platform.fees().upload_fees(request).await.map(drop).map_err(RemoteError::from)
        };
        let by_reference = |visit: VisitBuilder| visit.but(|visit| visit.fees_uploaded = true);
        // Of what is there already a part takes what was charged up to its last day.
        bring("U1", vec![care("A1", "2", "4000", 7), care("A2", "1", "1000", 8), care("B0", "1", "70", 11)]).await.unwrap();
        let one = platform.settle("R1", by_reference(part("P1", 10, []))).await.unwrap();
        assert_eq!(info(&one).medfee_sumamt_fen, yuan("9000"));
        // Only what was settled is closed.
        bring("U2", vec![care("B1", "1", "500", 12), refund("B2", "A1", "1", "4000", 12)]).await.unwrap();
        let cancel = yizhan_proto::settlement::v1::CancelFeesRequest {
            request_id: "C1".to_owned(),
            fixmedins_code: THIRD_LEVEL.to_owned(),
            mdtrt_id: "M1".to_owned(),
            feedetl_sn: vec!["A2".to_owned()],
            all: false,
        };
        let error = RemoteError::from(platform.fees().cancel_fees(cancel).await.unwrap_err());
        assert_refused(&error, "FEES_SETTLED", id(&one));
        let error = bring("U3", vec![refund("B3", "A1", "2", "4000", 12)]).await.unwrap_err();
        assert_eq!(violations(&error), [("feedetl_sn=B3", "REFUND_UNMATCHED")], "one is left");
        let two = platform.settle("R2", by_reference(part("P1", 16, []))).await.unwrap();
        assert_eq!((info(&two).medfee_sumamt_fen, two.feedetail.len()), (yuan("-3430"), 3));
        let last = platform.settle("R3", by_reference(until("P1", 20, []))).await.expect("nothing came since");
        assert_eq!(info(&last).medfee_sumamt_fen, 0);
        let error = bring("U4", vec![care("B4", "1", "500", 18)]).await.unwrap_err();
        assert_eq!(error.reason, "FEES_SETTLED");
        platform.reverse("V3", &last).await.unwrap();
        bring("U4", vec![care("B4", "1", "500", 18)]).await.expect("the stay goes on");
        platform.reverse("V2", &two).await.unwrap();
        let last = platform.settle("R4", by_reference(until("P1", 20, []))).await.unwrap();
        assert_eq!((info(&last).medfee_sumamt_fen, info(&last).setl_part), (yuan("-2930"), 2));
        assert_books_balance(&platform).await;
    }

    /// Records are merged, and cover ends, between two parts; what was paid too much of each is on the worklist, and all of it together is
    /// what the whole stay was paid too much.
    async fn what_changes_between_parts(db: TestDatabase) {
        use yizhan_proto::enrollment::v1::{CoverageRow, ImportCoveragesRequest};
        let people = [Person::employee("P1"), Person::employee("P2"), Person::employee("P3")];
        let platform = TestPlatform::on(&db).with_persons(people).start().await;
        let one = platform.settle("R1", part("P2", 10, [care("A1", "1", "20000", 7)])).await.unwrap();
        platform.merge("P1", "P2").await;
        let two = platform.settle("R2", part("P1", 16, [care("A2", "1", "30000", 14)])).await.unwrap();
        assert_eq!((info(&two).setl_part, info(&two).act_pay_dedc_fen), (2, 0), "{:?}", info(&two).earlier_parts);
        let last = platform.settle("R3", until("P1", 20, [care("A3", "1", "1000", 19)])).await.unwrap();
        let whole = until("P3", 20, [care("B1", "1", "20000", 7), care("B2", "1", "30000", 14), care("B3", "1", "1000", 19)]);
        let whole = platform.settle("R4", whole.but(|visit| visit.mdtrt_id = "M2".to_owned())).await.unwrap();
        assert_eq!(amounts(&[&one, &two, &last]), amounts(&[&whole]));
        assert_books_balance(&platform).await;

        for psn_no in ["P1", "P3"] {
            let row = CoverageRow { enddate: "2024-05-12".to_owned(), ..Person::employee(psn_no).coverage };
            let request = ImportCoveragesRequest { request_id: format!("c-{psn_no}"), rows: vec![row] };
            platform.enrollment().import_coverages(request).await.unwrap();
        }
        let begun = std::time::Instant::now();
        let (parts, whole) = loop {
            let items = platform.worklist_of(COMPOSITE_AREA, WorkItemState::Open).await.unwrap();
            let differs = |ids: &[&str]| -> i64 {
                items.iter().filter(|item| ids.contains(&item.setl_id.as_str())).map(|item| item.differs_fen).sum()
            };
            let told = (differs(&[id(&one), id(&two), id(&last)]), differs(&[id(&whole)]));
            if told.0 != 0 && told.0 == told.1 {
                break told;
            }
            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "never so: {told:?} {items:#?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        assert_eq!(parts, whole);
    }

    async fn check_books_finds_parts_that_do_not_fit(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons([Person::employee("P1"), Person::employee("P2")]).start().await;
        let one = platform.settle("R1", part("P1", 10, [care("A1", "1", "20000", 7)])).await.unwrap();
        let within = clinic("P1", "2024-05-08", "100").but(|visit| visit.mdtrt_id = "M9".to_owned());
        let within = platform.settle("R2", within).await;
        let two = platform.settle("R3", part("P1", 16, [care("A2", "1", "30000", 14)])).await.unwrap();
        let marked = info(&two).same_days.iter().map(|other| other.setl_id.clone()).collect::<Vec<_>>();
        assert_eq!(marked, within.iter().map(|within| id(within).to_owned()).collect::<Vec<_>>());
        let later = clinic("P1", "2024-05-09", "100").but(|visit| visit.mdtrt_id = "M8".to_owned());
        if let Ok(later) = platform.settle("R4", later).await {
            assert_eq!(info(&later).same_days[0].setl_id, id(&two), "the visit is one, whatever its parts");
        }
        assert_books_balance(&platform).await;
        platform.reverse("V3", &two).await.unwrap();
        assert_books_balance(&platform).await;
        let two = platform.settle("R5", part("P1", 16, [care("A2", "1", "30000", 14)])).await.unwrap();
        database::tamper(platform.rows(), &format!("UPDATE claims SET held_by = '{}' WHERE number = 'M1'", id(&one))).await;
        let books = platform.check_books(COMPOSITE_AREA).await;
        assert!(books.discrepancies.iter().any(|told| told.contains(id(&two)) && told.contains("M1")), "{:?}", books.discrepancies);
    }
}
