//! The third line of defence over a whole platform: what was settled without audit is caught up with, and who works on what is found.

use std::time::{Duration, Instant};

use tonic::Code;
use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::finding_service_client::FindingServiceClient;
use yizhan_proto::audit::v1::rules_service_client::RulesServiceClient;
use yizhan_proto::audit::v1::*;
use yizhan_proto::enrollment::v1::ListAccessLogRequest;
use yizhan_proto::settlement::v1::WorkItemState;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::clinic;

const RULE: &str = "T-CARE";

/// What is charged for more than two days' worth of care.
fn rule(life: &str, stages: &str) -> String {
    format!(
        "rule: {RULE}\nversion: \"{life}\"\ntitle: 护理超次数\nclass: 医疗服务项目政策限定类\narea: \"{COMPOSITE_AREA}\"\n\
         sources: {{ doc: {{ title: 试〔2026〕1号, quality: G }} }}\nsource: doc\nfrom: 2024-01-01\nlife: {life}\nresult: 可疑\n\
         stages: [{stages}]\nconsequence: mark\nmay_answer: true\nbehaviour: 超标准收费\nscope: visit\nkind: most\n\
         points: [{{ code: \"{CARE}\", of: quantity, most: 2 }}]\n"
    )
}

fn findings(client: &Client) -> FindingServiceClient<PeerChannel> {
    FindingServiceClient::new(client.to_audit())
}

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

async fn publish(client: &Client, document: String) {
    let request = PublishAuditRuleRequest { request_id: new_id(), document };
    RulesServiceClient::new(client.to_audit()).publish_audit_rule(request).await.unwrap();
}

/// What the area has by a rule.
async fn by(client: &Client, rule_id: &str) -> Answer<Vec<Finding>> {
    let request = ListFindingsRequest {
        poolarea_no: COMPOSITE_AREA.into(),
        rule_id: rule_id.into(),
        ..ListFindingsRequest::default()
    };
    Ok(told(findings(client).list_findings(request).await)?.findings)
}

/// Waits until that is as it should be. A connection breaks with its first use behind a time in which audit was away.
pub async fn until(client: &Client, rule_id: &str, hold: impl Fn(&[Finding]) -> bool) -> Vec<Finding> {
    let begun = Instant::now();
    loop {
        let found = match by(client, rule_id).await {
            Ok(found) if hold(&found) => return found,
            other => other,
        };
        assert!(begun.elapsed() < Duration::from_secs(20), "never so: {found:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

both_databases! {
    /// Away, nobody is kept waiting; back, audit looks at what it missed, by the rules of 事中 too. The agency works on what it found, and what is
    /// reversed is off its hands.
    async fn audit_catches_up_with_what_was_settled_without_it(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).with_person(Person::employee("P1")).asking_audit().start().await;
        publish(&platform, rule("active", "事中, 事后")).await;
        platform.stop_audit().await;
        let care = visit("P1").outpatient("2026-01-05").line(CARE, "5", "20");
        let settled = platform.settle("R1", care.clone()).await.unwrap();
        assert!(info(&settled).audit_pending && settled.audit.is_none());
        platform.start_audit().await;
        let found = until(&platform, RULE, |found| found.len() == 1).await.remove(0);
        let violation = found.violation.clone().unwrap();
        assert_eq!((found.state(), found.origin(), &found.setl_id), (FindingState::Open, FindingOrigin::Screening, &info(&settled).setl_id));
        assert_eq!((violation.rule_id.as_str(), violation.vola_amt_fen), (RULE, yuan("60")));

        let jr_id = found.jr_id.clone();
        let get = |caller: &str| {
            let client = platform.as_caller(caller);
            let request = GetFindingRequest { jr_id: jr_id.clone(), ..GetFindingRequest::default() };
            async move { told(findings(&client).get_finding(request).await) }
        };
        let seen = get("agency:999900").await.unwrap();
        let lines: Vec<&str> = seen.encounter.iter().flat_map(|one| &one.lines).map(|line| line.cnt.as_str()).collect();
        assert_eq!((lines, seen.steps.len()), (vec!["5"], 0));
        assert_eq!(get("institution:H99990000003").await.unwrap().finding, seen.finding, "its own");
        for stranger in ["institution:H43020000003", "agency:430200", "department:999900.civil-affairs", "person:P1"] {
            assert_eq!(get(stranger).await.unwrap_err().code, Code::NotFound, "{stranger}");
        }
        let log = ListAccessLogRequest { psn_no: "P1".into(), ..ListAccessLogRequest::default() };
        let looks = platform.as_caller("person:P1").rights().list_access_log(log).await.unwrap().into_inner();
        let purposes: Vec<&str> = looks.entries.iter().map(|look| look.purpose.as_str()).collect();
        assert!(purposes.contains(&"稽核审核"), "{purposes:?}");

        let dismiss = |caller: &str, opter: &str| {
            let client = platform.as_caller(caller);
            let (jr_id, opter) = (jr_id.clone(), opter.to_owned());
            let request = DismissFindingRequest { request_id: new_id(), jr_id, reason: "有长期医嘱".into(), opter };
            async move { told(findings(&client).dismiss_finding(request).await) }
        };
        assert_eq!(dismiss("institution:H99990000003", "").await.unwrap_err().code, Code::NotFound);
        assert_eq!(dismiss("agency:999900", "").await.unwrap_err().code, Code::InvalidArgument);
        let dismissed = dismiss("agency:999900", "W1").await.unwrap().finding.unwrap();
        assert_eq!(dismissed.state(), FindingState::Dismissed);
        let again = refused(dismiss("agency:999900", "W1").await);
        assert_eq!((again.reason.as_str(), again.metadata["state"].as_str()), ("FINDING_NOT_OPEN", "DISMISSED"));
        // However often it is looked at: the visit that is settled again stays dismissed.
        platform.reverse("V1", &settled).await.unwrap();
        until(&platform, RULE, |found| !found[0].stands).await;
        let second = platform.settle("R2", care).await.unwrap();
        let held = until(&platform, RULE, |found| found[0].stands).await.remove(0);
        assert_eq!((held.state(), &held.setl_id), (FindingState::Dismissed, &info(&second).setl_id));
        let client = platform.as_caller("agency:999900");
        let reopen = ReopenFindingRequest { request_id: new_id(), jr_id: jr_id.clone(), reason: "医嘱已停".into(), opter: "W2".into() };
        let opened = findings(&client).reopen_finding(reopen.clone()).await.unwrap().into_inner();
        assert_eq!(opened.finding.unwrap().state(), FindingState::Open);
        assert!(findings(&client).reopen_finding(reopen).await.unwrap().into_inner().replayed);
        platform.reverse("V2", &second).await.unwrap();
        until(&platform, RULE, |found| found[0].state() == FindingState::Withdrawn).await;
        let steps: Vec<_> = get("agency:999900").await.unwrap().steps.into_iter().map(|step| (step.state(), step.opter)).collect();
        assert_eq!(steps, [
            (FindingState::Dismissed, "W1".to_owned()),
            (FindingState::Open, "W2".to_owned()),
            (FindingState::Withdrawn, String::new()),
        ]);
    }

    /// A rule is tried on what was settled, and nothing comes of it.
    async fn a_rule_is_tried_before_it_counts(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        for (number, count) in ["1", "3", "4", "2"].iter().enumerate() {
            let day = format!("2026-01-{:02}", 5 + number);
            let care = visit("P1").outpatient(&day).line(CARE, count, "20");
            platform.settle(&format!("R{number}"), care).await.unwrap();
        }
        let trial = DryRunRequest {
            poolarea_no: COMPOSITE_AREA.into(),
            begndate: "2026-01-01".into(),
            enddate: "2026-01-31".into(),
            document: rule("draft", "事后"),
            page_size: 3,
            page_token: String::new(),
        };
        let agency = platform.as_caller("agency:999900");
        let run = async |request: DryRunRequest| findings(&agency).dry_run(request).await.unwrap().into_inner();
        let begun = Instant::now();
        let first = loop {
            let page = run(trial.clone()).await;
            if !page.next_page_token.is_empty() {
                break page;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "audit follows: {page:?}");
        };
        assert_eq!((first.visits, first.rules[0].found, first.rules[0].vola_amt_fen), (3, 2, yuan("60")));
        assert_eq!((first.institutions.len(), first.examples.len()), (1, 2));
        let last = run(DryRunRequest { page_token: first.next_page_token, ..trial.clone() }).await;
        assert_eq!((last.visits, last.rules.len(), last.next_page_token.as_str()), (1, 0, ""));
        let begndate = "2024-01-01".to_owned();
        let long = told(findings(&agency).dry_run(DryRunRequest { begndate, ..trial.clone() }).await);
        assert_eq!(refused(long).violations[0].reason, "TOO_MANY_DAYS");
        let other = told(findings(&platform.as_caller("agency:430200")).dry_run(trial).await);
        assert_eq!(refused(other).code, Code::PermissionDenied);
        assert!(by(&platform, RULE).await.unwrap().is_empty(), "a dry run writes nothing");
    }

    /// What settlement's worklist says comes with the feed; closed there, it is off the agency's hands here.
    async fn what_would_be_paid_otherwise_is_a_finding(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let settled = platform.settle("R1", clinic("P1", "2024-03-01", "3000")).await.unwrap();
        platform.record_death("P1", "2024-02-01").await;
        crate::register_followed::until(&platform, |items| items.len() == 1).await;
        let found = until(&platform, "PAID_OTHERWISE", |found| found.len() == 1).await.remove(0);
        assert_eq!((found.state(), found.origin(), &found.setl_id), (FindingState::Open, FindingOrigin::Worklist, &info(&settled).setl_id));
        let violation = found.violation.unwrap();
        assert_eq!((violation.vola_evid.as_str(), violation.vola_amt_fen), ("DECEASED", info(&settled).fund_pay_sumamt_fen));
        assert_eq!(violation.mdtrt_id, info(&settled).mdtrt_id);
        let items = platform.worklist_of(COMPOSITE_AREA, WorkItemState::Open).await.unwrap();
        platform.close_work_item("W1", &items[0].item_id, "已核实").await.unwrap();
        until(&platform, "PAID_OTHERWISE", |found| found[0].state() == FindingState::Withdrawn).await;
    }
}
