//! The life of a filing at its offices: accepted anywhere, decided at home, returned, handed over, rejected, withdrawn.

use yizhan_proto::filing::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::office::*;
use crate::support::*;

both_databases! {
    /// 异地受理、属地办理: the window where the person is accepts, the home area decides, and not by the officer who submitted.
    async fn accepted_where_the_person_is_and_decided_at_home(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let request = at_window(resident("P1", &["residence_proof"]));
        let filing = service.submit(AWAY, request).await.unwrap();
        assert_eq!((filing.state(), filing.version), (FilingState::Accepted, 2));
        assert_eq!((filing.handling_area.as_str(), filing.due_date.as_str()), ("360100", "2025-06-20"));
        let refused = service.refused(AWAY, &filing, FilingAction::Complete).await;
        assert_eq!(refusal(&refused), ("NOT_HOME_AREA", "ACCEPTED", "SUPPLY,WITHDRAW"));
        assert_eq!(refused.code, tonic::Code::PermissionDenied);

        let done = service.take(HOME, &filing, FilingAction::Complete).await;
        assert_eq!((done.state(), done.version, done.due_date.as_str()), (FilingState::InForce, 3, ""));
        assert!(done.materials.iter().all(|paper| paper.verified) && done.missing.is_empty());
        assert_eq!(done.decided_at, moment("2025-06-18T04:00:00Z"));
        assert_eq!(
            service.steps(&filing).await,
            [
                (FilingAction::Submit, "agency:310115 A".into(), FilingState::Submitted),
                (FilingAction::Accept, "agency:310115 A".into(), FilingState::Accepted),
                (FilingAction::Complete, "agency:360100 B".into(), FilingState::InForce),
            ]
        );
        let found = service.find(stay("P1", "2025-06-18", "")).await.unwrap();
        assert_eq!((found.filing_class(), found.filings_version), (FilingClass::LongTerm, 2));
    }

    async fn nobody_decides_what_they_submitted(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit(HOME, at_window(resident("P1", &["residence_proof"]))).await.unwrap();
        for action in [FilingAction::Complete, FilingAction::Reject] {
            let own = AdvanceFilingRequest { opter: "A".into(), ..step(&filing, action) };
            let refused = service.advance(HOME, own).await.unwrap_err();
            let allowed = "RETURN,SUPPLY,HAND_OVER,WITHDRAW";
            assert_eq!(refusal(&refused), ("OWN_SUBMISSION", "ACCEPTED", allowed));
        }
        assert_eq!(service.at_home(&filing).await.version, 2, "nothing was written");
        service.take(HOME, &filing, FilingAction::Complete).await;
    }

    /// Filed online: the home area has it, accepts, returns with a reason; the person supplies, and the clock begins anew.
    async fn returned_and_supplied(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        assert_eq!(filing.state(), FilingState::Submitted);
        let refused = service.refused(HOME, &filing, FilingAction::Complete).await;
        let allowed = "ACCEPT,RETURN,SUPPLY,HAND_OVER,WITHDRAW";
        assert_eq!(refusal(&refused), ("FILING_STEP_REFUSED", "SUBMITTED", allowed));
        assert_eq!(refused.text, "该备案现为“待受理”，不能办理此操作；可以：受理、退回补正、补充材料、转办、撤回");
        service.take(HOME, &filing, FilingAction::Accept).await;
        let returned = service.take(HOME, &filing, FilingAction::Return).await;
        assert_eq!((returned.state(), returned.due_date.as_str()), (FilingState::Returned, ""));
        let refused = service.refused(HOME, &filing, FilingAction::Accept).await;
        assert_eq!(refusal(&refused), ("FILING_STEP_REFUSED", "RETURNED", "SUPPLY,WITHDRAW"));

        service.hand.set(noon("2025-06-23"));
        let supplied = service.take("person:P1", &filing, FilingAction::Supply).await;
        assert_eq!((supplied.state(), supplied.due_date.as_str()), (FilingState::Submitted, "2025-06-25"));
        let proof = supplied.materials.iter().find(|paper| paper.material == "residence_proof").unwrap();
        assert!(!proof.verified, "handed in by the person, not at a window");
        service.take(HOME, &filing, FilingAction::Return).await;
        // A window that supplies accepts, too, and what it saw counts as seen.
        let supplied = service.take(AWAY, &filing, FilingAction::Supply).await;
        assert_eq!(supplied.state(), FilingState::Accepted);
        assert!(supplied.materials.iter().all(|paper| paper.verified));
        let steps = service.get(HOME, &filing.filing_id).await.unwrap().steps;
        assert_eq!(steps.last().unwrap().from_state(), FilingState::Returned);
        assert_eq!(steps[2].reason, "情况说明");
        service.take(HOME, &filing, FilingAction::Complete).await;
    }

    /// To an office elsewhere, which accepts and so gives it back; to a district of the home area, which may decide; never outside once accepted.
    async fn handed_over_between_offices(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        let to = |area: &str| AdvanceFilingRequest {
            to_area: area.into(),
            ..step(&filing, FilingAction::HandOver)
        };
        assert_eq!(service.get(AWAY, &filing.filing_id).await.unwrap_err().reason, "FILING_UNKNOWN");
        assert_eq!(service.advance(HOME, to("360100")).await.unwrap_err().reason, "OFFICE_HAS_IT");
        let away = service.advance(HOME, to("310115")).await.unwrap();
        assert_eq!((away.state(), away.handling_area.as_str()), (FilingState::Submitted, "310115"));
        service.get(AWAY, &filing.filing_id).await.unwrap();
        let refused = service.refused(HOME, &filing, FilingAction::Accept).await;
        assert_eq!(refusal(&refused).2, "SUPPLY,HAND_OVER,WITHDRAW", "another office has it");
        let accepted = service.take(AWAY, &filing, FilingAction::Accept).await;
        assert_eq!((accepted.state(), accepted.handling_area.as_str()), (FilingState::Accepted, "360100"));
        assert_eq!(accepted.due_date, "2025-06-20", "handing over does not stop the clock");

        let refused = service.advance(HOME, to("310115")).await.unwrap_err();
        assert_eq!(refused.reason, "OFFICE_NOT_AT_HOME");
        let district = service.take(HOME, &filing, FilingAction::HandOver).await;
        assert_eq!(district.handling_area, "360102");
        let other = service.refused("agency:360103", &filing, FilingAction::Complete).await;
        assert_eq!(other.reason, "NOT_HOME_AREA", "a district that has not got it");
        let done = service.take(DISTRICT, &filing, FilingAction::Complete).await;
        assert_eq!(done.state(), FilingState::InForce);
    }

    async fn rejected_and_withdrawn_filings_are_over(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let rejected = service.submit(HOME, at_window(resident("P1", &["residence_proof"]))).await.unwrap();
        let rejected = service.take(HOME, &rejected, FilingAction::Reject).await;
        assert_eq!(rejected.state(), FilingState::Rejected);
        assert!(rejected.decided_at.is_some());
        let withdrawn = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        let withdrawn = service.take("person:P1", &withdrawn, FilingAction::Withdraw).await;
        assert_eq!(withdrawn.state(), FilingState::Withdrawn);
        for (filing, state) in [(&rejected, "REJECTED"), (&withdrawn, "WITHDRAWN")] {
            for action in [FilingAction::Accept, FilingAction::Complete, FilingAction::Supply, FilingAction::Cancel] {
                let refused = service.refused(HOME, filing, action).await;
                assert_eq!(refusal(&refused), ("FILING_STEP_REFUSED", state, ""));
            }
        }
        let found = service.find(stay("P1", "2025-06-18", "")).await.unwrap();
        assert_eq!((found.filing_class(), found.filings_version), (FilingClass::Unfiled, 4));
    }

    /// Whoever submitted may withdraw: the window elsewhere, any of its officers; the referring hospital its own.
    async fn whoever_submitted_may_withdraw(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let window = service.submit(AWAY, at_window(resident("P1", &["residence_proof"]))).await.unwrap();
        assert_eq!(service.take(AWAY, &window, FilingAction::Withdraw).await.state(), FilingState::Withdrawn);
        let hospital = format!("institution:{HOSPITAL}");
        let referred = service.submit(&hospital, referral("P1", &["referral_certificate"])).await.unwrap();
        assert_eq!(referred.state(), FilingState::Submitted);
        assert!(referred.materials.iter().all(|paper| paper.verified), "its own certificate");
        let stranger = service.refused("institution:H36010000002", &referred, FilingAction::Withdraw).await;
        assert_eq!(stranger.reason, "FILING_UNKNOWN");
        let back = service.take(&hospital, &referred, FilingAction::Withdraw).await;
        assert_eq!(back.state(), FilingState::Withdrawn);
    }

    async fn a_step_is_taken_once_per_request_id(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        let request = AdvanceFilingRequest { request_id: "once".into(), ..step(&filing, FilingAction::Accept) };
        let first = service.advance(HOME, request.clone()).await.unwrap();
        service.take(HOME, &filing, FilingAction::Complete).await;
        let again = told(service.client.clone().advance_filing(by(HOME, request.clone())).await).unwrap();
        assert!(again.replayed);
        assert_eq!(again.filing.unwrap(), first, "as it was then");
        let other = AdvanceFilingRequest { reason: "另一原因".into(), ..request.clone() };
        assert_eq!(service.advance(HOME, other).await.unwrap_err().reason, "REQUEST_ID_REUSED");
        let fresh = AdvanceFilingRequest { request_id: new_id(), ..request };
        assert_eq!(service.advance(HOME, fresh).await.unwrap_err().reason, "FILING_STEP_REFUSED");
        assert_eq!(service.at_home(&filing).await.version, 3);
    }
}
