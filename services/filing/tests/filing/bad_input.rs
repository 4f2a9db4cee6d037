//! What is wrong with a request is told at once, and nothing is written.

use yizhan_proto::filing::v1::*;
use yizhan_testkit::both_databases;

use crate::office::*;
use crate::support::*;

/// Nobody filed anything.
async fn assert_nothing_filed(service: &TestService, psn_no: &str) {
    let request = ListFilingsRequest { psn_no: psn_no.into(), ..Default::default() };
    let told = told(service.client.clone().list_filings(by(HOME, request)).await).unwrap();
    assert!(told.filings.is_empty(), "{:?}", told.filings);
}

/// A change to a filing that would do, and what is wrong with it then.
type Wrong = (fn(&mut SubmitFilingRequest), &'static [(&'static str, &'static str)]);

/// Of a window, 转诊.
const REFERRALS: [Wrong; 17] = [
    (|it| it.request_id = String::new(), &[("request_id", "REQUEST_ID_INVALID")]),
    (|it| it.opter = String::new(), &[("opter", "REQUIRED")]),
    (|it| it.opter = "甲".into(), &[("opter", "OPTER_INVALID")]),
    (|it| it.opter = "x".repeat(31), &[("opter", "OPTER_INVALID")]),
    (|it| it.dcla_souc = "77".into(), &[("dcla_souc", "CODE_UNKNOWN")]),
    (|it| it.insutype = "999".into(), &[("insutype", "CODE_UNKNOWN")]),
    (|it| it.out_fil_type = "55".into(), &[("out_fil_type", "CODE_UNKNOWN")]),
    (|it| it.out_fil_type = "10".into(), &[("out_fil_type", "KIND_NOT_OFFERED")]),
    (|it| it.referral = None, &[("referral", "REFERRAL_REQUIRED")]),
    (
        |it| it.referral = Some(Referral::default()),
        &[("referral.fixmedins_code", "REQUIRED"), ("referral.refl_date", "DATE_INVALID")],
    ),
    (
        |it| {
            let referral = it.referral.as_mut().unwrap();
            referral.fixmedins_code = "H3601".into();
            referral.reflin_medins_no = "36010000001H".into();
            referral.refl_date = "2025-06-19".into();
        },
        &[
            ("referral.fixmedins_code", "INSTITUTION_INVALID"),
            ("referral.reflin_medins_no", "INSTITUTION_INVALID"),
            ("referral.refl_date", "IN_THE_FUTURE"),
        ],
    ),
    (
        |it| it.materials.push(paper("household_register")),
        &[("materials[3].material", "MATERIAL_NOT_FOR_KIND")],
    ),
    (
        |it| {
            it.materials =
                vec![paper("?"), paper("commitment_letter"), paper("certificate"), paper("certificate")]
        },
        &[
            ("materials[0].material", "CODE_UNKNOWN"),
            ("materials[3].material", "DUPLICATE"),
            ("materials[1].material", "MATERIAL_NOT_FOR_KIND"),
            ("materials", "MATERIAL_MISSING"),
        ],
    ),
    (|it| it.materials[0].file_id = "有空格".into(), &[("materials[0].file_id", "FILE_ID_INVALID")]),
    (|it| it.materials[0].file_id = "x".repeat(65), &[("materials[0].file_id", "FILE_ID_INVALID")]),
    (
        |it| it.materials = vec![paper("certificate"); 21],
        &[("materials", "TOO_MANY"), ("materials", "MATERIAL_MISSING"), ("materials", "MATERIAL_MISSING")],
    ),
    // Everything at once.
    (
        |it| {
            *it = SubmitFilingRequest {
                psn_no: it.psn_no.clone(),
                insutype: it.insutype.clone(),
                out_fil_type: "06".into(),
                rloc_admdvs: "360102".into(),
                begndate: "2025-06-17".into(),
                enddate: "2025-06-01".into(),
                materials: papers(&["household_register"]),
                ..Default::default()
            }
        },
        &[
            ("request_id", "REQUEST_ID_INVALID"),
            ("opter", "REQUIRED"),
            ("dcla_souc", "CODE_UNKNOWN"),
            ("rloc_admdvs", "PLACE_AT_HOME"),
            ("begndate", "BEGNDATE_TOO_EARLY"),
            ("enddate", "DATES_REVERSED"),
            ("materials[2].material", "MATERIAL_NOT_FOR_KIND"),
            ("referral", "REFERRAL_REQUIRED"),
        ],
    ),
];

/// Of a window, 其他临时外出 unless said otherwise: places and days.
const TEMPORARY: [Wrong; 17] = [
    // In the pooling area, and one of its districts.
    (|it| it.rloc_admdvs = "360100".into(), &[("rloc_admdvs", "PLACE_AT_HOME")]),
    (|it| it.rloc_admdvs = "360111".into(), &[("rloc_admdvs", "PLACE_AT_HOME")]),
    // No city: a province that is not filed as a whole, the nation, nothing.
    (|it| it.rloc_admdvs = "330000".into(), &[("rloc_admdvs", "PLACE_INVALID")]),
    (|it| it.rloc_admdvs = "100000".into(), &[("rloc_admdvs", "PLACE_INVALID")]),
    (|it| it.rloc_admdvs = String::new(), &[("rloc_admdvs", "PLACE_INVALID")]),
    (|it| it.rloc_admdvs = "上海".into(), &[("rloc_admdvs", "PLACE_INVALID")]),
    // 省内免备案.
    (|it| it.rloc_admdvs = "360400".into(), &[("rloc_admdvs", "FILING_NOT_NEEDED")]),
    (|it| it.begndate = "2025-6-18".into(), &[("begndate", "DATE_INVALID")]),
    (|it| it.begndate = "2025-06-17".into(), &[("begndate", "BEGNDATE_TOO_EARLY")]),
    (|it| it.begndate = "2025-09-17".into(), &[("begndate", "BEGNDATE_TOO_LATE")]),
    (|it| it.enddate = "2025-12-32".into(), &[("enddate", "DATE_INVALID")]),
    (|it| it.enddate = "2025-06-17".into(), &[("enddate", "DATES_REVERSED")]),
    (|it| it.enddate = "2025-12-16".into(), &[("enddate", "VALIDITY_TOO_SHORT")]),
    (|it| it.enddate = "2026-06-18".into(), &[("enddate", "VALIDITY_TOO_LONG")]),
    (
        |it| {
            it.referral = Some(Referral {
                fixmedins_code: HOSPITAL.into(),
                reflin_medins_no: String::new(),
                refl_date: "2025-06-17".into(),
            })
        },
        &[("referral", "REFERRAL_NOT_FOR_KIND")],
    ),
    // 长期: no last day; 安置退休 only for who has retired.
    (
        |it| {
            *it = SubmitFilingRequest {
                enddate: "2026-06-17".into(),
                opter: "A".into(),
                ..resident(&it.psn_no, &["residence_proof"])
            }
        },
        &[("enddate", "ENDDATE_NOT_FOR_KIND")],
    ),
    (
        |it| {
            it.out_fil_type = "02".into();
            it.materials = papers(&[]);
        },
        &[("out_fil_type", "KIND_NOT_FOR_PERSON"), ("materials", "MATERIAL_MISSING")],
    ),
];

both_databases! {
    async fn submissions(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let tables = [
            (at_window(referral("P1", &["referral_certificate"])), &REFERRALS),
            (at_window(temporary("P1")), &TEMPORARY),
        ];
        for (would_do, table) in tables {
            for (at, (change, expected)) in table.iter().enumerate() {
                let mut request = would_do.clone();
                change(&mut request);
                let refused = service.submit(AWAY, request).await.unwrap_err();
                assert_eq!(violations(&refused), *expected, "{} #{at}", would_do.out_fil_type);
                assert_eq!(refused.code, tonic::Code::InvalidArgument);
            }
            assert_nothing_filed(&service, "P1").await;
        }
        // The limits themselves are fine.
        let longest = SubmitFilingRequest {
            begndate: "2025-09-16".into(),
            enddate: "2026-09-15".into(),
            opter: "x".repeat(30),
            ..at_window(temporary("P1"))
        };
        service.submit(AWAY, longest).await.unwrap();
    }

    /// What contradicts the filings a person has: the same place on the same days, decided or not; more at once than the rules allow.
    async fn filings_that_contradict(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        service.insure("P2").await;
        let first = service.submit(AWAY, at_window(resident("P1", &["residence_proof"]))).await.unwrap();
        let overlapping = [
            at_window(resident("P1", &["residence_proof"])),
            SubmitFilingRequest { rloc_admdvs: "310101".into(), ..at_window(temporary("P1")) },
            SubmitFilingRequest { begndate: "2025-09-01".into(), ..at_window(referral("P1", &[])) },
        ];
        for request in overlapping {
            let refused = service.submit(AWAY, request).await.unwrap_err();
            assert_eq!(refused.reason, "FILING_OVERLAPS");
            assert_eq!((refused.metadata["filing_id"].as_str(), refused.metadata["state"].as_str()), (first.filing_id.as_str(), "ACCEPTED"));
        }
        // Another person is another matter; so are the days behind the last one of an earlier filing.
        let earlier = service.submit("person:P2", temporary("P2")).await.unwrap();
        let on = |begndate: &str| SubmitFilingRequest { begndate: begndate.into(), ..temporary("P2") };
        service.hand.set(noon("2025-12-01"));
        let refused = service.submit("person:P2", on("2025-12-17")).await.unwrap_err();
        assert_eq!(refused.metadata["filing_id"], earlier.filing_id);
        service.submit("person:P2", on("2025-12-18")).await.unwrap();

        let at = |place: &str, kind: SubmitFilingRequest| at_window(SubmitFilingRequest { rloc_admdvs: place.into(), ..kind });
        service.submit(AWAY, at("330100", resident("P1", &["residence_proof"]))).await.unwrap();
        let refused = service.submit(AWAY, at("330200", resident("P1", &["residence_proof"]))).await.unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.metadata["limit"].as_str()), ("TOO_MANY_PLACES", "2"));
        for place in ["330300", "330400", "330500", "330600", "330700"] {
            service.submit(AWAY, at(place, temporary("P1"))).await.unwrap();
        }
        let refused = service.submit(AWAY, at("330800", temporary("P1"))).await.unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.metadata["limit"].as_str()), ("TOO_MANY_PLACES", "5"));
    }

    async fn filings_that_take_the_place_of_the_wrong_one(db: TestDatabase) {
        let service = start(&db).await;
        for psn_no in ["P1", "P2"] {
            service.insure(psn_no).await;
        }
        let own = service.submit("person:P1", temporary("P1")).await.unwrap();
        let others = service.submit("person:P2", temporary("P2")).await.unwrap();
        let open = service.submit("person:P1", SubmitFilingRequest { rloc_admdvs: "320100".into(), ..resident("P1", &["residence_proof"]) });
        let open = open.await.unwrap();
        for (replaced, begndate, reason) in [
            ("nonsense", "2025-06-19", "FILING_UNKNOWN"),
            (others.filing_id.as_str(), "2025-06-19", "FILING_UNKNOWN"),
            (open.filing_id.as_str(), "2025-06-19", "REPLACED_NOT_IN_FORCE"),
            (own.filing_id.as_str(), "2025-06-18", "REPLACED_BEGINS_LATER"),
        ] {
            let request = SubmitFilingRequest {
                replaces_filing_id: replaced.into(),
                begndate: begndate.into(),
                rloc_admdvs: "330100".into(),
                ..temporary("P1")
            };
            assert_eq!(service.submit("person:P1", request).await.unwrap_err().reason, reason, "{replaced}");
        }
        assert_eq!(service.at_home(&own).await, own);
    }

    async fn who_is_not_insured_cannot_file(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let request = SubmitFilingRequest { insutype: "390".into(), ..temporary("P1") };
        let refused = service.submit("person:P1", request).await.unwrap_err();
        assert_eq!(refused.reason, "NOT_ENTITLED");
        assert!(!refused.metadata["why"].is_empty() && !refused.text.is_empty());
        let refused = service.submit("person:P404", temporary("P404")).await.unwrap_err();
        assert_eq!(refused.reason, "PERSON_UNKNOWN");
        assert_nothing_filed(&service, "P1").await;
    }

    async fn steps(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let filing = service.submit("person:P1", resident("P1", &[ "residence_proof"])).await.unwrap();
        let base = AdvanceFilingRequest { reason: String::new(), ..step(&filing, FilingAction::Accept) };
        let of = |action: FilingAction| AdvanceFilingRequest { action: action.into(), ..base.clone() };
        let mut table = vec![
            (
                AdvanceFilingRequest {
                    filing_id: filing.filing_id.clone(),
                    reason: "长".repeat(201),
                    materials: vec![paper("certificate")],
                    to_area: "360102".into(),
                    ..Default::default()
                },
                vec![
                    ("request_id", "REQUEST_ID_INVALID"),
                    ("action", "ACTION_UNKNOWN"),
                    ("opter", "REQUIRED"),
                    ("reason", "REASON_INVALID"),
                    ("materials", "FIELD_NOT_EXPECTED"),
                    ("to_area", "FIELD_NOT_EXPECTED"),
                ],
            ),
            (AdvanceFilingRequest { reason: "换\n行".into(), ..base.clone() }, vec![("reason", "TEXT_INVALID")]),
            (of(FilingAction::Supply), vec![("materials", "REQUIRED")]),
            (
                AdvanceFilingRequest { materials: vec![paper("certificate"); 21], ..of(FilingAction::Supply) },
                vec![("materials", "TOO_MANY")],
            ),
            (
                AdvanceFilingRequest {
                    materials: vec![paper("?"), paper("household_register"), paper("commitment_letter")],
                    to_area: "360102".into(),
                    ..of(FilingAction::Supply)
                },
                vec![
                    ("materials[0].material", "CODE_UNKNOWN"),
                    ("materials[1].material", "MATERIAL_NOT_FOR_KIND"),
                    ("to_area", "FIELD_NOT_EXPECTED"),
                ],
            ),
            (of(FilingAction::HandOver), vec![("reason", "REASON_REQUIRED"), ("to_area", "AREA_INVALID")]),
        ];
        for action in [FilingAction::Reject, FilingAction::Return, FilingAction::Withdraw, FilingAction::Cancel] {
            table.push((of(action), vec![("reason", "REASON_REQUIRED")]));
            table.push((AdvanceFilingRequest { reason: " ".into(), ..of(action) }, vec![("reason", "REASON_REQUIRED")]));
        }
        for area in ["3601", "100000", "上海"] {
            let request = AdvanceFilingRequest { reason: "转".into(), to_area: area.into(), ..of(FilingAction::HandOver) };
            table.push((request, vec![("to_area", "AREA_INVALID")]));
        }
        // What nobody takes: they follow by themselves.
        for action in [0, 1, 10, 11, 12, 13, 99] {
            table.push((AdvanceFilingRequest { action, ..base.clone() }, vec![("action", "ACTION_UNKNOWN")]));
        }
        for (request, expected) in table {
            let refused = service.advance(HOME, request.clone()).await.unwrap_err();
            assert_eq!(violations(&refused), expected, "{request:?}");
        }
        let unknown = AdvanceFilingRequest { filing_id: "nonsense".into(), ..base.clone() };
        let refused = service.advance(HOME, unknown).await.unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.code), ("FILING_UNKNOWN", tonic::Code::NotFound));
        assert_eq!(service.at_home(&filing).await, filing, "nothing was written");
        let longest = AdvanceFilingRequest { reason: "长".repeat(200), ..base };
        service.advance(HOME, longest).await.unwrap();
    }
}
