//! What settlement itself says of a visit that it settled all the same: violations of 事中, marks, other visits on the same days, doubts.

use yizhan_money::Fen;
use yizhan_proto::audit::v1::{Consequence, Violation, ViolationDetail};
use yizhan_proto::settlement::v1::{Settlement, SettlementInfo, SettlementMark, WorkItem, WorkItemState};

use super::domain::{Origin, Raised, jr_id};

/// Marks that say how something was calculated, that audit said itself, or finds by itself with more to show for it, and of what the
/// institution bears already.
const NO_FINDINGS: [&str; 9] = [
    "MOVED_IN_YEAR",
    "ACCOUNT_MOVED",
    "PART_GIVES_BACK",
    "TRACE_CODE_REPEATED",
    "AUDIT_MARKED",
    "AUDIT_WITHHELD",
    "AUDIT_ANSWERED",
    "PRACTITIONER_REFUSED",
    "VALUE_OLD",
];

/// Marks, with what the finding is called; any other is called 结算标记.
const NAMES: [(&str, &str); 14] = [
    ("EMERGENCY_WITHOUT_CONTRACT", "暂停协议期间急诊结算"),
    ("STAY_WITHOUT_CONTRACT", "住院期间部分日期无协议"),
    ("DEPARTMENT_SUSPENDED", "暂停科室的费用"),
    ("DUAL_CHANNEL", "双通道药品结算不符合规定"),
    ("TRACE_CODE_MISSING", "药品缺少追溯码"),
    ("PREVIOUS_STAY_UNKNOWN", "转院前住院无法核实"),
    ("FOLLOWING_STAY_SETTLED", "转院后住院先行结算"),
    ("KINSHIP_CONTRADICTED", "共济亲属关系与户籍登记不符"),
    ("KINSHIP_NOT_SHOWN", "共济亲属关系未见户籍登记"),
    ("PRACTITIONER_MARKED", "开单人员不具备医保支付资格"),
    ("PRACTITIONER_EMERGENCY", "开单人员暂停或终止支付资格期间急诊结算"),
    ("PRACTITIONER_UNNAMED", "明细未填开单人员，就诊未填医师"),
    ("CREDIT_PENDING", "未核对开单人员支付资格"),
    (SAME_DAYS, "同一时段在两处就诊"),
];

/// 规则编码 of what `setlinfo.same_days` says.
const SAME_DAYS: &str = "SAME_DAYS";
/// 规则编码 of what `setlinfo.entitlement_doubt` says.
const ENTITLEMENT_DOUBT: &str = "ENTITLEMENT_DOUBT";
/// 规则编码 of what settlement's worklist says by the register.
const OTHERWISE: &str = "PAID_OTHERWISE";
/// 规则编码 of what it says by credit.
const STOOD_OTHERWISE: &str = "PRACTITIONER_OTHERWISE";
/// What settlement's worklist says.
pub const LISTED: [&str; 2] = [OTHERWISE, STOOD_OTHERWISE];
/// What items by credit say.
const BY_CREDIT: [&str; 2] = ["PRACTITIONER_UNPAYABLE", "PRACTITIONER_LIFTED"];
/// 规则编码 of a settlement that cannot be read as a visit.
const UNREADABLE: &str = "VISIT_UNREADABLE";

/// 可疑.
const SUSPECT: &str = "2";

/// Everything settlement says of it that is a finding.
pub fn told(settlement: &Settlement) -> Vec<Raised> {
    let Some(info) = &settlement.setlinfo else { return Vec::new() };
    let checked = settlement.audit.iter().flat_map(|audited| &audited.result);
    let checked = checked.filter(|found| found.consequence() != Consequence::Remind);
    let checked = checked.map(|found| raised(info, Origin::Check, found.clone()));
    let marks = info.marks.iter().filter(|mark| !NO_FINDINGS.contains(&mark.kind.as_str()));
    let marks = marks.map(|mark| of_mark(info, mark)).chain(same_days(info)).chain(doubt(info));
    checked.chain(marks.map(|violation| raised(info, Origin::Mark, violation))).collect()
}

/// By which rule the worklist says it: of a settlement there may be an item by each.
pub fn rule_of(item: &WorkItem) -> &'static str {
    if BY_CREDIT.contains(&item.why.as_str()) { STOOD_OTHERWISE } else { OTHERWISE }
}

/// What the worklist says of a settlement; `None` of an item that is closed or resolved.
pub fn listed(item: &WorkItem) -> Option<Raised> {
    let info = SettlementInfo {
        psn_no: item.psn_no.clone(),
        poolarea_no: item.poolarea_no.clone(),
        fixmedins_code: item.fixmedins_code.clone(),
        setl_id: item.setl_id.clone(),
        // It does not say which visit that was: there is one item of a settlement by each rule.
        mdtrt_id: item.setl_id.clone(),
        enddate: item.enddate.clone(),
        ..SettlementInfo::default()
    };
    let (paid, now) = (Fen(item.paid_fen), Fen(item.would_pay_fen));
    let amounts = format!("{}；基金已付 {paid} 元，按现在的登记应付 {now} 元", item.why_text);
    let rule = rule_of(item);
    let by_register = rule == OTHERWISE && item.calculated;
    let text = if by_register { amounts } else { item.why_text.clone() };
    let name = if rule == OTHERWISE {
        "按现在的登记应另行支付"
    } else {
        "结算后得知开单人员支付资格不同"
    };
    let found = violation(&info, rule, (name, text), Vec::new());
    let too_much = (paid - now).0.max(0);
    let (amount, counted) = if item.calculated { (too_much, "1") } else { (0, "0") };
    let found = Violation {
        vola_amt_fen: amount,
        vola_amt_stas: counted.to_owned(),
        vola_evid: item.why.clone(),
        ..found
    };
    (item.state() == WorkItemState::Open).then(|| raised(&info, Origin::Worklist, found))
}

/// Of a settlement that cannot be read as a visit: what is wrong with it, so that somebody looks.
pub fn unreadable(info: &SettlementInfo, wrong: &str) -> Raised {
    let text = format!("结算信息不完整或代码无法识别，未能筛查：{wrong}");
    let found = violation(info, UNREADABLE, ("结算信息无法筛查", text), Vec::new());
    raised(info, Origin::Mark, found)
}

fn raised(info: &SettlementInfo, origin: Origin, violation: Violation) -> Raised {
    Raised {
        origin,
        shadow: false,
        poolarea_no: info.poolarea_no.clone(),
        key: [info.fixmedins_code.clone(), info.mdtrt_id.clone()],
        setl_id: info.setl_id.clone(),
        enddate: info.enddate.clone(),
        violation,
    }
}

fn of_mark(info: &SettlementInfo, mark: &SettlementMark) -> Violation {
    let name = NAMES.iter().find(|(kind, _)| *kind == mark.kind).map_or("结算标记", |(_, name)| name);
    let lines = mark.feedetl_sn.iter().map(|line| (line.as_str(), "")).collect();
    let found = violation(info, &mark.kind, (name, mark.text.clone()), lines);
    Violation { vola_evid: mark.rule.clone(), ..found }
}

fn same_days(info: &SettlementInfo) -> Option<Violation> {
    let first = info.same_days.first()?;
    let text = format!(
        "与其他 {} 次就诊日期重叠，首次为 {} 至 {}，机构 {}",
        info.same_days.len(),
        first.begndate,
        first.enddate,
        first.fixmedins_code
    );
    let others = info.same_days.iter().map(|other| ("", other.setl_id.as_str())).collect();
    Some(violation(info, SAME_DAYS, ("同一时段在两处就诊", text), others))
}

fn doubt(info: &SettlementInfo) -> Option<Violation> {
    let doubt = &info.entitlement_doubt;
    let text = format!("手工报销时参保登记不支持待遇：{doubt}");
    (!doubt.is_empty())
        .then(|| violation(info, ENTITLEMENT_DOUBT, ("手工报销与参保登记不符", text), Vec::new()))
}

/// About these lines, and other settlements.
fn violation(
    info: &SettlementInfo,
    rule_id: &str,
    (name, text): (&str, String),
    about: Vec<(&str, &str)>,
) -> Violation {
    let key = [info.fixmedins_code.clone(), info.mdtrt_id.clone()];
    let lines: Vec<&str> = about.iter().map(|(line, _)| *line).filter(|line| !line.is_empty()).collect();
    let jr_id = jr_id(rule_id, &key, &lines);
    let detail = |(at, (line, setl_id)): (usize, &(&str, &str))| ViolationDetail {
        jrd_id: format!("{jr_id}-{}", at + 1),
        feedetl_sn: (*line).to_owned(),
        vola_item_type: if setl_id.is_empty() { "1" } else { "2" }.to_owned(),
        setl_id: (*setl_id).to_owned(),
        ..ViolationDetail::default()
    };
    Violation {
        rule_id: rule_id.to_owned(),
        rule_name: name.to_owned(),
        vola_cont: text,
        psn_no: info.psn_no.clone(),
        mdtrt_id: info.mdtrt_id.clone(),
        judge_result_detail_dtos: about.iter().enumerate().map(detail).collect(),
        vola_amt_stas: "0".to_owned(),
        sev_deg: SUSPECT.to_owned(),
        consequence: Consequence::Mark.into(),
        jr_id,
        ..Violation::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_settlement_marked_about_practitioners_is_found_but_what_it_refused() {
        let marked = |kind: &str| SettlementMark {
            kind: kind.to_owned(),
            text: "照常支付，待核查".to_owned(),
            feedetl_sn: vec!["F1".to_owned(), "F2".to_owned()],
            rule: "own@1/practitioners/2025-01-01".to_owned(),
        };
        let kinds =
            ["PRACTITIONER_UNNAMED", "PRACTITIONER_MARKED", "PRACTITIONER_EMERGENCY", "PRACTITIONER_REFUSED"];
        let info = SettlementInfo { marks: kinds.map(marked).to_vec(), ..SettlementInfo::default() };
        let found = told(&Settlement { setlinfo: Some(info), ..Settlement::default() });
        let found: Vec<&Violation> = found.iter().map(|raised| &raised.violation).collect();
        let names: Vec<_> = found.iter().map(|one| (one.rule_id.as_str(), one.rule_name.as_str())).collect();
        let expected = [
            ("PRACTITIONER_UNNAMED", "明细未填开单人员，就诊未填医师"),
            ("PRACTITIONER_MARKED", "开单人员不具备医保支付资格"),
            ("PRACTITIONER_EMERGENCY", "开单人员暂停或终止支付资格期间急诊结算"),
        ];
        assert_eq!(names, expected);
        for one in found {
            let lines: Vec<_> =
                one.judge_result_detail_dtos.iter().map(|line| line.feedetl_sn.as_str()).collect();
            assert_eq!((lines, one.vola_evid.as_str()), (vec!["F1", "F2"], "own@1/practitioners/2025-01-01"));
        }
    }
}
