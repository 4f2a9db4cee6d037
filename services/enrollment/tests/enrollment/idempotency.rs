//! A request id is good for one request.

use futures::future::join_all;
use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_testkit::both_databases;

use crate::support::*;

both_databases! {
    async fn the_same_request_gives_the_same_answer_again(db: TestDatabase) {
        let mut service = start(&db).await;
        let request = persons([person("P1"), person("P2")]);
        let first = service.import_persons(request.clone()).await.unwrap();
        assert!(!first.replayed);
        // Something happens in between, which a second run would undo.
        let dead = PersonRow { die_date: "2024-05-01".into(), ..person("P1") };
        service.import_persons(persons([dead])).await.unwrap();
        let again = service.import_persons(request).await.unwrap();
        assert_eq!(again, ImportOutcome { replayed: true, ..first });
        assert_eq!(service.get_person("P1").await.unwrap().die_date, "2024-05-01");
    }

    async fn the_same_id_for_something_else_is_refused(db: TestDatabase) {
        let mut service = start(&db).await;
        let request = persons([person("P1")]);
        service.import_persons(request.clone()).await.unwrap();
        let other = ImportPersonsRequest { rows: vec![person("P2")], ..request.clone() };
        let error = service.import_persons(other).await.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
        assert_eq!(error.metadata["request_id"], request.request_id);
        assert_eq!(service.get_person("P2").await.unwrap_err().reason, "PERSON_UNKNOWN");
        let rows = vec![coverage("P1", "310", "2024-01-01", "")];
        let other_method = ImportCoveragesRequest { request_id: request.request_id, rows };
        assert_eq!(service.import_coverages(other_method).await.unwrap_err().reason, "REQUEST_ID_REUSED");
    }

    async fn a_refused_request_does_not_use_up_its_id(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut request = coverages([coverage("P1", "310", "2024-01-01", "")]);
        assert!(service.import_coverages(request.clone()).await.unwrap_err().says("PERSON_UNKNOWN"));
        service.import_persons(persons([person("P1")])).await.unwrap();
        assert!(!service.import_coverages(request.clone()).await.unwrap().replayed);
        request.rows[0].psn_type = "12".into();
        assert_eq!(service.import_coverages(request).await.unwrap_err().reason, "REQUEST_ID_REUSED");
    }

    async fn ids_of_different_callers_do_not_meet(db: TestDatabase) {
        let mut service = start(&db).await;
        let request = persons([person("P1")]);
        let other = ImportPersonsRequest {
            rows: vec![PersonRow { poolarea_no: "430100".into(), ..person("P2") }],
            ..request.clone()
        };
        service.client.import_persons(as_caller("agency:430200", request)).await.unwrap();
        service.client.import_persons(as_caller("agency:430100", other)).await.unwrap();
    }

    async fn a_hundred_at_once_do_it_once(db: TestDatabase) {
        let service = start(&db).await;
        let request = persons((0..20).map(|number| person(&format!("P{number}"))));
        let retries = (0..100).map(|_| {
            let (mut client, request) = (service.client.clone(), request.clone());
            async move { client.import_persons(request).await.map_err(error).unwrap().into_inner().outcome.unwrap() }
        });
        let outcomes = join_all(retries).await;
        assert_eq!(outcomes.iter().filter(|outcome| !outcome.replayed).count(), 1);
        assert!(outcomes.iter().all(|outcome| outcome.created_count == 20));
    }
}
