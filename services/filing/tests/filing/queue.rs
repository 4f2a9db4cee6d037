//! Work queues: what waits for an office, longest waiting first; what is overdue by the calendar; pages.

use yizhan_proto::filing::v1::*;
use yizhan_testkit::both_databases;

use crate::office::*;
use crate::support::*;

fn ids(answer: &ListQueueResponse) -> Vec<&str> {
    answer.filings.iter().map(|filing| filing.filing_id.as_str()).collect()
}

fn of(area: &str) -> ListQueueRequest {
    ListQueueRequest { area: area.into(), ..Default::default() }
}

both_databases! {
    /// Each office sees what waits for it, by state; what has come for a filing in force waits too; what it waits for itself does not.
    async fn an_office_sees_what_waits_for_it(db: TestDatabase) {
        let service = start(&db).await;
        for psn_no in ["P1", "P2", "P3", "P4"] {
            service.insure(psn_no).await;
        }
        let submitted = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        let returned = service.submit("person:P2", resident("P2", &["residence_proof"])).await.unwrap();
        service.take(HOME, &returned, FilingAction::Return).await;
        let coming = service.submit(AWAY, at_window(referral("P3", &[]))).await.unwrap();
        service.take(HOME, &coming, FilingAction::Complete).await;
        service.hand.set(noon("2025-06-19"));
        let accepted = service.submit(AWAY, at_window(resident("P4", &["residence_proof"]))).await.unwrap();
        let served = service.submit("person:P4", SubmitFilingRequest { rloc_admdvs: "330100".into(), ..temporary("P4") });
        assert_eq!(served.await.unwrap().state(), FilingState::InForce);

        let queue = service.queue(HOME, of("360100")).await.unwrap();
        assert_eq!(ids(&queue), [&submitted.filing_id, &accepted.filing_id]);
        for (state, filing) in [
            (FilingState::Submitted, &submitted),
            (FilingState::Accepted, &accepted),
            (FilingState::Returned, &returned),
            (FilingState::Provisional, &coming),
        ] {
            let one = service.queue(HOME, ListQueueRequest { state: state.into(), ..of("360100") }).await.unwrap();
            assert_eq!(ids(&one), [&filing.filing_id], "{state:?}");
        }
        // It came, and waits from that day on.
        service.hand.set(noon("2025-06-20"));
        service.take("person:P3", &coming, FilingAction::Supply).await;
        let queue = service.queue(HOME, of("360100")).await.unwrap();
        assert_eq!(ids(&queue), [&submitted.filing_id, &accepted.filing_id, &coming.filing_id]);
        service.take(HOME, &coming, FilingAction::Return).await;
        assert_eq!(service.queue(HOME, of("360100")).await.unwrap().filings.len(), 2);

        // A district, and the province that holds them all.
        service.take(HOME, &accepted, FilingAction::HandOver).await;
        assert_eq!(ids(&service.queue(DISTRICT, of("360102")).await.unwrap()), [&accepted.filing_id]);
        assert_eq!(service.queue("department:360000", of("360000")).await.unwrap().filings.len(), 2);
        assert_eq!(service.queue("agency:100000", of("100000")).await.unwrap().filings.len(), 2);
        let other = service.queue("agency:360200", of("360200")).await.unwrap();
        assert!(other.filings.is_empty());
        // What has lapsed waits no more, noted or not.
        service.hand.set(noon("2025-07-06"));
        let state = FilingState::Provisional.into();
        assert!(service.queue(HOME, ListQueueRequest { state, ..of("360100") }).await.unwrap().filings.is_empty());
    }

    /// 2 working days across Spring Festival 2025 (28 January to 4 February off, Sunday 26 January and Saturday 8 February worked on).
    async fn overdue_across_spring_festival(db: TestDatabase) {
        let service = start(&db).await;
        let mut filings = Vec::new();
        for (psn_no, day, due) in [
            ("P1", "2025-01-23", "2025-01-26"),
            ("P2", "2025-01-24", "2025-01-27"),
            ("P3", "2025-01-26", "2025-02-05"),
            ("P4", "2025-01-27", "2025-02-06"),
            ("P5", "2025-02-04", "2025-02-06"),
            ("P6", "2025-02-06", "2025-02-08"),
            ("P7", "2025-02-07", "2025-02-10"),
        ] {
            service.insure(psn_no).await;
            service.hand.set(noon(day));
            let request = resident(psn_no, &["residence_proof"]);
            let filing = service.submit(&format!("person:{psn_no}"), request).await.unwrap();
            assert_eq!(filing.due_date, due, "{day}");
            filings.push(filing.filing_id);
        }
        let overdue = ListQueueRequest { overdue_only: true, ..of("360100") };
        for (today, count) in [
            ("2025-01-26", 0),
            ("2025-01-27", 1),
            ("2025-01-28", 2),
            ("2025-02-05", 2),
            ("2025-02-06", 3),
            ("2025-02-07", 5),
            ("2025-02-08", 5),
            ("2025-02-09", 6),
            ("2025-02-10", 6),
            ("2025-02-11", 7),
        ] {
            service.hand.set(noon(today));
            let all = service.queue(HOME, of("360100")).await.unwrap();
            assert_eq!(ids(&all), filings, "longest waiting first");
            let told = service.queue(HOME, overdue.clone()).await.unwrap();
            assert_eq!(ids(&told), filings[..count], "{today}");
            // The same as each filing says of itself.
            let flagged: Vec<&str> =
                all.filings.iter().filter(|filing| filing.overdue).map(|filing| filing.filing_id.as_str()).collect();
            assert_eq!(ids(&told), flagged, "{today}");
        }
        // Returned, it waits for the person; the office is late no more.
        let first = service.get(HOME, &filings[0]).await.unwrap().filing.unwrap();
        service.take(HOME, &first, FilingAction::Return).await;
        assert_eq!(ids(&service.queue(HOME, overdue.clone()).await.unwrap()), filings[1..]);
        service.take("person:P1", &first, FilingAction::Supply).await;
        assert_eq!(ids(&service.queue(HOME, overdue).await.unwrap()), filings[1..], "its clock began anew");
    }

    /// Areas whose terms differ are late by their own: 南昌 has 5 working days here, 九江 the nation's 2.
    async fn each_filing_is_late_by_the_rules_of_its_home(db: TestDatabase) {
        let service = start(&db).await;
        service
            .publish(
                "handling: [{ from: 2025-01-01, source: s, working_days: 5, promised_days: 180, missing_days: 15, \
                 days_back: 0, days_ahead: 90 }]\n",
            )
            .await;
        service.insure("P1").await;
        service.insure_in("P2", "360400", "310", "11").await;
        let slow = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        let quick = service.submit("person:P2", resident("P2", &["residence_proof"])).await.unwrap();
        assert_eq!((slow.due_date.as_str(), quick.due_date.as_str()), ("2025-06-25", "2025-06-20"));
        let overdue = ListQueueRequest { overdue_only: true, ..of("360000") };
        for (today, late) in [
            ("2025-06-20", vec![]),
            ("2025-06-21", vec![&quick.filing_id]),
            ("2025-06-25", vec![&quick.filing_id]),
            ("2025-06-26", vec![&slow.filing_id, &quick.filing_id]),
        ] {
            service.hand.set(noon(today));
            assert_eq!(ids(&service.queue("agency:360000", overdue.clone()).await.unwrap()), late, "{today}");
        }
    }

    /// What came for a filing in force is to be looked at in as many working days, from the day it came.
    async fn what_came_is_overdue_too(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit(AWAY, at_window(referral("P1", &[]))).await.unwrap();
        let filing = service.take(HOME, &filing, FilingAction::Complete).await;
        assert_eq!((filing.due_date.as_str(), filing.overdue), ("", false), "it waits for the person");
        service.hand.set(noon("2025-06-27"));
        let overdue = ListQueueRequest { overdue_only: true, ..of("360100") };
        assert!(service.queue(HOME, overdue.clone()).await.unwrap().filings.is_empty());
        let came = service.take("person:P1", &filing, FilingAction::Supply).await;
        assert_eq!((came.due_date.as_str(), came.overdue), ("2025-07-01", false));
        for (today, late) in [("2025-07-01", false), ("2025-07-02", true)] {
            service.hand.set(noon(today));
            assert_eq!(service.at_home(&filing).await.overdue, late, "{today}");
            let provisional = ListQueueRequest { state: FilingState::Provisional.into(), ..overdue.clone() };
            for request in [overdue.clone(), provisional] {
                let told = service.queue(HOME, request).await.unwrap();
                assert_eq!(ids(&told), vec![&filing.filing_id; usize::from(late)], "{today}");
            }
        }
        // Time has ended it: nobody has to look at it any more, noted or not.
        service.hand.set(noon("2025-12-20"));
        let ended = service.at_home(&filing).await;
        assert_eq!((ended.due_date.as_str(), ended.overdue), ("", false));
        assert!(service.queue(HOME, overdue.clone()).await.unwrap().filings.is_empty());
        // Looked at, and not what was asked for.
        service.hand.set(noon("2025-07-02"));
        let returned = service.take(HOME, &filing, FilingAction::Return).await;
        assert_eq!((returned.due_date.as_str(), returned.overdue), ("", false));
        assert!(service.queue(HOME, overdue).await.unwrap().filings.is_empty());
    }

    /// What is sent to another area, where perhaps nobody looks, stays in sight of the home area until somebody has accepted it.
    async fn what_is_sent_elsewhere_stays_in_sight_of_home(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        service.insure("P2").await;
        let filing = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        let kept = service.submit("person:P2", resident("P2", &["residence_proof"])).await.unwrap();
        let sent = AdvanceFilingRequest { to_area: "999999".into(), ..step(&filing, FilingAction::HandOver) };
        service.advance(HOME, sent).await.unwrap();
        service.hand.set(noon("2025-06-21"));
        let both = [filing.filing_id.as_str(), kept.filing_id.as_str()];
        for request in [
            of("360100"),
            ListQueueRequest { state: FilingState::Submitted.into(), ..of("360100") },
            ListQueueRequest { overdue_only: true, ..of("360100") },
        ] {
            assert_eq!(ids(&service.queue(HOME, request).await.unwrap()), both);
        }
        assert!(service.queue("agency:360200", of("360200")).await.unwrap().filings.is_empty());
        // Called back, and sent to who is there.
        let back = AdvanceFilingRequest { to_area: "310115".into(), ..step(&filing, FilingAction::HandOver) };
        service.advance(HOME, back).await.unwrap();
        assert_eq!(ids(&service.queue(AWAY, of("310115")).await.unwrap()), [&filing.filing_id]);
        assert_eq!(ids(&service.queue(HOME, of("360100")).await.unwrap()), both);
        // Returned there it waits for the person, and is that office's matter.
        service.take(AWAY, &filing, FilingAction::Return).await;
        assert_eq!(ids(&service.queue(HOME, of("360100")).await.unwrap()), [&kept.filing_id]);
        let returned = ListQueueRequest { state: FilingState::Returned.into(), ..of("360100") };
        assert!(service.queue(HOME, returned).await.unwrap().filings.is_empty());
    }

    async fn pages_hold_everything_once(db: TestDatabase) {
        let service = start(&db).await;
        let mut all = Vec::new();
        for at in 0..7 {
            let psn_no = format!("P{at}");
            service.insure(&psn_no).await;
            if at == 4 {
                service.hand.set(noon("2025-06-19"));
            }
            let request = resident(&psn_no, &["residence_proof"]);
            all.push(service.submit(&format!("person:{psn_no}"), request).await.unwrap().filing_id);
        }
        let mut seen = Vec::new();
        let mut request = ListQueueRequest { page_size: 3, ..of("360100") };
        for expected in [3, 3, 1] {
            let page = service.queue(HOME, request.clone()).await.unwrap();
            assert_eq!(page.filings.len(), expected);
            seen.extend(page.filings.into_iter().map(|filing| filing.filing_id));
            request.page_token = page.next_page_token;
        }
        assert_eq!(request.page_token, "");
        assert_eq!(seen, all);
        let first = service.queue(HOME, ListQueueRequest { page_size: 3, ..of("360100") }).await.unwrap();
        let other = ListQueueRequest { page_token: first.next_page_token, ..of("360000") };
        let refused = service.queue("agency:360000", other).await.unwrap_err();
        assert_eq!(violations(&refused), [("page_token", "PAGE_TOKEN_INVALID")]);
    }

    async fn what_is_wrong_with_the_question_is_told_at_once(db: TestDatabase) {
        let service = start(&db).await;
        let state = FilingState::InForce.into();
        let wrong = ListQueueRequest { area: "3601".into(), state, page_size: -1, ..Default::default() };
        let refused = service.queue(HOME, wrong).await.unwrap_err();
        assert_eq!(
            violations(&refused),
            [("area", "AREA_INVALID"), ("state", "STATE_NOT_QUEUED"), ("page_size", "PAGE_SIZE_NEGATIVE")]
        );
    }
}
