//! Importing: all rows or none, all violations at once, versions.

use futures::future::join_all;
use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

both_databases! {
    async fn a_person_is_registered_and_shown_masked(db: TestDatabase) {
        let mut service = start(&db).await;
        let outcome = service.import_persons(persons([person("P1")])).await.unwrap();
        let expected = ImportOutcome { row_count: 1, created_count: 1, changed_person_count: 1, ..Default::default() };
        assert_eq!(outcome, expected);
        let shown = service.get_person("P1").await.unwrap();
        assert_eq!(shown, Person {
            psn_no: "P1".into(),
            person_version: 1,
            poolarea_no: "430200".into(),
            psn_name_masked: "张**".into(),
            psn_cert_type: "01".into(),
            certno_masked: "110*************2X".into(),
            gend: "2".into(),
            brdy: "1949-12-31".into(),
            ..Default::default()
        });
    }

    async fn every_violation_of_every_row_comes_at_once_and_nothing_is_written(db: TestDatabase) {
        let mut service = start(&db).await;
        let good = person("P1");
        let bad = PersonRow {
            psn_no: "no spaces".into(),
            psn_cert_type: "77".into(),
            psn_name: " ".into(),
            gend: "5".into(),
            brdy: "2024-02-30".into(),
            die_date: "tomorrow".into(),
            poolarea_no: "4302".into(),
            ..person("")
        };
        let worse = PersonRow { certno: "110105194912310021".into(), gend: "1".into(), brdy: "1949-12-30".into(), ..person("P3") };
        let late = PersonRow { psn_cert_type: "08".into(), brdy: "2024-06-16".into(), die_date: "2024-06-16".into(), ..person("P1") };
        let error = service.import_persons(persons([good, bad, worse, late])).await.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
        let mut violations: Vec<_> = error.violations.iter().map(|v| format!("{} {}", v.field, v.reason)).collect();
        violations.sort();
        assert_eq!(violations, [
            "rows[1].brdy DATE_INVALID",
            "rows[1].die_date DATE_INVALID",
            "rows[1].gend CODE_UNKNOWN",
            "rows[1].poolarea_no AREA_INVALID",
            "rows[1].psn_cert_type CODE_UNKNOWN",
            "rows[1].psn_name TEXT_REQUIRED",
            "rows[1].psn_no PSN_NO_INVALID",
            "rows[2].certno CERTNO_BIRTH_MISMATCH",
            "rows[2].certno CERTNO_CHECK_DIGIT",
            "rows[2].certno CERTNO_SEX_MISMATCH",
            "rows[3].brdy IN_THE_FUTURE",
            "rows[3].die_date IN_THE_FUTURE",
            "rows[3].psn_no DUPLICATE_ROW",
        ]);
        assert_eq!(error.metadata["violation_count"], "13");
        assert!(!format!("{error:?}").contains("110105"), "no certificate number in an error");
        assert_eq!(service.get_person("P1").await.unwrap_err().reason, "PERSON_UNKNOWN");
    }

    async fn rows_of_unknown_persons_and_overlapping_stretches_are_refused(db: TestDatabase) {
        let mut service = start(&db).await;
        service.enrol("P1", "310", "2024-01-01").await;
        let error = service
            .import_coverages(coverages([
                coverage("P1", "310", "2024-06-01", ""),
                coverage("P1", "390", "2024-06-01", "2024-05-31"),
            ]))
            .await
            .unwrap_err();
        assert_eq!(error.violation_reasons(), ["DATES_REVERSED"], "shape first: the register is not asked yet");
        let unknown = coverages([coverage("P1", "310", "2024-06-01", ""), coverage("P9", "310", "2024-01-01", "")]);
        let error = service.import_coverages(unknown).await.unwrap_err();
        assert_eq!(error.violations[0].field, "rows[1].psn_no");
        assert!(error.says("PERSON_UNKNOWN"));
        let error = service.import_coverages(coverages([coverage("P1", "310", "2024-06-01", "")])).await.unwrap_err();
        assert_eq!(error.violation_reasons(), ["COVERAGE_OVERLAP"]);

        // Ending the first and beginning the second in one request is fine, in whatever order.
        let both = [coverage("P1", "310", "2024-06-01", ""), coverage("P1", "310", "2024-01-01", "2024-05-31")];
        let outcome = service.import_coverages(coverages(both)).await.unwrap();
        assert_eq!((outcome.created_count, outcome.updated_count, outcome.changed_person_count), (1, 1, 1));
    }

    async fn the_version_goes_up_only_when_something_changes(db: TestDatabase) {
        let mut service = start(&db).await;
        service.enrol("P1", "310", "2024-01-01").await;
        assert_eq!(service.get_person("P1").await.unwrap().person_version, 2);
        let again = service.import_coverages(coverages([coverage("P1", "310", "2024-01-01", "")])).await.unwrap();
        assert_eq!((again.unchanged_count, again.changed_person_count), (1, 0));
        let again = service.import_persons(persons([person("P1")])).await.unwrap();
        assert_eq!((again.unchanged_count, again.changed_person_count), (1, 0));
        assert_eq!(service.get_person("P1").await.unwrap().person_version, 2);
        let dead = PersonRow { die_date: "2024-05-01".into(), ..person("P1") };
        let changed = service.import_persons(persons([dead])).await.unwrap();
        assert_eq!((changed.updated_count, changed.changed_person_count), (1, 1));
        let shown = service.get_person("P1").await.unwrap();
        assert_eq!((shown.person_version, shown.die_date.as_str(), shown.coverages.len()), (3, "2024-05-01", 1));
    }

    async fn a_person_does_not_move_by_import(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("P1")])).await.unwrap();
        let moved = PersonRow { poolarea_no: "430100".into(), ..person("P1") };
        let error = service.import_persons(persons([moved])).await.unwrap_err();
        assert_eq!(error.violation_reasons(), ["POOLAREA_NOT_CHANGEABLE"]);
    }

    async fn limits_hold(db: TestDatabase) {
        let mut service = start(&db).await;
        let error = service.import_persons(persons([])).await.unwrap_err();
        assert_eq!(error.violation_reasons(), ["ROWS_EMPTY"]);
        let rows = |count: usize| (0..count).map(|number| person(&format!("P{number}")));
        let error = service.import_persons(persons(rows(1001))).await.unwrap_err();
        assert_eq!((error.violation_reasons(), error.metadata["rows.limit"].as_str()), (vec!["TOO_MANY_ROWS"], "1000"));
        let outcome = service.import_persons(persons(rows(1000))).await.unwrap();
        assert_eq!(outcome.created_count, 1000);
        let all = (0..1000).map(|number| coverage(&format!("P{number}"), "390", "2024-01-01", "2024-12-31"));
        assert_eq!(service.import_coverages(coverages(all)).await.unwrap().changed_person_count, 1000);
        let days = (0..501).map(|number| {
            let day = chrono::NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + chrono::Days::new(number);
            coverage("P1", "310", &day.to_string(), &day.to_string())
        });
        let error = service.import_coverages(coverages(days)).await.unwrap_err();
        assert!(error.says("TOO_MANY_ENTRIES"));
        let ids = ["", "with space", &"x".repeat(65), "汉"];
        for request_id in ids {
            let request = ImportPersonsRequest { request_id: request_id.into(), rows: vec![person("P1")] };
            let error = service.import_persons(request).await.unwrap_err();
            assert_eq!(error.violation_reasons(), ["REQUEST_ID_INVALID"], "{request_id}");
        }
    }

    async fn imports_of_the_same_persons_at_once_all_count(db: TestDatabase) {
        let service = start(&db).await;
        let imports = (0..12).map(|number| {
            let mut client = service.client.clone();
            async move {
                let all = (0..5).map(|psn| person(&format!("P{psn}")));
                client.import_persons(persons(all)).await.map_err(error).unwrap();
                // The same persons in both orders: locks are taken in one order all the same.
                let mut rows: Vec<_> = (0..5)
                    .map(|psn| IdentityRow {
                        psn_no: format!("P{psn}"),
                        psn_idet_type: "2303".into(),
                        name: format!("低保{number}"),
                        begndate: "2024-01-01".into(),
                        ..IdentityRow::default()
                    })
                    .collect();
                if number % 2 == 0 {
                    rows.reverse();
                }
                let request = ImportIdentitiesRequest { request_id: new_id(), rows };
                client.import_identities(request).await.map_err(error).unwrap();
            }
        });
        join_all(imports).await;
        let mut service = service;
        for psn in 0..5 {
            let person = service.get_person(&format!("P{psn}")).await.unwrap();
            assert_eq!((person.person_version, person.identities.len()), (13, 12));
        }
    }

    async fn only_the_area_s_own_agency_imports(db: TestDatabase) {
        let mut service = start(&db).await;
        for (caller, allowed) in [
            ("agency:430200", true),
            ("agency:430000", true),
            ("agency:430100", false),
            ("department:430200", false),
            ("institution:H43020000001", false),
            ("service:settlement", false),
        ] {
            let answer = service.client.import_persons(as_caller(caller, persons([person("P1")]))).await;
            assert_eq!(answer.is_ok(), allowed, "{caller}");
            let answer = service
                .client
                .import_coverages(as_caller(caller, coverages([coverage("P1", "310", "2024-01-01", "")])))
                .await;
            match answer {
                Ok(_) => assert!(allowed, "{caller}"),
                // An agency of another area learns no more than of a person who is not registered.
                Err(status) if caller == "agency:430100" => {
                    assert_eq!(error(status).violation_reasons(), ["PERSON_UNKNOWN"]);
                }
                Err(status) => assert_eq!(error(status).reason, "AREA_NOT_OWNED", "{caller}"),
            }
        }
        let answer = service.client.import_persons(as_caller("nobody", persons([person("P1")]))).await;
        assert_eq!(error(answer.unwrap_err()).reason, "CALLER_MALFORMED");
    }

    /// The timeline is written next to the normalised rows: both tell the same.
    async fn the_rows_tell_what_the_timeline_tells(db: TestDatabase) {
        use sea_orm::EntityTrait;
        use yizhan_enrollment::person::store::entities;
        let mut service = start(&db).await;
        service.enrol("P1", "310", "2024-01-01").await;
        service.import_persons(persons([person("P2")])).await.unwrap();
        let ended = CoverageRow { psn_insu_stas: "2".into(), hi_type: "3".into(), ..coverage("P1", "310", "2024-01-01", "2024-03-31") };
        service.import_coverages(coverages([ended])).await.unwrap();
        let membership = MembershipRow {
            psn_no: "P1".into(),
            kind: MembershipKind::Commercial.into(),
            category: "惠衢保2021".into(),
            series: "惠衢保".into(),
            begndate: "2021-01-01".into(),
            enddate: "2021-12-31".into(),
            since_year: 2020,
            ..MembershipRow::default()
        };
        let request = ImportMembershipsRequest { request_id: new_id(), rows: vec![membership] };
        service.client.import_memberships(request).await.unwrap();
        let share = AccountShareRow { psn_no: "P1".into(), sharer_psn_no: "P2".into(), begndate: "2024-01-01".into(), ..Default::default() };
        let request = ImportAccountSharesRequest { request_id: new_id(), rows: vec![share] };
        service.client.import_account_shares(request).await.unwrap();

        let person = service.get_person("P1").await.unwrap();
        let config = yizhan_runtime::config::DatabaseConfig::at(db.url());
        let tables = yizhan_runtime::db::connect(&config).await.unwrap();
        let coverages = entities::coverage::Entity::find().all(&tables).await.unwrap();
        assert_eq!(coverages.len(), 1);
        let (row, shown) = (&coverages[0], &person.coverages[0]);
        assert_eq!((row.enddate.unwrap().to_string(), row.psn_insu_stas.as_str(), row.hi_type.as_str()), ("2024-03-31".to_owned(), "2", "3"));
        assert_eq!((shown.enddate.as_str(), shown.psn_insu_stas.as_str(), shown.hi_type.as_str()), ("2024-03-31", "2", "3"));
        let memberships = entities::membership::Entity::find().all(&tables).await.unwrap();
        assert_eq!((memberships[0].series.as_str(), memberships[0].since_year), ("惠衢保", Some(2020)));
        assert_eq!((person.memberships[0].series.as_str(), person.memberships[0].since_year), ("惠衢保", 2020));
        let shares = entities::account_share::Entity::find().all(&tables).await.unwrap();
        assert_eq!((shares[0].sharer_psn_no.as_str(), person.account_shares[0].sharer_psn_no.as_str()), ("P2", "P2"));
        let stored = entities::person::Entity::find().all(&tables).await.unwrap();
        assert_eq!(stored.len(), 2);
        assert!(!format!("{stored:?}").contains("11010519491231002X"), "the number itself is not kept");
        assert!(!format!("{stored:?}").contains("张小丽"), "a name is not printed");
    }

    async fn followers_hear_of_every_change_once(db: TestDatabase) {
        use prost::Message;
        use yizhan_runtime::feed::{Feed, Position};
        let mut service = start(&db).await;
        service.enrol("P1", "310", "2024-01-01").await;
        service.import_coverages(coverages([coverage("P1", "310", "2024-01-01", "")])).await.unwrap();
        service.import_persons(persons([person("P2"), person("P3")])).await.unwrap();
        let config = yizhan_runtime::config::DatabaseConfig::at(db.url());
        let connection = yizhan_runtime::db::connect(&config).await.unwrap();
        let secret = yizhan_runtime::secret::Secret::open(&connection).await.unwrap();
        let feed = Feed::new("enrollment.register", connection, &secret);
        // Transactions of other tests on the same server may hold an entry back for a moment.
        let mut changes = Vec::new();
        while changes.len() < 4 {
            changes = feed.read_after(Position::START, 100).await.unwrap();
        }
        let told: Vec<_> = changes
            .iter()
            .map(|change| RegisterChange::decode(change.payload.as_slice()).unwrap())
            .map(|change| (change.psn_no, change.person_version, change.poolarea_no))
            .collect();
        let expected = [("P1", 1), ("P1", 2), ("P2", 1), ("P3", 1)].map(|(psn_no, version)| (psn_no.to_owned(), version, "430200".to_owned()));
        assert_eq!(told, expected);
        assert!(changes.iter().all(|change| change.kind == "PERSON_CHANGED" && change.area == "430200"));
    }
}
