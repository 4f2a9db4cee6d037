//! No act of a proposal is lost, and none gives points twice unseen.

use yizhan_proto::audit::v1::DecisionKind::Decided;
use yizhan_proto::credit::v1::{
    DecidePointsRequest, DismissedAct, EntryKind, PointsAct, PointsMatter, Proposal, ProposalState,
};
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::desk::Desk;
use crate::feed::{decision, line};

fn dismissed(act_id: &str, reason: &str) -> DismissedAct {
    DismissedAct { act_id: act_id.into(), reason: reason.into() }
}

/// An act of the officer's own, with nothing of the proposal.
fn own(proposal: &Proposal, act_id: &str) -> DecidePointsRequest {
    let request = Desk::request(proposal);
    let act = PointsAct { act_id: act_id.into(), ..request.acts[0].clone() };
    DecidePointsRequest { acts: vec![act], ..request }
}

/// The reason, or that of its violation with the field.
fn why(error: &RemoteError) -> String {
    let first = error.violations.first();
    first.map_or(error.reason.clone(), |first| format!("{} {}", first.field, first.reason))
}

async fn open(desk: &Desk, case_id: &str) -> Proposal {
    let all = desk.list(crate::desk::AGENCY, ProposalState::Open.into()).await.unwrap();
    all.into_iter().find(|one| one.case_id == case_id).unwrap()
}

both_databases! {
/// Of three acts one is decided on: refused, with the others named. Something is said of all: decided; taken back: all three wait again.
async fn of_each_act_something_is_said(db: TestDatabase) {
    let desk = Desk::open(&db).await;
    let lines = vec![line("1", "D1", "重复收费", 1), line("2", "D1", "超量开药", 2), line("3", "D1", "超标准收费", 3)];
    desk.hear(vec![decision(Decided, ("C1", 1), lines)], false).await;
    let proposal = open(&desk, "C1").await;
    let ids: Vec<&str> = proposal.acts.iter().map(|act| act.act_id.as_str()).collect();
    let all = Desk::request(&proposal);
    let only = |count: usize, dismissed: Vec<DismissedAct>| DecidePointsRequest {
        request_id: new_id(),
        acts: all.acts[..count].to_vec(),
        dismissed,
        ..all.clone()
    };
    let two = || vec![dismissed(ids[1], "情节轻微"), dismissed(ids[2], "与他人无关")];
    let cases = [
        (only(1, vec![]), "PROPOSAL_ACTS_LEFT", vec![ids[1], ids[2]]),
        (only(1, vec![dismissed(ids[2], "情节轻微")]), "PROPOSAL_ACTS_LEFT", vec![ids[1]]),
        (own(&proposal, "own-1"), "PROPOSAL_ACTS_LEFT", ids.clone()),
        (only(2, vec![dismissed(ids[2], " ")]), "dismissed[0].reason REASON_REQUIRED", vec![]),
        (only(3, vec![dismissed(ids[2], "情节轻微")]), "dismissed[0].act_id CHARACTERS", vec![]),
        (only(3, vec![dismissed("strange", "情节轻微")]), "dismissed[0].act_id CODE_UNKNOWN", vec![]),
        (only(2, vec![dismissed(ids[2], "情节轻微"); 201]), "dismissed TOO_MANY", vec![]),
        (DecidePointsRequest { case_id: String::new(), ..only(1, two()) }, "dismissed FIELD_NOT_EXPECTED", vec![]),
        (DecidePointsRequest { case_id: "C9".into(), ..only(1, two()) }, "dismissed[0].act_id CODE_UNKNOWN", vec![]),
    ];
    for (request, reason, left) in cases {
        let refused = desk.send(request.clone()).await.unwrap_err();
        assert_eq!(why(&refused), reason, "{request:?}");
        let named = refused.metadata.get("act_ids").map(String::as_str).unwrap_or_default();
        assert_eq!(named, left.join(","), "{request:?}");
        assert_eq!(open(&desk, "C1").await, proposal, "it waits as before");
    }
    assert_eq!(desk.verify().await, (true, 3), "nothing was entered");

    let matter: PointsMatter = desk.send(only(1, two())).await.unwrap().matter.unwrap();
    assert_eq!((matter.points, matter.acts.len()), (3, 1));
    let closed: Vec<_> = desk.entries("D1").await.into_iter().filter(|one| one.kind() == EntryKind::ActClosed).collect();
    let told: Vec<_> = closed.iter().map(|one| (one.matter_id.as_str(), one.note.as_str(), one.about_entry_id.as_str())).collect();
    assert_eq!(told, [(ids[1], "情节轻微", &*matter.matter_id), (ids[2], "与他人无关", &*matter.matter_id)]);
    assert!(desk.list(crate::desk::AGENCY, 0).await.unwrap().is_empty());

    desk.take_back(&matter).await;
    let entries = desk.entries("D1").await;
    for one in &closed {
        assert!(entries.iter().any(|undo| undo.undoes_entry_id == one.entry_id), "{one:?}");
    }
    assert_eq!(open(&desk, "C1").await, proposal);
    assert_eq!(desk.send(only(3, vec![])).await.unwrap().matter.unwrap().points, 9);
    assert!(desk.verify().await.0);
}

/// Points that were decided on before audit's decision was heard, and two cases that list the same line.
async fn what_may_have_its_points_already_is_told(db: TestDatabase) {
    let desk = Desk::open(&db).await;
    desk.hear(vec![decision(Decided, ("C0", 1), vec![line("0", "D1", "重复收费", 1)])], false).await;
    let known = Proposal { case_id: "C1".into(), ..open(&desk, "C0").await };
    let early = desk.send(own(&known, "own-1")).await.unwrap().matter.unwrap();
    let heard = |case_id, kind| decision(Decided, (case_id, 1), vec![line("1", "D1", kind, 1)]);
    desk.hear(vec![heard("C1", "重复收费"), heard("C2", "重复收费"), heard("C3", "超量开药")], false).await;
    let related = async |case_id: &str| open(&desk, case_id).await.same_case_matters;
    assert_eq!(related("C0").await, Vec::<String>::new());
    assert_eq!(related("C1").await, [early.matter_id.as_str()], "the case has given points");
    assert_eq!(related("C2").await, Vec::<String>::new(), "own acts name no line");

    let first = desk.decided(&open(&desk, "C1").await).await.unwrap();
    assert_eq!(first.same_case_matters, [early.matter_id.as_str()]);
    let first = first.matter.unwrap();
    for case_id in ["C2", "C3"] {
        assert_eq!(related(case_id).await, [first.matter_id.as_str()], "{case_id}: the line has given points");
    }
    // The same kind against the same line is the same; another kind need not be.
    let refused = desk.decided(&open(&desk, "C2").await).await.unwrap_err();
    assert_eq!((refused.reason.as_str(), &refused.metadata["matter_id"]), ("ACT_COUNTED", &first.matter_id));
    let other = desk.decided(&open(&desk, "C3").await).await.unwrap();
    assert_eq!(other.same_case_matters, [first.matter_id.as_str()]);
    let by_own: Vec<_> = desk.list(crate::desk::AGENCY, ProposalState::Decided.into()).await.unwrap();
    assert!(by_own.iter().all(|one| !one.same_case_matters.contains(&one.matter_id)), "itself is no other: {by_own:?}");

    // Once they are taken back nothing stands in the way, and nothing is told any more.
    desk.take_back(&first).await;
    desk.take_back(&other.matter.unwrap()).await;
    assert_eq!(related("C2").await, Vec::<String>::new());
    desk.decided(&open(&desk, "C2").await).await.unwrap();
}

/// Each agency numbers its own acts.
async fn numbers_of_acts_are_each_agency_s_own(db: TestDatabase) {
    let desk = Desk::open(&db).await;
    desk.hear(vec![decision(Decided, ("C1", 1), vec![line("1", "D1", "重复收费", 1)])], false).await;
    let here = DecidePointsRequest { case_id: String::new(), decision_no: 0, ..own(&open(&desk, "C1").await, "1") };
    let there = DecidePointsRequest { poolarea_no: "430200".into(), fixmedins_code: "H43020000003".into(), ..here.clone() };
    let again = |request: &DecidePointsRequest| DecidePointsRequest { request_id: new_id(), ..request.clone() };
    desk.send(again(&here)).await.unwrap();
    desk.send_as("agency:430200", again(&there)).await.unwrap();
    for (caller, request) in [(crate::desk::AGENCY, &here), ("agency:430200", &there)] {
        assert_eq!(desk.send_as(caller, again(request)).await.unwrap_err().reason, "ACT_COUNTED", "{caller}");
    }
    let found = open(&desk, "C1").await;
    let found = |request: &DecidePointsRequest| DecidePointsRequest {
        acts: vec![PointsAct { act_id: found.acts[0].act_id.clone(), ..request.acts[0].clone() }],
        ..again(request)
    };
    desk.send_as("agency:430200", found(&there)).await.unwrap();
    assert_eq!(desk.send(found(&here)).await.unwrap_err().reason, "ACT_COUNTED", "what audit found is one act everywhere");
}
}
