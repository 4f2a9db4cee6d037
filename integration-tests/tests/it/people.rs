//! Watching over people over a whole platform: who comes up, with what they may be entitled to, who works on it, and what makes it go again.

use std::time::{Duration, Instant};

use tonic::Code;
use yizhan_integration_tests::checks::yuan;
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::people_service_client::PeopleServiceClient;
use yizhan_proto::audit::v1::plan_service_client::PlanServiceClient;
use yizhan_proto::audit::v1::*;
use yizhan_proto::enrollment::v1::{ImportCoveragesRequest, ImportPersonsRequest, ListAccessLogRequest};
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

fn people(client: &Client) -> PeopleServiceClient<PeerChannel> {
    PeopleServiceClient::new(client.to_audit())
}

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

async fn list(client: &Client, kind: PersonItemKind, open_only: bool) -> Answer<Vec<PersonItem>> {
    let request = ListPeopleRequest {
        poolarea_no: COMPOSITE_AREA.into(),
        kind: kind.into(),
        open_only,
        ..ListPeopleRequest::default()
    };
    told(people(client).list_people(request).await).map(|answer| answer.items)
}

/// Waits until those that are to be worked on are as they should be.
async fn until(
    client: &Client,
    kind: PersonItemKind,
    hold: impl Fn(&[PersonItem]) -> bool,
) -> Vec<PersonItem> {
    let begun = Instant::now();
    loop {
        let items = list(client, kind, true).await.unwrap();
        if hold(&items) {
            return items;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never so: {items:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn advance(client: &Client, item_id: &str, action: PersonAction, note: &str) -> Answer<PersonItem> {
    let request = AdvancePersonItemRequest {
        request_id: new_id(),
        item_id: item_id.into(),
        action: action.into(),
        note: note.into(),
        opter: "W1".into(),
    };
    told(people(client).advance_person_item(request).await).map(|answer| answer.item.unwrap())
}

both_databases! {
    /// Above the area's line, with what is held and what may be asked for; worked on by the agency; gone with the reversal; by another area's
    /// rules when the record moves.
    async fn who_bears_much_is_found_and_helped(db: TestDatabase) {
        let poor = Person::employee("P1").identity("低保边缘");
        let platform = TestPlatform::on(&db).with_persons([poor, Person::employee("P2")]).asking_audit().start().await;
        let document = format!(
            "rules: lines\nversion: \"1\"\ntitle: 试\narea: \"{COMPOSITE_AREA}\"\nsources: {{ doc: {{ title: 试〔2026〕2号, quality: G }} }}\n\
             own_share: [{{ from: 2025-01-01, source: doc, span: quarter, counts: all, lines: [1万, 3万] }}]\n"
        );
        let request = PublishPlanRulesRequest { request_id: new_id(), document };
        PlanServiceClient::new(platform.to_audit()).publish_plan_rules(request).await.unwrap();
        let dear = |day: &str, price: &str| visit("P1").outpatient(day).line(BOTULINUM, "1", price);
        let first = platform.settle("R1", dear("2026-01-05", "9000")).await.unwrap();
        platform.settle("R2", dear("2026-01-15", "6000")).await.unwrap();
        platform.settle("R3", dear("2025-12-05", "9000")).await.unwrap();
        let agency = platform.as_caller("agency:999900");
        let item = until(&agency, PersonItemKind::OwnShare, |items| items.len() == 1).await.remove(0);
        assert_eq!((item.psn_no.as_str(), item.begndate.as_str(), item.enddate.as_str()), ("P1", "2026-01-01", "2026-03-31"));
        assert_eq!((item.own_share_fen, item.own_expense_fen), (yuan("15000"), yuan("15000")));
        assert_eq!((item.line_fen, item.next_line_fen, item.citation.as_str()), (yuan("10000"), yuan("30000"), "试〔2026〕2号"));
        assert_eq!(item.identities, ["低保边缘"]);
        let names: Vec<&str> = item.assistances.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["倾斜救助", "依申请救助（低保边缘家庭成员、监测对象）", "临时救助"]);
        let log = ListAccessLogRequest { psn_no: "P1".into(), ..ListAccessLogRequest::default() };
        let looks = platform.as_caller("person:P1").rights().list_access_log(log).await.unwrap().into_inner();
        assert!(looks.entries.iter().any(|look| look.subject == item.item_id), "{looks:?}");

        for stranger in ["agency:430200", "department:999900.civil-affairs", "person:P1", "institution:H99990000003"] {
            let client = platform.as_caller(stranger);
            assert_eq!(list(&client, PersonItemKind::OwnShare, true).await.unwrap_err().code, Code::PermissionDenied, "{stranger}");
            let step = advance(&client, &item.item_id, PersonAction::See, "").await;
            assert_eq!(refused(step).reason, "PERSON_ITEM_UNKNOWN", "{stranger}");
        }
        let early = refused(advance(&agency, &item.item_id, PersonAction::Grant, "").await);
        assert_eq!((early.reason.as_str(), early.metadata["allowed_actions"].as_str()), ("PERSON_STEP_REFUSED", "SEE,CONTACT,APPLY,DECLINE,CLOSE"));
        assert_eq!(advance(&agency, &item.item_id, PersonAction::Close, "").await.unwrap_err().code, Code::InvalidArgument, "says why");
        advance(&agency, &item.item_id, PersonAction::Contact, "已告知").await.unwrap();
        let closed = advance(&agency, &item.item_id, PersonAction::Decline, "本人不愿申请").await.unwrap();
        assert_eq!(closed.allowed_actions().collect::<Vec<_>>(), [PersonAction::Reopen]);
        until(&agency, PersonItemKind::OwnShare, <[PersonItem]>::is_empty).await;
        // Above the second line it is there anew.
        let third = platform.settle("R4", dear("2026-01-31", "20000")).await.unwrap();
        let anew = until(&agency, PersonItemKind::OwnShare, |items| items.len() == 1).await.remove(0);
        assert_eq!((anew.item_id.as_str(), anew.state(), anew.line_fen), (item.item_id.as_str(), PersonItemState::New, yuan("30000")));
        platform.reverse("V1", &third).await.unwrap();
        platform.reverse("V2", &first).await.unwrap();
        until(&agency, PersonItemKind::OwnShare, <[PersonItem]>::is_empty).await;
        let request = GetPersonItemRequest { item_id: item.item_id.clone(), ..GetPersonItemRequest::default() };
        let seen = people(&agency).get_person_item(request).await.unwrap().into_inner();
        let steps: Vec<(&str, PersonAction)> = seen.steps.iter().map(|step| (step.why.as_str(), step.action())).collect();
        assert_eq!(steps.first(), Some(&("", PersonAction::Contact)));
        assert_eq!(steps.last(), Some(&("BELOW_LINE", PersonAction::Follow)));
        assert!(!seen.item.unwrap().stands);
    }

    /// A death that was imported leaves a coverage open, and two records of one person may both be insured: found, and gone once put right. A
    /// death that is recorded ends everything by itself.
    async fn who_is_insured_as_nobody_should_be_is_found(db: TestDatabase) {
        let platform = TestPlatform::on(&db).asking_audit().start().await;
        let mut twin = Person::employee("P2");
        let mut one = Person::employee("P1");
        (one.row.tel, twin.row.tel) = ("13800000001".into(), "138-0000-0001".into());
        let mut number = Person::resident("P3").of_area(ZHUZHOU);
        (number.row.certno, number.row.psn_cert_type, number.row.psn_name) = ("TP1".into(), "90".into(), "张小莉".into());
        let mut other = Person::employee("P4");
        other.row.psn_name = "王芳".into();
        other.row.tel = one.row.tel.clone();
        platform.enrol(&[one.clone(), twin.clone(), number, other.clone()]).await;
        let agency = platform.as_caller("agency:999900");
        let mut found = until(&agency, PersonItemKind::InsuredTwice, |items| items.len() == 3).await;
        found.sort_by(|one, other| (&one.psn_no, &one.evidence).cmp(&(&other.psn_no, &other.evidence)));
        let seen: Vec<[&str; 4]> = found.iter().map(|item| [item.psn_no.as_str(), &item.other_psn_no, &item.other_poolarea_no, &item.evidence]).collect();
        assert_eq!(seen, [
            ["P1", "P2", "999900", "SAME_NAME_AND_PHONE"],
            ["P1", "", "430200", "SAME_NUMBER"],
            ["P2", "P1", "999900", "SAME_NAME_AND_PHONE"],
        ], "the number elsewhere is told to nobody here");
        let step = refused(advance(&agency, &found[0].item_id, PersonAction::Apply, "").await);
        assert_eq!(step.metadata["allowed_actions"], "SEE,CONTACT,CLOSE");
        platform.merge("P1", "P2").await;
        until(&agency, PersonItemKind::InsuredTwice, |items| items.len() == 1).await;
        platform.unmerge("P2").await;
        until(&agency, PersonItemKind::InsuredTwice, |items| items.len() == 3).await;

        let dead = |mut person: Person| {
            person.row.die_date = "2026-01-31".into();
            ImportPersonsRequest { request_id: new_id(), rows: vec![person.row] }
        };
        platform.enrollment().import_persons(dead(other.clone())).await.unwrap();
        let death = until(&agency, PersonItemKind::InsuredAfterDeath, |items| items.len() == 1).await.remove(0);
        assert_eq!((death.psn_no.as_str(), death.insutype.as_str()), ("P4", "310"));
        assert_eq!((death.die_date.as_str(), death.begndate.as_str(), death.enddate.as_str()), ("2026-01-31", "2026-02-01", ""));
        let ended = Person { ..other.insured_between("2010-01-01", "2026-01-31") }.coverage;
        let request = ImportCoveragesRequest { request_id: new_id(), rows: vec![ended] };
        platform.enrollment().import_coverages(request).await.unwrap();
        until(&agency, PersonItemKind::InsuredAfterDeath, <[PersonItem]>::is_empty).await;
        let gone = list(&agency, PersonItemKind::InsuredAfterDeath, false).await.unwrap();
        assert_eq!((gone.len(), gone[0].stands), (1, false));
        // Recorded, a death ends every coverage, and there is nothing twice any more.
        platform.record_death("P1", "2026-01-31").await;
        until(&agency, PersonItemKind::InsuredTwice, <[PersonItem]>::is_empty).await;
        assert_eq!(list(&agency, PersonItemKind::InsuredAfterDeath, true).await.unwrap(), []);
    }
}
