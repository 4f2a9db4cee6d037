//! Bad input: each with its stable reason, everything wrong at once, and nothing written.

use tonic::Code;
use yizhan_integration_tests::*;
use yizhan_money::MAX_FEN;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{PreviewRequest, SettleRequest, Visit};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::support::{clinic, stay, violations};

/// A visit that is right.
fn right() -> VisitBuilder {
    stay("P1", "2024-05-06", "2024-05-20", "5000")
}

/// The first line of a visit, changed.
fn line(change: impl FnOnce(&mut yizhan_proto::settlement::v1::FeeLine)) -> VisitBuilder {
    right().but(|visit| change(&mut visit.feedetail[0]))
}

/// Preview and Settle refuse a visit for the same reason, and write nothing.
async fn refusal_of(platform: &TestPlatform, visit: impl Into<Visit>) -> RemoteError {
    let visit = visit.into();
    let before = platform.row_counts().await;
    let refused_settlement = refused(platform.settle("BAD", visit.clone()).await);
    let refused_preview = refused(platform.preview(visit).await);
    assert_eq!(platform.row_counts().await, before, "a refused call wrote");
    assert_eq!(refused_preview.code, refused_settlement.code);
    assert_eq!(refused_preview.reason, refused_settlement.reason);
    assert_eq!(refused_preview.violations, refused_settlement.violations);
    assert!(!refused_settlement.text.is_empty(), "there is a text for people");
    refused_settlement
}

/// It is refused because of one field.
async fn assert_field(platform: &TestPlatform, visit: VisitBuilder, field: &str, reason: &str) {
    let error = refusal_of(platform, visit).await;
    assert_eq!((error.code, error.reason.as_str()), (Code::InvalidArgument, "INVALID_REQUEST"), "{error:?}");
    assert_eq!(violations(&error), [(field, reason)], "{error:?}");
}

both_databases! {
    async fn whoever_and_whatever_is_unknown(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let error = refusal_of(&platform, stay("NOBODY", "2024-05-06", "2024-05-20", "5000")).await;
        assert_eq!((error.code, error.reason.as_str()), (Code::NotFound, "PERSON_UNKNOWN"));
        assert_eq!(error.metadata["psn_no"], "NOBODY");
        assert_field(&platform, right().at("H99990000077"), "visit.fixmedins_code", "INSTITUTION_UNKNOWN").await;
        let unknown = right().line("XA00000000000000000000", "1", "1").line("XA11111111111111111111", "1", "1");
        let error = refusal_of(&platform, unknown).await;
        assert_eq!(violations(&error), [
            ("visit.feedetail[1].hilist_code", "ITEM_UNKNOWN"),
            ("visit.feedetail[2].hilist_code", "ITEM_UNKNOWN"),
        ]);
    }

    async fn an_item_whose_class_is_not_published(db: TestDatabase) {
        let unclassed = item("001102000010000", "普通门诊诊察费", "201", "", "");
        let platform =
            TestPlatform::on(&db).with_catalogue([unclassed]).with_person(Person::employee("P1")).start().await;
        let bill = right().line("001102000010000", "1", "5");
        assert_field(&platform, bill, "visit.feedetail[1].hilist_code", "ITEM_CLASS_UNKNOWN").await;
    }

    async fn not_entitled_on_the_day_says_why_and_what_helps(db: TestDatabase) {
        let ended = Person::employee("P1").insured_between("2010-01-01", "2023-12-31");
        let platform = TestPlatform::on(&db).with_person(ended).start().await;
        let error = refusal_of(&platform, right()).await;
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "NOT_ENTITLED"));
        assert_eq!(error.metadata["why"], "COVERAGE_ENDED");
        assert_eq!(error.metadata["as_of"], "2024-05-20");
        assert!(!error.metadata["way_out"].is_empty() && error.text.contains(&error.metadata["way_out"]));
        let before = right().but(|visit| {
            visit.begndate = "2009-05-06".to_owned();
            visit.enddate = "2009-05-20".to_owned();
        });
        assert_eq!(refusal_of(&platform, before).await.metadata["why"], "COVERAGE_NOT_STARTED");
        let error = refusal_of(&platform, right().insutype("390")).await;
        assert_eq!(error.metadata["why"], "NO_COVERAGE");
    }

    async fn days_that_cannot_be(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let from_to = |begin: &str, end: &str| stay("P1", begin, end, "5000");
        let backwards = from_to("2024-05-20", "2024-05-06");
        assert_field(&platform, backwards, "visit.enddate", "DATES_REVERSED").await;
        assert_field(&platform, from_to("2024-02-30", "2024-03-06"), "visit.begndate", "DATE_INVALID").await;
        assert_field(&platform, from_to("2024-02-01", "20240206"), "visit.enddate", "DATE_INVALID").await;
        assert_field(&platform, from_to("2026-01-30", "2026-02-02"), "visit.enddate", "IN_THE_FUTURE").await;
        let late = line(|line| line.fee_ocur_date = "2024-05-21".to_owned());
        assert_field(&platform, late, "visit.feedetail[0].fee_ocur_date", "OUTSIDE_VISIT").await;
    }

    async fn amounts_that_cannot_be(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1").union_member()).start().await;
        let amount = "visit.feedetail[0].det_item_fee_sumamt_fen";
        let error = refusal_of(&platform, line(|line| line.det_item_fee_sumamt_fen = 499_999)).await;
        assert_eq!(violations(&error), [(amount, "AMOUNT_MISMATCH")]);
        assert_eq!(error.metadata[&format!("{amount}.expected_fen")], "500000");
        let negative = line(|line| line.det_item_fee_sumamt_fen = -500_000);
        assert_field(&platform, negative, amount, "AMOUNT_NEGATIVE").await;
        for fen in [MAX_FEN + 1, i64::MAX, i64::MIN] {
            assert_field(&platform, line(|line| line.det_item_fee_sumamt_fen = fen), amount, "AMOUNT_TOO_LARGE").await;
        }
        for cnt in ["0", "-1", "1e3", "1.00001", "", "两", "NaN"] {
            let bad = line(|line| line.cnt = cnt.to_owned());
            assert_field(&platform, bad, "visit.feedetail[0].cnt", "QUANTITY_INVALID").await;
        }
        for pric in ["-0.01", "0.0000001", "", "1,000", "99999999999999999999999999"] {
            let bad = line(|line| line.pric = pric.to_owned());
            assert_field(&platform, bad, "visit.feedetail[0].pric", "PRICE_INVALID").await;
        }
        let huge = "99999999999999.99";
        let empty = || visit("P1").inpatient("2024-05-06", "2024-05-20");
        let most = |lines: usize| (0..lines).fold(empty(), |visit, _| visit.line(CARE, "1", huge));
        assert_field(&platform, most(2), "visit.feedetail", "AMOUNT_TOO_LARGE").await;
        let settled = platform.preview(most(1)).await.unwrap().settlement.unwrap();
        assert_eq!(checks::info(&settled).medfee_sumamt_fen, MAX_FEN, "the largest amount is calculated exactly");
        checks::assert_adds_up(&settled);
        // What a policy year adds up to stays an amount, and the books readable: of the union's mutual aid all that enters is added up.
        platform.settle("R1", most(1)).await.unwrap();
        assert_field(&platform, most(1), "visit.feedetail", "AMOUNT_TOO_LARGE").await;
        assert_eq!(platform.check_books(COMPOSITE_AREA).await.discrepancies, Vec::<String>::new());
    }

    async fn codes_nobody_knows(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        assert_field(&platform, right().insutype("999"), "visit.insutype", "CODE_UNKNOWN").await;
        let med_type = right().but(|visit| visit.med_type = "99".to_owned());
        assert_field(&platform, med_type, "visit.med_type", "CODE_UNKNOWN").await;
        assert_field(&platform, right().at(PHARMACY), "visit.med_type", "NOT_OFFERED_HERE").await;
        let space = right().but(|visit| visit.mdtrt_id = "M 1".to_owned());
        assert_field(&platform, space, "visit.mdtrt_id", "CHARACTERS").await;
        let twice = right().line(CARE, "1", "1").but(|visit| visit.feedetail[1].feedetl_sn = visit.feedetail[0].feedetl_sn.clone());
        assert_field(&platform, twice, "visit.feedetail[1].feedetl_sn", "DUPLICATE").await;
    }

    async fn a_policy_that_is_not_in_force_or_does_not_say(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let error = refusal_of(&platform, stay("P1", "2022-09-01", "2022-09-30", "5000")).await;
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "POLICY_NOT_IN_FORCE"));
        assert_eq!(error.metadata["poolarea_no"], COMPOSITE_AREA);
        assert_eq!(error.metadata["day"], "2022-09-30");
        platform.settle("R1", stay("P1", "2022-09-30", "2022-10-01", "5000")).await.unwrap();
        let maternity = visit("P1").on_days("52", "2024-05-01", "2024-05-10").line(CARE, "1", "5000");
        let error = refusal_of(&platform, maternity).await;
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "POLICY_VALUE_UNKNOWN"));
        assert!(error.metadata["table"].contains("not_published") && error.message.contains("生育"), "{error:?}");
    }

    /// 门诊慢特病: only of a disease that the register knows the person to be entitled for.
    async fn outpatient_care_of_a_chronic_disease_needs_its_entitlement(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let chronic = || visit("P1").on_days("14", "2024-05-20", "2024-05-20").line(CARE, "1", "50");
        let of = |disease: &str| chronic().but(|visit| visit.opsp_dise_code = disease.to_owned());
        let error = refusal_of(&platform, chronic()).await;
        assert_eq!(violations(&error), [("visit.opsp_dise_code", "REQUIRED")]);
        let error = refusal_of(&platform, of("M03900")).await;
        assert_eq!((error.reason.as_str(), error.metadata["why"].as_str()), ("NOT_ENTITLED", "DISEASE_NOT_ENTITLED"));
        platform.entitle_to_disease("P1", "M03900", "2024-01-01", "2024-06-30").await;
        // Entitled; what the shipped policy of this area does not say about such care is the next question.
        assert_eq!(refusal_of(&platform, of("M03900")).await.reason, "POLICY_VALUE_UNKNOWN");
        let later = of("M03900").but(|visit| (visit.begndate, visit.enddate) = ("2024-07-01".into(), "2024-07-01".into()));
        assert_eq!(refusal_of(&platform, later).await.metadata["why"], "REVERIFICATION_OVERDUE");
    }

    /// One request, everything that is wrong with it: the caller need not ask five times.
    async fn everything_wrong_comes_back_at_once(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let before = platform.row_counts().await;
        let visit = right().insutype("999").but(|visit| {
            visit.psn_no = String::new();
            visit.enddate = "2024-04-01".to_owned();
            visit.feedetail[0].hilist_code = "XUNKNOWN".to_owned();
            visit.feedetail[0].cnt = "0".to_owned();
            visit.feedetail[0].det_item_fee_sumamt_fen = -1;
        });
        let error = refused(platform.settle("a request id with spaces", visit).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
        assert_eq!(violations(&error), [
            ("request_id", "REQUEST_ID_INVALID"),
            ("visit.feedetail[0].hilist_code", "ITEM_UNKNOWN"),
            ("visit.psn_no", "PSN_NO_INVALID"),
            ("visit.insutype", "CODE_UNKNOWN"),
            ("visit.enddate", "DATES_REVERSED"),
            ("visit.feedetail[0].cnt", "QUANTITY_INVALID"),
            ("visit.feedetail[0].det_item_fee_sumamt_fen", "AMOUNT_NEGATIVE"),
        ]);
        assert_eq!(error.text, "请求有 7 处错误");
        assert_eq!(platform.row_counts().await, before);
        let empty = refused(platform.answer_to(SettleRequest::default()).await);
        assert_eq!(violations(&empty), [("request_id", "REQUEST_ID_INVALID"), ("visit", "REQUIRED")]);
    }

    /// 2,000 lines are settled, 2,001 are not; so many wrong lines still fit into an answer.
    async fn more_lines_than_the_limit(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let empty = || visit("P1").inpatient("2024-05-06", "2024-05-20");
        let lines = |number: usize| (0..number).fold(empty(), |visit, _| visit.line(CARE, "1", "20"));
        let error = refusal_of(&platform, lines(2001)).await;
        assert_eq!(violations(&error), [("visit.feedetail", "TOO_MANY_LINES")]);
        assert_eq!(error.metadata["visit.feedetail.limit"], "2000");
        assert_eq!(error.metadata["visit.feedetail.lines"], "2001");
        assert_field(&platform, empty(), "visit.feedetail", "REQUIRED").await;
        let wrong = lines(2000).but(|visit| {
            visit.feedetail.iter_mut().for_each(|line| line.cnt = "0".to_owned());
        });
        let error = refusal_of(&platform, wrong).await;
        assert_eq!(error.metadata["violation_count"], "2000");
        assert!(error.violations.len() > 30, "{}", error.violations.len());
        let settled = platform.settle("R1", lines(2000)).await.unwrap();
        checks::assert_adds_up(&settled);
        assert_eq!(settled.feedetail.len(), 2000);
    }

    async fn a_message_above_the_limit(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let before = platform.row_counts().await;
        let five_mebibytes = right().but(|visit| visit.mdtrt_id = "M".repeat(5 * 1024 * 1024));
        let error = refused(platform.settle("R1", five_mebibytes).await);
        assert_eq!(error.code, Code::OutOfRange, "{error:?}");
        assert_eq!(platform.row_counts().await, before);
        platform.settle("R1", right()).await.expect("the server goes on");
    }

    /// The version the institution saw, or no settlement.
    async fn a_stale_version_of_the_person(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let known = platform.person_version("P1").await;
        let request = SettleRequest { person_version: known, ..settle_request("R1", right()) };
        platform.enrol(&[Person::employee("P1").identity("低保")]).await;
        let current = platform.person_version("P1").await;
        let before = platform.row_counts().await;
        let error = refused(platform.answer_to(request.clone()).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "PERSON_VERSION_STALE"));
        assert_eq!(error.metadata["known"], known.to_string());
        assert_eq!(error.metadata["current"], current.to_string());
        assert_eq!(platform.row_counts().await, before);
        platform.answer_to(SettleRequest { person_version: current, ..request }).await.expect("the version of now");
    }

    /// An institution speaks for itself: it need not say who it is, and cannot say it is another.
    async fn an_institution_submits_its_own_visits_only(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let before = platform.row_counts().await;
        let other = platform.as_caller(&format!("institution:{SECOND_LEVEL}"));
        let error = refused(other.settle("R1", right()).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, "INSTITUTION_NOT_OWN"));
        assert_eq!(refused(other.preview(right()).await).reason, "INSTITUTION_NOT_OWN");
        for stranger in ["person:P1", "agency:999900", "department:999900", "insurer:PICC", "operator:alice"] {
            let error = refused(platform.as_caller(stranger).settle("R1", right()).await);
            assert_eq!(error.code, Code::PermissionDenied, "{stranger}");
        }
        assert_eq!(platform.row_counts().await, before);

        let own = platform.as_caller(&format!("institution:{THIRD_LEVEL}"));
        let settled = own.settle("R1", right().at("")).await.unwrap();
        assert_eq!(checks::info(&settled).fixmedins_code, THIRD_LEVEL);
        let setl_id = &checks::info(&settled).setl_id;
        for body in [right().at(THIRD_LEVEL), right()] {
            let error = refused(other.settle("R1", body).await);
            assert_eq!(error.reason, "INSTITUTION_NOT_OWN", "nor does a retry tell what another one settled");
        }
        assert_eq!(refused(other.get(setl_id).await).reason, "SETTLEMENT_UNKNOWN");
        assert_eq!(refused(other.statement(setl_id).await).reason, "SETTLEMENT_UNKNOWN");
        assert_eq!(refused(other.replay(setl_id).await).reason, "SETTLEMENT_UNKNOWN");
        assert_eq!(refused(other.reverse("R2", &settled).await).reason, "SETTLEMENT_UNKNOWN");
        assert!(other.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements.is_empty());
        for reader in ["person:P1", "agency:999900"] {
            assert_eq!(platform.as_caller(reader).get(setl_id).await.unwrap(), settled, "{reader}");
            let denied = refused(platform.as_caller(reader).reverse("R2", &settled).await);
            assert_eq!(denied.reason, "INSTITUTION_NOT_OWN", "{reader}");
        }
        assert_eq!(refused(platform.as_caller("person:P2").get(setl_id).await).reason, "SETTLEMENT_UNKNOWN");
    }

    async fn a_malformed_caller(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let (settlement_url, _) = platform.urls();
        let mut plain = SettlementServiceClient::connect(settlement_url).await.unwrap();
        let mut request = tonic::Request::new(PreviewRequest { visit: Some(right().into()) });
        let nobody = RemoteError::from(plain.preview(PreviewRequest::default()).await.unwrap_err());
        assert_eq!((nobody.code, nobody.reason.as_str()), (Code::Unauthenticated, "CALLER_MISSING"));
        request.metadata_mut().insert("yizhan-caller", "root:x".parse().unwrap());
        let unknown = RemoteError::from(plain.preview(request).await.unwrap_err());
        assert_eq!((unknown.code, unknown.reason.as_str()), (Code::Unauthenticated, "CALLER_MALFORMED"));
    }

    /// Reading has its own limits.
    async fn lists_and_ids(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        for number in 0..7 {
            platform.settle(&format!("R{number}"), clinic("P1", "2024-03-01", "10")).await.unwrap();
        }
        let mut newest_first = Vec::new();
        let mut token = String::new();
        loop {
            let page = platform.list("P1", COMPOSITE_AREA, 3, &token).await.unwrap();
            assert!(page.settlements.len() <= 3);
            newest_first.extend(page.settlements.into_iter().map(|info| info.medins_setl_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(newest_first, ["R6", "R5", "R4", "R3", "R2", "R1", "R0"]);
        assert_eq!(platform.list("P1", COMPOSITE_AREA, 100_000, "").await.unwrap().settlements.len(), 7);
        let reason = async |answer| { let e: RemoteError = refused(answer); violations(&e)[0].1.to_owned() };
        assert_eq!(reason(platform.list("P1", COMPOSITE_AREA, -1, "").await).await, "PAGE_SIZE_NEGATIVE");
        assert_eq!(reason(platform.list("P1", COMPOSITE_AREA, 0, "zzz").await).await, "PAGE_TOKEN_INVALID");
        assert_eq!(reason(platform.list("P1", "9999", 0, "").await).await, "AREA_INVALID");
        assert_eq!(refused(platform.get("S0").await).code, Code::NotFound);
        assert_eq!(violations(&refused(platform.get("").await)), [("setl_id", "REQUIRED")]);
        let error = refused(platform.watch("not a token").await);
        assert_eq!(violations(&error), [("resume_token", "RESUME_TOKEN_INVALID")]);
    }
}
