//! What rosters do to the register, and what they refuse.

use chrono::TimeDelta;
use std::time::Duration;

use tonic::Code;
use yizhan_enrollment::EnrollmentConfig;
use yizhan_proto::enrollment::v1::load_roster_request::Part as Say;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::Clock;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::roster_support::*;
use crate::support::*;

/// A service with persons P1 to P5 of 430200, X1 of 430100, and 民政.
async fn started(db: &TestDatabase) -> (TestService, Department) {
    let mut service = start(db).await;
    let elsewhere = PersonRow {
        poolarea_no: "430100".into(),
        certno: "X".into(),
        psn_cert_type: "99".into(),
        ..person("X1")
    };
    let rows = (1..=5).map(|number| PersonRow {
        certno: format!("C{number}"),
        psn_cert_type: "99".into(),
        ..person(&format!("P{number}"))
    });
    service.import_persons(persons(rows.chain([elsewhere]))).await.unwrap();
    let department = Department::at(service.server.url(), CIVIL_AFFAIRS).await;
    (service, department)
}

/// Name, first and last day of everybody's identities.
async fn identities(service: &mut TestService, psn_no: &str) -> Vec<(String, String, String)> {
    let person = service.get_person(psn_no).await.unwrap();
    person.identities.into_iter().map(|row| (row.name, row.begndate, row.enddate)).collect()
}

fn stretch(name: &str, begndate: &str, enddate: &str) -> (String, String, String) {
    (name.into(), begndate.into(), enddate.into())
}

both_databases! {
    async fn changes_add_and_end(db: TestDatabase) {
        let (mut service, department) = started(&db).await;
        let rows = [
            add("P1", "低保", "2024-01-01", ""),
            RosterRow { name: String::new(), psn_idet_type: "7131".into(), ..add("P2", "", "", "2024-12-31") },
            RosterRow { psn_no: String::new(), psn_cert_type: "99".into(), certno: "C3".into(), ..add("", "低保", "2024-06-01", "") },
        ];
        let answered = department.load(&header("A", RosterMode::Changes, 3), &rows).await.unwrap();
        let expected = RosterSummary { row_count: 3, added_count: 3, changed_person_count: 3, ..RosterSummary::default() };
        assert_eq!(answered.summary(), &expected);
        let told: Vec<_> = answered.results.iter().map(|row| (row.row_number, row.psn_no.as_str(), row.outcome())).collect();
        let added = RosterRowOutcome::Added;
        assert_eq!(told, [(1, "P1", added), (2, "P2", added), (3, "P3", added)]);
        assert_eq!(identities(&mut service, "P1").await, [stretch("低保", "2024-01-01", "")]);
        assert_eq!(identities(&mut service, "P2").await, [stretch("特困", "2024-06-01", "2024-12-31")]);
        assert_eq!(service.get_person("P2").await.unwrap().identities[0].psn_idet_type, "2304");
        assert_eq!(identities(&mut service, "P3").await, [stretch("低保", "2024-06-01", "")]);

        let rows = [remove("P1", "低保", ""), add("P1", "特困", "", ""), add("P2", "特困", "", "")];
        let answered = department.load(&header("B", RosterMode::Changes, 3), &rows).await.unwrap();
        let expected = RosterSummary {
            row_count: 3, added_count: 1, updated_count: 1, ended_count: 1, changed_person_count: 2, ..RosterSummary::default()
        };
        assert_eq!(answered.summary(), &expected);
        assert_eq!(
            identities(&mut service, "P1").await,
            [stretch("低保", "2024-01-01", "2024-05-31"), stretch("特困", "2024-06-01", "")]
        );
        assert_eq!(identities(&mut service, "P2").await, [stretch("特困", "2024-06-01", "")]);
    }

    /// Everything that can be wrong with a row, beside one that is right.
    async fn a_wrong_row_is_refused_by_itself(db: TestDatabase) {
        let (mut service, department) = started(&db).await;
        let by_certificate = |kind: &str, certno: &str| RosterRow {
            psn_cert_type: kind.into(), certno: certno.into(), ..add("", "低保", "", "")
        };
        let rows = [
            add("P1", "低保", "", ""),
            add("P9", "低保", "", ""),
            add("X1", "低保", "", ""),
            add("张三", "低保", "", ""),
            by_certificate("01", "110105194912310021"),
            by_certificate("99", "C9"),
            by_certificate("", ""),
            add("P2", "优抚", "", ""),
            add("P2", "孤儿", "", ""),
            RosterRow { psn_idet_type: "2304".into(), ..add("P2", "低保", "", "") },
            RosterRow { action: 0, ..add("P2", "低保", "", "") },
            add("P2", "低保", "2024-02-30", ""),
            add("P2", "低保", "2024-03-01", "2024-02-29"),
            add("P1", "低保", "2024-06-01", "2024-06-30"),
            remove("P3", "低保", ""),
        ];
        let header = header("A", RosterMode::Changes, rows.len());
        let answered = department.load(&header, &rows).await.unwrap();
        assert_eq!(answered.refused(), [
            (2, "PERSON_UNKNOWN"),
            (3, "PERSON_OF_OTHER_AREA"),
            (4, "PSN_NO_INVALID"),
            (5, "CERTIFICATE_INVALID"),
            (6, "PERSON_UNKNOWN"),
            (7, "CERTIFICATE_INVALID"),
            (8, "KIND_NOT_PRODUCED"),
            (9, "KIND_NOT_COVERED"),
            (10, "KIND_NOT_PRODUCED"),
            (11, "ACTION_INVALID"),
            (12, "DATE_INVALID"),
            (13, "DATES_REVERSED"),
            (14, "DUPLICATE_ROW"),
            (15, "IDENTITY_NOT_HELD"),
        ]);
        assert!(answered.results.iter().all(|row| row.reason.is_empty() == row.reason_text.is_empty()));
        let summary = answered.summary();
        assert_eq!((summary.added_count, summary.refused_count, summary.changed_person_count), (1, 14, 1));
        assert_eq!(summary.refusals.iter().map(|refused| refused.count).sum::<i64>(), 14);
        assert_eq!(service.get_person("P2").await.unwrap().person_version, 1);

        // The same page by page, refused ones only.
        let (mut listed, mut token) = (Vec::new(), String::new());
        loop {
            let page = department.list(&header, true, 4, &token).await.unwrap();
            assert!(page.rows.len() <= 4);
            listed.extend(page.rows);
            token = page.next_page_token;
            if token.is_empty() { break }
        }
        assert_eq!(listed, answered.results[1..]);
        assert_eq!(department.list(&header, false, 0, "").await.unwrap().rows, answered.results);
        let token = department.list(&header, true, 1, "").await.unwrap().next_page_token;
        let error = department.list(&header, false, 0, &token).await.unwrap_err();
        assert!(error.says("PAGE_TOKEN_INVALID"), "a token of another list");
    }

    async fn a_full_roster_ends_who_is_missing(db: TestDatabase) {
        let (mut service, department) = started(&db).await;
        let before = [
            add("P1", "低保", "2024-01-01", ""),
            add("P2", "低保", "2024-01-01", ""),
            add("P3", "低保", "2024-06-01", ""),
            add("P4", "低保", "2024-01-01", "2024-03-31"),
            add("P5", "低保", "2024-01-01", ""),
            add("P5", "特困", "2024-01-01", ""),
        ];
        department.load(&header("A", RosterMode::Changes, 6), &before).await.unwrap();
        // The agency's own word, and another department's, are not this department's to end.
        let row = IdentityRow { psn_no: "P2".into(), psn_idet_type: "2303".into(), name: "低保".into(), begndate: "2023-01-01".into(), ..IdentityRow::default() };
        let request = ImportIdentitiesRequest { request_id: "agency".into(), rows: vec![row] };
        service.client.import_identities(request).await.unwrap();
        let veterans = department.as_caller("department:430200.veterans");
        let mut other = header("V", RosterMode::Changes, 1);
        (other.department, other.kinds) = ("veterans".into(), vec![]);
        veterans.load(&other, &[add("P2", "优抚", "2020-01-01", "")]).await.unwrap();

        let full = RosterHeader { kinds: vec!["低保".into()], ..header("B", RosterMode::Full, 3) };
        let rows = [
            add("P1", "低保", "", ""),
            // A mistyped day: the row is refused, and yet P5 is not missing.
            add("P5", "低保", "2024-13-01", ""),
            remove("P2", "低保", ""),
        ];
        let rows_without_removal = &rows[..2];
        let answered = department.load(&full, &rows).await.unwrap();
        assert_eq!(answered.refused(), [(2, "DATE_INVALID"), (3, "REMOVE_IN_FULL_ROSTER")]);
        let summary = answered.summary();
        assert_eq!((summary.unchanged_count, summary.ended_by_absence_count, summary.changed_person_count), (1, 1, 1));
        assert_eq!(identities(&mut service, "P1").await, [stretch("低保", "2024-01-01", "")]);
        assert_eq!(identities(&mut service, "P3").await, [], "began on the very day: never was");
        assert_eq!(identities(&mut service, "P4").await, [stretch("低保", "2024-01-01", "2024-03-31")]);
        assert_eq!(identities(&mut service, "P5").await, [stretch("低保", "2024-01-01", ""), stretch("特困", "2024-01-01", "")]);

        let again = RosterHeader { roster_id: "C".into(), total_rows: 2, ..full };
        let answered = department.load(&again, rows_without_removal).await.unwrap();
        let summary = answered.summary();
        assert_eq!((summary.ended_by_absence_count, summary.changed_person_count), (1, 1), "P2 is missing now");
        assert_eq!(
            identities(&mut service, "P2").await,
            [stretch("优抚", "2020-01-01", ""), stretch("低保", "2023-01-01", ""), stretch("低保", "2024-01-01", "2024-05-31")]
        );
        // A full roster of an earlier day comes too late.
        let late = RosterHeader { roster_id: "D".into(), effective_date: "2024-05-31".into(), ..again };
        let error = department.load(&late, rows_without_removal).await.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "ROSTER_OUTDATED"));
    }

    async fn the_same_file_again_changes_nothing(db: TestDatabase) {
        let (mut service, department) = started(&db).await;
        let rows = [
            add("P1", "低保", "2024-01-01", ""),
            add("P2", "特困", "", ""),
            add("P3", "低保", "2024-01-01", "2024-03-31"),
            add("P3", "低保", "2024-04-01", ""),
            add("P9", "低保", "", ""),
            add("P2", "特困", "", ""),
        ];
        let first = header("A", RosterMode::Full, rows.len());
        let done = department.load(&first, &rows).await.unwrap();
        assert_eq!(done.summary().added_count, 4);
        let versions = async |service: &mut TestService| {
            let mut versions = Vec::new();
            for number in 1..=5 {
                versions.push(service.get_person(&format!("P{number}")).await.unwrap().person_version);
            }
            versions
        };
        let before = versions(&mut service).await;
        assert_eq!(before, [2, 2, 2, 1, 1]);
        // Under its own id: the answer of then.
        let again = department.load(&first, &rows).await.unwrap();
        assert_eq!(again.ready.unwrap().next_row_number, 7);
        assert_eq!((again.summary(), &again.results), (done.summary(), &done.results));
        // Under a new one: nothing new in it.
        let copy = department.load(&header("B", RosterMode::Full, rows.len()), &rows).await.unwrap();
        let expected = RosterSummary {
            row_count: 6, unchanged_count: 4, refused_count: 2, refusals: done.summary().refusals.clone(), ..RosterSummary::default()
        };
        assert_eq!(copy.summary(), &expected);
        assert_eq!(versions(&mut service).await, before);
        // And the id is good for this file only.
        let mut other = rows.to_vec();
        other[0].enddate = "2024-12-31".into();
        let error = department.load(&first, &other).await.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (Code::AlreadyExists, "ROSTER_CONTENTS_CHANGED"));
        let error = department.load(&RosterHeader { total_rows: 7, ..first }, &rows).await.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (Code::AlreadyExists, "ROSTER_HEADER_CHANGED"));
        assert_eq!(versions(&mut service).await, before);
    }

    /// Goal: a stream cut in the middle leaves the register as it was; going on completes it.
    /// In their order they are applied.
    async fn what_is_sealed_later_sorts_behind_where_the_clock_is_behind(db: TestDatabase) {
        let (service, department) = started(&db).await;
        let mut sealed = Vec::new();
        for roster_id in ["A", "B", "C"] {
            let header = header(roster_id, RosterMode::Changes, 1);
            department.load(&header, &[add("P1", "低保", "", "")]).await.unwrap();
            let at = department.get(&header).await.unwrap().sealed_at.unwrap();
            sealed.push((at.seconds, at.nanos));
            service.hand.advance(TimeDelta::minutes(-5));
        }
        assert!(sealed.is_sorted_by(|a, b| a < b), "{sealed:?}");
    }

    async fn a_cut_stream_applies_nothing_and_goes_on(db: TestDatabase) {
        let (mut service, department) = started(&db).await;
        let rows: Vec<_> = (1..=4).map(|number| add(&format!("P{number}"), "低保", "", "")).collect();
        let header = header("A", RosterMode::Full, 4);
        let (stream, ready) = department.open(&header).await.unwrap();
        assert_eq!((ready.next_row_number, ready.state()), (1, RosterState::Staging));
        stream.say.send(rows_from(1, &rows[..2])).await.unwrap();
        while department.get(&header).await.unwrap().staged_rows < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stream.cut();
        let roster = department.get(&header).await.unwrap();
        assert_eq!((roster.state(), roster.staged_rows, roster.applied_rows), (RosterState::Staging, 2, 0));
        for number in 1..=4 {
            assert_eq!(service.get_person(&format!("P{number}")).await.unwrap().person_version, 1);
        }
        let answered = department.load(&header, &rows).await.unwrap();
        assert_eq!(answered.ready.as_ref().unwrap().next_row_number, 3);
        assert_eq!((answered.summary().added_count, answered.summary().row_count), (4, 4));
        let roster = department.get(&header).await.unwrap();
        assert_eq!((roster.state(), roster.applied_rows), (RosterState::Done, 4));
        assert_eq!(roster.summary.as_ref(), answered.summary.as_ref());
        assert!(roster.sealed_at.is_some() && roster.done_at.is_some());
    }

    async fn a_wrong_seal_applies_nothing(db: TestDatabase) {
        let (mut service, department) = started(&db).await;
        let rows = [add("P1", "低保", "", ""), add("P2", "低保", "", "")];
        let right = seal_of(&rows);
        let header = header("A", RosterMode::Changes, 2);
        let (stream, _) = department.open(&header).await.unwrap();
        stream.say.send(rows_from(1, &rows[..1])).await.unwrap();
        stream.say.send(said(Say::Seal(seal_of(&rows[..1])))).await.unwrap();
        let error = stream.refusal().await;
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "ROSTER_SEAL_MISMATCH"), "a row is missing");
        assert_eq!((error.metadata["staged_rows"].as_str(), error.metadata["total_rows"].as_str()), ("1", "2"));
        for wrong in [
            RosterSeal { row_count: 1, ..right.clone() },
            RosterSeal { digest: right.digest.to_uppercase(), ..right.clone() },
            seal_of(&[rows[1].clone(), rows[0].clone()]),
        ] {
            let (stream, ready) = department.open(&header).await.unwrap();
            if ready.next_row_number == 2 {
                stream.say.send(rows_from(2, &rows[1..])).await.unwrap();
            }
            stream.say.send(said(Say::Seal(wrong))).await.unwrap();
            assert_eq!(stream.refusal().await.reason, "ROSTER_SEAL_MISMATCH");
            assert_eq!(department.get(&header).await.unwrap().state(), RosterState::Staging);
        }
        assert_eq!(service.get_person("P1").await.unwrap().person_version, 1);
        assert_eq!(department.load(&header, &rows).await.unwrap().summary().added_count, 2);
    }

    async fn the_newest_of_two_streams_wins(db: TestDatabase) {
        let (mut service, department) = started(&db).await;
        let rows = [add("P1", "低保", "", ""), add("P2", "低保", "", "")];
        let header = header("A", RosterMode::Changes, 2);
        let (older, _) = department.open(&header).await.unwrap();
        let (newer, ready) = department.open(&header).await.unwrap();
        assert_eq!(ready.next_row_number, 1);
        newer.say.send(rows_from(1, &rows[..1])).await.unwrap();
        older.say.send(rows_from(1, &rows[..1])).await.unwrap();
        let error = older.refusal().await;
        assert_eq!((error.code, error.reason.as_str()), (Code::Aborted, "ROSTER_STREAM_SUPERSEDED"));
        newer.say.send(rows_from(2, &rows[1..])).await.unwrap();
        newer.say.send(said(Say::Seal(seal_of(&rows)))).await.unwrap();
        assert_eq!(newer.rest().await.unwrap().summary().added_count, 2);
        assert_eq!(service.get_person("P1").await.unwrap().person_version, 2);
        let mut both = Vec::new();
        for _ in 0..2 {
            let (department, header) = (department.clone(), RosterHeader { roster_id: "B".into(), ..header.clone() });
            let rows = rows.clone();
            both.push(tokio::spawn(async move { department.load(&header, &rows).await }));
        }
        let mut done = 0;
        for load in both {
            match load.await.unwrap() {
                Ok(answered) => { assert_eq!(answered.summary().unchanged_count, 2); done += 1; }
                Err(error) => assert_eq!(error.reason, "ROSTER_STREAM_SUPERSEDED"),
            }
        }
        assert!(done >= 1);
    }

    async fn rows_come_in_order(db: TestDatabase) {
        let (_service, department) = started(&db).await;
        let rows = [add("P1", "低保", "", ""), add("P2", "低保", "", "")];
        let header = header("A", RosterMode::Changes, 2);
        for (message, reason) in [
            (rows_from(2, &rows[1..]), "ROSTER_ROW_UNEXPECTED"),
            (rows_from(0, &rows), "ROSTER_ROW_UNEXPECTED"),
            (rows_from(1, &[rows.to_vec(), rows.to_vec()].concat()), "ROSTER_ROW_UNEXPECTED"),
            (rows_from(1, &[]), "COUNT_INVALID"),
            (rows_from(1, &vec![rows[0].clone(); 1001]), "COUNT_INVALID"),
            (said(Say::Header(header.clone())), "MESSAGE_OUT_OF_ORDER"),
            (LoadRosterRequest { part: None }, "MESSAGE_OUT_OF_ORDER"),
        ] {
            let (stream, _) = department.open(&header).await.unwrap();
            stream.say.send(message).await.unwrap();
            let error = stream.refusal().await;
            assert!(error.reason == reason || error.says(reason), "{reason}: {error:?}");
            assert_eq!(department.get(&header).await.unwrap().staged_rows, 0);
        }
    }

    async fn a_wrong_header_is_refused_before_any_row(db: TestDatabase) {
        let (_service, department) = started(&db).await;
        let right = header("A", RosterMode::Full, 1);
        let wrong = RosterHeader {
            roster_id: "张".into(), poolarea_no: "43".into(), mode: 0, effective_date: "2024-02-30".into(), total_rows: 5_000_001,
            kinds: vec!["优抚".into(), "低保".into(), "低保".into()], ..right.clone()
        };
        let error = department.load(&wrong, &[]).await.unwrap_err();
        assert_eq!(
            error.violation_reasons(),
            ["ROSTER_ID_INVALID", "AREA_INVALID", "CODE_UNKNOWN", "DATE_INVALID", "COUNT_INVALID"]
        );
        // Which kinds a department produces is known where area and day are.
        let wrong = RosterHeader { kinds: wrong.kinds, ..right.clone() };
        let error = department.load(&wrong, &[]).await.unwrap_err();
        assert_eq!(error.violation_reasons(), ["KIND_NOT_PRODUCED", "DUPLICATE"]);
        let unknown = RosterHeader { department: "fire".into(), ..right.clone() };
        assert!(department.load(&unknown, &[]).await.unwrap_err().says("DEPARTMENT_UNKNOWN"));
        let no_kinds = RosterHeader { kinds: vec![], ..right.clone() };
        assert!(department.load(&no_kinds, &[]).await.unwrap_err().says("KINDS_REQUIRED"));
        for (caller, reason) in [
            ("department:430100.civil-affairs", "AREA_NOT_OWNED"),
            ("department:430200.veterans", "DEPARTMENT_NOT_OWN"),
            ("department:430200", "DEPARTMENT_NOT_OWN"),
            ("institution:H43020000001", "AREA_NOT_OWNED"),
            ("agency:430100", "AREA_NOT_OWNED"),
        ] {
            let caller = department.as_caller(caller);
            let error = caller.load(&right, &[]).await.unwrap_err();
            assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, reason), "{}", caller.caller);
            assert_eq!(caller.get(&right).await.unwrap_err().reason, "ROSTER_UNKNOWN");
        }
        assert_eq!(department.get(&right).await.unwrap_err().reason, "ROSTER_UNKNOWN", "nothing was opened");
        for caller in ["department:430000.civil-affairs", "agency:430200", "local-administrator"] {
            let header = RosterHeader { roster_id: caller.into(), ..right.clone() };
            department.as_caller(caller).load(&header, &[add("P1", "低保", "", "")]).await.unwrap();
        }
    }

    async fn an_abandoned_roster_is_over(db: TestDatabase) {
        let (mut service, department) = started(&db).await;
        let rows = [add("P1", "低保", "", "")];
        let header = header("A", RosterMode::Changes, 1);
        assert_eq!(department.abandon("R0", &header).await.unwrap_err().reason, "ROSTER_UNKNOWN");
        let (stream, _) = department.open(&header).await.unwrap();
        let first = department.abandon("R1", &header).await.unwrap();
        assert_eq!((first.roster.as_ref().unwrap().state(), first.replayed), (RosterState::Abandoned, false));
        assert!(department.abandon("R1", &header).await.unwrap().replayed);
        stream.say.send(rows_from(1, &rows)).await.unwrap();
        assert_eq!(stream.refusal().await.reason, "ROSTER_STREAM_SUPERSEDED");
        assert_eq!(department.load(&header, &rows).await.unwrap_err().reason, "ROSTER_ABANDONED");
        assert_eq!(service.get_person("P1").await.unwrap().person_version, 1);
        let header = RosterHeader { roster_id: "B".into(), ..header };
        department.load(&header, &rows).await.unwrap();
        assert_eq!(department.abandon("R2", &header).await.unwrap_err().reason, "ROSTER_SEALED");
    }

    /// Goal: rows of what was done 90 days ago are gone, and what nobody went on with is given up; nothing else is touched.
    async fn rows_are_kept_for_ninety_days(db: TestDatabase) {
        let (service, department) = started(&db).await;
        let rows = [add("P1", "低保", "", ""), add("P9", "低保", "", "")];
        let done = header("A", RosterMode::Changes, 2);
        department.load(&done, &rows).await.unwrap();
        let forgotten = header("B", RosterMode::Changes, 2);
        let (stream, _) = department.open(&forgotten).await.unwrap();
        stream.say.send(rows_from(1, &rows[..1])).await.unwrap();
        let told = stream.rest().await.unwrap();
        assert!(told.summary.is_none(), "closed before the seal");
        assert_eq!(department.list(&forgotten, false, 0, "").await.unwrap().rows.len(), 1);
        service.server.shutdown().await;

        let mut config = EnrollmentConfig::embedded(db.url());
        config.clock = Clock::manual("2024-09-14T04:00:01Z".parse().unwrap()).0;
        config.server.trust_caller_header = true;
        let server = yizhan_enrollment::serve(config).await.unwrap();
        let department = Department::at(server.url(), CIVIL_AFFAIRS).await;
        while department.get(&forgotten).await.unwrap().state() != RosterState::Abandoned {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for header in [&forgotten, &done] {
            while department.list(header, false, 0, "").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert_eq!(department.list(header, false, 0, "").await.unwrap_err().reason, "ROSTER_ROWS_GONE");
        }
        let roster = department.get(&done).await.unwrap();
        assert_eq!((roster.state(), roster.summary.unwrap().added_count), (RosterState::Done, 1));
        // The id still names this file: sending it again is answered, without the rows.
        let answered = department.load(&done, &rows).await.unwrap();
        assert_eq!((answered.summary().added_count, answered.results.len()), (1, 0));
    }
}
