//! 药品追溯码 that were handed out to two persons (回流药): what is handed out whole stands once; of a pack that was split (拆零), parts may stand on
//! many bills. What one person's bills have twice is a rule's (`trace`).

use std::collections::{BTreeMap, BTreeSet};

use yizhan_proto::audit::v1::{Consequence, Violation, ViolationDetail};

use super::{Origin, Raised, jr_id};
use crate::rules::Line;
use crate::visits::Standing;
use crate::visits::store::codes::Model as Use;

/// 规则编码 of what is found so; the same word as settlement's.
const RULE: &str = "TRACE_CODE_REPEATED";

/// The lines that codes stand on, by code, in the order of settlement.
pub type Uses = BTreeMap<String, Vec<Use>>;

/// By code.
pub fn by_code(uses: Vec<Use>) -> Uses {
    let mut by_code = Uses::new();
    uses.into_iter().for_each(|one| by_code.entry(one.drug_trac_codg.clone()).or_default().push(one));
    by_code
}

/// As rows of what stands of a visit.
pub fn uses_of(standing: &Standing) -> Vec<Use> {
    let mut seen = BTreeSet::new();
    let of_line = |line: &Line| -> Vec<Use> {
        let [fixmedins_code, mdtrt_id] = &standing.key;
        let stands = |(code, split): &(String, bool)| Use {
            drug_trac_codg: code.clone(),
            fixmedins_code: fixmedins_code.clone(),
            mdtrt_id: mdtrt_id.clone(),
            feedetl_sn: line.number.clone(),
            setl_id: standing.setl_id_of(Some(&line.number)).to_owned(),
            psn_no: standing.visit.psn_no.clone(),
            trdn_flag: *split,
        };
        line.trace_codes.iter().map(stands).collect()
    };
    let mut uses: Vec<Use> = standing.visit.lines.iter().flat_map(of_line).collect();
    uses.retain(|one| seen.insert((one.drug_trac_codg.clone(), one.feedetl_sn.clone())));
    uses
}

/// A finding for each line of a visit with a code that had been handed out to another person before: of two, that which was settled later.
pub fn repeated(standing: &Standing, uses: &Uses) -> Vec<Raised> {
    let of_line = |line: &Line| {
        let setl_id = standing.setl_id_of(Some(&line.number));
        let before = |(code, split): &(String, bool)| {
            let mut earlier = uses.get(code)?.iter().take_while(|one| one.setl_id.as_str() < setl_id);
            earlier.find(|one| one.psn_no != standing.psn_no && !(*split && one.trdn_flag))
        };
        let against: Vec<&Use> = line.trace_codes.iter().filter_map(before).collect();
        (!against.is_empty()).then(|| raised(standing, line, &against))
    };
    standing.visit.lines.iter().filter_map(of_line).collect()
}

fn raised(standing: &Standing, line: &Line, against: &[&Use]) -> Raised {
    let jr_id = jr_id(RULE, &standing.key, &[&line.number]);
    let visit = &standing.visit;
    let detail = |number: usize, feedetl_sn: &str, vola_item_type: &str| ViolationDetail {
        jrd_id: format!("{jr_id}-{number}"),
        feedetl_sn: feedetl_sn.to_owned(),
        vola_item_type: vola_item_type.to_owned(),
        hilist_code: line.code.clone(),
        ..ViolationDetail::default()
    };
    let own = ViolationDetail {
        rxno: line.recipe.clone(),
        vola_amt_fen: line.amount_fen,
        ..detail(1, &line.number, "1")
    };
    let others: BTreeSet<(&str, &str)> =
        against.iter().map(|one| (one.setl_id.as_str(), one.feedetl_sn.as_str())).collect();
    let other = |(at, (setl_id, feedetl_sn)): (usize, (&str, &str))| ViolationDetail {
        setl_id: setl_id.to_owned(),
        ..detail(at + 2, feedetl_sn, "2")
    };
    let violation = Violation {
        rule_id: RULE.to_owned(),
        rule_name: "药品追溯码重复".to_owned(),
        vola_cont: format!("{} 个药品追溯码此前已为其他参保人结算，且不都是拆零", against.len()),
        psn_no: visit.psn_no.clone(),
        mdtrt_id: visit.mdtrt_id.clone(),
        judge_result_detail_dtos: std::iter::once(own)
            .chain(others.into_iter().enumerate().map(other))
            .collect(),
        vola_amt_fen: line.amount_fen,
        vola_amt_stas: "1".to_owned(),
        sev_deg: "2".to_owned(),
        vola_evid: "系统默认规则：整盒药品的追溯码只结算一次".to_owned(),
        vola_bhvr_type: "疑似回流药".to_owned(),
        consequence: Consequence::Mark.into(),
        jr_id,
        ..Violation::default()
    };
    Raised {
        origin: Origin::TraceCode,
        shadow: false,
        poolarea_no: visit.area.into(),
        key: standing.key.clone(),
        setl_id: standing.setl_id_of(Some(&line.number)).to_owned(),
        enddate: visit.end.to_string(),
        violation,
    }
}
