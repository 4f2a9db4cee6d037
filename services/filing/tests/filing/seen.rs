//! Who decides may say which version of the filing they saw, and then decides on no other.

use tonic::Code;
use yizhan_proto::filing::v1::*;
use yizhan_testkit::both_databases;

use crate::office::*;
use crate::support::*;

both_databases! {
    async fn nobody_decides_on_papers_they_did_not_see(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        let seen = service.take(HOME, &filing, FilingAction::Accept).await;
        let complete = |version: i32| AdvanceFilingRequest { version, ..step(&filing, FilingAction::Complete) };
        // While the officer looks, other papers come.
        let now = service.take("person:P1", &filing, FilingAction::Supply).await;
        assert_eq!(now.version, seen.version + 1);
        for known in [seen.version, now.version + 1, -1] {
            let stale = service.advance(HOME, complete(known)).await.unwrap_err();
            assert_eq!((stale.code, stale.reason.as_str()), (Code::FailedPrecondition, "FILING_VERSION_STALE"));
            assert_eq!(stale.metadata["known"], known.to_string());
            assert_eq!(stale.metadata["current"], now.version.to_string());
        }
        assert_eq!(service.at_home(&filing).await, now, "nothing was written");
        let request = complete(now.version);
        let done = service.advance(HOME, request.clone()).await.unwrap();
        assert_eq!(done.state(), FilingState::InForce);
        // Sent again, it is answered as it was, though the filing has moved on.
        assert_eq!(service.advance(HOME, request).await.unwrap(), done);
    }

    async fn who_says_no_version_takes_it_as_it_is(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", resident("P1", &["residence_proof"])).await.unwrap();
        service.take("person:P1", &filing, FilingAction::Supply).await;
        let request = AdvanceFilingRequest { version: 0, ..step(&filing, FilingAction::Accept) };
        assert_eq!(service.advance(HOME, request).await.unwrap().state(), FilingState::Accepted);
    }
}
