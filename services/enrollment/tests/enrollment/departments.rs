//! Departments as data: which identities, memberships and facts each reports, in an area, from a day on.

use std::time::{Duration, Instant};

use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::coverage::*;
use crate::roster_support::*;
use crate::support::*;

fn of(department: &str, roster_id: &str, mode: RosterMode, kinds: &[&str], rows: usize) -> RosterHeader {
    RosterHeader {
        department: department.into(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        effective_date: "2026-05-01".into(),
        ..header(roster_id, mode, rows)
    }
}

/// Kind, category, first and last day of a person's memberships.
async fn memberships(service: &mut TestService, psn_no: &str) -> Vec<(i32, String, String, String)> {
    let person = service.get_person(psn_no).await.unwrap();
    person
        .memberships
        .into_iter()
        .map(|held| (held.kind, held.category, held.begndate, held.enddate))
        .collect()
}

/// What eligibility says once it knows of such a membership: it may be so much older than the register as its cache is allowed to be.
async fn once_told(service: &mut TestService, kind: MembershipKind) -> Eligibility {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let told = service.eligibility("P1", "2026-05-01").await;
        if told.memberships.iter().any(|held| held.kind() == kind) || deadline < Instant::now() {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

both_databases! {
    /// 退役军人, 工会, 公务员, insurers: what payers beside the basic schemes read begins, ends and goes with the roster.
    async fn a_roster_brings_memberships(db: TestDatabase) {
        let (mut service, _) = start_in_2026(&db).await;
        let veterans = Department::at(service.server.url(), "department:430200.veterans").await;
        let held = |begndate: &str, enddate: &str| vec![(3, "烈士遗属".to_owned(), begndate.to_owned(), enddate.to_owned())];
        let rows = [add("P1", "烈士遗属", "2026-02-01", "")];
        let roster = of("veterans", "V1", RosterMode::Full, &["烈士遗属", "老复员"], 1);
        let first = veterans.load(&roster, &rows).await.unwrap();
        assert_eq!((first.summary().added_count, memberships(&mut service, "P1").await), (1, held("2026-02-01", "")));
        let told = once_told(&mut service, MembershipKind::Veteran).await;
        assert_eq!((told.memberships[0].kind(), told.identities[0].name.as_str()), (MembershipKind::Veteran, "烈士遗属"));
        let again = veterans.load(&RosterHeader { roster_id: "V2".into(), ..roster.clone() }, &rows).await.unwrap();
        assert_eq!((again.summary().unchanged_count, again.summary().changed_person_count), (1, 0));
        // Missing from the next one.
        veterans.load(&of("veterans", "V3", RosterMode::Full, &["烈士遗属"], 0), &[]).await.unwrap();
        assert_eq!(memberships(&mut service, "P1").await, held("2026-02-01", "2026-04-30"));
        // And that was a mistake: said again of the same day, it goes on.
        veterans.load(&RosterHeader { roster_id: "V4".into(), ..roster }, &rows).await.unwrap();
        assert_eq!(memberships(&mut service, "P1").await, held("2026-02-01", ""));
        // It was never so.
        let never = [RosterRow { begndate: "2026-02-01".into(), ..remove("P1", "烈士遗属", "2026-01-31") }];
        let gone = veterans.load(&of("veterans", "V5", RosterMode::Changes, &[], 1), &never).await.unwrap();
        assert_eq!((gone.summary().ended_count, memberships(&mut service, "P1").await), (1, vec![]));
        assert_eq!(service.get_person("P1").await.unwrap().identities, []);
        for (department, kind, expected) in [
            ("union", "36元", MembershipKind::Union), ("civil-servants", "科级", MembershipKind::CivilServant),
            ("commercial-insurers", "惠衢保2021", MembershipKind::Commercial),
        ] {
            let caller = Department::at(service.server.url(), &format!("department:430200.{department}")).await;
            caller.load(&of(department, "A", RosterMode::Changes, &[], 1), &[add("P1", kind, "2026-01-01", "")]).await.unwrap();
            let told = once_told(&mut service, expected).await.memberships;
            assert!(told.iter().any(|held| held.kind() == expected && held.category == kind), "{department}: {told:?}");
        }
    }

    /// An area publishes its own departments; before that day, and elsewhere, the nation's report.
    async fn an_area_has_departments_of_its_own(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let unknown = Department::at(service.server.url(), "department:430200.flood-relief").await;
        let roster = of("flood-relief", "F1", RosterMode::Changes, &[], 1);
        let refused = unknown.load(&roster, &[add("P1", "受灾", "2026-05-01", "")]).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["DEPARTMENT_UNKNOWN"]);
        let document = "rules: zhuzhou-departments\nversion: \"1\"\ntitle: 部门\narea: \"430200\"\nsources:\n  s: { title: 试, quality: P }\n\
            departments:\n  - from: 2026-05-01\n    source: s\n    reporters:\n      - { code: flood-relief, name: 应急, kinds: [{ name: 受灾 }] }\n";
        let rules = PublishEntitlementRulesRequest { request_id: new_id(), document: document.into() };
        client.publish_entitlement_rules(rules).await.unwrap();
        unknown.load(&roster, &[add("P1", "受灾", "2026-05-01", "")]).await.unwrap();
        assert_eq!(service.get_person("P1").await.unwrap().identities[0].department, "flood-relief");
        let early = RosterHeader { effective_date: "2026-04-30".into(), ..of("flood-relief", "F2", RosterMode::Changes, &[], 0) };
        assert_eq!(unknown.load(&early, &[]).await.unwrap_err().violation_reasons(), ["DEPARTMENT_UNKNOWN"]);
    }

    /// 公安 records deaths and residences, 税务 contributions; no department records another's.
    async fn departments_record_the_facts_they_report(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_coverages(coverages([coverage("P1", "390", "2025-01-01", "2025-12-31")])).await.unwrap();
        let (police, tax) = ("department:430200.police", "department:430000.tax");
        let payment = || RecordContributionsRequest { request_id: new_id(), rows: vec![paid("P1", "390", "2026", 40000, "2025-10-08")] };
        let residence = || RecordResidencesRequest {
            request_id: new_id(), rows: vec![ResidenceRow { psn_no: "P1".into(), resd_code: "430202001001".into() }],
        };
        let death = || RecordDeathRequest { request_id: new_id(), psn_no: "P1".into(), die_date: "2026-05-18".into() };
        for caller in [police, "department:430200", "department:430100.tax", "department:430200.veterans"] {
            let refused = error(client.record_contributions(as_caller(caller, payment())).await.unwrap_err());
            let of_elsewhere = caller == "department:430100.tax";
            let told = if of_elsewhere { refused.violation_reasons()[0] } else { refused.reason.as_str() };
            assert_eq!(told, if of_elsewhere { "PERSON_UNKNOWN" } else { "AREA_NOT_OWNED" }, "{caller}");
        }
        // Which department, and what it does not report.
        let refused = error(client.record_contributions(as_caller(police, payment())).await.unwrap_err());
        assert_eq!((refused.metadata["department"].as_str(), refused.metadata["fact"].as_str()), ("police", "contributions"));
        client.record_contributions(as_caller(tax, payment())).await.unwrap();
        assert!(service.eligibility("P1", "2026-05-01").await.entitled);
        assert_eq!(error(client.record_death(as_caller(tax, death())).await.unwrap_err()).reason, "AREA_NOT_OWNED");
        let moved = client.record_residences(as_caller(police, residence())).await.unwrap().into_inner();
        assert_eq!((moved.changed_person_count, service.get_person("P1").await.unwrap().resd_code.as_str()), (1, "430202001001"));
        let same = client.record_residences(as_caller(police, residence())).await.unwrap().into_inner();
        assert_eq!((same.row_count, same.changed_person_count), (1, 0));
        assert_eq!(error(client.record_residences(as_caller(tax, residence())).await.unwrap_err()).reason, "AREA_NOT_OWNED");
        client.record_death(as_caller(police, death())).await.unwrap();
        assert_eq!(service.eligibility("P1", "2026-05-19").await.reason, "DECEASED");
    }
}
