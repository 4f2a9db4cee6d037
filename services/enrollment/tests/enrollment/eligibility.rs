//! As-of answers, on the boundaries of what was imported.

use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

both_databases! {
    async fn an_unknown_person_is_not_found(db: TestDatabase) {
        let mut service = start(&db).await;
        let request = |psn_no: &str| GetEligibilityRequest { psn_no: psn_no.into(), ..Default::default() };
        let error = service.ask(request("P404")).await.unwrap_err();
        assert_eq!((error.code, error.reason.as_str()), (Code::NotFound, "PERSON_UNKNOWN"));
        assert_eq!(error.metadata["psn_no"], "P404");
        let error = service.ask(request("张小丽")).await.unwrap_err();
        assert_eq!(error.metadata["psn_no"], "", "what may be personal is not repeated");
    }

    async fn a_wrong_question_is_refused_with_everything_wrong(db: TestDatabase) {
        let mut service = start(&db).await;
        let question = GetEligibilityRequest {
            psn_no: String::new(),
            as_of: "2024-13-01".into(),
            insutype: "311".into(),
            med_type: "99".into(),
            mdtrtarea_admvs: "4302".into(),
            dise_codg: "M".repeat(31),
            known_at: moment("2024-06-15T04:00:01Z"),
            ..Default::default()
        };
        let error = service.ask(question).await.unwrap_err();
        let fields: Vec<_> = error.violations.iter().map(|violation| violation.field.as_str()).collect();
        let wrong = ["psn_no", "known_at", "as_of", "insutype", "med_type", "mdtrtarea_admvs", "dise_codg"];
        assert_eq!(fields, wrong);
        let twice = GetEligibilityRequest {
            psn_no: "P1".into(), psn_cert_type: "00".into(), ..Default::default()
        };
        let reasons: Vec<_> =
            service.ask(twice).await.unwrap_err().violations.iter().map(|found| found.reason.clone()).collect();
        assert_eq!(reasons, ["PERSON_TOLD_TWICE", "CODE_UNKNOWN", "TEXT_INVALID"]);
    }

    async fn a_pool_of_the_citys_own_level_is_at_home_in_the_whole_city(db: TestDatabase) {
        let mut service = start(&db).await;
        let insured = PersonRow { poolarea_no: "430299".into(), ..person("P1") };
        service.import_persons(persons([insured])).await.unwrap();
        service.import_coverages(coverages([coverage("P1", "310", "2024-01-01", "")])).await.unwrap();
        for (place, out_of_area) in [("430203", false), ("430200", false), ("430299", false), ("430103", true), ("", false)] {
            let question =
                GetEligibilityRequest { psn_no: "P1".into(), mdtrtarea_admvs: place.into(), ..Default::default() };
            assert_eq!(service.ask(question).await.unwrap().out_of_area, out_of_area, "{place}");
        }
    }

    async fn many_questions_are_answered_in_their_order(db: TestDatabase) {
        let mut service = start(&db).await;
        service.enrol("P1", "390", "2024-01-01").await;
        service.enrol("P2", "310", "2024-01-01").await;
        let of = |psn_no: &str| GetEligibilityRequest {
            psn_no: psn_no.into(),
            as_of: "2024-05-01".into(),
            ..Default::default()
        };
        let answers = service.ask_many(["P2", "P404", "P1", "P2"].map(of).to_vec()).await.unwrap();
        let alone = service.ask(of("P2")).await.unwrap();
        assert_eq!(answers[0].as_ref(), Some(&alone), "the same answer as alone");
        let schemes: Vec<_> =
            answers.iter().map(|answer| answer.as_ref().map(|found| found.insutype.as_str())).collect();
        assert_eq!(schemes, [Some("310"), None, Some("390"), Some("310")]);
        let error = service.ask_many(vec![of("P1"), of("")]).await.unwrap_err();
        assert_eq!(error.violations[0].field, "requests[1].psn_no");
        for count in [0, 101] {
            let error = service.ask_many(vec![of("P1"); count]).await.unwrap_err();
            assert_eq!(error.violations[0].reason, "COUNT_INVALID");
        }
    }

    async fn the_day_decides(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("P1")])).await.unwrap();
        let paused = CoverageRow { psn_insu_stas: "2".into(), ..coverage("P1", "310", "2024-01-01", "2024-02-29") };
        let waiting = CoverageRow { entitled_begndate: "2024-04-01".into(), ..coverage("P1", "310", "2024-03-01", "2024-12-31") };
        let rows = [coverage("P1", "310", "2023-07-01", "2023-12-31"), paused, waiting];
        service.import_coverages(coverages(rows)).await.unwrap();
        for (as_of, reason) in [
            ("1949-12-30", "NOT_BORN"),
            ("2023-06-30", "COVERAGE_NOT_STARTED"),
            ("2023-07-01", ""),
            ("2023-12-31", ""),
            ("2024-01-01", "COVERAGE_PAUSED"),
            ("2024-02-29", "COVERAGE_PAUSED"),
            ("2024-03-01", "WAITING_PERIOD"),
            ("2024-03-31", "WAITING_PERIOD"),
            ("2024-04-01", ""),
            ("2024-12-31", ""),
            ("2025-01-01", "COVERAGE_ENDED"),
        ] {
            let answer = service.eligibility("P1", as_of).await;
            assert_eq!((answer.entitled, answer.reason.as_str()), (reason.is_empty(), reason), "{as_of}");
            assert_eq!(answer.reason_text.is_empty(), answer.entitled, "{as_of}");
            assert_eq!(answer.way_out.is_empty(), answer.entitled, "{as_of}");
        }
        let today = service.eligibility("P1", "").await;
        assert_eq!((today.as_of.as_str(), today.entitled, today.age), ("2024-06-15", true, 74));
    }

    async fn a_stay_is_answered_day_by_day_in_one_question(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("P1")])).await.unwrap();
        let rows = [coverage("P1", "390", "2024-01-01", "2024-05-10"), coverage("P1", "310", "2024-05-11", "2024-05-20")];
        service.import_coverages(coverages(rows)).await.unwrap();
        let stay = |begndate: &str, as_of: &str| GetEligibilityRequest {
            psn_no: "P1".into(),
            insutype: "390".into(),
            begndate: begndate.into(),
            as_of: as_of.into(),
            ..Default::default()
        };
        let answer = service.ask(stay("2024-05-01", "2024-05-31")).await.unwrap();
        let told: Vec<_> = answer
            .spans
            .iter()
            .map(|span| [&span.begndate, &span.enddate, &span.insutype, &span.reason].map(String::as_str))
            .collect();
        assert_eq!(told, [
            ["2024-05-01", "2024-05-10", "390", ""],
            ["2024-05-11", "2024-05-20", "310", ""],
            ["2024-05-21", "2024-05-31", "390", "COVERAGE_ENDED"],
        ]);
        assert_eq!((answer.entitled, answer.reason.as_str()), (false, "COVERAGE_ENDED"), "as of the last day");
        let day = service.ask(stay("", "2024-05-31")).await.unwrap();
        assert!(day.spans.is_empty() && day.eligibility_id != answer.eligibility_id);
        let together = service.ask_many(vec![stay("2024-05-01", "2024-05-31"), stay("", "2024-05-31")]).await.unwrap();
        let ids: Vec<_> = together.into_iter().map(|found| found.unwrap().eligibility_id).collect();
        assert_eq!(ids, [answer.eligibility_id, day.eligibility_id], "the same answers as alone");
        for (begndate, as_of, reason) in [
            ("2024-06-01", "2024-05-31", "DATES_REVERSED"),
            ("1900-01-01", "2024-05-31", "VISIT_TOO_LONG"),
            ("2024-5-1", "2024-05-31", "DATE_INVALID"),
        ] {
            let error = service.ask(stay(begndate, as_of)).await.unwrap_err();
            let wrong = &error.violations[0];
            assert_eq!((wrong.field.as_str(), wrong.reason.as_str()), ("begndate", reason));
        }
    }

    async fn everything_that_holds_on_the_day_is_told(db: TestDatabase) {
        let mut service = start(&db).await;
        let rows = ["P1", "P2", "P3"].map(person);
        service.import_persons(persons(rows)).await.unwrap();
        let elsewhere = CoverageRow { poolarea_no: "430100".into(), psn_type: "1201".into(), ..coverage("P1", "310", "2021-01-01", "") };
        service.import_coverages(coverages([elsewhere])).await.unwrap();
        let identity = |name: &str, code: &str, begndate: &str, enddate: &str| IdentityRow {
            psn_no: "P1".into(),
            psn_idet_type: code.into(),
            name: name.into(),
            begndate: begndate.into(),
            enddate: enddate.into(),
            ..IdentityRow::default()
        };
        let rows = vec![
            identity("低保", "2303", "2022-01-01", "2022-12-31"),
            identity("返贫致贫", "", "2023-01-01", "2023-12-31"),
        ];
        service.client.import_identities(ImportIdentitiesRequest { request_id: new_id(), rows }).await.unwrap();
        let product = |year: i32| MembershipRow {
            psn_no: "P1".into(),
            kind: MembershipKind::Commercial.into(),
            category: format!("惠衢保{year}"),
            series: "惠衢保".into(),
            begndate: format!("{year}-01-01"),
            enddate: format!("{year}-12-31"),
            ..MembershipRow::default()
        };
        let servant = MembershipRow { kind: MembershipKind::CivilServant.into(), category: "科级".into(), series: String::new(), enddate: String::new(), ..product(2010) };
        let rows = vec![product(2021), product(2022), product(2023), servant];
        service.client.import_memberships(ImportMembershipsRequest { request_id: new_id(), rows }).await.unwrap();
        let share = |sharer: &str, begndate: &str| AccountShareRow {
            psn_no: "P1".into(),
            sharer_psn_no: sharer.into(),
            begndate: begndate.into(),
            ..Default::default()
        };
        let rows = vec![share("P3", "2022-01-01"), share("P2", "2023-01-01")];
        service.client.import_account_shares(ImportAccountSharesRequest { request_id: new_id(), rows }).await.unwrap();

        let answer = service.eligibility("P1", "2023-05-01").await;
        assert_eq!(answer, Eligibility {
            eligibility_id: answer.eligibility_id.clone(),
            entitled_begndate: "2021-01-01".into(),
            expires_at: moment("2024-06-15T04:05:00Z"),
            psn_insu_stas: "1".into(),
            psn_no: "P1".into(),
            person_version: 5,
            as_of: "2023-05-01".into(),
            entitled: true,
            poolarea_no: "430100".into(),
            insutype: "310".into(),
            psn_type: "1201".into(),
            psn_name_masked: "张**".into(),
            gend: "2".into(),
            brdy: "1949-12-31".into(),
            age: 73,
            consecutive_years: 3,
            identities: vec![Identity { psn_idet_type: String::new(), name: "返贫致贫".into(), begndate: "2023-01-01".into(), enddate: "2023-12-31".into() }],
            memberships: vec![
                Membership { kind: MembershipKind::CivilServant.into(), category: "科级".into(), begndate: "2010-01-01".into(), enddate: String::new(), since_year: 2010 },
                Membership { kind: MembershipKind::Commercial.into(), category: "惠衢保2023".into(), begndate: "2023-01-01".into(), enddate: "2023-12-31".into(), since_year: 2021 },
            ],
            account_sharers: vec!["P2".into(), "P3".into()],
            account_shares: vec![share("P3", "2022-01-01"), share("P2", "2023-01-01")],
            ..Default::default()
        });
        let earlier = service.eligibility("P1", "2022-05-01").await;
        assert_eq!(earlier.identities[0].name, "低保");
        assert_eq!((earlier.account_sharers, earlier.consecutive_years), (vec!["P3".to_owned()], 2));
        assert_ne!(earlier.eligibility_id, answer.eligibility_id);
        assert_eq!(service.eligibility("P1", "2023-05-01").await.eligibility_id, answer.eligibility_id);
        assert!(answer.eligibility_id.len() <= 30);
    }

    async fn a_scheme_asked_for_is_the_scheme_answered(db: TestDatabase) {
        let mut service = start(&db).await;
        service.enrol("P1", "390", "2024-01-01").await;
        let of = |insutype: &str| GetEligibilityRequest { psn_no: "P1".into(), insutype: insutype.into(), ..Default::default() };
        let resident = service.ask(of("390")).await.unwrap();
        assert!(resident.entitled);
        let employee = service.ask(of("310")).await.unwrap();
        assert_eq!((employee.entitled, employee.reason.as_str(), employee.insutype.as_str()), (false, "NO_COVERAGE", "310"));
        assert_eq!((employee.poolarea_no.as_str(), employee.psn_type.as_str()), ("430200", ""));
        assert_eq!(service.ask(of("")).await.unwrap().insutype, "390");
    }

    async fn who_may_not_ask_learns_nothing(db: TestDatabase) {
        let mut service = start(&db).await;
        service.enrol("P1", "390", "2024-01-01").await;
        let question = || GetEligibilityRequest { psn_no: "P1".into(), ..Default::default() };
        for (caller, allowed) in [
            ("institution:H43020000001", true),
            ("service:settlement", true),
            ("person:P1", true),
            ("agency:430200", true),
            ("person:P2", false),
            ("agency:430100", false),
            ("insurer:PICC", false),
            ("operator:root", false),
        ] {
            match service.client.get_eligibility(as_caller(caller, question())).await {
                Ok(_) => assert!(allowed, "{caller}"),
                Err(status) => assert_eq!((error(status).reason.as_str(), allowed), ("PERSON_UNKNOWN", false), "{caller}"),
            }
        }
    }
}
