//! 费用明细上传: lines brought before their visit is settled, in batches, with refunds.

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    CancelFeesRequest, CancelFeesResponse, FeeLine, ListFeesRequest, UploadFeesRequest, UploadFeesResponse,
    Visit, VisitFees,
};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::support::{assert_books_balance, stay, violations};

/// A line of nursing care at so many yuan, on a day of the stay.
fn line(sn: &str, cnt: &str, pric: &str, fen: i64) -> FeeLine {
    FeeLine {
        feedetl_sn: sn.to_owned(),
        hilist_code: CARE.to_owned(),
        cnt: cnt.to_owned(),
        pric: pric.to_owned(),
        det_item_fee_sumamt_fen: fen,
        fee_ocur_date: "2024-05-08".to_owned(),
        ..FeeLine::default()
    }
}

fn refund(sn: &str, of: &str, cnt: &str, pric: &str, fen: i64) -> FeeLine {
    FeeLine { init_feedetl_sn: of.to_owned(), ..line(sn, cnt, pric, fen) }
}

fn upload(request_id: &str, feedetail: Vec<FeeLine>) -> UploadFeesRequest {
    UploadFeesRequest {
        request_id: request_id.to_owned(),
        fixmedins_code: THIRD_LEVEL.to_owned(),
        mdtrt_id: "M1".to_owned(),
        psn_no: "P1".to_owned(),
        feedetail,
    }
}

fn cancel(request_id: &str, numbers: &[&str]) -> CancelFeesRequest {
    CancelFeesRequest {
        request_id: request_id.to_owned(),
        fixmedins_code: THIRD_LEVEL.to_owned(),
        mdtrt_id: "M1".to_owned(),
        feedetl_sn: numbers.iter().map(|number| (*number).to_owned()).collect(),
        all: numbers.is_empty(),
    }
}

/// The stay with the lines that were brought.
fn uploaded_stay() -> Visit {
    let by_reference = |visit: &mut Visit| {
        visit.mdtrt_id = "M1".to_owned();
        visit.fees_uploaded = true;
        visit.feedetail.clear();
    };
    stay("P1", "2024-05-06", "2024-05-20", "1").at(THIRD_LEVEL).but(by_reference).into()
}

async fn bring(client: &Client, request: UploadFeesRequest) -> Result<UploadFeesResponse, RemoteError> {
    Ok(client.fees().upload_fees(request).await?.into_inner())
}

async fn take_back(client: &Client, request: CancelFeesRequest) -> Result<CancelFeesResponse, RemoteError> {
    Ok(client.fees().cancel_fees(request).await?.into_inner())
}

/// Number and settlement of each line there is.
async fn listed(client: &Client) -> Vec<(String, String)> {
    let request = ListFeesRequest {
        fixmedins_code: THIRD_LEVEL.to_owned(),
        mdtrt_id: "M1".to_owned(),
        page_size: 500,
        page_token: String::new(),
    };
    let fees = client.fees().list_fees(request).await.unwrap().into_inner().fees;
    fees.into_iter().map(|fee| (fee.line.unwrap().feedetl_sn, fee.setl_id)).collect()
}

fn total(fees: Option<VisitFees>) -> (i32, i64) {
    fees.map(|fees| (fees.lines, fees.det_item_fee_sumamt_fen)).unwrap()
}

both_databases! {
    async fn more_lines_than_a_message_takes_are_settled_as_one_bill(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let batch = |from: usize, to: usize| -> Vec<FeeLine> {
            (from..to).map(|number| line(&format!("L{number:04}"), "1", "10", 1000)).collect()
        };
        let first = bring(&platform, upload("U1", batch(0, 2000))).await.unwrap();
        assert_eq!((first.uploaded, total(first.fees)), (2000, (2000, yuan("20000"))));
        let again = bring(&platform, upload("U1", batch(0, 2000))).await.unwrap();
        assert!(again.replayed && again.fees == first.fees, "a retry brings nothing twice");
        let mut more = batch(2000, 2500);
        more.push(refund("R1", "L0007", "-1", "10", -1000));
        let second = bring(&platform, upload("U2", more)).await.unwrap();
        assert_eq!(total(second.fees), (2501, yuan("24990")));

        let quoted = platform.preview(uploaded_stay()).await.unwrap();
        let settled = platform.settle("R1", uploaded_stay()).await.unwrap();
        assert_adds_up(&settled);
        assert_eq!(quoted.settlement.unwrap().setldetail, settled.setldetail);
        assert_eq!((info(&settled).medfee_sumamt_fen, settled.feedetail.len()), (yuan("24990"), 2499));
        assert!(settled.feedetail.iter().all(|line| line.feedetl_sn != "L0007"), "nothing is left of it");
        assert!(info(&settled).fees_uploaded);
        let setl_id = info(&settled).setl_id.clone();
        assert!(listed(&platform).await.iter().all(|(_, held_by)| *held_by == setl_id));
        let retried = platform.settle("R1", uploaded_stay()).await.unwrap();
        assert_eq!(info(&retried).setl_id, setl_id, "a retry is answered as then");
        assert_eq!(refused(platform.settle("R2", uploaded_stay()).await).reason, "FEE_UNKNOWN");
        assert_books_balance(&platform).await;

        // Held: neither taken back nor refunded. Given back by the reversal, and settled again with what came since.
        let error = take_back(&platform, cancel("C1", &["L0001"])).await.unwrap_err();
        assert_eq!((error.reason.as_str(), error.metadata["setl_id"].as_str()), ("FEES_SETTLED", setl_id.as_str()));
        let late = || upload("U3", vec![refund("R2", "L0001", "-1", "10", -1000)]);
        assert_eq!(bring(&platform, late()).await.unwrap_err().reason, "FEES_SETTLED");
        platform.reverse("V1", &settled).await.unwrap();
        assert!(listed(&platform).await.iter().all(|(_, held_by)| held_by.is_empty()));
        bring(&platform, late()).await.unwrap();
        let anew = platform.settle("R3", uploaded_stay()).await.unwrap();
        assert_eq!(info(&anew).medfee_sumamt_fen, yuan("24980"));
        assert_books_balance(&platform).await;
    }

    async fn a_bill_with_refunds_is_paid_as_the_bill_without_what_was_refunded(db: TestDatabase) {
        let people = [Person::employee("P1"), Person::employee("P2")];
        let platform = TestPlatform::on(&db).with_persons(people).start().await;
        let bill = stay("P1", "2024-05-06", "2024-05-20", "900").but(|visit| {
            visit.feedetail.push(line("X", "4", "2500", yuan("10000")));
            visit.feedetail.push(refund("Y", "X", "-3", "2500", -yuan("7500")));
        });
        let plain = stay("P2", "2024-05-06", "2024-05-20", "900")
            .but(|visit| visit.feedetail.push(line("X2", "1", "2500", yuan("2500"))));
        let (netted, plain) = (
            platform.settle("R1", bill).await.unwrap(),
            platform.settle("R2", plain).await.unwrap(),
        );
        assert_eq!(netted.setldetail, plain.setldetail);
        assert_eq!(netted.feedetail.last().map(|line| line.cnt.as_str()), Some("1"));
        let too_much = stay("P1", "2024-06-06", "2024-06-20", "900").but(|visit| {
            visit.feedetail.push(FeeLine { fee_ocur_date: String::new(), ..refund("Z", "NONE", "-1", "900", -yuan("900")) });
        });
        let error = refused(platform.settle("R3", too_much).await);
        assert_eq!(violations(&error), [("visit.feedetail[1]", "REFUND_UNMATCHED")]);
    }

    async fn what_is_brought_and_taken_back(db: TestDatabase) {
        let people = [Person::employee("P1"), Person::employee("P2")];
        let platform = TestPlatform::on(&db).with_persons(people).start().await;
        let nothing = refused(platform.settle("R0", uploaded_stay()).await);
        assert_eq!(nothing.reason, "FEE_UNKNOWN", "nothing was brought");
        bring(&platform, upload("U1", vec![line("A", "2", "10", 2000), line("B", "1", "10", 1000)])).await.unwrap();
        let before = platform.row_counts().await;
        for (request, reason) in [
            (upload("U2", vec![line("A", "1", "10", 1000)]), "FEES_UPLOADED"),
            (UploadFeesRequest { psn_no: "P2".to_owned(), ..upload("U2", vec![line("C", "1", "10", 1000)]) }, "VISIT_OF_ANOTHER"),
            (UploadFeesRequest { mdtrt_id: "M2".to_owned(), ..upload("U2", vec![line("A", "1", "10", 1000)]) }, "FEES_UPLOADED"),
        ] {
            assert_eq!(bring(&platform, request).await.unwrap_err().reason, reason);
        }
        let wrong = vec![
            FeeLine { fee_ocur_date: String::new(), ..line("C", "1", "10", 1000) },
            FeeLine { fee_ocur_date: "2999-01-01".to_owned(), ..line("C", "1", "10", 999) },
        ];
        let error = bring(&platform, upload("U2", wrong)).await.unwrap_err();
        assert_eq!(violations(&error), [
            ("feedetail[0].fee_ocur_date", "DATE_INVALID"),
            ("feedetail[1].det_item_fee_sumamt_fen", "AMOUNT_MISMATCH"),
            ("feedetail[1].feedetl_sn", "DUPLICATE"),
            ("feedetail[1].fee_ocur_date", "IN_THE_FUTURE"),
        ]);
        assert_eq!(take_back(&platform, cancel("C1", &["A", "NONE"])).await.unwrap_err().reason, "FEE_UNKNOWN");
        assert_eq!(platform.row_counts().await, before, "what is refused changes nothing");
        for stranger in [format!("institution:{SECOND_LEVEL}"), "person:P1".to_owned(), "agency:430200".to_owned()] {
            let client = platform.as_caller(&stranger);
            let error = bring(&client, upload("U2", vec![line("C", "1", "10", 1000)])).await.unwrap_err();
            assert_eq!(error.reason, "INSTITUTION_NOT_OWN", "{stranger}");
            assert_eq!(take_back(&client, cancel("C1", &[])).await.unwrap_err().reason, "INSTITUTION_NOT_OWN");
        }

        let own = platform.as_caller(&format!("institution:{THIRD_LEVEL}"));
        let unnamed = UploadFeesRequest { fixmedins_code: String::new(), ..upload("U2", vec![refund("R", "A", "-1", "10", -1000)]) };
        assert_eq!(total(bring(&own, unnamed).await.unwrap().fees), (3, 2000));
        let error = take_back(&own, cancel("C1", &["A"])).await.unwrap_err();
        assert_eq!(violations(&error), [("feedetl_sn=R", "REFUND_UNMATCHED")], "the refund would have no line");
        let taken = take_back(&own, cancel("C1", &["A", "R"])).await.unwrap();
        assert_eq!((taken.cancelled, total(taken.fees)), (2, (1, 1000)));
        assert!(take_back(&own, cancel("C1", &["A", "R"])).await.unwrap().replayed);
        bring(&own, upload("U4", vec![line("A", "1", "30", 3000)])).await.unwrap();
        assert_eq!(info(&own.settle("R1", uploaded_stay()).await.unwrap()).medfee_sumamt_fen, 4000);
        assert_eq!(take_back(&own, cancel("C2", &[])).await.unwrap().cancelled, 0, "all that nobody holds");
    }

    /// Lines that come while the visit is being settled: on them nothing is settled that was not calculated.
    async fn lines_that_come_meanwhile(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        bring(&platform, upload("U0", vec![line("L0", "1", "10", 1000)])).await.unwrap();
        let uploads = (1..=20).map(|number| {
            let client = platform.client();
            let request = upload(&format!("U{number}"), vec![line(&format!("L{number}"), "1", "10", 1000)]);
            tokio::spawn(async move { bring(&client, request).await.map(|answer| answer.uploaded) })
        });
        let settles = (0..20).map(|number| {
            let client = platform.client();
            tokio::spawn(async move { client.settle(&format!("R{number}"), uploaded_stay()).await })
        });
        let (uploads, settles): (Vec<_>, Vec<_>) = (uploads.collect(), settles.collect());
        let mut brought = 1;
        for upload in uploads {
            match upload.await.unwrap() {
                Ok(uploaded) => brought += uploaded,
                Err(refusal) => assert_eq!(refusal.reason, "FEES_SETTLED"),
            }
        }
        let mut settled = Vec::new();
        for settle in settles {
            match settle.await.unwrap() {
                Ok(settlement) => settled.push(settlement),
                Err(refusal) => {
                    let meanwhile = ["FEES_CHANGED", "FEE_UNKNOWN", "VISIT_SETTLED", "CONCURRENT_CHANGE"];
                    assert!(meanwhile.contains(&refusal.reason.as_str()), "{refusal:?}");
                }
            }
        }
        // It may be that nobody was in time; then somebody is now. What is held is what was paid for, and all that was brought.
        if settled.is_empty() {
            settled.push(platform.settle("R", uploaded_stay()).await.unwrap());
        }
        assert_eq!(settled.len(), 1);
        let lines = listed(&platform).await;
        assert!(lines.iter().all(|(_, setl_id)| *setl_id == info(&settled[0]).setl_id), "{lines:?}");
        let paid = info(&settled[0]).medfee_sumamt_fen;
        assert_eq!((lines.len(), paid), (brought as usize, i64::from(brought) * 1000));
        assert_books_balance(&platform).await;
    }
}
