//! Personal data: sealed at rest, found by certificate, in clear only for those who may.

use std::time::Duration;

use futures::future::join_all;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use sea_orm_migration::MigratorTrait;
use tonic::Code;
use yizhan_enrollment::migrations::Migrator;
use yizhan_proto::enrollment::v1::*;
use yizhan_testkit::{Backend, TestDatabase, both_databases};

use crate::roster_support::{CIVIL_AFFAIRS, Department, add, header};
use crate::support::*;

const NAME: &str = "张小丽";
const TEL: &str = "13912345678";

fn with_tel(psn_no: &str) -> PersonRow {
    PersonRow { tel: TEL.into(), resd_code: "430202001001".into(), ..person(psn_no) }
}

fn in_clear(psn_no: &str) -> GetPersonRequest {
    GetPersonRequest { psn_no: psn_no.into(), unmask: true, purpose: "核对身份".into() }
}

async fn unmask(service: &mut TestService, psn_no: &str) -> PersonInClear {
    service.client.get_person(in_clear(psn_no)).await.unwrap().into_inner().in_clear.unwrap()
}

async fn find(
    service: &mut TestService,
    caller: &str,
    psn_cert_type: &str,
    certno: &str,
) -> Result<FindPersonResponse, tonic::Status> {
    let request = FindPersonRequest { psn_cert_type: psn_cert_type.into(), certno: certno.into() };
    Ok(service.client.find_person(as_caller(caller, request)).await?.into_inner())
}

async fn start_with_keys(db: &TestDatabase, keys: &str) -> anyhow::Result<TestService> {
    let keys = keys
        .split(',')
        .map(|id| format!("{id}:{}", data_encoding::HEXLOWER.encode(&[id.as_bytes()[1]; 32])))
        .collect::<Vec<_>>();
    try_start_with(db, move |config| config.data_keys = keys.join(",").parse().unwrap()).await
}

/// Everything the database holds, as bytes: the files of SQLite, every row of every table of PostgreSQL.
async fn dump(db: &TestDatabase) -> Vec<u8> {
    if db.backend() == Backend::Sqlite {
        let path = db.url().trim_start_matches("sqlite://");
        let wal = std::fs::read(format!("{path}-wal")).unwrap_or_default();
        return [std::fs::read(path).unwrap(), wal].concat();
    }
    let connection = Database::connect(db.url()).await.unwrap();
    let tables = strings(
        &connection,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    )
    .await;
    let mut all = String::new();
    for table in tables {
        all.extend(strings(&connection, &format!("SELECT row::text FROM {table} AS row")).await);
    }
    all.into_bytes()
}

async fn strings(connection: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

fn holds(dump: &[u8], text: &str) -> bool {
    // PostgreSQL writes bytes in hexadecimal.
    [text.to_owned(), data_encoding::HEXLOWER.encode(text.as_bytes())]
        .iter()
        .any(|text| dump.windows(text.len()).any(|part| part == text.as_bytes()))
}

both_databases! {
    async fn nothing_personal_lies_in_the_database_in_clear(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        let request = persons([with_tel("P1")]);
        service.import_persons(request.clone()).await.unwrap();
        service.import_persons(request).await.unwrap();
        service.import_coverages(coverages([coverage("P1", "310", "2024-01-01", "")])).await.unwrap();
        let renamed = PersonRow { psn_name: "张小莉".into(), tel: "+86-0733-28680000".into(), ..with_tel("P1") };
        service.import_persons(persons([renamed])).await.unwrap();
        service.import_persons(persons([PersonRow { psn_no: "P7".into(), ..with_tel("P1") }])).await.unwrap_err();
        find(&mut service, "local-administrator", "01", &certno("P1")).await.unwrap();
        assert_eq!(unmask(&mut service, "P1").await, PersonInClear {
            psn_name: "张小莉".into(),
            certno: certno("P1"),
            tel: "+86-0733-28680000".into(),
        });
        let grant = GrantAccessRequest {
            request_id: "G1".into(),
            psn_no: "P1".into(),
            grantee: "insurer:PICC".into(),
            purpose: "理赔".into(),
            scopes: vec![1],
            ends_at: moment("2024-07-01T00:00:00Z"),
            consent_reference: "S1".into(),
            begins_at: None,
        };
        rights.grant_access(grant).await.unwrap();
        let department = Department::at(service.server.url(), CIVIL_AFFAIRS).await;
        let rows = [RosterRow { psn_cert_type: "01".into(), certno: certno("P1"), ..add("", "低保", "", "") }];
        department.load(&header("R1", RosterMode::Changes, 1), &rows).await.unwrap();
        let child = PersonRow {
            psn_cert_type: "99".into(), certno: "O437654321".into(), brdy: "2024-06-01".into(), ..with_tel("P8")
        };
        let payment = Contribution {
            accrym: "2026".into(), amount_fen: 1, clct_type: "10".into(), clct_flag: "1".into(), paid_date: "2026-01-05".into(),
            ..Default::default()
        };
        service.hand.set("2026-01-06T04:00:00Z".parse().unwrap());
        let child = PersonRow { brdy: "2026-01-01".into(), ..child };
        let newborn = RegisterNewbornRequest {
            request_id: "N1".into(), person: Some(child), guardian_psn_no: "P1".into(), payments: vec![payment],
        };
        service.coverage().await.register_newborn(newborn).await.unwrap();
        let dump = dump(&db).await;
        assert!(holds(&dump, "张**") && holds(&dump, "insurer:PICC"), "the search finds what is there");
        for plain in [NAME, "张小莉", &certno("P1"), TEL, "0733-28680000", "28680000", "O437654321"] {
            assert!(!holds(&dump, plain), "{plain} lies in clear");
        }
        // Nor can it be found by trying: a digest without a secret gives the number away.
        use sha2::{Digest, Sha256};
        assert!(!holds(&dump, &data_encoding::HEXLOWER.encode(&Sha256::digest(certno("P1")))));
        assert!(!holds(&dump, &data_encoding::HEXLOWER.encode(&Sha256::digest(format!("01:{}", certno("P1"))))));
    }

    async fn keys_are_exchanged_while_everything_still_reads(db: TestDatabase) {
        let mut old = start_with_keys(&db, "k1").await.unwrap();
        let rows: Vec<PersonRow> = (1..=1100).map(|number| with_tel(&format!("P{number}"))).collect();
        for rows in rows.chunks(1000) {
            old.import_persons(persons(rows.to_vec())).await.unwrap();
        }
        old.server.shutdown().await;
        let refused = start_with_keys(&db, "k2").await.err().expect("refused").to_string();
        assert!(refused.contains("data key k1") && refused.contains("enrollment.data_keys"), "{refused}");

        let mut both = start_with_keys(&db, "k2,k1").await.unwrap();
        assert_eq!(unmask(&mut both, "P1100").await.tel, TEL, "whatever key it is sealed under");
        let connection = Database::connect(db.url()).await.unwrap();
        wait_until_nothing_is_left(&connection, "SELECT psn_no FROM person WHERE data_key <> 'k2'").await;
        let sealed = "SELECT psn_name || certno_cipher || tel_cipher FROM person";
        let sealed = strings(&connection, sealed).await;
        assert_eq!(sealed.len(), 1100);
        assert!(sealed.iter().all(|text| !text.contains("k1.") && text.matches("k2.").count() == 3), "{}", sealed[0]);
        let again = both.import_persons(persons(rows[..1000].to_vec())).await.unwrap();
        assert_eq!((again.unchanged_count, again.changed_person_count), (1000, 0), "sealed anew is not changed");
        both.server.shutdown().await;

        let mut new = start_with_keys(&db, "k2").await.unwrap();
        for psn_no in ["P1", "P500", "P1100"] {
            let expected = PersonInClear { psn_name: NAME.into(), certno: certno(psn_no), tel: TEL.into() };
            assert_eq!(unmask(&mut new, psn_no).await, expected);
        }
        new.server.shutdown().await;
        let other_key = try_start_with(&db, |config| config.data_keys = format!("k2:{}", "ab".repeat(32)).parse().unwrap()).await;
        let refused = format!("{:#}", other_key.err().expect("refused"));
        assert!(refused.contains("another key of the id k2"), "{refused}");
    }

    async fn a_register_of_the_earlier_version_is_read_and_sealed(db: TestDatabase) {
        let connection = Database::connect(db.url().replace("test.db", "test.db?mode=rwc")).await.unwrap();
        let names: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let before = names.iter().position(|name| name == "m20261122_000004_rights").unwrap();
        Migrator::up(&connection, Some(before as u32)).await.unwrap();
        let key = yizhan_enrollment::person::domain::certificate::CertificateKey::local_default();
        let digest = key.digest("01", &certno("P1"));
        for psn_no in ["P1", "P2"] {
            let timeline = r#"{"person":{"psn_name_masked":"张**","gend":"2","brdy":"1949-12-31"},"coverages":[],"identities":[],"memberships":[],"account_shares":[]}"#;
            for statement in [
                format!("INSERT INTO person (poolarea_no, psn_no, psn_cert_type, certno_digest, certno_masked, psn_name, gend, brdy)
                    VALUES ('430200', '{psn_no}', '01', '{digest}', '110*************2X', '{NAME}', '2', '1949-12-31')"),
                format!("INSERT INTO entitlement_timeline (psn_no, poolarea_no, version, timeline) VALUES ('{psn_no}', '430200', 1, '{timeline}')"),
            ] {
                connection.execute_unprepared(&statement).await.unwrap();
            }
        }
        let mut service = start(&db).await;
        wait_until_nothing_is_left(&connection, "SELECT psn_no FROM person WHERE data_key = ''").await;
        assert_eq!(unmask(&mut service, "P2").await, PersonInClear { psn_name: NAME.into(), ..Default::default() });
        assert_eq!(strings(&connection, &format!("SELECT psn_no FROM person WHERE psn_name LIKE '%{NAME}%'")).await.len(), 0);
        let found = find(&mut service, "local-administrator", "01", &certno("P1")).await.unwrap();
        assert_eq!(found.psn_no, "P1", "of two with one certificate, which is refused now, the first");
        // Importing again keeps the number that the earlier version did not keep.
        let outcome = service.import_persons(persons([person("P1")])).await.unwrap();
        assert_eq!(outcome.updated_count, 1);
        assert_eq!(unmask(&mut service, "P1").await.certno, certno("P1"));
    }

    async fn a_person_is_found_by_certificate(db: TestDatabase) {
        let mut service = start(&db).await;
        let passport = PersonRow { psn_cert_type: "16".into(), certno: "E12345678".into(), ..person("P2") };
        service.import_persons(persons([person("P1"), passport.clone()])).await.unwrap();
        let found = find(&mut service, "institution:H43020000001", "01", &certno("P1")).await.unwrap();
        assert_eq!(found, FindPersonResponse {
            psn_no: "P1".into(),
            poolarea_no: "430200".into(),
            psn_name_masked: "张**".into(),
            merged_into: String::new(),
        });
        assert_eq!(find(&mut service, "agency:430000", "16", "E12345678").await.unwrap().psn_no, "P2");
        for (caller, kind, number) in [
            ("local-administrator", "08", "E12345678"),
            ("local-administrator", "16", "E87654321"),
            ("agency:430100", "16", "E12345678"),
            ("person:P1", "16", "E12345678"),
            ("insurer:PICC", "16", "E12345678"),
        ] {
            let refused = error(find(&mut service, caller, kind, number).await.unwrap_err());
            assert_eq!((refused.code, refused.reason.as_str()), (Code::NotFound, "PERSON_UNKNOWN"), "{caller} {kind}");
            assert!(!format!("{refused:?}").contains(number), "the number is not repeated");
        }
        for (kind, number, reasons) in [
            ("77", "E1", vec!["CODE_UNKNOWN"]),
            ("01", "110105194912310021", vec!["CERTNO_CHECK_DIGIT"]),
            ("01", "11010519491231002x", vec!["CERTNO_SHAPE"]),
            ("16", "", vec!["TEXT_INVALID"]),
        ] {
            let refused = error(find(&mut service, "local-administrator", kind, number).await.unwrap_err());
            assert_eq!(refused.violation_reasons(), reasons, "{kind} {number}");
        }
        // A new passport: the old number is free again.
        service.import_persons(persons([PersonRow { certno: "E99999999".into(), ..passport.clone() }])).await.unwrap();
        assert_eq!(find(&mut service, "local-administrator", "16", "E99999999").await.unwrap().psn_no, "P2");
        find(&mut service, "local-administrator", "16", "E12345678").await.unwrap_err();
        service.import_persons(persons([PersonRow { psn_no: "P3".into(), ..passport }])).await.unwrap();
        assert_eq!(find(&mut service, "local-administrator", "16", "E12345678").await.unwrap().psn_no, "P3");
    }

    async fn persons_are_found_by_phone_however_it_is_written(db: TestDatabase) {
        let mut service = start(&db).await;
        let elsewhere = PersonRow { poolarea_no: "430100".into(), ..with_tel("Q1") };
        let written = PersonRow { tel: "+86-139-1234-5678".into(), ..person("P2") };
        let other = PersonRow { tel: "13912345679".into(), ..person("P3") };
        service.import_persons(persons([with_tel("P1"), written, other, person("P4"), elsewhere])).await.unwrap();
        for (caller, tel, expected) in [
            ("local-administrator", TEL, vec!["P1", "P2", "Q1"]),
            ("agency:430200", "139-12345678", vec!["P1", "P2"]),
            ("agency:430000", "+8613912345678", vec!["P1", "P2", "Q1"]),
            ("agency:430300", TEL, vec![]),
            ("agency:430200", "13912345670", vec![]),
        ] {
            let request = FindPersonsByTelRequest { tel: tel.into() };
            let found = service.client.find_persons_by_tel(as_caller(caller, request)).await.unwrap().into_inner().persons;
            assert_eq!(found.iter().map(|person| person.psn_no.as_str()).collect::<Vec<_>>(), expected, "{caller} {tel}");
        }
        for caller in ["department:430200", "institution:H43020000001", "service:settlement", "person:P1", "insurer:PICC"] {
            let request = FindPersonsByTelRequest { tel: TEL.into() };
            let refused = error(service.client.find_persons_by_tel(as_caller(caller, request)).await.unwrap_err());
            assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"), "{caller}");
        }
        let refused = error(service.client.find_persons_by_tel(FindPersonsByTelRequest { tel: "1391".into() }).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["TEL_INVALID"]);
    }

    async fn one_certificate_belongs_to_one_person(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("P1")])).await.unwrap();
        let again = |psn_no: &str, area: &str| persons([
            person("P5"),
            PersonRow { certno: certno("P1"), poolarea_no: area.into(), ..person(psn_no) },
        ]);
        let own = error(service.client.import_persons(as_caller("agency:430200", again("P6", "430200"))).await.unwrap_err());
        assert_eq!(own.violations[0].field, "rows[1].certno");
        assert_eq!(own.violation_reasons(), ["CERTIFICATE_TAKEN"]);
        assert_eq!(own.metadata["rows[1].certno.psn_no"], "P1");
        let rows = ImportPersonsRequest { rows: vec![again("P6", "430100").rows.remove(1)], ..again("P6", "430100") };
        let other = error(service.client.import_persons(as_caller("agency:430100", rows)).await.unwrap_err());
        assert_eq!(other.violation_reasons(), ["CERTIFICATE_TAKEN"]);
        assert!(!format!("{other:?}").contains("P1"), "whose it is is not for another area: {other:?}");
        assert_eq!(service.get_person("P5").await.unwrap_err().reason, "PERSON_UNKNOWN", "nothing is written");
        let twice = persons([person("P8"), PersonRow { certno: certno("P8"), ..person("P9") }]);
        let twice = service.import_persons(twice).await.unwrap_err();
        assert_eq!((twice.violations.len(), twice.violations[0].field.as_str()), (1, "rows[1].certno"));
    }

    async fn a_certificate_of_a_merged_record_may_go_to_the_one_that_stays(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("P1"), person("P2"), person("P3")])).await.unwrap();
        let connection = Database::connect(db.url()).await.unwrap();
        let merge = r#"UPDATE entitlement_timeline SET timeline = replace(timeline, '{"person"', '{"merged_into":"P1","person"')
            WHERE psn_no = 'P2'"#;
        assert_eq!(connection.execute_unprepared(merge).await.unwrap().rows_affected(), 1);
        let with_certificate_of_p2 = |psn_no: &str| persons([PersonRow { certno: certno("P2"), ..person(psn_no) }]);
        let refused = service.import_persons(with_certificate_of_p2("P3")).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["CERTIFICATE_TAKEN"]);
        assert_eq!(service.import_persons(with_certificate_of_p2("P1")).await.unwrap().updated_count, 1);
        assert_eq!(find(&mut service, "local-administrator", "01", &certno("P2")).await.unwrap().psn_no, "P1");
        find(&mut service, "local-administrator", "01", &certno("P1")).await.unwrap_err();
    }

    async fn of_many_at_once_with_one_certificate_one_is_registered(db: TestDatabase) {
        let service = start(&db).await;
        let attempts = (10..26).map(|number| {
            let row = PersonRow { certno: certno("P1"), ..person(&format!("P{number}")) };
            let mut client = service.client.clone();
            async move { client.import_persons(persons([row])).await.map_err(error) }
        });
        let outcomes = join_all(attempts).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert!(outcomes.iter().flat_map(|outcome| outcome.as_ref().err()).all(|error| error.says("CERTIFICATE_TAKEN")));
    }

    async fn clear_text_is_for_the_person_and_the_agency_and_is_logged(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        service.import_persons(persons([with_tel("P1")])).await.unwrap();
        let masked = service.client.get_person(get_person("P1")).await.unwrap().into_inner();
        assert_eq!(masked.in_clear, None);
        let masked = masked.person.unwrap();
        assert_eq!((masked.tel_masked.as_str(), masked.resd_code.as_str()), ("139******78", "430202001001"));
        let listed = service.client.list_persons(ListPersonsRequest::default()).await.unwrap().into_inner().persons;
        assert_eq!(listed, [masked]);

        let expected = PersonInClear { psn_name: NAME.into(), certno: certno("P1"), tel: TEL.into() };
        for caller in ["person:P1", "agency:430200", "agency:430000", "local-administrator"] {
            let answer = service.client.get_person(as_caller(caller, in_clear("P1"))).await.unwrap().into_inner();
            assert_eq!(answer.in_clear.as_ref(), Some(&expected), "{caller}");
        }
        for (caller, reason) in [
            ("institution:H43020000001", "PERSON_NOT_OWN"),
            ("department:430200", "PERSON_NOT_OWN"),
            ("service:settlement", "PERSON_NOT_OWN"),
            ("agency:430100", "PERSON_UNKNOWN"),
            ("person:P2", "PERSON_UNKNOWN"),
            ("insurer:PICC", "PERSON_UNKNOWN"),
            ("operator:alice", "PERSON_UNKNOWN"),
        ] {
            let refused = error(service.client.get_person(as_caller(caller, in_clear("P1"))).await.unwrap_err());
            assert_eq!(refused.reason, reason, "{caller}");
        }
        let aimless = GetPersonRequest { purpose: " ".into(), ..in_clear("P1") };
        let refused = error(service.client.get_person(aimless).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["TEXT_REQUIRED"]);
        let request = ListAccessLogRequest { psn_no: "P1".into(), ..Default::default() };
        let log = rights.list_access_log(request).await.unwrap().into_inner().entries;
        let actors: Vec<_> = log.iter().map(|entry| entry.actor.as_str()).collect();
        assert_eq!(actors, ["local-administrator", "agency:430000", "agency:430200", "person:P1"]);
        assert!(log.iter().all(|entry| (entry.action.as_str(), entry.outcome.as_str()) == ("UNMASKED", "GIVEN")));
    }

    /// No entry, no answer.
    async fn a_look_that_cannot_be_logged_is_not_answered(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([with_tel("P1")])).await.unwrap();
        let connection = Database::connect(db.url()).await.unwrap();
        connection.execute_unprepared("ALTER TABLE access_log RENAME TO access_log_away").await.unwrap();
        let refused = error(service.client.get_person(in_clear("P1")).await.unwrap_err());
        assert_eq!((refused.code, refused.reason.as_str()), (Code::Internal, "INTERNAL"));
        service.client.get_person(get_person("P1")).await.unwrap();
        connection.execute_unprepared("ALTER TABLE access_log_away RENAME TO access_log").await.unwrap();
        assert_eq!(unmask(&mut service, "P1").await.psn_name, NAME);
    }

    async fn phones_and_places_are_checked_and_kept_up(db: TestDatabase) {
        let mut service = start(&db).await;
        for tel in ["", "10010", "+8613912345678", "0733-28680000", TEL] {
            service.import_persons(persons([PersonRow { tel: tel.into(), ..person("P1") }])).await.unwrap();
            assert_eq!(unmask(&mut service, "P1").await.tel, tel);
        }
        let unchanged = service.import_persons(persons([PersonRow { tel: TEL.into(), ..person("P1") }])).await.unwrap();
        assert_eq!(unchanged.unchanged_count, 1, "sealed differently each time, and still the same");
        for tel in ["1001", "139 1234 5678", "one23456", "1+2345678", &"1".repeat(21), "１３９１２３４５"] {
            let refused = service.import_persons(persons([PersonRow { tel: tel.into(), ..person("P1") }])).await.unwrap_err();
            assert_eq!(refused.violation_reasons(), ["TEL_INVALID"], "{tel}");
            assert!(!format!("{refused:?}").contains(tel));
        }
        for code in ["43020200100", "4302020010011", "43020200100X"] {
            let refused = service.import_persons(persons([PersonRow { resd_code: code.into(), ..person("P1") }])).await.unwrap_err();
            assert_eq!(refused.violation_reasons(), ["RESD_CODE_INVALID"], "{code}");
        }
        let moved = PersonRow { tel: TEL.into(), resd_code: "430202001002".into(), ..person("P1") };
        assert_eq!(service.import_persons(persons([moved])).await.unwrap().updated_count, 1);
        assert_eq!(service.get_person("P1").await.unwrap().resd_code, "430202001002");
    }
}

async fn wait_until_nothing_is_left(connection: &DatabaseConnection, sql: &str) {
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while !strings(connection, sql).await.is_empty() {
        assert!(std::time::Instant::now() < patience, "sealed anew in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
