//! From what was settled to points: found by audit, decided in a case, proposed by credit for the doctor of each line, and decided on.

use std::time::{Duration, Instant};

use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::{AdvanceCaseRequest, CaseAction, CaseAmount};
use yizhan_proto::credit::v1::proposal_service_client::ProposalServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::cases::desk::{Books, Office};
use crate::findings::until;
use crate::points::{act, credit, register};

/// Who ordered what is against the rule: of one visit the line names its doctor, of the other only the visit does.
const OF_LINE: &str = "D999900000001";
const OF_VISIT: &str = "D999900000002";
/// Who ordered what is in order.
const OTHER: &str = "D999900000003";

/// Five times care where two are in order, and a room by another doctor.
fn care(number: &str, day: &str) -> VisitBuilder {
    let visit =
        visit("P1").outpatient(day).line(CARE, "5", "200").line(SINGLE_ROOM, "1", "700").numbered(number);
    visit.but(|visit| {
        visit.feedetail[1].bilg_dr_codg = OTHER.into();
        visit.feedetail.iter_mut().for_each(|line| line.feedetl_sn = format!("{number}{}", line.feedetl_sn));
    })
}

/// Of the area, that stand so.
async fn listed(agency: &Client, state: ProposalState) -> Vec<Proposal> {
    let request = ListProposalsRequest {
        poolarea_no: COMPOSITE_AREA.into(),
        state: state.into(),
        ..ListProposalsRequest::default()
    };
    let mut service = ProposalServiceClient::new(agency.to_credit());
    service.list_proposals(request).await.unwrap().into_inner().proposals
}

/// Waits until credit has heard of so many, by who is proposed.
async fn waiting(agency: &Client, count: usize) -> Vec<Proposal> {
    let begun = Instant::now();
    loop {
        let mut found = listed(agency, ProposalState::Open).await;
        if found.len() == count {
            found.sort_by(|one, other| one.practitioner_code.cmp(&other.practitioner_code));
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never so: {found:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whose, and of each act its kind, amount, settlement and line.
type Told<'p> = (&'p str, Vec<(&'p str, i64, &'p str, &'p str)>);

fn told(proposal: &Proposal) -> Told<'_> {
    let acts = proposal.acts.iter().map(|act| {
        let [line] = act.lines.as_slice() else { panic!("not one line: {act:?}") };
        (act.vola_bhvr_type.as_str(), act.vola_amt_fen, line.setl_id.as_str(), line.feedetl_sn.as_str())
    });
    (&proposal.practitioner_code, acts.collect())
}

/// Status and points of each on the day.
async fn standing(agency: &Client, day: &str) -> Vec<(QualificationStatus, i32)> {
    let question = |code: &str| QualificationQuestion {
        practitioner_code: code.into(),
        day: day.into(),
        fixmedins_code: THIRD_LEVEL.into(),
    };
    let request = GetQualificationRequest { questions: [OF_LINE, OF_VISIT, OTHER].map(question).into() };
    let answer = credit(agency).get_qualification(request).await.unwrap().into_inner();
    answer.qualifications.iter().map(|one| (one.status(), one.points)).collect()
}

/// Points for what is proposed, by its own act, case and decision.
fn on(proposal: &Proposal) -> DecidePointsRequest {
    DecidePointsRequest {
        dismissed: Vec::new(),
        request_id: new_id(),
        practitioner_code: proposal.practitioner_code.clone(),
        poolarea_no: proposal.poolarea_no.clone(),
        fixmedins_code: proposal.fixmedins_code.clone(),
        acts: proposal.acts.iter().map(|one| act("agreement", &one.act_id)).collect(),
        basis: "试医保处〔2026〕2号".into(),
        decided_on: proposal.decided_on.clone(),
        case_id: proposal.case_id.clone(),
        decision_no: proposal.decision_no,
        opter: "A1".into(),
    }
}

both_databases! {
    /// Real settlement, real audit, real credit. Of each visit who ordered the line is proposed, with the line, what it comes to and the act, and gets points by
    /// that act; who ordered what is in order is not.
    async fn what_audit_finds_is_proposed_for_who_ordered_it(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).asking_audit().start().await;
        let agency = platform.as_caller("agency:999900");
        for doctor in [OF_LINE, OF_VISIT, OTHER] {
            register(&agency, doctor).await;
        }
        platform.publish_rule("mark").await;
        let of_line = care("V1", "2026-01-05").but(|visit| visit.feedetail[0].bilg_dr_codg = OF_LINE.into());
        let of_line = platform.settle("R1", of_line).await.unwrap();
        let of_visit = care("V2", "2026-01-06").but(|visit| visit.dr_codg = OF_VISIT.into());
        let of_visit = platform.settle("R2", of_visit).await.unwrap();
        let id = |settled: &Settlement| info(settled).setl_id.clone();

        let office = Office::of(&platform);
        let found = until(&agency, "T-CARE", |found| found.len() == 2).await;
        let case = office.opened_on_all(found.into_iter().map(|one| one.jr_id).collect()).await.unwrap();
        assert_eq!(case.lines.len(), 2, "the rooms are in order: {:#?}", case.lines);
        // As found of the one, and less of the other: what is decided is proposed, not what was found.
        let amount_fen = |setl_id: &str, found: i64| if setl_id == id(&of_line) { found } else { 12_300 };
        let amounts = case.amounts.iter();
        let amounts = amounts.map(|one| CaseAmount { amount_fen: amount_fen(&one.setl_id, one.amount_fen), ..one.clone() });
        let screen = AdvanceCaseRequest { amounts: amounts.collect(), ..office.request("B", CaseAction::Screen, &case) };
        let case = office.through(screen).await;

        let found = waiting(&agency, 2).await;
        let [first, second] = [id(&of_line), id(&of_visit)];
        let expected = [
            (OF_LINE, vec![("超标准收费", 60_000, first.as_str(), "V1F1")]),
            (OF_VISIT, vec![("超标准收费", 12_300, second.as_str(), "V2F1")]),
        ];
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), expected);
        for one in &found {
            let of = (one.case_id.as_str(), one.decision_no, one.poolarea_no.as_str(), one.fixmedins_code.as_str());
            assert_eq!(of, (case.case_id.as_str(), 1, COMPOSITE_AREA, THIRD_LEVEL));
        }
        let day = found[0].decided_on.clone();
        let normal = QualificationStatus::Normal;
        assert_eq!(standing(&agency, &day).await, [(normal, 0), (normal, 0), (normal, 0)], "no points come by themselves");

        let answer = credit(&agency).decide_points(on(&found[0])).await.unwrap().into_inner();
        let matter = answer.matter.unwrap();
        assert_eq!((matter.points, answer.open_proposals.len()), (3, 0));
        assert_eq!(standing(&agency, &day).await, [(normal, 3), (normal, 0), (normal, 0)]);
        assert_eq!(waiting(&agency, 1).await, found[1..], "the other still waits");
        let decided = listed(&agency, ProposalState::Decided).await;
        let of: Vec<_> = decided.iter().map(|one| (&one.proposal_id, &one.matter_id)).collect();
        assert_eq!(of, [(&found[0].proposal_id, &matter.matter_id)]);
        let twice = credit(&agency).decide_points(on(&found[0])).await.map(drop).unwrap_err();
        assert_eq!(yizhan_runtime::error::RemoteError::from(twice).reason, "ACT_COUNTED");
    }
}
