//! Changing and cancelling what is in force, inside and after the lock (22号 二(三)).

use yizhan_proto::filing::v1::*;
use yizhan_testkit::both_databases;

use crate::office::*;
use crate::support::*;

/// Half a year of lock, and residents serve themselves.
const LOCKED: &str = "kinds:\n  - from: 2025-01-01\n    source: s\n    offered:\n\
    \x20     - { kind: \"07\", needs: [{ one_of: [certificate] }, { one_of: [residence_proof], may_be_promised: true }], \
    validity: until_changed, lock_months: 6, self_service: true }\n";

fn to(city: &str) -> SubmitFilingRequest {
    let materials = vec![paper("certificate"), paper("commitment_letter")];
    SubmitFilingRequest { rloc_admdvs: city.into(), materials, ..resident("P1", &[]) }
}

async fn locked(service: &TestService) -> Filing {
    service.insure("P1").await;
    service.publish(LOCKED).await;
    let filing = service.submit("person:P1", to("310115")).await.unwrap();
    assert_eq!((filing.state(), filing.locked_until.as_str()), (FilingState::Provisional, "2025-12-17"));
    service.take("person:P1", &filing, FilingAction::Supply).await;
    service.take(HOME, &filing, FilingAction::Complete).await
}

both_databases! {
    async fn cancelled_after_the_lock_and_not_inside(db: TestDatabase) {
        let service = start(&db).await;
        let filing = locked(&service).await;
        service.hand.set(noon("2025-12-17"));
        for caller in ["person:P1", HOME] {
            let refused = service.refused(caller, &filing, FilingAction::Cancel).await;
            assert_eq!(refusal(&refused), ("CHANGE_LOCKED", "IN_FORCE", ""));
            assert_eq!(refused.metadata["locked_until"], "2025-12-17");
        }
        service.hand.set(noon("2025-12-18"));
        let elsewhere = service.refused(AWAY, &filing, FilingAction::Cancel).await;
        assert_eq!(refusal(&elsewhere), ("FILING_STEP_REFUSED", "IN_FORCE", ""));
        let cancelled = service.take("person:P1", &filing, FilingAction::Cancel).await;
        assert_eq!((cancelled.state(), cancelled.ended_on.as_str()), (FilingState::Cancelled, "2025-12-18"));
        // The day itself is still covered.
        assert_eq!(service.find(stay("P1", "2025-12-18", "")).await.unwrap().filing_id, filing.filing_id);
        service.hand.set(noon("2025-12-19"));
        let after = service.find(stay("P1", "2025-12-19", "")).await.unwrap();
        assert_eq!(after.filing_class(), FilingClass::Unfiled);
        assert_eq!(sweep_on(&db, "2026-12-19").await, 0, "it ended by a step");
    }

    async fn cancelled_before_it_began_it_covers_no_day(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let request = SubmitFilingRequest { begndate: "2025-07-01".into(), ..temporary("P1") };
        let filing = service.submit("person:P1", request).await.unwrap();
        let cancelled = service.take("person:P1", &filing, FilingAction::Cancel).await;
        assert!(cancelled.ended_on < filing.begndate);
        service.hand.set(noon("2025-07-02"));
        let found = service.find(stay("P1", "2025-07-01", "")).await.unwrap();
        assert_eq!(found.filing_class(), FilingClass::Unfiled);
    }

    /// 变更: another takes its place from its own first day on; the day before is the last one of the old.
    async fn another_takes_its_place_after_the_lock_and_not_inside(db: TestDatabase) {
        let service = start(&db).await;
        let old = locked(&service).await;
        let change = |begndate: &str| SubmitFilingRequest {
            replaces_filing_id: old.filing_id.clone(),
            begndate: begndate.into(),
            ..to("330100")
        };
        service.hand.set(noon("2025-12-17"));
        let refused = service.submit("person:P1", change("2026-01-01")).await.unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.metadata["locked_until"].as_str()), ("CHANGE_LOCKED", "2025-12-17"));
        service.hand.set(noon("2025-12-18"));
        let new = service.submit("person:P1", change("2026-01-01")).await.unwrap();
        assert_eq!((new.state(), new.replaces_filing_id.as_str()), (FilingState::Provisional, old.filing_id.as_str()));
        let old = service.at_home(&old).await;
        assert_eq!((old.state(), old.ended_on.as_str()), (FilingState::Replaced, "2025-12-31"));
        assert_eq!(old.replaced_by_filing_id, new.filing_id);
        service.hand.set(noon("2026-01-02"));
        // Outpatient care: a stay could be made good.
        let there = |place: &str, day: &str| FindFilingRequest {
            mdtrtarea_admvs: place.into(),
            med_type: "11".into(),
            ..stay("P1", day, day)
        };
        for (place, day, filing_id) in [
            ("310115", "2025-12-31", old.filing_id.as_str()),
            ("310115", "2026-01-01", ""),
            ("330106", "2025-12-31", ""),
            ("330106", "2026-01-01", new.filing_id.as_str()),
        ] {
            assert_eq!(service.find(there(place, day)).await.unwrap().filing_id, filing_id, "{place} {day}");
        }
        let again = service.submit("person:P1", change("2026-02-01")).await.unwrap_err();
        assert_eq!((again.reason.as_str(), again.metadata["state"].as_str()), ("REPLACED_NOT_IN_FORCE", "REPLACED"));
    }

    /// Decided by an office: the old one stays until then; and if it ended meanwhile, the new one stands by itself.
    async fn the_old_one_stays_until_the_new_one_is_completed(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let old = service.submit(AWAY, at_window(resident("P1", &["residence_proof"]))).await.unwrap();
        service.take(HOME, &old, FilingAction::Complete).await;
        service.hand.set(noon("2025-06-19"));
        let change = |city: &str| SubmitFilingRequest {
            replaces_filing_id: old.filing_id.clone(),
            rloc_admdvs: city.into(),
            ..at_window(resident("P1", &["residence_proof"]))
        };
        let new = service.submit(AWAY, change("330100")).await.unwrap();
        assert_eq!(service.at_home(&old).await.state(), FilingState::InForce);
        let other = service.submit(AWAY, change("330200")).await.unwrap();
        service.take(HOME, &new, FilingAction::Complete).await;
        let ended = service.at_home(&old).await;
        assert_eq!((ended.state(), ended.ended_on.as_str()), (FilingState::Replaced, "2025-06-18"));
        assert_eq!(
            service.steps(&old).await.last(),
            Some(&(FilingAction::Replace, "agency:360100 B".to_owned(), FilingState::Replaced))
        );
        service.take(HOME, &other, FilingAction::Complete).await;
        assert_eq!(service.at_home(&old).await, ended, "its place was taken once");
    }
}
