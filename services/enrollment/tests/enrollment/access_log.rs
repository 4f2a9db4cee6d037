//! The access log: what it notes, and that nobody changes it unnoticed.

use futures::future::join_all;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_testkit::{Backend, TestDatabase, both_databases};

use crate::support::*;

const AGENCY: &str = "agency:430200";

/// A log of eight looks, and the service over it.
async fn eight_looks(db: &TestDatabase) -> (TestService, RightsClient) {
    let mut service = start(db).await;
    let rights = service.rights().await;
    service.import_persons(persons([person("P1"), person("P2")])).await.unwrap();
    for number in 0..8 {
        let psn_no = if number % 3 == 0 { "P2" } else { "P1" };
        unmask(&service, AGENCY, psn_no).await.unwrap();
    }
    (service, rights)
}

async fn unmask(
    service: &TestService,
    caller: &str,
    psn_no: &str,
) -> Result<GetPersonResponse, tonic::Status> {
    let request = GetPersonRequest { psn_no: psn_no.into(), unmask: true, purpose: "核对身份".into() };
    Ok(service.client.clone().get_person(as_caller(caller, request)).await?.into_inner())
}

async fn verify(
    rights: &mut RightsClient,
    anchor: Option<&VerifyAccessLogResponse>,
) -> VerifyAccessLogResponse {
    let request = VerifyAccessLogRequest {
        poolarea_no: "430200".into(),
        expected_entries: anchor.map_or(0, |anchor| anchor.entries),
        expected_head_hash: anchor.map_or(String::new(), |anchor| anchor.head_hash.clone()),
        from_expected: false,
    };
    rights.verify_access_log(as_caller(AGENCY, request)).await.unwrap().into_inner()
}

/// Changes the table behind the service's back, as the owner of the database can.
async fn tamper(db: &TestDatabase, statements: &[&str]) {
    let connection = Database::connect(db.url()).await.unwrap();
    let triggers: &[&str] = match db.backend() {
        Backend::Postgres => &["ALTER TABLE access_log DISABLE TRIGGER ALL"],
        Backend::Sqlite => &["DROP TRIGGER access_log_no_update", "DROP TRIGGER access_log_no_delete"],
    };
    for statement in triggers.iter().chain(statements) {
        let done = connection.execute_unprepared(statement).await.unwrap();
        assert!(triggers.contains(statement) || done.rows_affected() > 0, "{statement} changes something");
    }
    connection.close().await.unwrap();
}

fn broken(verdict: &VerifyAccessLogResponse) -> (AccessLogFault, i64, i64) {
    assert!(!verdict.intact && !verdict.complete && !verdict.explanation.is_empty(), "{verdict:?}");
    assert_eq!(verdict.entries, verdict.broken_seq - 1, "it holds up to there: {verdict:?}");
    (verdict.fault(), verdict.broken_seq, verdict.written_seq)
}

both_databases! {
    async fn an_untouched_log_is_intact(db: TestDatabase) {
        let (service, mut rights) = eight_looks(&db).await;
        let first = verify(&mut rights, None).await;
        assert!(first.intact && first.complete);
        assert_eq!((first.entries, first.head_hash.len(), first.fault()), (8, 64, AccessLogFault::Unspecified));
        unmask(&service, AGENCY, "P1").await.unwrap();
        let second = verify(&mut rights, Some(&first)).await;
        assert!(second.intact && second.complete && second.entries == 9 && second.head_hash != first.head_hash);
        let rest = VerifyAccessLogRequest {
            poolarea_no: "430200".into(),
            expected_entries: first.entries,
            expected_head_hash: first.head_hash,
            from_expected: true,
        };
        assert_eq!(rights.verify_access_log(rest).await.unwrap().into_inner(), second);
        let empty = VerifyAccessLogRequest { poolarea_no: "430100".into(), ..Default::default() };
        let empty = rights.verify_access_log(empty).await.unwrap().into_inner();
        assert!(empty.intact && empty.complete && empty.entries == 0);
    }

    async fn one_altered_entry_is_found(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        tamper(&db, &["UPDATE access_log SET actor = 'agency:430299' WHERE seq = 3"]).await;
        assert_eq!(broken(&verify(&mut rights, None).await), (AccessLogFault::Altered, 3, 0));
    }

    async fn an_altered_time_is_found(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        let statement = match db.backend() {
            Backend::Postgres => "UPDATE access_log SET at = at + interval '1 microsecond' WHERE seq = 8",
            Backend::Sqlite => "UPDATE access_log SET at = '2024-06-15T04:00:00.000001+00:00' WHERE seq = 8",
        };
        tamper(&db, &[statement]).await;
        assert_eq!(broken(&verify(&mut rights, None).await), (AccessLogFault::Altered, 8, 0));
    }

    async fn one_removed_entry_is_found(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        tamper(&db, &["DELETE FROM access_log WHERE seq = 4"]).await;
        assert_eq!(broken(&verify(&mut rights, None).await), (AccessLogFault::Missing, 4, 0));
    }

    async fn a_removed_entry_whose_gap_was_closed_is_found(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        tamper(&db, &[
            "DELETE FROM access_log WHERE seq = 4",
            "UPDATE access_log SET seq = -seq WHERE seq > 4",
            "UPDATE access_log SET seq = -seq - 1 WHERE seq < 0",
            "UPDATE access_log_head SET seq = 7",
        ]).await;
        assert_eq!(broken(&verify(&mut rights, None).await), (AccessLogFault::Reordered, 4, 5));
    }

    async fn two_reordered_entries_are_found(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        tamper(&db, &[
            "UPDATE access_log SET seq = 0 WHERE seq = 2",
            "UPDATE access_log SET seq = 2 WHERE seq = 5",
            "UPDATE access_log SET seq = 5 WHERE seq = 0",
        ]).await;
        assert_eq!(broken(&verify(&mut rights, None).await), (AccessLogFault::Reordered, 2, 5));
    }

    async fn a_tail_cut_off_is_found(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        tamper(&db, &["DELETE FROM access_log WHERE seq >= 7"]).await;
        assert_eq!(broken(&verify(&mut rights, None).await), (AccessLogFault::HeadMismatch, 7, 0));
    }

    async fn a_log_emptied_as_a_whole_is_found(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        tamper(&db, &["DELETE FROM access_log"]).await;
        assert_eq!(broken(&verify(&mut rights, None).await), (AccessLogFault::HeadMismatch, 1, 0));
    }

    async fn a_log_rolled_back_with_its_head_is_found_by_who_kept_an_anchor(db: TestDatabase) {
        let (service, mut rights) = eight_looks(&db).await;
        let kept = verify(&mut rights, None).await;
        tamper(&db, &[
            "UPDATE access_log_head SET seq = 6, hash = (SELECT hash FROM access_log WHERE seq = 6)",
            "DELETE FROM access_log WHERE seq > 6",
        ]).await;
        assert!(verify(&mut rights, None).await.intact, "the database alone cannot tell");
        assert_eq!(broken(&verify(&mut rights, Some(&kept)).await), (AccessLogFault::AnchorMismatch, 7, 0));
        // Grown again to the same length, it is still another log.
        unmask(&service, AGENCY, "P1").await.unwrap();
        service.hand.advance(chrono::TimeDelta::seconds(1));
        unmask(&service, AGENCY, "P1").await.unwrap();
        assert!(verify(&mut rights, None).await.intact);
        assert_eq!(broken(&verify(&mut rights, Some(&kept)).await), (AccessLogFault::AnchorMismatch, 8, 0));
    }

    async fn an_entry_made_up_without_the_secret_is_found(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        tamper(&db, &[
            "INSERT INTO access_log (poolarea_no, seq, at, actor, psn_no, action, purpose, grant_id, outcome, subject, prev_hash, hash) \
             SELECT poolarea_no, 9, at, actor, psn_no, action, purpose, grant_id, outcome, subject, hash, hash \
             FROM access_log WHERE seq = 8",
            "UPDATE access_log_head SET seq = 9",
        ]).await;
        assert_eq!(broken(&verify(&mut rights, None).await), (AccessLogFault::Altered, 9, 0));
    }

    async fn another_secret_fits_nothing(db: TestDatabase) {
        let (service, _) = eight_looks(&db).await;
        service.server.shutdown().await;
        let key = "a7".repeat(32).parse().unwrap();
        let other = start_with(&db, move |config| config.log_key = yizhan_enrollment::LogKey::new(key)).await;
        let verdict = verify(&mut other.rights().await, None).await;
        assert_eq!(broken(&verdict), (AccessLogFault::Altered, 1, 0));
    }

    async fn the_database_itself_refuses_to_change_entries(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        let connection: DatabaseConnection = Database::connect(db.url()).await.unwrap();
        for statement in ["UPDATE access_log SET psn_no = 'P9' WHERE seq = 1", "DELETE FROM access_log WHERE seq = 1"] {
            let refused = connection.execute_unprepared(statement).await.unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
        if db.backend() == Backend::Postgres {
            connection.execute_unprepared("TRUNCATE access_log").await.unwrap_err();
        }
        assert!(verify(&mut rights, None).await.intact);
    }

    async fn many_at_once_from_two_processes_make_one_chain_an_area(db: TestDatabase) {
        let mut service = start(&db).await;
        let other = start(&db).await;
        let mut rights = service.rights().await;
        let elsewhere = PersonRow { poolarea_no: "430100".into(), ..person("Q1") };
        service.import_persons(persons([person("P1"), elsewhere])).await.unwrap();
        let looks = (0..200).map(|number| {
            let service = if number % 2 == 0 { &service } else { &other };
            unmask(service, "local-administrator", if number % 5 == 0 { "Q1" } else { "P1" })
        });
        for look in join_all(looks).await {
            look.unwrap();
        }
        let verdict = verify(&mut rights, None).await;
        assert!(verdict.intact && verdict.complete, "{verdict:?}");
        assert_eq!(verdict.entries, 160);
        let elsewhere = VerifyAccessLogRequest { poolarea_no: "430100".into(), ..Default::default() };
        let verdict = rights.verify_access_log(elsewhere).await.unwrap().into_inner();
        assert!(verdict.intact && verdict.entries == 40, "{verdict:?}");
    }

    async fn a_person_reads_their_log_page_by_page(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        let (mut seqs, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListAccessLogRequest { psn_no: "P1".into(), page_size: 2, page_token };
            let page = rights.list_access_log(as_caller("person:P1", request)).await.unwrap().into_inner();
            assert!(page.entries.len() <= 2);
            assert!(page.entries.iter().all(|entry| entry.action == "UNMASKED" && entry.purpose == "核对身份"));
            seqs.extend(page.entries.iter().map(|entry| entry.seq));
            page_token = page.next_page_token;
            if page_token.is_empty() { break; }
        }
        assert_eq!(seqs, [8, 6, 5, 3, 2], "newest first, and only looks at P1");
        for (caller, reason) in [
            ("person:P2", "PERSON_UNKNOWN"),
            ("agency:430100", "PERSON_UNKNOWN"),
            ("department:430200", "PERSON_NOT_OWN"),
            ("institution:H43020000001", "PERSON_NOT_OWN"),
        ] {
            let request = ListAccessLogRequest { psn_no: "P1".into(), ..Default::default() };
            let refused = rights.list_access_log(as_caller(caller, request)).await.unwrap_err();
            assert_eq!(error(refused).reason, reason, "{caller}");
        }
    }

    async fn who_may_read_the_area_may_verify_it(db: TestDatabase) {
        let (_service, mut rights) = eight_looks(&db).await;
        let request = |area: &str| VerifyAccessLogRequest { poolarea_no: area.into(), ..Default::default() };
        for caller in [AGENCY, "department:430000", "local-administrator"] {
            assert!(rights.verify_access_log(as_caller(caller, request("430200"))).await.unwrap().into_inner().intact);
        }
        for caller in ["agency:430100", "person:P1", "institution:H43020000001", "insurer:PICC", "operator:alice"] {
            let refused = error(rights.verify_access_log(as_caller(caller, request("430200"))).await.unwrap_err());
            assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"), "{caller}");
        }
        let wrong = error(rights.verify_access_log(request("4302")).await.unwrap_err());
        assert_eq!(wrong.violation_reasons(), ["AREA_INVALID"]);
    }
}
