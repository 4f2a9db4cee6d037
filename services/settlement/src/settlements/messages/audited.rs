//! What audit found, put into an answer: told, marked, withheld; and the refusal of what it blocks.

use yizhan_proto::audit::v1::{Consequence, Violation};
use yizhan_proto::settlement::v1::{Audited, Settlement, SettlementMark};
use yizhan_runtime::{Reason, ServiceError};

use super::answer::posting;
use super::marks::mark;
use crate::books::domain::ledger;
use crate::books::messages::parts::header;
use crate::books::messages::withheld::withheld_by;

/// Violations, and lines of each, that a refusal names at most.
const NAMED: usize = 10;

/// Puts what audit found into an answer.
pub fn tell(mut answer: Settlement, result: Vec<Violation>) -> Settlement {
    let info = answer.setlinfo.get_or_insert_default();
    info.audit_pending = false;
    info.marks.extend(result.iter().filter_map(mark_of));
    answer.audit = Some(Audited { result, withheld_fen: 0 });
    answer
}

/// Withholds from the institution what follows from what credit and audit said, as the amounts of the answer are.
pub fn withhold(mut answer: Settlement) -> Settlement {
    let amounts = withheld_by(&answer);
    if let Some(credit) = &mut answer.credit {
        credit.withheld_fen = amounts.by_credit.0;
    }
    if let Some(audit) = &mut answer.audit {
        audit.withheld_fen = amounts.by_audit.0;
    }
    let info = header(&answer);
    if !info.setl_id.is_empty() {
        let booked = ledger::withheld(&info.fixmedins_code, amounts.by_credit + amounts.by_audit);
        answer.postings.extend(booked.into_iter().map(posting));
    }
    answer
}

/// Whether a mark is of what audit found.
pub fn is_of_audit(mark: &SettlementMark) -> bool {
    mark.kind.starts_with("AUDIT_")
}

/// With what a violation is settled: an answered one lets pass what it blocked.
fn mark_of(violation: &Violation) -> Option<SettlementMark> {
    let kind = match violation.consequence() {
        Consequence::Mark if !violation.answer_reason.is_empty() => "AUDIT_ANSWERED",
        Consequence::Mark => "AUDIT_MARKED",
        Consequence::Withhold => "AUDIT_WITHHELD",
        Consequence::Unspecified | Consequence::Remind | Consequence::Block => return None,
    };
    let text = format!("{}：{}", violation.rule_name, violation.vola_cont);
    Some(mark((kind, text), lines_of(violation), &violation.rule_version))
}

/// Lines of this bill.
fn lines_of(violation: &Violation) -> impl Iterator<Item = &str> {
    let lines = violation.judge_result_detail_dtos.iter().filter(|line| line.setl_id.is_empty());
    lines.map(|line| line.feedetl_sn.as_str())
}

/// Why a visit is not settled; `None` where nothing blocks it.
pub fn refusal(answer: &Settlement) -> Option<ServiceError> {
    let found = answer.audit.iter().flat_map(|audit| &audit.result);
    let blocking: Vec<&Violation> =
        found.filter(|violation| violation.consequence() == Consequence::Block).collect();
    if blocking.is_empty() {
        return None;
    }
    let joined = |told: &dyn Fn(&Violation) -> String, by: &str| {
        blocking.iter().take(NAMED).map(|violation| told(violation)).collect::<Vec<_>>().join(by)
    };
    let lines = |violation: &Violation| lines_of(violation).take(NAMED).collect::<Vec<_>>().join(",");
    let text = |violation: &Violation| {
        let lines = lines(violation);
        let lines = if lines.is_empty() { lines } else { format!("（明细 {lines}）") };
        let answerable = if violation.may_answer { "，可说明理由" } else { "" };
        format!("{}：{}{lines}{answerable}", violation.rule_name, violation.vola_cont)
    };
    let error = ServiceError::new(Reason::AuditViolation, "against rules that refuse the settlement")
        .with_text(format!("违反医保规则，不能结算，请更正：{}", joined(&text, "；")))
        .with("rule_id", joined(&|violation| violation.rule_id.clone(), ","))
        .with("jr_id", joined(&|violation| violation.jr_id.clone(), ","))
        .with("feedetl_sn", joined(&lines, ","))
        .with("violations", blocking.len());
    Some(error)
}

#[cfg(test)]
mod tests {
    use yizhan_proto::audit::v1::ViolationDetail;
    use yizhan_proto::settlement::v1::{FeeLineResult, SettlementInfo};

    use super::*;

    fn violation(rule: &str, consequence: Consequence, lines: &[(&str, i64)]) -> Violation {
        let detail = |(feedetl_sn, fen): &(&str, i64)| ViolationDetail {
            feedetl_sn: (*feedetl_sn).to_owned(),
            vola_item_type: "1".to_owned(),
            vola_amt_fen: *fen,
            ..ViolationDetail::default()
        };
        Violation {
            rule_id: rule.to_owned(),
            rule_name: "限儿童".to_owned(),
            vola_cont: "患者 40 岁".to_owned(),
            judge_result_detail_dtos: lines.iter().map(detail).collect(),
            consequence: consequence.into(),
            ..Violation::default()
        }
    }

    /// Two lines of 100 and 300, all in scope, of which the funds pay 200.
    fn answer(setl_id: &str) -> Settlement {
        let row = |feedetl_sn: &str, fen: i64| FeeLineResult {
            feedetl_sn: feedetl_sn.to_owned(),
            det_item_fee_sumamt_fen: fen,
            inscp_scp_amt_fen: fen,
            ..FeeLineResult::default()
        };
        let info = SettlementInfo {
            setl_id: setl_id.to_owned(),
            fixmedins_code: "H1".to_owned(),
            inscp_scp_amt_fen: 400,
            fund_pay_sumamt_fen: 200,
            audit_pending: true,
            ..SettlementInfo::default()
        };
        let feedetail = vec![row("1", 100), row("2", 300)];
        Settlement { setlinfo: Some(info), feedetail, ..Settlement::default() }
    }

    #[test]
    fn what_was_found_is_told_marked_and_withheld() {
        use Consequence::{Mark, Remind, Withhold};
        let answered =
            Violation { answer_reason: "抢救".to_owned(), ..violation("D", Mark, &[("2", 300)]) };
        let found = vec![
            violation("A", Withhold, &[("1", 100)]),
            violation("B", Withhold, &[("1", 50)]),
            violation("C", Remind, &[("2", 300)]),
            answered,
        ];
        let told = withhold(tell(answer("S1"), found.clone()));
        let info = told.setlinfo.as_ref().unwrap();
        let marks: Vec<_> = info.marks.iter().map(|mark| mark.kind.as_str()).collect();
        assert_eq!(
            (info.audit_pending, marks),
            (false, vec!["AUDIT_WITHHELD", "AUDIT_WITHHELD", "AUDIT_ANSWERED"])
        );
        assert_eq!(told.audit.as_ref().unwrap().withheld_fen, 50, "the line counts once");
        let booked: Vec<_> = told.postings.iter().map(|one| (one.account.as_str(), one.amount_fen)).collect();
        assert_eq!(booked, [("institution/H1", -50), ("withheld/H1", 50)]);
        let preview = withhold(tell(answer(""), found));
        assert_eq!((preview.audit.unwrap().withheld_fen, preview.postings.len()), (50, 0));
        let clean = withhold(tell(answer("S1"), Vec::new()));
        assert!(clean.postings.is_empty() && clean.audit.is_some());
    }

    #[test]
    fn what_is_blocked_is_named() {
        assert!(refusal(&tell(answer("S1"), vec![violation("A", Consequence::Withhold, &[])])).is_none());
        let blocked = vec![
            violation("A", Consequence::Block, &[("1", 100), ("2", 1)]),
            violation("B", Consequence::Block, &[]),
        ];
        let refused = refusal(&tell(answer("S1"), blocked)).unwrap();
        assert_eq!(
            (refused.reason(), refused.metadata()["rule_id"].as_str()),
            (Reason::AuditViolation, "A,B")
        );
        let text = "违反医保规则，不能结算，请更正：限儿童：患者 40 岁（明细 1,2）；限儿童：患者 40 岁";
        assert_eq!(refused.text(), text);
    }
}
