//! Every step by the right person in order, by the wrong one, and out of order; and what each refusal says.

use yizhan_proto::audit::v1::{Case as Told, CaseLine, CaseRecovery};
use yizhan_runtime::Caller;
use yizhan_terms::Area;

use super::*;
use crate::plan_rules::{Checks, Terms};

const ZHUZHOU: Area = Area::parse("430200").unwrap();

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Every day is a working day here.
fn add(day: NaiveDate, days: u32) -> NaiveDate {
    day + chrono::Days::new(days.into())
}

/// Opened by A on two lines, with a paper.
fn opened() -> Case {
    let line = |feedetl_sn: &str| CaseLine {
        setl_id: "S1".into(),
        feedetl_sn: feedetl_sn.into(),
        vola_amt_fen: 100,
        ..CaseLine::default()
    };
    let amount = |feedetl_sn: &str| CaseAmount {
        setl_id: "S1".into(),
        feedetl_sn: feedetl_sn.into(),
        amount_fen: 100,
    };
    Case {
        told: Told {
            case_id: "C".into(),
            fixmedins_code: "H1".into(),
            state: State::Screening.number(),
            lines: vec![line("F1"), line("F2")],
            amounts: vec![amount("F1"), amount("F2")],
            papers: vec![paper()],
            version: 1,
            ..Told::default()
        },
        inside: Inside {
            area: ZHUZHOU,
            findings: Vec::new(),
            found: false,
            terms: Terms {
                screening_days: 10,
                review_days: 5,
                appeal_days: 10,
                re_review_days: 10,
                feedback_days: 5,
                handling_days: 20,
                opinions: 2,
            },
            checks: Checks { officers: 2, answer_days: 10, talk_days: 15, progress_days: 30, report_days: 5 },
            review_days: 20,
            working_days: 10,
            drawn: Vec::new(),
            standing: Vec::new(),
            answered_itself: false,
            clock_from: day("2026-03-02"),
            entered: vec![Actor { who: "agency:430200".into(), opter: "A".into() }],
            screened_by: None,
            decided_by: Vec::new(),
            confirmed_fen: Vec::new(),
            silent_since: None,
        },
    }
}

fn paper() -> CasePaper {
    CasePaper { file_id: "P1".into(), note: String::new() }
}

/// One line of a script: who, as which officer, does what, with what.
fn said(caller: &str, opter: &str, action: Action, step: CaseStep, case: Case) -> Result<Case, ServiceError> {
    let caller = Caller::parse(caller).unwrap();
    let (roles, actor) = (case.roles(&caller, opter), Actor::of(&caller, opter));
    let now = (day("2026-03-02"), DateTime::UNIX_EPOCH);
    take(case, (action, step), (&roles, &actor), now, None).map(|taken| taken.after)
}

fn officer(opter: &str, action: Action, case: Case) -> Result<Case, ServiceError> {
    said("agency:430200", opter, action, CaseStep::default(), case)
}

fn amounts(amounts: &[(&str, i64)]) -> CaseStep {
    let amount = |(feedetl_sn, amount_fen): &(&str, i64)| CaseAmount {
        setl_id: "S1".into(),
        feedetl_sn: (*feedetl_sn).into(),
        amount_fen: *amount_fen,
    };
    CaseStep { amounts: amounts.iter().map(amount).collect(), ..CaseStep::default() }
}

fn with_paper() -> CaseStep {
    CaseStep { papers: vec![paper()], ..CaseStep::default() }
}

fn confirmed() -> Case {
    officer("C", Action::Confirm, officer("B", Action::Screen, opened()).unwrap()).unwrap()
}

fn appealed() -> Case {
    said("institution:H1", "", Action::Appeal, with_paper(), confirmed()).unwrap()
}

fn handling() -> Case {
    let decided = said("agency:430200", "D", Action::Decide, amounts(&[("F1", 60), ("F2", 0)]), appealed());
    officer("A", Action::Tell, decided.unwrap()).unwrap()
}

fn refused(result: Result<Case, ServiceError>) -> (&'static str, String) {
    let error = result.expect_err("to be refused");
    (error.reason().code(), error.metadata().get("allowed_actions").cloned().unwrap_or_default())
}

#[test]
fn the_table_is_good() {
    assert_eq!(CASES.flaws(State::ALL), [""; 0]);
}

#[test]
fn a_case_goes_its_way_with_an_appeal_upheld_in_part() {
    let case = handling();
    assert_eq!((case.state(), case.told.decision_no, case.told.version), (State::Handling, 1, 6));
    assert_eq!(case.told.amounts.iter().map(|amount| amount.amount_fen).collect::<Vec<_>>(), [60, 0]);
    let recovery = |refusal: &str| CaseStep {
        recoveries: vec![CaseRecovery {
            setl_id: "S1".into(),
            feedetl_sn: "F1".into(),
            refusal: refusal.into(),
            ..CaseRecovery::default()
        }],
        ..CaseStep::default()
    };
    assert_eq!(refused(officer("A", Action::Archive, case.clone())).0, "RECOVERY_OPEN");
    let settlement = Actor { who: "service:settlement".into(), opter: String::new() };
    let book = |step| {
        let now = (day("2026-03-02"), DateTime::UNIX_EPOCH);
        take(case.clone(), (Action::Book, step), (&[Role::Settlement], &settlement), now, None).unwrap().after
    };
    assert_eq!(book(recovery("")).state(), State::Archived, "by itself");
    let refused = book(recovery("ALREADY_RECOVERED"));
    assert_eq!(refused.state(), State::Handling, "an officer looks at it");
    assert_eq!(officer("A", Action::Archive, refused).unwrap().state(), State::Archived);
}

#[test]
fn each_state_has_its_steps() {
    let open = |case: &Case, caller: &str, opter: &str| {
        let caller = Caller::parse(caller).unwrap();
        let (roles, actor) = (case.roles(&caller, opter), Actor::of(&caller, opter));
        allowed(case, &roles, &actor, false).into_iter().map(Action::name).collect::<Vec<_>>().join(" ")
    };
    let case = opened();
    assert_eq!(open(&case, "agency:430200", "A"), "SUPPLEMENT", "nobody reviews what they entered");
    assert_eq!(open(&case, "agency:430200", "B"), "SCREEN DISMISS SUPPLEMENT");
    assert_eq!(open(&case, "agency:430000", "A"), "SUPPLEMENT", "nor for an office above");
    assert_eq!(open(&case, "agency:430300", "B"), "");
    assert_eq!(open(&case, "department:430200", "B"), "");
    assert_eq!(open(&case, "institution:H1", ""), "");
    let case = officer("B", Action::Screen, case).unwrap();
    assert_eq!(open(&case, "agency:430200", "B"), "SUPPLEMENT");
    assert_eq!(open(&case, "agency:430200", "C"), "CONFIRM RETURN DISMISS SUPPLEMENT");
    let case = confirmed();
    assert_eq!(open(&case, "agency:430200", "D"), "");
    assert_eq!(open(&case, "institution:H1", ""), "APPEAL ACCEPT");
    assert_eq!(open(&case, "institution:H2", ""), "");
    let case = appealed();
    assert_eq!(open(&case, "agency:430200", "C"), "SUPPLEMENT");
    assert_eq!(open(&case, "agency:430200", "D"), "CONVENE DECIDE DISMISS SUPPLEMENT");
    let case = handling();
    assert_eq!(open(&case, "agency:430200", "E"), "");
    assert_eq!(open(&case, "agency:430000", "E"), "CORRECT");
    assert_eq!(open(&case, "agency:430000", "D"), "", "not who decided");
}

#[test]
fn refusals_say_why_and_what_is_allowed() {
    let own = refused(officer("A", Action::Screen, opened()));
    assert_eq!(own, ("OWN_CASE", "SUPPLEMENT".to_owned()));
    let screened = officer("B", Action::Screen, opened()).unwrap();
    assert_eq!(refused(officer("B", Action::Confirm, screened.clone())).0, "REVIEWED_BEFORE");
    let wrong = refused(officer("C", Action::Screen, screened));
    assert_eq!(wrong, ("CASE_STEP_REFUSED", "CONFIRM,RETURN,DISMISS,SUPPLEMENT".to_owned()));
    let bare = Case { told: Told { papers: Vec::new(), ..opened().told }, ..opened() };
    assert_eq!(refused(officer("B", Action::Screen, bare.clone())).0, "EVIDENCE_REQUIRED");
    let found = Case { inside: Inside { found: true, ..bare.inside.clone() }, ..bare };
    assert!(officer("B", Action::Screen, found).is_ok(), "a finding is evidence");
    let plain = said("institution:H1", "", Action::Appeal, CaseStep::default(), confirmed());
    assert_eq!(refused(plain).0, "EVIDENCE_REQUIRED");
    let corrected = said("agency:430000", "E", Action::Correct, CaseStep::default(), handling());
    assert_eq!(refused(corrected).0, "EVIDENCE_REQUIRED");
}

#[test]
fn what_was_returned_is_screened_again_and_who_supplements_reviews_no_more() {
    let screened = officer("B", Action::Screen, opened()).unwrap();
    let returned = officer("C", Action::Return, screened).unwrap();
    let returned = said("agency:430200", "E", Action::Supplement, with_paper(), returned).unwrap();
    assert_eq!(refused(officer("E", Action::Screen, returned.clone())).0, "OWN_CASE");
    let again = officer("B", Action::Screen, returned).unwrap();
    assert_eq!(officer("C", Action::Confirm, again).unwrap().state(), State::Appealable);
}

#[test]
fn silence_is_acceptance_on_the_day_after_the_last() {
    let at = |today: &str| on(confirmed(), (day(today), DateTime::UNIX_EPOCH), add);
    assert_eq!(at("2026-03-12").1.map(|taken| taken.step.action), None, "the last day");
    let (case, noted) = at("2026-03-13");
    assert_eq!((case.state(), case.inside.clock_from), (State::Feedback, day("2026-03-12")));
    assert_eq!(noted.map(|taken| taken.step.actor).as_deref(), Some("clock"));
    let late = said("institution:H1", "", Action::Appeal, with_paper(), case).unwrap_err();
    assert_eq!(
        (late.reason().code(), late.metadata()["last_day"].as_str()),
        ("APPEAL_TOO_LATE", "2026-03-12")
    );
    let decided = said("institution:H1", "", Action::Appeal, with_paper(), handling());
    assert_eq!(refused(decided).0, "CASE_STEP_REFUSED", "it appealed in time, once");
}

#[test]
fn a_decision_names_every_line_and_goes_above_nothing() {
    let reasons = |step: CaseStep| -> Vec<(String, &'static str)> {
        let error = said("agency:430200", "D", Action::Decide, step, appealed()).unwrap_err();
        error.violations().iter().map(|wrong| (wrong.field.clone(), wrong.reason.code())).collect()
    };
    let one = |field: &str, reason: &'static str| (field.to_owned(), reason);
    assert_eq!(reasons(amounts(&[("F1", 60)])), [one("amounts", "REQUIRED")]);
    assert_eq!(reasons(amounts(&[("F1", 0), ("F2", 0)])), [one("amounts", "AMOUNT_INVALID")]);
    assert_eq!(
        reasons(amounts(&[("F1", 101), ("F3", 1), ("F1", 1)])),
        [
            one("amounts[0].amount_fen", "AMOUNT_ABOVE_CONFIRMED"),
            one("amounts[1].feedetl_sn", "CASE_LINE_UNKNOWN"),
            one("amounts[2]", "DUPLICATE"),
            one("amounts", "REQUIRED"),
        ]
    );
}

#[test]
fn a_joint_review_waits_for_its_opinions() {
    let convene = |experts: &[&str], opinions_needed| {
        let experts = experts.iter().map(|expert| (*expert).to_owned()).collect();
        let step = CaseStep { experts, opinions_needed, ..CaseStep::default() };
        said("agency:430200", "D", Action::Convene, step, appealed())
    };
    let wrong = convene(&["X", "B", "X"], 1).unwrap_err();
    let told: Vec<_> =
        wrong.violations().iter().map(|wrong| (wrong.field.as_str(), wrong.reason.code())).collect();
    assert_eq!(
        told,
        [
            ("opinions_needed", "COUNT_INVALID"),
            ("experts[1]", "EXPERT_TOOK_PART"),
            ("experts[2]", "DUPLICATE")
        ]
    );
    assert_eq!(convene(&["X"], 0).unwrap_err().violations()[0].field, "experts");
    let case = convene(&["X", "Y", "Z"], 0).unwrap();
    let opine = |opter: &str, case: Case| {
        let step = CaseStep { view: 3, reason: "有指征".into(), ..CaseStep::default() };
        said("agency:430200", opter, Action::GiveOpinion, step, case)
    };
    assert_eq!(refused(opine("W", case.clone())).0, "CASE_STEP_REFUSED", "nobody asked W");
    let case = opine("X", case).unwrap();
    assert_eq!(refused(opine("X", case.clone())).0, "OPINION_GIVEN");
    let decide = |case| said("agency:430200", "D", Action::Decide, amounts(&[("F1", 1), ("F2", 0)]), case);
    assert_eq!(refused(decide(case.clone())).0, "OPINIONS_MISSING");
    let case = opine("Y", case).unwrap();
    assert_eq!(decide(case.clone()).unwrap().state(), State::Feedback);
    assert_eq!(officer("D", Action::Dismiss, case).unwrap().state(), State::Dismissed);
}

#[test]
fn a_correction_reopens_and_another_decides() {
    let case = said("agency:430000", "E", Action::Correct, with_paper(), handling()).unwrap();
    assert_eq!((case.state(), case.told.decision_no), (State::ReReview, 1));
    for opter in ["B", "C", "D", "E"] {
        let refusal = refused(officer(opter, Action::Dismiss, case.clone())).0;
        assert_eq!(refusal, "REVIEWED_BEFORE", "{opter}");
    }
    let decided =
        said("agency:430200", "F", Action::Decide, amounts(&[("F1", 10), ("F2", 100)]), case).unwrap();
    let told = officer("A", Action::Tell, decided).unwrap();
    assert_eq!((told.state(), told.told.decision_no), (State::Handling, 2));
    let dismissed = officer("D", Action::Dismiss, appealed()).unwrap();
    let again = said("agency:430000", "E", Action::Correct, with_paper(), dismissed).unwrap();
    assert_eq!((again.state(), again.told.decision_no), (State::Screening, 1), "from the beginning");
}
