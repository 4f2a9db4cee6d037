//! 户籍家庭: reported by the police, dated, taken back; and what it shows of the kinship of an account share.

use tonic::transport::Channel;
use yizhan_proto::enrollment::v1::account_share_service_client::AccountShareServiceClient;
use yizhan_proto::enrollment::v1::household_service_client::HouseholdServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::coverage::{Coverages, start_in_2026};
use crate::support::*;

const POLICE: &str = "department:430200.police";

fn member(psn_no: &str, household_no: &str, relation: HouseholdRelation, begndate: &str) -> HouseholdRow {
    HouseholdRow {
        psn_no: psn_no.into(),
        household_no: household_no.into(),
        relation: relation.into(),
        begndate: begndate.into(),
        ..HouseholdRow::default()
    }
}

struct Calls {
    households: HouseholdServiceClient<Channel>,
    shares: AccountShareServiceClient<Channel>,
}

impl Calls {
    async fn of(service: &TestService) -> Calls {
        let channel = Channel::from_shared(service.server.url()).unwrap().connect().await.unwrap();
        let households = HouseholdServiceClient::new(channel.clone());
        Calls { households, shares: AccountShareServiceClient::new(channel) }
    }

    async fn record(&mut self, caller: &str, rows: &[HouseholdRow]) -> Result<ImportOutcome, RemoteError> {
        let request = RecordHouseholdsRequest { request_id: new_id(), rows: rows.to_vec() };
        let answer = self.households.record_households(as_caller(caller, request)).await.map_err(error)?;
        Ok(answer.into_inner().outcome.unwrap())
    }

    /// Who is in it on a day, by what they are to the head.
    async fn members(&mut self, household_no: &str, as_of: &str) -> Vec<(String, HouseholdRelation)> {
        let request = GetHouseholdRequest {
            poolarea_no: "430200".into(),
            household_no: household_no.into(),
            as_of: as_of.into(),
        };
        let found = self.households.get_household(as_caller(POLICE, request)).await.unwrap().into_inner();
        found.members.into_iter().map(|held| (held.psn_no.clone(), held.relation())).collect()
    }

    async fn grant(&mut self, kinship: Kinship) -> Result<AccountShareRow, RemoteError> {
        let request = GrantAccountShareRequest {
            request_id: new_id(),
            psn_no: "C".into(),
            sharer_psn_no: "P1".into(),
            kinship: kinship.into(),
            begndate: "2026-01-01".into(),
            ..GrantAccountShareRequest::default()
        };
        let answer = self.shares.grant_account_share(as_caller("person:P1", request)).await.map_err(error)?;
        Ok(answer.into_inner().share.unwrap())
    }
}

async fn take_back(client: &mut Coverages, psn_no: &str, person_version: i64) {
    let request = TakeBackChangeRequest {
        request_id: new_id(),
        psn_no: psn_no.into(),
        person_version,
        ..Default::default()
    };
    client.take_back_change(request).await.unwrap();
}

async fn publish(client: &mut Coverages, version: u32, contradicted: &str, not_shown: &str) {
    let document = format!(
        "rules: zhuzhou-kinship\nversion: \"{version}\"\ntitle: 共济\narea: \"430200\"\nsources:\n  s: {{ title: 试, quality: P }}\n\
         kinship:\n  - {{ from: 2026-01-01, source: s, contradicted: {contradicted}, not_shown: {not_shown} }}\n"
    );
    let rules = PublishEntitlementRulesRequest { request_id: new_id(), document };
    client.publish_entitlement_rules(rules).await.unwrap();
}

both_databases! {
    /// 公安 reports who is in one household, from a day on; it is read by household and by person, corrected and taken back.
    async fn the_police_report_households(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_persons(persons([person("C"), person("D")])).await.unwrap();
        let mut calls = Calls::of(&service).await;
        use HouseholdRelation::{Child, Head, Spouse};
        let rows = [member("P1", "H1", Head, "2020-01-01"), member("C", "H1", Child, "2021-05-01")];
        let outcome = calls.record(POLICE, &rows).await.unwrap();
        assert_eq!((outcome.created_count, outcome.changed_person_count), (2, 2));
        assert_eq!(calls.record(POLICE, &rows).await.unwrap().unchanged_count, 2);
        assert_eq!(calls.members("H1", "2020-06-01").await, [("P1".into(), Head)]);
        assert_eq!(calls.members("H1", "").await, [("C".into(), Child), ("P1".into(), Head)]);
        assert_eq!(service.get_person("C").await.unwrap().households[0].poolarea_no, "430200");

        // Everything that is wrong, at once, and nothing of it is written.
        let wrong = [
            HouseholdRow { relation: 9, ..member("P1", "户", Head, "2020-01-01") },
            member("C", "H2", Child, "2021-13-01"),
        ];
        let refused = calls.record(POLICE, &wrong).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["HOUSEHOLD_NO_INVALID", "CODE_UNKNOWN", "DATE_INVALID"]);
        let again = [member("C", "H2", Spouse, "2026-02-01"), member("D", "H2", Head, "2026-02-01")];
        assert_eq!(calls.record(POLICE, &again).await.unwrap_err().violation_reasons(), ["HOUSEHOLD_OVERLAP"]);
        assert_eq!(calls.members("H2", "").await, []);

        // Moves to a household of their own: the stretch before ends in the same call.
        let ended = HouseholdRow { enddate: "2026-01-31".into(), ..rows[1].clone() };
        calls.record(POLICE, &[ended, again[0].clone(), again[1].clone()]).await.unwrap();
        assert_eq!(calls.members("H1", "2026-02-01").await, [("P1".into(), Head)]);
        assert_eq!(calls.members("H2", "2026-02-01").await, [("C".into(), Spouse), ("D".into(), Head)]);
        // It was a mistake.
        let version = service.get_person("C").await.unwrap().person_version;
        take_back(&mut client, "C", version).await;
        assert_eq!(calls.members("H1", "2026-02-01").await, [("C".into(), Child), ("P1".into(), Head)]);
        let never = HouseholdRow { withdrawn: true, ..again[1].clone() };
        assert_eq!(calls.record(POLICE, std::slice::from_ref(&never)).await.unwrap().withdrawn_count, 1);
        assert_eq!(calls.record(POLICE, &[never]).await.unwrap_err().violation_reasons(), ["ENTRY_UNKNOWN"]);
        assert_eq!(calls.members("H2", "").await, []);

        // The agency corrects; another department, and another area's police, do not.
        calls.record("agency:430200", &[rows[1].clone()]).await.unwrap();
        let refused = calls.record("department:430200.tax", &rows).await.unwrap_err();
        let told = |key: &str| refused.metadata[key].clone();
        assert_eq!((refused.reason.as_str(), told("department"), told("fact")), ("AREA_NOT_OWNED", "tax".into(), "households".into()));
        let elsewhere = calls.record("department:430100.police", &rows).await.unwrap_err();
        assert_eq!(elsewhere.violation_reasons(), ["PERSON_UNKNOWN", "PERSON_UNKNOWN"]);
    }

    /// A share is told with what the households show of its kinship; by the area's rule it is marked (the default) or pays nothing.
    async fn a_household_shows_the_kinship_of_a_share(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_persons(persons([person("C")])).await.unwrap();
        let mut calls = Calls::of(&service).await;
        use HouseholdRelation::{Child, Head};
        let granted = calls.grant(Kinship::Child).await.unwrap();
        assert_eq!((granted.kinship_evidence(), granted.kinship_mark.is_empty()), (KinshipEvidence::NotShown, false));
        calls.record(POLICE, &[member("P1", "H1", Head, "2020-01-01"), member("C", "H1", Child, "2021-05-01")]).await.unwrap();
        // Reported later: asked again, it is shown.
        let told = service.eligibility("C", "2026-05-01").await.account_shares[0].clone();
        assert_eq!((told.kinship_evidence(), told.kinship_mark.as_str()), (KinshipEvidence::Confirmed, ""));
        let wrong = calls.grant(Kinship::Parent).await.unwrap();
        assert_eq!(wrong.kinship_evidence(), KinshipEvidence::Contradicted);
        let told = service.eligibility("C", "2026-05-01").await;
        assert_eq!((told.account_sharers.clone(), told.account_shares[0].kinship_mark.as_str()),
            (vec!["P1".to_owned()], "公安户籍登记的家庭关系与所填亲属关系不符，请核实"));
        assert_eq!(told.account_shares[0].kinship_rule, "national-entitlement@2026.11/kinship/2000-01-01");

        publish(&mut client, 1, "refuse", "mark").await;
        let refused = service.eligibility("C", "2026-05-01").await;
        assert_eq!(refused.account_sharers, Vec::<String>::new());
        assert_ne!(refused.eligibility_id, told.eligibility_id);
        assert_eq!(calls.grant(Kinship::Parent).await.unwrap_err().violation_reasons(), ["KINSHIP_CONTRADICTED"]);
        calls.grant(Kinship::Child).await.unwrap();
        assert_eq!(service.eligibility("C", "2026-05-01").await.account_sharers, ["P1"]);
    }
}
