//! What of the violations that were found is told, and how.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use yizhan_proto::audit::v1::{Consequence, Violation, ViolationDetail};

use crate::rules::Visit;

/// Violations that an answer tells at most, the severest first.
const MAX_TOLD: usize = 500;
/// Lines in them at most.
const MAX_DETAILS: usize = 8000;
/// 违规明细项目类型: 违规项.
const AGAINST: &str = "1";

/// A visit, and what else of the person it is checked with.
pub struct Looked {
    /// The visit. A part of a stay (中途结算) is checked with the lines of the parts before it, which are no other visit.
    pub visit: Visit,
    /// The person's other visits.
    pub earlier: Vec<Visit>,
    /// Lines of the parts before: what is against a rule in them alone was told then.
    settled: BTreeSet<String>,
}

impl Looked {
    /// Takes the parts before out of the others.
    pub fn at(mut visit: Visit, others: Vec<Visit>) -> Looked {
        let is_same =
            |other: &Visit| other.institution == visit.institution && other.mdtrt_id == visit.mdtrt_id;
        let (same, earlier): (Vec<Visit>, Vec<Visit>) = others.into_iter().partition(is_same);
        let own: BTreeSet<String> = visit.lines.iter().map(|line| line.number.clone()).collect();
        let before = same.into_iter().flat_map(|part| part.lines);
        let before: Vec<_> = before.filter(|line| !own.contains(&line.number)).collect();
        let settled = before.iter().map(|line| line.number.clone()).collect();
        visit.lines.splice(0..0, before);
        Looked { visit, earlier, settled }
    }

    /// Violations as they are told to who checks: what is new, without lines of other institutions' visits.
    pub fn told(&self, found: impl Iterator<Item = Violation>) -> Vec<Violation> {
        let told = |mut violation: Violation| {
            violation.judge_result_detail_dtos.retain(|line| self.is_seen(line));
            violation
        };
        found.filter(|violation| self.is_new(violation)).map(told).collect()
    }

    fn is_new(&self, violation: &Violation) -> bool {
        let lines = violation.judge_result_detail_dtos.iter();
        let mut against = lines.filter(|line| line.vola_item_type == AGAINST).peekable();
        against.peek().is_none() || against.any(|line| !self.settled.contains(&line.feedetl_sn))
    }

    fn is_seen(&self, line: &ViolationDetail) -> bool {
        let is_of = |other: &&Visit| other.setl_id == line.setl_id;
        let institution = self.earlier.iter().find(is_of).map(|other| &other.institution);
        line.setl_id.is_empty() || institution == Some(&self.visit.institution)
    }
}

/// A violation with the reason that the institution gave for it: what it blocked is marked.
pub fn answered(violation: Violation, reasons: &BTreeMap<String, String>) -> Violation {
    let Some(reason) = reasons.get(&violation.jr_id).filter(|_| violation.may_answer) else {
        return violation;
    };
    let consequence = match violation.consequence() {
        Consequence::Block => Consequence::Mark,
        other => other,
    };
    Violation { answer_reason: reason.clone(), consequence: consequence.into(), ..violation }
}

/// In order of severity, as many as an answer tells.
pub fn in_order(mut violations: Vec<Violation>) -> Vec<Violation> {
    violations.sort_by(|one, other| key(one).cmp(&key(other)));
    let mut details = 0;
    let fits = |violation: &Violation| {
        details += violation.judge_result_detail_dtos.len();
        details <= MAX_DETAILS
    };
    violations.into_iter().take(MAX_TOLD).take_while(fits).collect()
}

fn key(violation: &Violation) -> (&str, Reverse<i32>, &str, &str) {
    let Violation { sev_deg, consequence, rule_id, jr_id, .. } = violation;
    (sev_deg, Reverse(*consequence), rule_id, jr_id)
}

#[cfg(test)]
mod tests {
    use yizhan_proto::audit::v1::{Encounter, EncounterLine};
    use yizhan_runtime::Violations;

    use super::*;
    use crate::visits;

    fn violation(jr_id: &str, sev_deg: &str, consequence: Consequence, may_answer: bool) -> Violation {
        let consequence = consequence.into();
        let (jr_id, sev_deg) = (jr_id.to_owned(), sev_deg.to_owned());
        Violation { jr_id, sev_deg, consequence, may_answer, ..Violation::default() }
    }

    /// A visit of an institution with a line.
    fn visit(institution: &str, mdtrt_id: &str, setl_id: &str, line: &str) -> Visit {
        let line = EncounterLine {
            feedetl_sn: line.to_owned(),
            hilist_code: "X".to_owned(),
            cnt: "1".to_owned(),
            pric: "1".to_owned(),
            ..EncounterLine::default()
        };
        let sent = Encounter {
            psn_no: "P1".to_owned(),
            poolarea_no: "430200".to_owned(),
            insutype: "310".to_owned(),
            mdtrt_id: mdtrt_id.to_owned(),
            med_type: "21".to_owned(),
            fixmedins_code: institution.to_owned(),
            medins_type: "1".to_owned(),
            begndate: "2026-01-05".to_owned(),
            enddate: "2026-01-10".to_owned(),
            setl_id: setl_id.to_owned(),
            lines: vec![line],
            ..Encounter::default()
        };
        let mut wrong = Violations::new();
        let read = visits::read(&sent, chrono::NaiveDate::MIN, &mut wrong);
        wrong.finish(read).unwrap()
    }

    fn with_lines(lines: &[(&str, &str, &str)]) -> Violation {
        let line = |(feedetl_sn, vola_item_type, setl_id): &(&str, &str, &str)| ViolationDetail {
            feedetl_sn: (*feedetl_sn).to_owned(),
            vola_item_type: (*vola_item_type).to_owned(),
            setl_id: (*setl_id).to_owned(),
            ..ViolationDetail::default()
        };
        Violation { judge_result_detail_dtos: lines.iter().map(line).collect(), ..Violation::default() }
    }

    #[test]
    fn a_part_of_a_stay_is_checked_with_the_parts_before_and_told_what_is_new() {
        let (own, other) = ("H43020000001", "H43020000002");
        let others =
            vec![visit(own, "M1", "S1", "A1"), visit(own, "M0", "S0", "B1"), visit(other, "M1", "S9", "C1")];
        let looked = Looked::at(visit(own, "M1", "", "A2"), others);
        let lines: Vec<&str> = looked.visit.lines.iter().map(|line| line.number.as_str()).collect();
        assert_eq!((lines, looked.earlier.len()), (vec!["A1", "A2"], 2));
        let told = looked.told(
            [
                with_lines(&[("A1", "1", ""), ("A2", "2", "")]),
                with_lines(&[("A1", "1", ""), ("A2", "1", "")]),
                with_lines(&[("A2", "1", ""), ("B1", "2", "S0"), ("C1", "2", "S9")]),
                with_lines(&[]),
            ]
            .into_iter(),
        );
        let lines = |violation: &Violation| {
            let lines = violation.judge_result_detail_dtos.iter();
            lines.map(|line| line.feedetl_sn.clone()).collect::<Vec<_>>().join(",")
        };
        assert_eq!(
            told.iter().map(lines).collect::<Vec<_>>(),
            ["A1,A2", "A2,B1", ""],
            "no other institution's line"
        );
        let again = Looked::at(visit(own, "M1", "", "A1"), vec![visit(own, "M1", "S1", "A1")]);
        assert_eq!(again.visit.lines.len(), 1, "settled again: the line is its own");
    }

    #[test]
    fn an_answered_block_is_a_mark_where_the_rule_lets_it_be_answered() {
        use Consequence::{Block, Mark, Withhold};
        let reasons = ["a", "b", "c"].map(|jr_id| (jr_id.to_owned(), "抢救用药".to_owned())).into();
        let after = |jr_id, consequence, may_answer| {
            let told = answered(violation(jr_id, "1", consequence, may_answer), &reasons);
            (told.consequence(), told.answer_reason.is_empty())
        };
        assert_eq!(after("a", Block, true), (Mark, false));
        assert_eq!(after("b", Block, false), (Block, true));
        assert_eq!(after("c", Withhold, true), (Withhold, false), "its case will tell");
        assert_eq!(after("d", Block, true), (Block, true));
    }

    #[test]
    fn the_severest_is_told_first() {
        use Consequence::{Block, Mark, Remind};
        let told = in_order(vec![
            violation("a", "3", Remind, false),
            violation("b", "1", Mark, false),
            violation("c", "1", Block, false),
            violation("d", "2", Block, false),
        ]);
        assert_eq!(told.iter().map(|one| one.jr_id.as_str()).collect::<Vec<_>>(), ["c", "b", "d", "a"]);
        let many = vec![violation("a", "1", Mark, false); MAX_TOLD + 1];
        assert_eq!(in_order(many).len(), MAX_TOLD);
    }
}
