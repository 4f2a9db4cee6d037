//! Several who decide at once: one does, the others learn the state and what may be done.

use std::future::Future;

use futures::FutureExt;
use futures::future::join_all;
use yizhan_proto::filing::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::office::*;
use crate::support::*;

/// At once, each on a task of its own.
async fn at_once<F>(steps: impl IntoIterator<Item = F>) -> (Vec<Filing>, Vec<RemoteError>)
where
    F: Future<Output = Result<Filing, RemoteError>> + Send + 'static,
{
    let answers = join_all(steps.into_iter().map(tokio::spawn)).await;
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer.unwrap() {
            Ok(filing) => taken.push(filing),
            Err(error) => refused.push(error),
        }
    }
    (taken, refused)
}

/// One step, in a future that owns what it needs.
fn taking(
    service: &TestService,
    caller: &str,
    request: AdvanceFilingRequest,
) -> impl Future<Output = Result<Filing, RemoteError>> + Send + 'static {
    let (mut client, caller) = (service.client.clone(), caller.to_owned());
    async move { told(client.advance_filing(by(&caller, request)).await).map(|told| told.filing.unwrap()) }
}

both_databases! {
    async fn of_eight_decisions_one_is_taken(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        for round in 0..5 {
            let filing = service.submit(AWAY, at_window(resident("P1", &["residence_proof"]))).await.unwrap();
            let decisions = (0..8).map(|officer| {
                let action = if officer % 2 == 0 { FilingAction::Complete } else { FilingAction::Reject };
                let opter = format!("B{officer}");
                taking(&service, HOME, AdvanceFilingRequest { opter, ..step(&filing, action) })
            });
            let (taken, refused) = at_once(decisions).await;
            assert_eq!((taken.len(), refused.len()), (1, 7), "round {round}: {refused:?}");
            let (state, allowed) = match taken[0].state() {
                FilingState::InForce => ("IN_FORCE", "CANCEL"),
                FilingState::Rejected => ("REJECTED", ""),
                other => panic!("{other:?}"),
            };
            for error in &refused {
                assert_eq!(refusal(error), ("FILING_STEP_REFUSED", state, allowed));
                assert_eq!(error.code, tonic::Code::FailedPrecondition);
            }
            assert_eq!(service.steps(&filing).await.len(), 3, "no step of those refused");
            if taken[0].state() == FilingState::InForce {
                service.take(HOME, &filing, FilingAction::Cancel).await;
            }
        }
    }

    /// Two offices: one hands over, the other's person withdraws; whoever is second finds it changed.
    async fn handing_over_and_withdrawing_at_once(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        for _ in 0..5 {
            let filing = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
            let over = |area: &str| {
                let request = AdvanceFilingRequest { to_area: area.into(), ..step(&filing, FilingAction::HandOver) };
                taking(&service, HOME, request)
            };
            let withdraw = taking(&service, "person:P1", step(&filing, FilingAction::Withdraw));
            let steps = [over("310115").boxed(), withdraw.boxed(), over("310115").boxed()];
            let (taken, refused) = at_once(steps).await;
            let now = service.at_home(&filing).await;
            assert_eq!(now.state(), FilingState::Withdrawn, "withdrawing is possible before and after");
            assert_eq!(taken.len() as i32, now.version - 1, "a version for each step taken");
            for error in &refused {
                let told = refusal(error);
                let again = error.reason == "OFFICE_HAS_IT" && told.1.is_empty();
                assert!(again || told == ("FILING_STEP_REFUSED", "WITHDRAWN", ""), "{error:?}");
            }
            assert!(refused.len() == 3 - taken.len() && !refused.is_empty());
        }
    }

    /// The same request sent many times at once is done once, and answered alike.
    async fn one_request_sent_many_times_is_done_once(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        let request = step(&filing, FilingAction::Accept);
        let (taken, refused) = at_once((0..6).map(|_| taking(&service, HOME, request.clone()))).await;
        assert!(refused.is_empty(), "{refused:?}");
        assert!(taken.iter().all(|filing| *filing == taken[0]));
        assert_eq!(service.steps(&filing).await.len(), 2);
    }

    /// Two filings for one place submitted at once: one is.
    async fn of_two_filings_that_contradict_one_is_submitted(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filings = (0..4).map(|_| {
            let mut client = service.client.clone();
            async move {
                told(client.submit_filing(by("person:P1", temporary("P1"))).await).map(|told| told.filing.unwrap())
            }
        });
        let (taken, refused) = at_once(filings).await;
        assert_eq!((taken.len(), refused.len()), (1, 3));
        assert!(refused.iter().all(|error| error.reason == "FILING_OVERLAPS"), "{refused:?}");
    }

    /// Supplying against lapsing: a note that comes late does not undo what came in time.
    async fn a_paper_that_came_in_time_is_not_overtaken_by_the_clock(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit(AWAY, at_window(referral("P1", &[]))).await.unwrap();
        service.take(HOME, &filing, FilingAction::Complete).await;
        service.hand.set(noon("2025-07-03"));
        let supply = tokio::spawn(taking(&service, "person:P1", step(&filing, FilingAction::Supply)));
        // Another process, whose clock is a day ahead, sweeps at the same time: one of the two is first.
        let noted = sweep_on(&db, "2025-07-04").await;
        let supplied = supply.await.unwrap();
        match supplied {
            Ok(_) => {
                assert_eq!((noted, service.at_home(&filing).await.state()), (0, FilingState::Provisional));
            }
            Err(error) => {
                assert_eq!((noted, error.reason.as_str()), (1, "SUPPLEMENT_TOO_LATE"));
            }
        }
    }
}
