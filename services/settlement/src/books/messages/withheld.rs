//! What an answer withholds from its institution, by what audit found.

use std::collections::BTreeMap;

use yizhan_money::Fen;
use yizhan_proto::audit::v1::{Consequence, Violation};
use yizhan_proto::settlement::v1::Settlement;

use super::parts::header;
use crate::books::domain::withheld::withheld;

/// 违规明细项目类型 of what is against the rule; others are what it is against.
const AGAINST: &str = "1";

/// What of the funds' part is withheld. A line counts once, with the most that a violation says of it, at most its in-scope amount.
pub fn withheld_by(answer: &Settlement) -> Fen {
    let info = header(answer);
    let against = withheld_lines(answer).into_iter().map(|(_, against)| against);
    withheld(against, Fen(info.inscp_scp_amt_fen), Fen(info.fund_pay_sumamt_fen))
}

/// The lines of this bill of which something is withheld, each with what of it is against a rule, in scope.
pub fn withheld_lines(answer: &Settlement) -> Vec<(&str, Fen)> {
    let found = answer.audit.iter().flat_map(|audit| &audit.result);
    let mut lines: BTreeMap<&str, i64> = BTreeMap::new();
    for (feedetl_sn, fen) in found.filter(|one| one.consequence() == Consequence::Withhold).flat_map(against)
    {
        let most = lines.entry(feedetl_sn).or_default();
        *most = fen.max(*most);
    }
    if lines.is_empty() {
        return Vec::new();
    }
    let own = answer.feedetail.iter().filter(|row| !row.earlier_part);
    let against = own.filter_map(|row| {
        let fen = lines.get(row.feedetl_sn.as_str())?;
        Some((row.feedetl_sn.as_str(), Fen(row.inscp_scp_amt_fen.min(*fen))))
    });
    against.collect()
}

/// The lines of this bill that are against the rule, and how much of each is, in scope; all of it where that is not told.
fn against(violation: &Violation) -> impl Iterator<Item = (&str, i64)> {
    let lines = violation.judge_result_detail_dtos.iter();
    let own = lines.filter(|line| line.vola_item_type == AGAINST && line.setl_id.is_empty());
    own.map(|line| {
        (line.feedetl_sn.as_str(), if line.vola_amt_fen > 0 { line.vola_amt_fen } else { i64::MAX })
    })
}
