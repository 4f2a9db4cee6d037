//! What time does to a filing: papers that come or do not, commitments, last days that pass, and the note that is taken of it.

use std::time::{Duration, Instant};

use yizhan_proto::filing::v1::*;
use yizhan_runtime::Clock;
use yizhan_testkit::both_databases;

use crate::office::*;
use crate::support::*;

/// Completed with the referral certificate still to come, by 2025-07-03.
async fn provisional(service: &TestService) -> Filing {
    service.insure("P1").await;
    let filing = service.submit(AWAY, at_window(referral("P1", &[]))).await.unwrap();
    assert_eq!(filing.missing[0].one_of, ["referral_certificate"]);
    let filing = service.take(HOME, &filing, FilingAction::Complete).await;
    assert_eq!((filing.state(), filing.supply_by.as_str()), (FilingState::Provisional, "2025-07-03"));
    filing
}

both_databases! {
    /// 容缺受理: in force at once, completed when the paper came, and then in force to its end.
    async fn what_is_missing_comes(db: TestDatabase) {
        let service = start(&db).await;
        let filing = provisional(&service).await;
        let found = service.find(stay("P1", "2025-06-18", "")).await.unwrap();
        assert_eq!((found.filing_class(), found.enddate.as_str()), (FilingClass::Referral, "2025-07-03"));
        let refused = service.refused(HOME, &filing, FilingAction::Complete).await;
        assert_eq!(refusal(&refused), ("FILING_STEP_REFUSED", "PROVISIONAL", "SUPPLY,HAND_OVER,CANCEL"));

        service.hand.set(noon("2025-07-03"));
        let came = service.take("person:P1", &filing, FilingAction::Supply).await;
        assert_eq!((came.state(), came.supply_by.as_str()), (FilingState::Provisional, ""));
        assert!(came.missing.is_empty());
        // It came on the last day; that nobody looked at it yet does not end it.
        service.hand.set(noon("2025-07-08"));
        assert_eq!(sweep_on(&db, "2025-07-08").await, 0);
        let found = service.find(stay("P1", "2025-07-05", "")).await.unwrap();
        assert_eq!((found.filing_class(), found.enddate.as_str()), (FilingClass::Referral, "2025-12-17"));
        let refused = service.refused(HOME, &filing, FilingAction::Reject).await;
        let allowed = "COMPLETE,RETURN,SUPPLY,HAND_OVER,CANCEL";
        assert_eq!(refusal(&refused), ("FILING_STEP_REFUSED", "PROVISIONAL", allowed));
        let done = service.take(HOME, &filing, FilingAction::Complete).await;
        assert_eq!(done.state(), FilingState::InForce);
        assert_eq!(done.decided_at, filing.decided_at, "it was decided then");
        assert!(done.materials.iter().all(|paper| paper.verified));
    }

    /// What came is not what was asked for: it is missing again, and the time for it begins anew; also where a window had seen it.
    async fn what_came_is_sent_back(db: TestDatabase) {
        let service = start(&db).await;
        let filing = provisional(&service).await;
        let refused = service.refused(HOME, &filing, FilingAction::Return).await;
        assert_eq!(refused.reason, "FILING_STEP_REFUSED", "nothing came yet");
        for (day, supplier, supply_by) in
            [("2025-07-01", "person:P1", "2025-07-16"), ("2025-07-10", AWAY, "2025-07-25")]
        {
            service.hand.set(noon(day));
            service.take(supplier, &filing, FilingAction::Supply).await;
            let back = service.take(HOME, &filing, FilingAction::Return).await;
            assert_eq!((back.state(), back.supply_by.as_str()), (FilingState::Provisional, supply_by));
            assert_eq!(back.missing[0].one_of, ["referral_certificate"]);
            assert_eq!(back.materials.len(), 2, "what was there before stays");
        }
        service.hand.set(noon("2025-07-26"));
        assert_eq!(service.at_home(&filing).await.state(), FilingState::Lapsed);
    }

    /// It does not come: lapsed from the next day on, noted or not; nothing can come any more, and everybody is told so.
    async fn what_is_missing_does_not_come(db: TestDatabase) {
        let service = start(&db).await;
        let filing = provisional(&service).await;
        service.hand.set(noon("2025-07-04"));
        let question = stay("P1", "2025-07-04", "");
        let unnoted = (service.at_home(&filing).await, service.find(question.clone()).await.unwrap());
        assert_eq!((unnoted.0.state(), unnoted.0.ended_on.as_str()), (FilingState::Lapsed, "2025-07-03"));
        assert_eq!((unnoted.1.direct, unnoted.1.reason.as_str()), (false, "FILING_LAPSED"));
        let late = service.refused("person:P1", &filing, FilingAction::Supply).await;
        assert_eq!(refusal(&late), ("SUPPLEMENT_TOO_LATE", "LAPSED", ""));
        assert_eq!(late.metadata["supply_by"], "2025-07-03");
        for action in [FilingAction::Cancel, FilingAction::Complete, FilingAction::HandOver, FilingAction::Return] {
            let refused = service.refused(HOME, &filing, action).await;
            assert_eq!(refusal(&refused), ("FILING_STEP_REFUSED", "LAPSED", ""));
        }

        assert_eq!(sweep_on(&db, "2025-07-03").await, 0, "the last day is covered");
        assert_eq!(sweep_on(&db, "2025-07-04").await, 1);
        assert_eq!(sweep_on(&db, "2025-07-04").await, 0);
        let noted = (service.at_home(&filing).await, service.find(question).await.unwrap());
        assert_eq!(noted.0, Filing { version: unnoted.0.version + 1, ..unnoted.0 });
        assert_eq!((noted.1.filing_class(), noted.1.reason), (unnoted.1.filing_class(), unnoted.1.reason));
        let lapse = (FilingAction::Lapse, "clock ".to_owned(), FilingState::Lapsed);
        assert_eq!(service.steps(&filing).await.last(), Some(&lapse));
        let late = service.refused("person:P1", &filing, FilingAction::Supply).await;
        assert_eq!(refusal(&late), ("SUPPLEMENT_TOO_LATE", "LAPSED", ""));
        // Admission while it was in force is settled by it all the same (规程 art. 12).
        let found = service.find(stay("P1", "2025-07-03", "2025-07-04")).await.unwrap();
        assert_eq!(found.filing_class(), FilingClass::Referral);
    }

    /// Nobody has to ask for it: a process that starts notes what ended while it was away.
    async fn what_ended_is_noted_in_the_background(db: TestDatabase) {
        let service = start(&db).await;
        let filing = provisional(&service).await;
        let later = start_with(&db, |config| config.clock = Clock::manual(noon("2025-07-04")).0).await;
        let deadline = Instant::now() + Duration::from_secs(20);
        while service.steps(&filing).await.last().unwrap().0 != FilingAction::Lapse {
            assert!(Instant::now() < deadline, "noted by nobody");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(later.at_home(&filing).await.state(), FilingState::Lapsed);
    }

    /// 承诺制: a commitment stands in, for half a year.
    async fn a_commitment_stands_in(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", resident("P1", &["commitment_letter"])).await.unwrap();
        service.take(HOME, &filing, FilingAction::Accept).await;
        let done = service.take(HOME, &filing, FilingAction::Complete).await;
        assert_eq!((done.state(), done.supply_by.as_str()), (FilingState::Provisional, "2025-12-15"));
        assert!(done.committed && done.missing[0].may_be_promised);
        let found = service.find(stay("P1", "2025-06-18", "")).await.unwrap();
        assert_eq!(found.filing_class(), FilingClass::LongTerm);
        // Home again, the papers come first (22号 二(五)).
        let home = FindFilingRequest { mdtrtarea_admvs: "360102".into(), ..stay("P1", "2025-06-18", "") };
        let found = service.find(home.clone()).await.unwrap();
        assert_eq!((found.direct, found.reason.as_str()), (false, "MATERIALS_OUTSTANDING"));
        // A second commitment does not stand in for what the first one promised.
        let more = AdvanceFilingRequest {
            materials: vec![paper("commitment_letter"), paper("certificate")],
            ..step(&filing, FilingAction::Supply)
        };
        let refused = service.advance("person:P1", more).await.unwrap_err();
        assert_eq!(
            violations(&refused),
            [
                ("materials[0].material", "MATERIAL_NOT_MISSING"),
                ("materials[1].material", "MATERIAL_NOT_MISSING"),
            ]
        );
        service.take("person:P1", &filing, FilingAction::Supply).await;
        let done = service.take(HOME, &filing, FilingAction::Complete).await;
        assert_eq!((done.state(), done.enddate.as_str()), (FilingState::InForce, ""));
        assert_eq!(service.find(home).await.unwrap().reason, "");
    }

    /// Served at once, ended by its last day; of many that end together each is told once, by however many processes.
    async fn last_days_pass_and_are_noted_once(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let mut filings = Vec::new();
        for city in ["310115", "330100", "330200", "320100", "320500"] {
            let request = SubmitFilingRequest { rloc_admdvs: city.into(), ..temporary("P1") };
            filings.push(service.submit("person:P1", request).await.unwrap());
        }
        assert!(filings.iter().all(|filing| filing.enddate == "2025-12-17"));
        service.hand.set(noon("2025-12-17"));
        assert_eq!(service.at_home(&filings[0]).await.state(), FilingState::InForce);
        service.hand.set(noon("2025-12-18"));
        assert_eq!(service.at_home(&filings[0]).await.state(), FilingState::Expired);
        let refused = service.refused("person:P1", &filings[0], FilingAction::Cancel).await;
        assert_eq!(refusal(&refused), ("FILING_STEP_REFUSED", "EXPIRED", ""));
        let sweeps = (0..4).map(|_| sweep_on(&db, "2025-12-18"));
        let noted: usize = futures::future::join_all(sweeps).await.into_iter().sum();
        assert_eq!(noted, 5, "each by one of them");
        for filing in &filings {
            let steps = service.steps(filing).await;
            let expired = (FilingAction::Expire, "clock ".to_owned(), FilingState::Expired);
            assert_eq!((steps.len(), steps.last()), (3, Some(&expired)));
            assert_eq!(service.at_home(filing).await.ended_on, "", "as filed");
        }
    }
}
