//! What becomes of a decision, however it is told.

use yizhan_proto::audit::v1::DecisionKind::{Decided, Dismissed, Recovered, Withdrawn};
use yizhan_proto::credit::v1::{EntryKind, Proposal, ProposalState, ProposedAct};
use yizhan_testkit::both_databases;

use crate::desk::{AGENCY, Desk};
use crate::feed::{decision, line};

both_databases! {
/// Two doctors, one with two kinds; a line found lawful and one without a doctor propose nobody. Heard again: nothing.
async fn each_practitioner_is_proposed_once(db: TestDatabase) {
    let desk = Desk::open(&db).await;
    let lines = vec![
        line("1", "D1", "重复收费", 100),
        line("2", "D1", "重复收费", 200),
        line("3", "D1", "超量开药", 300),
        line("4", "D2", "重复收费", 400),
        line("5", "D3", "重复收费", 0),
        line("6", "", "重复收费", 500),
        line("7", "张医生", "重复收费", 600),
    ];
    let decided = decision(Decided, ("C1", 1), lines);
    let others = vec![
        decision(Dismissed, ("C2", 1), vec![line("1", "D1", "重复收费", 0)]),
        decision(Recovered, ("C1", 1), vec![line("1", "D1", "重复收费", 100)]),
    ];
    desk.hear(vec![decided.clone()], true).await;
    desk.hear(vec![decided.clone()], false).await;
    desk.hear([vec![decided], others].concat(), false).await;
    let kinds = |kinds: &[(&str, i64, usize)]| -> Vec<(String, i64, usize)> {
        kinds.iter().map(|(kind, fen, lines)| ((*kind).to_owned(), *fen, *lines)).collect()
    };
    let expected = vec![
        (
            "D1".into(),
            "C1".into(),
            1,
            ProposalState::Open,
            kinds(&[("超量开药", 300, 1), ("重复收费", 300, 2)]),
        ),
        ("D2".into(), "C1".into(), 1, ProposalState::Open, kinds(&[("重复收费", 400, 1)])),
    ];
    assert_eq!(desk.proposals().await, expected);
    let found: Vec<_> =
        desk.entries("D1").await.iter().map(|entry| (entry.kind(), entry.value.clone())).collect();
    assert_eq!(found, [(EntryKind::ActFound, "300".to_owned()), (EntryKind::ActFound, "300".to_owned())]);
    assert_eq!(desk.verify().await, (true, 3));
    for caller in ["agency:430200", "institution:H99990000003", "department:999900.civil-affairs"] {
        assert_eq!(desk.list(caller, 0).await.unwrap_err().reason, "AREA_NOT_OWNED", "{caller}");
    }
}

/// Taken back before points were decided on, after, and decided anew by another decision of the case.
async fn what_audit_takes_back_does_not_count(db: TestDatabase) {
    let desk = Desk::open(&db).await;
    let lines = || vec![line("1", "D1", "重复收费", 100), line("2", "D2", "重复收费", 200)];
    desk.hear(vec![decision(Decided, ("C1", 1), lines())], false).await;
    desk.points("D2", Some(("C1", 1)), "M1").await;
    let back = decision(Withdrawn, ("C1", 1), lines());
    let anew = decision(Decided, ("C1", 2), vec![line("1", "D1", "重复收费", 50)]);
    desk.hear(vec![back.clone(), anew], false).await;
    desk.hear(vec![back], false).await;
    let states = async || -> Vec<_> {
        desk.proposals().await.into_iter().map(|(who, _, number, state, _)| (who, number, state)).collect()
    };
    let told = |who: &str, number, state| (who.to_owned(), number, state);
    let expected = [
        told("D1", 1, ProposalState::Withdrawn),
        told("D1", 2, ProposalState::Open),
        told("D2", 1, ProposalState::Contradicted),
    ];
    assert_eq!(states().await, expected);
    assert_eq!(desk.list(AGENCY, 0).await.unwrap().len(), 2, "what waits: the new one, and the contradicted");
        for caller in [AGENCY, "institution:H99990000003", "service:settlement"] {
            let entries: Vec<_> = desk.entries_to(caller, "D1").await.iter().map(|entry| entry.kind()).collect();
            assert_eq!(entries, [EntryKind::ActFound, EntryKind::Withdrawn, EntryKind::ActFound], "{caller}");
        }
        for caller in ["agency:430200", "institution:H43020000003", "department:999900.civil-affairs", "person:P1"] {
            assert!(desk.entries_to(caller, "D1").await.is_empty(), "{caller}");
        }
    // The points are taken back: nothing is left of it.
    desk.points("D2", None, "M1").await;
    assert_eq!(states().await[2], told("D2", 1, ProposalState::Withdrawn));
    assert_eq!(desk.verify().await, (true, 5));
}

async fn an_officer_closes_and_reopens(db: TestDatabase) {
    let desk = Desk::open(&db).await;
    desk.hear(vec![decision(Decided, ("C1", 1), vec![line("1", "D1", "重复收费", 100)])], false).await;
    let proposal_id = desk.list(AGENCY, 0).await.unwrap()[0].proposal_id.clone();
    for (caller, opter, reason) in [
        ("agency:430200", "A", "PROPOSAL_UNKNOWN"),
        ("institution:H99990000003", "A", "PROPOSAL_UNKNOWN"),
        ("service:audit", "A", "PROPOSAL_UNKNOWN"),
        (AGENCY, "", "INVALID_REQUEST"),
    ] {
        assert_eq!(desk.close(caller, &proposal_id, opter).await.unwrap_err().reason, reason, "{caller}");
    }
    assert_eq!(desk.reopen(&proposal_id).await.unwrap_err().reason, "PROPOSAL_NOT_CLOSED");
    let closed = desk.close(AGENCY, &proposal_id, "A").await.unwrap();
    assert_eq!((closed.state(), closed.reason.as_str()), (ProposalState::Closed, "情节轻微"));
    let again = desk.close(AGENCY, &proposal_id, "A").await.unwrap_err();
    assert_eq!((again.reason.as_str(), again.metadata["state"].as_str()), ("PROPOSAL_CLOSED", "CLOSED"));
    assert!(desk.list(AGENCY, 0).await.unwrap().is_empty());
    let reopened = desk.reopen(&proposal_id).await.unwrap();
    assert_eq!((reopened.state(), reopened.reason.as_str()), (ProposalState::Open, ""));
    // Closed, and taken back by audit meanwhile: reopened it is what audit has left of it.
    desk.close(AGENCY, &proposal_id, "A").await.unwrap();
    desk.hear(vec![decision(Withdrawn, ("C1", 1), vec![])], false).await;
    assert_eq!(desk.list(AGENCY, 3).await.unwrap().len(), 1);
    assert_eq!(desk.reopen(&proposal_id).await.unwrap().state(), ProposalState::Withdrawn);
    let entries: Vec<_> = desk.entries("D1").await.iter().map(|entry| entry.kind()).collect();
    use EntryKind::{ActClosed, ActFound, ActReopened, Withdrawn as Undone};
    assert_eq!(entries, [ActFound, ActClosed, ActReopened, ActClosed, Undone, ActReopened]);
}

async fn tampering_with_the_ledger_shows(db: TestDatabase) {
    let desk = Desk::open(&db).await;
    for number in 1..=3 {
        let case_id = format!("C{number}");
        let lines = vec![line("1", "D1", "重复收费", 100)];
        desk.hear(vec![decision(Decided, (&case_id, 1), lines)], false).await;
    }
    assert_eq!(desk.verify().await, (true, 3));
    let changed = desk.credit.db.clone();
    assert!(
        sea_orm::ConnectionTrait::execute_unprepared(
            &changed,
            "UPDATE ledger_entry SET kind = 9 WHERE seq = 2"
        )
        .await
        .is_err(),
        "the database itself refuses"
    );
    desk.tamper("UPDATE ledger_head SET seq = 2").await;
    assert!(!desk.verify().await.0, "its end was moved");
}

    /// An officer decides on a proposal in points: it is decided by that matter; taken back, it waits again.
    async fn points_are_decided_on_a_proposal(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        desk.hear(vec![decision(Decided, ("C1", 1), vec![line("1", "D1", "重复收费", 100)])], false).await;
        let proposal = desk.list(AGENCY, 0).await.unwrap().remove(0);
        let matter = desk.decide(&proposal).await.unwrap();
        let decided = desk.list(AGENCY, ProposalState::Decided.into()).await.unwrap().remove(0);
        assert_eq!((&decided.proposal_id, &decided.matter_id), (&proposal.proposal_id, &matter.matter_id));
        let other = ProposedAct { act_id: "another".into(), ..ProposedAct::default() };
        let twice = Proposal { acts: vec![other], ..proposal.clone() };
        assert_eq!(desk.decide(&twice).await.unwrap_err().reason, "PROPOSAL_CLOSED");
        desk.take_back(&matter).await;
        let open = desk.list(AGENCY, 0).await.unwrap().remove(0);
        assert_eq!((open.state(), open.matter_id.as_str()), (ProposalState::Open, ""));
        desk.decide(&proposal).await.unwrap();
        assert!(desk.verify().await.0);
    }

/// What audit corrects it finds anew: the same line gives points once, until those of the first decision are taken back. What still waits is told with a decision that
/// goes by nothing.
async fn the_same_line_of_a_case_gives_points_once(db: TestDatabase) {
    let desk = Desk::open(&db).await;
    let open = async |decision_no: i32| -> Proposal {
        let all = desk.list(AGENCY, 1).await.unwrap();
        all.into_iter().find(|one| one.decision_no == decision_no).unwrap()
    };
    let first = decision(Decided, ("C1", 1), vec![line("1", "D1", "重复收费", 100)]);
    desk.hear(vec![first.clone()], false).await;
    let by_first = desk.decided(&open(1).await).await.unwrap();
    assert!(by_first.open_proposals.is_empty() && by_first.same_case_matters.is_empty());
    let matter = by_first.matter.unwrap();

    let back = decision(Withdrawn, ("C1", 1), vec![line("1", "D1", "重复收费", 100)]);
    let lines = vec![line("1", "D1", "超标准收费", 80), line("2", "D1", "重复收费", 20)];
    desk.hear(vec![back, decision(Decided, ("C1", 2), lines)], false).await;
    let second = open(2).await;
    let refused = desk.decided(&second).await.unwrap_err();
    assert_eq!(refused.reason, "ACT_COUNTED", "{refused:?}");
    assert_eq!(refused.metadata["matter_id"], matter.matter_id);

    // The other line is another act; that the case gave points before is told.
    let other = second.acts.iter().find(|act| act.vola_bhvr_type == "重复收费").unwrap().clone();
    let named = Proposal { acts: vec![other], case_id: String::new(), decision_no: 0, ..second.clone() };
    let told = desk.decided(&named).await.unwrap();
    let waits = desk.list(AGENCY, 0).await.unwrap();
    let waits: Vec<String> = waits.into_iter().map(|one| one.proposal_id).collect();
    assert_eq!((told.open_proposals, waits.len()), (waits, 2), "the open one, and the contradicted");
    desk.take_back(&told.matter.unwrap()).await;

    let strange = ProposedAct { act_id: "own-1".into(), ..ProposedAct::default() };
    let strange = Proposal { acts: vec![strange], decision_no: 0, ..second.clone() };
    let strange = desk.decided(&strange).await.unwrap();
    assert_eq!(strange.same_case_matters, [matter.matter_id.as_str()]);
    desk.take_back(&strange.matter.unwrap()).await;

    desk.take_back(&matter).await;
    let by_second = desk.decided(&second).await.unwrap();
    assert_eq!(by_second.matter.unwrap().acts.len(), 2);
    assert!(by_second.open_proposals.is_empty(), "{:?}", by_second.open_proposals);
}
}
