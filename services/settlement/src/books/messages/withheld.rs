//! What an answer withholds from its institution, by what audit found.

use std::collections::BTreeMap;

use yizhan_money::Fen;
use yizhan_proto::audit::v1::{Consequence, Violation};
use yizhan_proto::settlement::v1::Settlement;

use super::parts::header;
use crate::books::domain::withheld::{Against, withheld};

/// 违规明细项目类型 of what is against the rule; others are what it is against.
const AGAINST: &str = "1";

/// What of the funds' part is withheld. Each line counts once, by the violation that says most of it.
pub fn withheld_by(answer: &Settlement) -> Fen {
    let found = answer.audit.iter().flat_map(|audit| &audit.result);
    let mut lines: BTreeMap<&str, Option<i64>> = BTreeMap::new();
    for (feedetl_sn, violating) in
        found.filter(|one| one.consequence() == Consequence::Withhold).flat_map(against)
    {
        let most = lines.entry(feedetl_sn).or_insert(Some(0));
        *most = most.zip(violating).map(|(known, told)| known.max(told));
    }
    if lines.is_empty() {
        return Fen::ZERO;
    }
    let own = answer.feedetail.iter().filter(|row| !row.earlier_part);
    let against = own.filter_map(|row| {
        let violating = lines.get(row.feedetl_sn.as_str())?;
        let [amount, in_scope] = [row.det_item_fee_sumamt_fen, row.inscp_scp_amt_fen].map(Fen);
        Some(Against { amount, in_scope, violating: Fen(violating.unwrap_or_default()) })
    });
    let info = header(answer);
    withheld(against, Fen(info.inscp_scp_amt_fen), Fen(info.fund_pay_sumamt_fen))
}

/// The lines of this bill that are against the rule, with how much of each; `None`: all of it.
fn against(violation: &Violation) -> impl Iterator<Item = (&str, Option<i64>)> {
    let lines = violation.judge_result_detail_dtos.iter();
    let own = lines.filter(|line| line.vola_item_type == AGAINST && line.setl_id.is_empty());
    own.map(|line| (line.feedetl_sn.as_str(), Some(line.vola_amt_fen).filter(|fen| *fen > 0)))
}
