//! Own view, grants and looks by them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use futures::future::join_all;
use prost_types::Timestamp;
use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

const INSURER: &str = "insurer:PICC";
const PERSON: &str = "person:P1";

fn grant_request() -> GrantAccessRequest {
    GrantAccessRequest {
        request_id: new_id(),
        psn_no: "P1".into(),
        grantee: INSURER.into(),
        purpose: "理赔".into(),
        scopes: vec![AccessScope::Coverage.into(), AccessScope::Identities.into()],
        begins_at: None,
        ends_at: moment("2024-07-15T04:00:00Z"),
        consent_reference: String::new(),
    }
}

fn look(grant: &AccessGrant) -> LookUpByGrantRequest {
    LookUpByGrantRequest { grant_id: grant.grant_id.clone(), purpose: "理赔".into(), scopes: Vec::new() }
}

async fn grant(
    rights: &mut RightsClient,
    caller: &str,
    request: GrantAccessRequest,
) -> Result<AccessGrant, RemoteError> {
    let answer = rights.grant_access(as_caller(caller, request)).await.map_err(error)?;
    Ok(answer.into_inner().grant.unwrap())
}

async fn withdraw(
    rights: &mut RightsClient,
    caller: &str,
    grant: &AccessGrant,
) -> Result<AccessGrant, RemoteError> {
    let request = WithdrawGrantRequest { request_id: new_id(), grant_id: grant.grant_id.clone() };
    let answer = rights.withdraw_grant(as_caller(caller, request)).await.map_err(error)?;
    Ok(answer.into_inner().grant.unwrap())
}

async fn look_up(
    rights: &mut RightsClient,
    caller: &str,
    request: LookUpByGrantRequest,
) -> Result<LookUpByGrantResponse, RemoteError> {
    Ok(rights.look_up_by_grant(as_caller(caller, request)).await.map_err(error)?.into_inner())
}

async fn authorize(
    rights: &mut RightsClient,
    caller: &str,
    request: AuthorizeLookRequest,
) -> Result<AuthorizeLookResponse, RemoteError> {
    Ok(rights.authorize_look(as_caller(caller, request)).await.map_err(error)?.into_inner())
}

async fn own_log(rights: &mut RightsClient) -> Vec<AccessLogEntry> {
    let request = ListAccessLogRequest { psn_no: "P1".into(), page_size: 500, page_token: String::new() };
    rights.list_access_log(as_caller(PERSON, request)).await.unwrap().into_inner().entries
}

async fn enrolled(service: &mut TestService) {
    service.enrol("P1", "310", "2020-01-01").await;
    let elsewhere =
        CoverageRow { poolarea_no: "430100".into(), ..coverage("P1", "390", "2018-01-01", "2018-12-31") };
    service.import_coverages(coverages([elsewhere])).await.unwrap();
    let rows = vec![IdentityRow {
        psn_no: "P1".into(),
        psn_idet_type: "2303".into(),
        name: "低保".into(),
        begndate: "2024-01-01".into(),
        ..IdentityRow::default()
    }];
    service.client.import_identities(ImportIdentitiesRequest { request_id: new_id(), rows }).await.unwrap();
    let rows = vec![MembershipRow {
        psn_no: "P1".into(),
        kind: MembershipKind::Union.into(),
        begndate: "2024-01-01".into(),
        ..MembershipRow::default()
    }];
    service.client.import_memberships(ImportMembershipsRequest { request_id: new_id(), rows }).await.unwrap();
    let contribution = |accrym: &str, clct_flag: &str, paid_date: &str| Contribution {
        psn_no: "P1".into(),
        insutype: "310".into(),
        accrym: accrym.into(),
        amount_fen: 30_000,
        clct_type: "10".into(),
        clct_flag: clct_flag.into(),
        paid_date: paid_date.into(),
        ..Contribution::default()
    };
    let rows = vec![
        contribution("2024-04", "0", ""),
        contribution("2024-04", "1", "2024-04-20"),
        contribution("2024-05", "0", ""),
    ];
    let request = RecordContributionsRequest { request_id: new_id(), rows };
    service.coverage().await.record_contributions(request).await.unwrap();
}

both_databases! {
    async fn a_person_sees_everything_of_their_own(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let request = GetRightsRequest { psn_no: "P1".into(), purpose: String::new() };
        let own = rights.get_rights(as_caller(PERSON, request)).await.unwrap().into_inner().rights.unwrap();
        assert_eq!((own.coverages.len(), own.identities.len(), own.memberships.len()), (2, 1, 1));
        assert_eq!(own.psn_name_masked, "张**");
        let contributions: Vec<_> = own.contributions.iter().map(|paid| (paid.accrym.as_str(), paid.clct_flag.as_str())).collect();
        assert_eq!(contributions, [("2024-04", "0"), ("2024-04", "1"), ("2024-05", "0")]);
        assert_eq!(own.arrears, [Arrears { insutype: "310".into(), accrym: "2024-05".into(), amount_fen: 30_000 }]);
        assert_eq!(own_log(&mut rights).await, [], "own looks are not logged");
    }

    async fn others_see_it_for_a_purpose_or_not_at_all(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let ask = |caller, purpose: &str| as_caller(caller, GetRightsRequest { psn_no: "P1".into(), purpose: purpose.into() });
        let refused = |status| { let error = error(status); (error.code, error.reason) };
        assert_eq!(error(rights.get_rights(ask("agency:430200", "")).await.unwrap_err()).violation_reasons(), ["TEXT_REQUIRED"]);
        rights.get_rights(ask("agency:430200", "窗口查询")).await.unwrap();
        for caller in ["institution:H43020000001", "department:430200", "service:settlement"] {
            assert_eq!(refused(rights.get_rights(ask(caller, "x")).await.unwrap_err()), (Code::PermissionDenied, "PERSON_NOT_OWN".into()));
        }
        for caller in ["agency:430100", "person:P2", INSURER, "operator:alice"] {
            assert_eq!(refused(rights.get_rights(ask(caller, "x")).await.unwrap_err()), (Code::NotFound, "PERSON_UNKNOWN".into()));
        }
        let log = own_log(&mut rights).await;
        assert_eq!(log.len(), 1);
        assert_eq!(log[0], AccessLogEntry {
            poolarea_no: "430200".into(),
            seq: 1,
            at: moment("2024-06-15T04:00:00Z"),
            actor: "agency:430200".into(),
            action: "RIGHTS".into(),
            purpose: "窗口查询".into(),
            grant_id: String::new(),
            outcome: "GIVEN".into(),
            subject: String::new(),
        });
    }

    async fn a_look_by_grant_sees_what_was_granted_and_nothing_else(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let granted = grant(&mut rights, PERSON, grant_request()).await.unwrap();
        assert_eq!((granted.granted_by.as_str(), granted.begins_at), (PERSON, moment("2024-06-15T04:00:00Z")));
        let seen = look_up(&mut rights, INSURER, look(&granted)).await.unwrap();
        assert_eq!(seen.scopes, granted.scopes);
        let view = seen.rights.unwrap();
        assert_eq!((view.coverages.len(), view.identities.len(), view.memberships.len()), (2, 1, 0));
        let identities = LookUpByGrantRequest { scopes: vec![AccessScope::Identities.into()], ..look(&granted) };
        let view = look_up(&mut rights, INSURER, identities).await.unwrap().rights.unwrap();
        assert_eq!((view.coverages.len(), view.identities.len()), (0, 1));
        assert_eq!((view.contributions.len(), view.arrears.len()), (0, 0));
        let money = vec![AccessScope::Contributions.into(), AccessScope::Benefits.into()];
        let money = GrantAccessRequest { grantee: "insurer:AIA".into(), scopes: money, ..grant_request() };
        let money = grant(&mut rights, PERSON, money).await.unwrap();
        let view = look_up(&mut rights, "insurer:AIA", look(&money)).await.unwrap().rights.unwrap();
        assert_eq!((view.coverages.len(), view.contributions.len(), view.arrears.len()), (0, 3, 1));
        let elsewhere = LookUpByGrantRequest { scopes: vec![AccessScope::Benefits.into()], ..look(&money) };
        let elsewhere = look_up(&mut rights, "insurer:AIA", elsewhere).await.unwrap_err();
        assert_eq!(elsewhere.violation_reasons(), ["SCOPE_INVALID"], "settlement keeps it and shows it");

        let refused = |error: RemoteError| (error.code, error.reason);
        let other = look_up(&mut rights, "insurer:AIA", look(&granted)).await.unwrap_err();
        assert_eq!(refused(other), (Code::NotFound, "GRANT_UNKNOWN".into()));
        let unknown = LookUpByGrantRequest { grant_id: "none".into(), ..look(&granted) };
        assert_eq!(refused(look_up(&mut rights, INSURER, unknown).await.unwrap_err()), (Code::NotFound, "GRANT_UNKNOWN".into()));
        let purpose = LookUpByGrantRequest { purpose: "营销".into(), ..look(&granted) };
        assert_eq!(refused(look_up(&mut rights, INSURER, purpose).await.unwrap_err()), (Code::PermissionDenied, "GRANT_OTHER_PURPOSE".into()));
        let more = LookUpByGrantRequest { scopes: vec![AccessScope::Memberships.into()], ..look(&granted) };
        assert_eq!(refused(look_up(&mut rights, INSURER, more).await.unwrap_err()), (Code::PermissionDenied, "GRANT_OUT_OF_SCOPE".into()));

        let outcomes: Vec<_> = own_log(&mut rights).await.into_iter().map(|entry| (entry.seq, entry.actor, entry.outcome)).collect();
        let entry = |seq, actor: &str, outcome: &str| (seq, actor.to_owned(), outcome.to_owned());
        assert_eq!(outcomes, [
            entry(6, INSURER, "GRANT_OUT_OF_SCOPE"),
            entry(5, INSURER, "GRANT_OTHER_PURPOSE"),
            entry(4, "insurer:AIA", "GRANT_OF_ANOTHER"),
            entry(3, "insurer:AIA", "GIVEN"),
            entry(2, INSURER, "GIVEN"),
            entry(1, INSURER, "GIVEN"),
        ], "newest first; a look by a grant that never was concerns nobody");
    }

    /// What other services keep of a person is shown by them, after enrollment let them and noted it.
    async fn services_show_what_they_keep_by_leave_of_enrollment(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let scopes = vec![AccessScope::Benefits.into(), AccessScope::Settlements.into()];
        let request = GrantAccessRequest { scopes: vec![AccessScope::Settlements.into()], ..grant_request() };
        let granted = grant(&mut rights, PERSON, request).await.unwrap();
        let by_grant = AuthorizeLookRequest {
            on_behalf_of: INSURER.into(),
            kind: LookKind::Benefits.into(),
            purpose: "理赔".into(),
            grant_id: granted.grant_id.clone(),
            scopes,
            ..AuthorizeLookRequest::default()
        };
        let allowed = authorize(&mut rights, "service:settlement", by_grant.clone()).await.unwrap();
        assert_eq!(allowed, AuthorizeLookResponse {
            psn_no: "P1".into(),
            scopes: vec![AccessScope::Settlements.into()],
            begins_at: granted.begins_at,
            ends_at: granted.ends_at,
            poolareas_no: vec!["430100".into(), "430200".into()],
        });
        let refused = [
            (AuthorizeLookRequest { on_behalf_of: "insurer:AIA".into(), ..by_grant.clone() }, "GRANT_UNKNOWN"),
            (AuthorizeLookRequest { psn_no: "P2".into(), ..by_grant.clone() }, "GRANT_UNKNOWN"),
            (AuthorizeLookRequest { purpose: "营销".into(), ..by_grant.clone() }, "GRANT_OTHER_PURPOSE"),
            (AuthorizeLookRequest { scopes: vec![AccessScope::Benefits.into()], ..by_grant.clone() }, "GRANT_OUT_OF_SCOPE"),
        ];
        for (request, reason) in refused {
            assert_eq!(authorize(&mut rights, "service:settlement", request).await.unwrap_err().reason, reason);
        }
        let without = AuthorizeLookRequest {
            on_behalf_of: "agency:430200".into(),
            psn_no: "P1".into(),
            kind: LookKind::Settlement.into(),
            subject: "S1".into(),
            purpose: "经办业务".into(),
            ..AuthorizeLookRequest::default()
        };
        authorize(&mut rights, "service:settlement", without.clone()).await.unwrap();
        let own = AuthorizeLookRequest { on_behalf_of: PERSON.into(), purpose: String::new(), ..without.clone() };
        authorize(&mut rights, "service:settlement", own).await.expect("their own, for no purpose");
        let nobody = AuthorizeLookRequest { psn_no: "P9".into(), ..without.clone() };
        assert_eq!(authorize(&mut rights, "service:settlement", nobody).await.unwrap_err().reason, "PERSON_UNKNOWN");
        let wrong = AuthorizeLookRequest { on_behalf_of: "x".into(), kind: 0, purpose: String::new(), ..without.clone() };
        let wrong = authorize(&mut rights, "service:settlement", wrong).await.unwrap_err();
        assert_eq!(wrong.violation_reasons(), ["CODE_UNKNOWN", "CODE_UNKNOWN", "TEXT_REQUIRED"]);
        for caller in [INSURER, PERSON, "agency:430200", "department:430200", "institution:H43020000001", "operator:alice"] {
            let denied = authorize(&mut rights, caller, without.clone()).await.unwrap_err();
            assert_eq!((denied.code, denied.reason.as_str()), (Code::PermissionDenied, "PERSON_NOT_OWN"), "{caller}");
        }

        let log: Vec<_> = own_log(&mut rights).await.into_iter().map(|entry| (entry.seq, entry.actor, entry.action, entry.subject, entry.outcome)).collect();
        let entry = |seq, actor: &str, action: &str, subject: &str, outcome: &str| (seq, actor.to_owned(), action.to_owned(), subject.to_owned(), outcome.to_owned());
        assert_eq!(log, [
            entry(5, "agency:430200", "SETTLEMENT", "S1", "GIVEN"),
            entry(4, INSURER, "BENEFITS", "", "GRANT_OUT_OF_SCOPE"),
            entry(3, INSURER, "BENEFITS", "", "GRANT_OTHER_PURPOSE"),
            entry(2, "insurer:AIA", "BENEFITS", "", "GRANT_OF_ANOTHER"),
            entry(1, INSURER, "BENEFITS", "", "GIVEN"),
        ]);
        let area = VerifyAccessLogRequest { poolarea_no: "430200".into(), ..Default::default() };
        assert!(rights.verify_access_log(area).await.unwrap().into_inner().intact);
    }

    async fn a_grant_counts_from_its_begin_to_its_end(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let later = GrantAccessRequest { begins_at: moment("2024-06-16T12:00:00+08:00"), ..grant_request() };
        let granted = grant(&mut rights, PERSON, later).await.unwrap();
        assert_eq!(look_up(&mut rights, INSURER, look(&granted)).await.unwrap_err().reason, "GRANT_NOT_BEGUN");
        service.hand.advance(TimeDelta::days(1));
        look_up(&mut rights, INSURER, look(&granted)).await.unwrap();
        service.hand.advance(TimeDelta::days(29) - TimeDelta::microseconds(1));
        look_up(&mut rights, INSURER, look(&granted)).await.unwrap();
        service.hand.advance(TimeDelta::microseconds(1));
        assert_eq!(look_up(&mut rights, INSURER, look(&granted)).await.unwrap_err().reason, "GRANT_ENDED");
    }

    async fn a_grant_counts_at_once_where_the_clock_is_behind(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let granted = grant(&mut rights, PERSON, grant_request()).await.unwrap();
        service.hand.advance(TimeDelta::minutes(-5));
        look_up(&mut rights, INSURER, look(&granted)).await.unwrap();
    }

    async fn a_withdrawn_grant_stops_the_next_look(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let granted = grant(&mut rights, PERSON, grant_request()).await.unwrap();
        look_up(&mut rights, INSURER, look(&granted)).await.unwrap();
        for caller in [INSURER, "person:P2", "agency:430100", "institution:H43020000001"] {
            assert_eq!(withdraw(&mut rights, caller, &granted).await.unwrap_err().reason, "GRANT_UNKNOWN", "{caller}");
        }
        let withdrawn = withdraw(&mut rights, PERSON, &granted).await.unwrap();
        assert_eq!((withdrawn.withdrawn_at, withdrawn.withdrawn_by.as_str()), (moment("2024-06-15T04:00:00Z"), PERSON));
        let refused = look_up(&mut rights, INSURER, look(&granted)).await.unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "GRANT_WITHDRAWN"));
        service.hand.advance(TimeDelta::hours(1));
        assert_eq!(withdraw(&mut rights, "agency:430200", &granted).await.unwrap(), withdrawn, "it stays as it is");
    }

    /// Many look while the person withdraws: whoever begins to look after the answer is refused, and the log has as many
    /// looks that were given as were answered.
    async fn no_look_slips_through_while_a_grant_is_withdrawn(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let granted = grant(&mut rights, PERSON, grant_request()).await.unwrap();
        let withdrawn = Arc::new(AtomicBool::new(false));
        let lookers = (0..8).map(|_| {
            let (mut rights, request, withdrawn) = (rights.clone(), look(&granted), withdrawn.clone());
            tokio::spawn(async move {
                let mut given = 0;
                loop {
                    let behind = withdrawn.load(Ordering::SeqCst);
                    match look_up(&mut rights, INSURER, request.clone()).await {
                        Ok(_) => assert!(!behind, "a look that began after the withdrawal was given"),
                        Err(error) => { assert_eq!(error.reason, "GRANT_WITHDRAWN"); return given; }
                    }
                    given += 1;
                }
            })
        });
        let lookers: Vec<_> = lookers.collect();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        withdraw(&mut rights, PERSON, &granted).await.unwrap();
        withdrawn.store(true, Ordering::SeqCst);
        let given: usize = join_all(lookers).await.into_iter().map(|looker| looker.unwrap()).sum();
        let area = VerifyAccessLogRequest { poolarea_no: "430200".into(), ..Default::default() };
        let verdict = rights.verify_access_log(area).await.unwrap().into_inner();
        assert!(verdict.intact && verdict.complete, "{verdict:?}");
        assert_eq!(verdict.entries as usize, given + 8, "each look is an entry");
        assert!(given > 0, "some looked before");
    }

    async fn a_grant_is_refused_with_everything_that_is_wrong(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let bad = GrantAccessRequest {
            request_id: " ".into(),
            grantee: "person:P2".into(),
            purpose: "长".repeat(51),
            scopes: vec![1, 1, 0, 99],
            begins_at: Some(Timestamp { seconds: 253_402_300_800, nanos: 0 }),
            ends_at: moment("2024-06-15T04:00:00.0000001Z"),
            consent_reference: "C1".into(),
            ..grant_request()
        };
        let wrong = grant(&mut rights, PERSON, bad).await.unwrap_err();
        let violations: Vec<_> = wrong.violations.iter().map(|v| format!("{} {}", v.field, v.reason)).collect();
        assert_eq!(violations, [
            "request_id REQUEST_ID_INVALID",
            "purpose TEXT_INVALID",
            "grantee GRANTEE_INVALID",
            "consent_reference TEXT_INVALID",
            "scopes[1] SCOPE_INVALID",
            "scopes[2] SCOPE_INVALID",
            "scopes[3] SCOPE_INVALID",
            "begins_at TIME_INVALID",
            "ends_at TIME_INVALID",
        ]);
        let none = GrantAccessRequest { scopes: vec![], purpose: String::new(), ends_at: moment("2024-06-15T04:00:00Z"), ..grant_request() };
        let wrong = grant(&mut rights, PERSON, none).await.unwrap_err();
        assert_eq!(wrong.violation_reasons(), ["TEXT_REQUIRED", "SCOPE_INVALID", "DATES_REVERSED"]);
        let year = |ends_at: &str| GrantAccessRequest { ends_at: moment(ends_at), ..grant_request() };
        let wrong = grant(&mut rights, PERSON, year("2025-06-16T04:00:00.000001Z")).await.unwrap_err();
        assert_eq!(wrong.violation_reasons(), ["GRANT_TOO_LONG"]);
        grant(&mut rights, PERSON, year("2025-06-16T04:00:00Z")).await.unwrap();
    }

    async fn the_agency_grants_on_a_signed_request_and_others_do_not(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let signed = || GrantAccessRequest { consent_reference: "申请2024-17".into(), ..grant_request() };
        let unsigned = grant(&mut rights, "agency:430200", grant_request()).await.unwrap_err();
        assert_eq!(unsigned.violation_reasons(), ["TEXT_REQUIRED"]);
        let granted = grant(&mut rights, "agency:430200", signed()).await.unwrap();
        assert_eq!((granted.granted_by.as_str(), granted.consent_reference.as_str()), ("agency:430200", "申请2024-17"));
        for (caller, reason) in [
            (INSURER, "PERSON_UNKNOWN"),
            ("agency:430100", "PERSON_UNKNOWN"),
            ("person:P2", "PERSON_UNKNOWN"),
            ("institution:H43020000001", "PERSON_NOT_OWN"),
            ("department:430200", "PERSON_NOT_OWN"),
        ] {
            assert_eq!(grant(&mut rights, caller, signed()).await.unwrap_err().reason, reason, "{caller}");
        }
    }

    async fn granting_is_done_once_however_often_it_is_asked(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let request = grant_request();
        let first = rights.grant_access(as_caller(PERSON, request.clone())).await.unwrap().into_inner();
        let again = rights.grant_access(as_caller(PERSON, request.clone())).await.unwrap().into_inner();
        assert_eq!(again, GrantAccessResponse { replayed: true, ..first.clone() });
        let other = GrantAccessRequest { purpose: "核保".into(), ..request };
        assert_eq!(grant(&mut rights, PERSON, other).await.unwrap_err().reason, "REQUEST_ID_REUSED");
        let list = ListGrantsRequest { psn_no: "P1".into(), ..Default::default() };
        let listed = rights.list_grants(as_caller(PERSON, list)).await.unwrap().into_inner().grants;
        assert_eq!(listed, [first.grant.unwrap()]);
    }

    async fn grants_are_listed_to_whom_they_concern(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        for number in 0..5 {
            let grantee = if number % 2 == 0 { INSURER.to_owned() } else { "institution:H43020000001".to_owned() };
            service.hand.advance(TimeDelta::seconds(1));
            grant(&mut rights, PERSON, GrantAccessRequest { grantee, ..grant_request() }).await.unwrap();
        }
        let (mut listed, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListGrantsRequest { psn_no: "P1".into(), page_size: 2, page_token };
            let page = rights.list_grants(as_caller("agency:430200", request)).await.unwrap().into_inner();
            assert!(page.grants.len() <= 2);
            listed.extend(page.grants);
            page_token = page.next_page_token;
            if page_token.is_empty() { break; }
        }
        assert_eq!(listed.len(), 5);
        assert!(listed.windows(2).all(|pair| pair[0].granted_at.unwrap().seconds < pair[1].granted_at.unwrap().seconds), "oldest first");
        for (caller, count) in [(PERSON, 5), (INSURER, 3), ("institution:H43020000001", 2), ("insurer:AIA", 0), ("person:P2", 0)] {
            let request = ListGrantsRequest { psn_no: "P1".into(), ..Default::default() };
            let grants = rights.list_grants(as_caller(caller, request)).await.unwrap().into_inner().grants;
            assert_eq!(grants.len(), count, "{caller}");
        }
    }

    async fn a_person_has_a_hundred_grants_at_most(db: TestDatabase) {
        let mut service = start(&db).await;
        let mut rights = service.rights().await;
        enrolled(&mut service).await;
        let mut last = None;
        for _ in 0..100 {
            last = Some(grant(&mut rights, PERSON, grant_request()).await.unwrap());
        }
        let refused = grant(&mut rights, PERSON, grant_request()).await.unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "TOO_MANY_GRANTS"));
        withdraw(&mut rights, PERSON, &last.unwrap()).await.unwrap();
        grant(&mut rights, PERSON, grant_request()).await.unwrap();
    }
}
