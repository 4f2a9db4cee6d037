//! A visit and its lines are paid once, whatever request asks; two visits of a person are not on the same days.

use std::collections::BTreeSet;

use futures::future::join_all;
use tonic::Code;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{SameDays, Settlement};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::{Backend, TestDatabase, both_databases};

use crate::support::{assert_books_balance, clinic, stay};

/// Requests at once for one thing.
const RIVALS: usize = 40;

#[track_caller]
fn assert_named(error: &RemoteError, reason: &str, standing: &Settlement, lines: &str) {
    let code = if reason == "VISITS_OVERLAP" { Code::FailedPrecondition } else { Code::AlreadyExists };
    assert_eq!((error.code, error.reason.as_str()), (code, reason), "{error:?}");
    assert_eq!(error.metadata["setl_id"], info(standing).setl_id);
    if reason != "VISITS_OVERLAP" {
        assert_eq!(error.metadata["mdtrt_id"], info(standing).mdtrt_id);
        assert_eq!(error.metadata["feedetl_sn"], lines);
    }
}

/// Settles everything at once: what was settled, and how the others were refused.
async fn race(
    clients: &[Client],
    race_id: &str,
    visits: impl IntoIterator<Item = VisitBuilder>,
) -> (Vec<Settlement>, Vec<RemoteError>) {
    let tasks = visits.into_iter().enumerate().map(|(number, visit)| {
        let (client, request) = (clients[number % clients.len()].clone(), format!("{race_id}{number}"));
        tokio::spawn(async move { client.settle_stubbornly(settle_request(&request, visit)).await })
    });
    let (mut settled, mut refusals) = (Vec::new(), Vec::new());
    for answer in join_all(tasks.collect::<Vec<_>>()).await {
        match answer.expect("no panic") {
            Ok(answer) => settled.push(answer.settlement.expect("a settlement")),
            Err(refusal) => refusals.push(*refusal),
        }
    }
    (settled, refusals)
}

/// The platform, and as many servers as the database can have.
async fn servers(db: &TestDatabase, persons: Vec<Person>) -> (TestPlatform, Vec<Client>) {
    let mut platform = TestPlatform::on(db).with_persons(persons).start().await;
    let mut clients = vec![platform.client()];
    if db.backend() == Backend::Postgres {
        clients.push(platform.another_instance().await);
    }
    (platform, clients)
}

both_databases! {
    async fn a_visit_is_settled_once_and_again_after_its_reversal(db: TestDatabase) {
        let persons = [Person::employee("P1"), Person::employee("P2")];
        let platform = TestPlatform::on(&db).with_persons(persons).start().await;
        let visit = stay("P1", "2024-05-06", "2024-05-20", "10000").numbered("M1");
        let quote_id = platform.preview(visit.clone()).await.unwrap().quote.unwrap().quote_id;
        let quoted = |request_id: &str| yizhan_proto::settlement::v1::SettleRequest {
            quote_id: quote_id.clone(),
            ..settle_request(request_id, visit.clone())
        };
        let first = platform.answer_to(quoted("R1")).await.unwrap().settlement.unwrap();
        let before = platform.row_counts().await;
        // With the quote once more, without it, as another bill on other days, as somebody else's.
        let changed = visit.clone().on_days("11", "2024-06-01", "2024-06-01").line(CARE, "1", "7");
        let anothers = visit.clone().but(|visit| visit.psn_no = "P2".to_owned());
        assert_named(&refused(platform.answer_to(quoted("R2")).await), "VISIT_SETTLED", &first, "F1");
        for again in [visit.clone(), changed, anothers] {
            let refusal = refused(platform.settle("R2", again.clone()).await);
            assert_named(&refusal, "VISIT_SETTLED", &first, "F1");
            assert_named(&refused(platform.preview(again).await), "VISIT_SETTLED", &first, "F1");
        }
        assert_eq!(platform.row_counts().await, before, "nothing is written");
        platform.settle("R3", clinic("P1", "2024-05-20", "30").numbered("M1").at(SECOND_LEVEL)).await.expect("elsewhere");

        platform.reverse("V1", &first).await.unwrap();
        let second = platform.answer_to(quoted("R2")).await.expect("the request that was refused").settlement.unwrap();
        assert_eq!(info(&second).hifp_pay_fen, info(&first).hifp_pay_fen);
        assert_named(&refused(platform.settle("R4", visit.clone()).await), "VISIT_SETTLED", &second, "F1");
        assert!(platform.answer_to(quoted("R1")).await.unwrap().replayed, "a retry is answered still");
        assert_books_balance(&platform).await;
    }

    async fn a_line_is_settled_once(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "70").line(CARE, "1", "2").numbered("M1")).await.unwrap();
        let other = clinic("P1", "2024-03-02", "70").line(CARE, "1", "2").line(CARE, "1", "3").numbered("M2");
        let other = other.but(|visit| visit.feedetail[0].feedetl_sn = "F0".to_owned());
        let before = platform.row_counts().await;
        let refusal = refused(platform.settle("R2", other.clone()).await);
        assert_named(&refusal, "LINE_SETTLED", &first, "F2");
        assert_eq!(refusal.metadata["lines"], "1");
        assert_named(&refused(platform.preview(other.clone()).await), "LINE_SETTLED", &first, "F2");
        assert_eq!(platform.row_counts().await, before);
        platform.settle("R3", other.clone().at(SECOND_LEVEL)).await.expect("another institution's numbers");
        platform.reverse("V1", &first).await.unwrap();
        platform.settle("R2", other).await.expect("given back");
        assert_books_balance(&platform).await;
    }

    /// Whatever request is first: one is settled, all others name it.
    async fn many_requests_for_one_visit_or_line_at_once(db: TestDatabase) {
        let persons = (0..RIVALS).map(|number| Person::employee(&format!("P{number}"))).collect();
        let (platform, clients) = servers(&db, persons).await;
        let one = stay("P0", "2024-05-06", "2024-05-20", "10000").numbered("M1");
        let (settled, refusals) = race(&clients, "A", (0..RIVALS).map(|_| one.clone())).await;
        assert_eq!((settled.len(), refusals.len()), (1, RIVALS - 1));
        refusals.iter().for_each(|refusal| assert_named(refusal, "VISIT_SETTLED", &settled[0], "F1"));
        // Of persons whose state nothing else keeps apart, with one line in common.
        let bill = |number: usize| {
            let bill = clinic(&format!("P{number}"), "2024-03-01", "70").line(CARE, "1", "2");
            bill.but(|visit| visit.feedetail[1].feedetl_sn = "X".to_owned())
        };
        let (settled, refusals) = race(&clients, "B", (0..RIVALS).map(bill)).await;
        assert_eq!((settled.len(), refusals.len()), (1, RIVALS - 1));
        refusals.iter().for_each(|refusal| assert_named(refusal, "LINE_SETTLED", &settled[0], "X"));
        assert_books_balance(&platform).await;
    }

    /// Settled and reversed over and over by many: at most one stands at any time, and one in the end.
    async fn rivals_settle_and_reverse_one_visit(db: TestDatabase) {
        let (platform, clients) = servers(&db, vec![Person::employee("P1")]).await;
        let visit = clinic("P1", "2024-03-01", "70").numbered("M1");
        let tasks = (0..12).map(|number| {
            let (client, visit) = (clients[number % clients.len()].clone(), visit.clone());
            tokio::spawn(async move {
                for round in 0..6 {
                    let request = settle_request(&format!("S{number}-{round}"), visit.clone());
                    match client.settle_stubbornly(request).await {
                        Ok(answer) => {
                            let settled = answer.settlement.expect("a settlement");
                            client.reverse_stubbornly(&format!("V{number}-{round}"), &settled).await.expect("its own");
                        }
                        Err(refusal) => assert_eq!(refusal.reason, "VISIT_SETTLED"),
                    }
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
        platform.settle("R1", visit).await.expect("nothing stands");
        assert_books_balance(&platform).await;
    }

    /// Two stays, in the order they come: the day of transfer is in both, any other day is in one.
    async fn two_stays_on_the_same_days(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let first = platform.settle("R1", stay("P1", "2024-05-06", "2024-05-20", "10000")).await.unwrap();
        let before = platform.row_counts().await;
        for (begin, end, days) in [
            ("2024-05-06", "2024-05-20", ["2024-05-06", "2024-05-20"]),
            ("2024-05-19", "2024-06-01", ["2024-05-19", "2024-05-20"]),
            ("2024-05-10", "2024-05-10", ["2024-05-10", "2024-05-10"]),
            ("2024-04-01", "2024-06-30", ["2024-05-06", "2024-05-20"]),
        ] {
            let visit = stay("P1", begin, end, "2000").at(SECOND_LEVEL);
            for refusal in [refused(platform.settle("R2", visit.clone()).await), refused(platform.preview(visit).await)] {
                assert_named(&refusal, "VISITS_OVERLAP", &first, "");
                assert_eq!([&refusal.metadata["begndate"], &refusal.metadata["enddate"]], days);
                assert_eq!(refusal.metadata["fixmedins_code"], THIRD_LEVEL);
                assert!(refusal.text.contains(days[0]), "{}", refusal.text);
            }
        }
        assert_eq!(platform.row_counts().await, before);
        for (request_id, begin, end) in [("R3", "2024-05-20", "2024-05-25"), ("R4", "2024-05-01", "2024-05-06")] {
            let transferred = platform.settle(request_id, stay("P1", begin, end, "2000").at(SECOND_LEVEL)).await.unwrap();
            assert_eq!(info(&transferred).same_days, []);
        }
        assert_books_balance(&platform).await;
        // Reversed, its days are free: the later ones first.
        let later = platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements;
        for info in later.into_iter().filter(|info| info.refd_setl_flag == "0") {
            let id = format!("V{}", &info.setl_id[20..]);
            platform.reverse(&id, &Settlement { setlinfo: Some(info), ..Settlement::default() }).await.unwrap();
        }
        platform.settle("R2", stay("P1", "2024-05-10", "2024-05-10", "2000").at(SECOND_LEVEL)).await.expect("free");
    }

    async fn outpatient_care_within_a_stay(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        // No fund pays for it: under the deductible.
        let small = platform.settle("R1", clinic("P1", "2024-05-10", "10").at(SECOND_LEVEL)).await.unwrap();
        let visit = platform.settle("R2", clinic("P1", "2024-05-11", "700").at(SECOND_LEVEL)).await.unwrap();
        let mark = |of: &Settlement, day: &str| SameDays {
            setl_id: info(of).setl_id.clone(),
            fixmedins_code: info(of).fixmedins_code.clone(),
            med_type: info(of).med_type.clone(),
            begndate: day.to_owned(),
            enddate: day.to_owned(),
        };
        // The stay is in the right: it is settled, and names those that should not have been paid.
        let around = platform.settle("R3", stay("P1", "2024-05-06", "2024-05-20", "10000")).await.unwrap();
        assert_eq!(info(&around).same_days, [mark(&small, "2024-05-10"), mark(&visit, "2024-05-11")]);
        let mut events = platform.watch("").await.unwrap();
        let told = crate::feed::read_events(&mut events, 3).await;
        assert_eq!(info(&told[2].settlement).same_days, info(&around).same_days, "audit gets it with the feed");
        let refusal = refused(platform.settle("R4", clinic("P1", "2024-05-12", "700").at(SECOND_LEVEL)).await);
        assert_named(&refusal, "VISITS_OVERLAP", &around, "");
        for day in ["2024-05-06", "2024-05-20"] {
            let edge = platform.settle(&format!("E{day}"), clinic("P1", day, "100").at(SECOND_LEVEL)).await.unwrap();
            assert_eq!(info(&edge).same_days, [], "on the day of admission or discharge");
        }
        let own = platform.settle("R5", clinic("P1", "2024-05-13", "0").at(SECOND_LEVEL)).await.unwrap();
        assert_eq!(info(&own).same_days, [mark(&around, "2024-05-13")], "no fund pays for it");
        assert_books_balance(&platform).await;
    }

    async fn an_area_may_mark_instead_of_refusing(db: TestDatabase) {
        let marking = crate::replay::next_composite_version()
            .replacen("layers:", "same_days: { two_stays: mark, in_stay: mark, around_visit: refuse }\nlayers:", 1);
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        platform.publish_policy(&marking).await.unwrap();
        let first = platform.settle("R1", stay("P1", "2024-05-06", "2024-05-20", "10000")).await.unwrap();
        let second = platform.settle("R2", stay("P1", "2024-05-10", "2024-05-30", "10000")).await.unwrap();
        let visit = platform.settle("R3", clinic("P1", "2024-05-12", "700")).await.unwrap();
        assert_eq!(info(&second).same_days[0].setl_id, info(&first).setl_id);
        let marked: BTreeSet<&str> = info(&visit).same_days.iter().map(|mark| mark.setl_id.as_str()).collect();
        assert_eq!(marked, BTreeSet::from([info(&first).setl_id.as_str(), info(&second).setl_id.as_str()]));
        platform.settle("R4", clinic("P1", "2024-07-12", "700")).await.unwrap();
        let refusal = refused(platform.settle("R5", stay("P1", "2024-07-01", "2024-07-20", "10000")).await);
        assert_eq!(refusal.reason, "VISITS_OVERLAP");
        let reversal = platform.reverse("V3", &visit).await.unwrap();
        assert!(platform.replay(&info(&reversal).setl_id).await.unwrap().identical);
        assert!(platform.replay(&info(&second).setl_id).await.unwrap().identical);
        assert_books_balance(&platform).await;
    }

    /// The first settlement ever, of a person nobody has a row of, and over the end of the year, where the stays are of two policy years.
    async fn overlapping_stays_at_once(db: TestDatabase) {
        let persons = ["P1", "P2"].map(Person::employee).to_vec();
        let (platform, clients) = servers(&db, persons).await;
        let places = [THIRD_LEVEL, SECOND_LEVEL];
        let same_year = (0..RIVALS).map(|number| {
            stay("P1", "2024-05-06", &format!("2024-05-{:02}", 8 + number % 20), "2000").at(places[number % 2])
        });
        let across = (0..RIVALS).map(|number| {
            let end = ["2024-12-31", "2025-01-05"][number / 2 % 2];
            stay("P2", "2024-12-20", end, "2000").at(places[number % 2])
        });
        for (race_id, visits) in [("A", same_year.collect::<Vec<_>>()), ("B", across.collect())] {
            let (settled, refusals) = race(&clients, race_id, visits).await;
            assert_eq!((settled.len(), refusals.len()), (1, RIVALS - 1));
            refusals.iter().for_each(|refusal| assert_named(refusal, "VISITS_OVERLAP", &settled[0], ""));
        }
        assert_books_balance(&platform).await;
    }
}
