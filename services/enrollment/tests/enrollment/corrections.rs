//! Undoing an event undoes its effect: refunds, what was recorded by mistake, entries that were never so.

use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::coverage::*;
use crate::support::*;

fn refund(psn_no: &str, accrym: &str, fen: i64, day: &str) -> Contribution {
    let insutype = if accrym.len() == 4 { "390" } else { "310" };
    Contribution { clct_type: "20".into(), ..paid(psn_no, insutype, accrym, fen, day) }
}

async fn take_back(
    client: &mut Coverages,
    psn_no: &str,
    person_version: i64,
) -> Result<TakeBackChangeResponse, RemoteError> {
    let request = TakeBackChangeRequest {
        request_id: new_id(),
        psn_no: psn_no.into(),
        person_version,
        contribution_id: String::new(),
    };
    Ok(client.take_back_change(request).await.map_err(error)?.into_inner())
}

async fn contributions(client: &mut Coverages, psn_no: &str) -> ListContributionsResponse {
    let request = ListContributionsRequest { psn_no: psn_no.into(), ..Default::default() };
    client.list_contributions(request).await.unwrap().into_inner()
}

both_databases! {
    /// The smallest input: paid for 2026 in 2025, all of it paid back before the year begins, recorded late: not covered. A part, or
    /// after the year has begun: as it was. And a refund recorded by mistake gives the cover back.
    async fn a_full_refund_before_the_year_begins_takes_the_cover_back(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_coverages(coverages([coverage("P1", "390", "2025-01-01", "2025-12-31")])).await.unwrap();
        record(&mut client, [paid("P1", "390", "2026", 40000, "2025-10-08")]).await.unwrap();
        assert!(service.eligibility("P1", "2026-02-01").await.entitled);
        let before = service.get_person("P1").await.unwrap();
        let begun = record(&mut client, [refund("P1", "2026", 40000, "2026-01-01")]).await.unwrap_err();
        assert_eq!((begun.violation_reasons(), begun.violations[0].field.as_str()), (vec!["REFUND_AFTER_BEGIN"], "rows[0].accrym"));
        let part = record(&mut client, [refund("P1", "2026", 100, "2025-12-31")]).await.unwrap();
        assert_eq!((part.changed_person_count, service.get_person("P1").await.unwrap()), (0, before.clone()));
        let rest = record(&mut client, [refund("P1", "2026", 39900, "2025-12-31")]).await.unwrap();
        assert_eq!(rest.coverages[0].coverage.as_ref().unwrap().psn_insu_stas, "4");
        assert_eq!(service.eligibility("P1", "2026-02-01").await.reason, "COVERAGE_ENDED");
        assert!(service.eligibility("P1", "2025-12-31").await.entitled, "the year before stays");
        let more = record(&mut client, [refund("P1", "2026", 1, "2025-12-31")]).await.unwrap_err();
        assert_eq!(more.violation_reasons(), ["REFUND_EXCEEDS_PAID"]);

        // The refund was booked to the wrong person.
        let version = service.get_person("P1").await.unwrap().person_version;
        let restored = take_back(&mut client, "P1", version).await.unwrap();
        assert_eq!((restored.contribution_count, restored.coverages.len()), (1, 1));
        assert!(service.eligibility("P1", "2026-02-01").await.entitled);
        assert_eq!(service.get_person("P1").await.unwrap().coverages, before.coverages);
        let listed = contributions(&mut client, "P1").await.contributions;
        let reversed: Vec<_> = listed.iter().filter(|row| !row.reverses.is_empty()).collect();
        assert_eq!((listed.len(), reversed.len(), reversed[0].amount_fen), (4, 1, 39900), "what was recorded stays");
        // It was no mistake after all.
        take_back(&mut client, "P1", restored.person_version).await.unwrap();
        assert_eq!(service.eligibility("P1", "2026-02-01").await.reason, "COVERAGE_ENDED");
        // Paid again: a new decision.
        record(&mut client, [paid("P1", "390", "2026", 40000, "2025-12-31")]).await.unwrap();
        assert!(service.eligibility("P1", "2026-02-01").await.entitled);
    }

    /// A gap year that was paid for and is paid back puts its months of waiting back.
    async fn a_refunded_repair_waits_again(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_coverages(coverages([coverage("P1", "390", "2024-01-01", "2024-12-31")])).await.unwrap();
        record(&mut client, [paid("P1", "390", "2026", 40000, "2026-05-19")]).await.unwrap();
        let repair = RepairWaitingRequest {
            request_id: new_id(), psn_no: "P1".into(), years: vec![2025], amount_per_year_fen: 40000,
            paid_date: "2026-05-20".into(), clct_way: String::new(),
        };
        client.repair_waiting(repair).await.unwrap();
        assert!(service.eligibility("P1", "2026-08-20").await.entitled);
        let answer = record(&mut client, [refund("P1", "2025", 40000, "2026-05-20")]).await.unwrap();
        let waiting = answer.coverages[0].waiting.clone().unwrap();
        assert_eq!((waiting.repaired_months, waiting.enddate.as_str()), (0, "2026-09-19"));
        assert_eq!(service.eligibility("P1", "2026-08-20").await.reason, "WAITING_PERIOD");
        let version = service.get_person("P1").await.unwrap().person_version;
        take_back(&mut client, "P1", version).await.unwrap();
        assert!(service.eligibility("P1", "2026-08-20").await.entitled);
    }

    /// A death recorded by mistake: everything it ended goes on; an import neither takes a death back nor moves it.
    async fn a_death_recorded_by_mistake_is_taken_back(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_coverages(coverages([coverage("P1", "390", "2026-01-01", "2026-12-31"), coverage("P1", "510", "2020-01-01", "")])).await.unwrap();
        let before = service.get_person("P1").await.unwrap();
        let death = RecordDeathRequest { request_id: new_id(), psn_no: "P1".into(), die_date: "2026-05-18".into() };
        let died = client.record_death(death.clone()).await.unwrap().into_inner();
        assert_eq!(service.eligibility("P1", "2026-05-19").await.reason, "DECEASED");
        let alive = service.import_persons(persons([person("P1")])).await.unwrap_err();
        assert_eq!((alive.violation_reasons(), alive.violations[0].field.as_str()), (vec!["ALREADY_DECEASED"], "rows[0].die_date"));
        let listed = ListPersonChangesRequest { psn_no: "P1".into(), ..Default::default() };
        let listed = client.list_person_changes(listed).await.unwrap().into_inner().changes;
        let told: Vec<_> = listed.iter().map(|change| (change.person_version, change.method.as_str())).collect();
        assert_eq!(told, [(3, "RecordDeath"), (2, "ImportCoverages"), (1, "ImportPersons")]);
        let back = take_back(&mut client, "P1", died.person_version).await.unwrap();
        let after = service.get_person("P1").await.unwrap();
        assert_eq!((after.die_date.as_str(), &after.coverages, after.person_version), ("", &before.coverages, back.person_version));
        assert!(service.eligibility("P1", "2026-05-19").await.entitled);
        let again = take_back(&mut client, "P1", died.person_version).await.unwrap_err();
        assert_eq!((again.code, again.reason.as_str()), (Code::FailedPrecondition, "CHANGE_BUILT_UPON"));
        // The right day.
        client.record_death(RecordDeathRequest { request_id: new_id(), die_date: "2026-05-17".into(), ..death }).await.unwrap();
        assert_eq!(service.eligibility("P1", "2026-05-18").await.reason, "DECEASED");
    }

    /// A change is taken back only while nothing stands on it; what came last goes first.
    async fn what_came_last_is_taken_back_first(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let enrolled = done(&mut client, enrol("P1", "310", "2026-01-01", "2026-01-20")).await.unwrap();
        let paused = done(&mut client, change("P1", "310", "22", "2026-03-01")).await.unwrap();
        let refused = take_back(&mut client, "P1", enrolled.person_version).await.unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.metadata["begndate"].as_str()), ("CHANGE_BUILT_UPON", "2026-01-01"));
        take_back(&mut client, "P1", paused.person_version).await.unwrap();
        assert!(service.eligibility("P1", "2026-03-01").await.entitled);
        let gone = take_back(&mut client, "P1", enrolled.person_version).await.unwrap();
        assert_eq!((gone.contribution_count, gone.coverages.len()), (1, 0));
        assert_eq!(service.get_person("P1").await.unwrap().coverages, []);
        assert_eq!(service.eligibility("P1", "2026-03-01").await.reason, "NO_COVERAGE");
        for (version, reason) in [(1, "NOTHING_TO_TAKE_BACK"), (99, "CHANGE_UNKNOWN")] {
            assert_eq!(take_back(&mut client, "P1", version).await.unwrap_err().reason, reason);
        }
    }

    /// One contribution: a due and a payment that decided nothing go; one that carries a coverage does not go without it.
    async fn a_contribution_recorded_by_mistake(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        record(&mut client, [due("P1", "310", "2026-05", 50000), paid("P1", "310", "2026-05", 50000, "2026-05-19")]).await.unwrap();
        done(&mut client, ChangeCoverageRequest { payment: None, ..enrol("P1", "310", "2026-05-01", "") }).await.unwrap();
        let listed = contributions(&mut client, "P1").await.contributions;
        let row = |at: usize| TakeBackChangeRequest {
            request_id: new_id(), psn_no: "P1".into(), contribution_id: listed[at].contribution_id.clone(), ..Default::default()
        };
        let carries = error(client.take_back_change(row(1)).await.unwrap_err());
        assert_eq!((carries.reason.as_str(), carries.metadata["begndate"].as_str()), ("CHANGE_BUILT_UPON", "2026-05-01"));
        client.take_back_change(row(0)).await.unwrap();
        let twice = error(client.take_back_change(row(0)).await.unwrap_err());
        assert_eq!(twice.reason, "CHANGE_UNKNOWN");
        record(&mut client, [paid("P1", "310", "2026-05", 50000, "2026-05-20")]).await.unwrap();
        client.take_back_change(row(1)).await.unwrap();
        assert!(service.eligibility("P1", "2026-05-20").await.entitled, "paid twice, and once it was a mistake");
        assert_eq!(contributions(&mut client, "P1").await.arrears_fen, 0);
        let neither = TakeBackChangeRequest { request_id: new_id(), psn_no: "P1".into(), ..Default::default() };
        assert_eq!(error(client.take_back_change(neither).await.unwrap_err()).violation_reasons(), ["COUNT_INVALID"]);
        assert_eq!(
            error(client.take_back_change(as_caller("agency:430100", row(1))).await.unwrap_err()).reason,
            "PERSON_UNKNOWN"
        );
    }

    /// Entries written by mistake go with what they gave: of coverages, identities, memberships, account shares and diseases.
    async fn entries_that_were_never_so_go(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_persons(persons([person("P2")])).await.unwrap();
        let (psn_no, begndate) = (|| "P1".to_owned(), || "2026-01-01".to_owned());
        let held = coverage("P1", "390", "2026-01-01", "2026-12-31");
        let identity = IdentityRow { psn_no: psn_no(), name: "低保".into(), begndate: begndate(), ..Default::default() };
        let membership = MembershipRow { psn_no: psn_no(), kind: 3, category: "烈士遗属".into(), begndate: begndate(), ..Default::default() };
        let share = AccountShareRow { psn_no: psn_no(), sharer_psn_no: "P2".into(), begndate: begndate(), ..Default::default() };
        let disease = DiseaseEntitlement { kind: 1, dise_codg: "M01600".into(), dise_name: "糖尿病".into(), begndate: begndate(), ..Default::default() };
        let disease = DiseaseEntitlementRow { psn_no: psn_no(), entitlement: Some(disease), withdrawn: false };
        for withdrawn in [false, true] {
            service.import_coverages(coverages([CoverageRow { withdrawn, ..held.clone() }])).await.unwrap();
            let request_id = new_id;
            let rows = vec![IdentityRow { withdrawn, ..identity.clone() }];
            service.client.import_identities(ImportIdentitiesRequest { request_id: request_id(), rows }).await.unwrap();
            let rows = vec![MembershipRow { withdrawn, ..membership.clone() }];
            service.client.import_memberships(ImportMembershipsRequest { request_id: request_id(), rows }).await.unwrap();
            let rows = vec![AccountShareRow { withdrawn, ..share.clone() }];
            service.client.import_account_shares(ImportAccountSharesRequest { request_id: request_id(), rows }).await.unwrap();
            let rows = vec![DiseaseEntitlementRow { withdrawn, ..disease.clone() }];
            let outcome = client.import_disease_entitlements(ImportDiseaseEntitlementsRequest { request_id: request_id(), rows }).await.unwrap().into_inner().outcome.unwrap();
            assert_eq!((outcome.created_count, outcome.withdrawn_count), if withdrawn { (0, 1) } else { (1, 0) });
            let told = service.eligibility("P1", "2026-02-01").await;
            let lists = [told.identities.len(), told.memberships.len(), told.account_sharers.len(), told.diseases.len()];
            assert_eq!((told.entitled, lists), (!withdrawn, [usize::from(!withdrawn); 4]));
        }
        let none = service.import_coverages(coverages([CoverageRow { withdrawn: true, ..held }])).await.unwrap_err();
        assert_eq!((none.violation_reasons(), none.violations[0].field.as_str()), (vec!["ENTRY_UNKNOWN"], "rows[0].withdrawn"));
    }
}
