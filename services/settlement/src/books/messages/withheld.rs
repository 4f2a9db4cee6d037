//! What an answer withholds from its institution, by what credit said of practitioners and what audit found.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_money::Fen;
use yizhan_proto::audit::v1::{Consequence, Violation};
use yizhan_proto::settlement::v1::{CreditedLine, LineHandling, Settlement};

use super::parts::header;
use crate::books::domain::withheld::withheld;

/// 违规明细项目类型 of what is against the rule; others are what it is against.
const AGAINST: &str = "1";

/// What is withheld, by whose answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Lines whose practitioner may not be paid.
    pub by_credit: Fen,
    /// Lines against a rule, beside those.
    pub by_audit: Fen,
}

/// What of the funds' part is withheld. A line whose practitioner may not be paid counts whole, and then not with audit; of audit a line counts
/// once, with the most that a violation says of it, at most its in-scope amount. Rounded together: never more than what the funds pay.
pub fn withheld_by(answer: &Settlement) -> Withheld {
    let info = header(answer);
    let refused = refused_lines(answer);
    let own = answer.feedetail.iter().filter(|row| !row.earlier_part);
    let refused: Fen = match refused.is_empty() {
        true => Fen::ZERO,
        false => own
            .filter(|row| refused.contains(row.feedetl_sn.as_str()))
            .map(|row| Fen(row.inscp_scp_amt_fen))
            .sum(),
    };
    let against = withheld_lines(answer).into_iter().map(|(_, against)| against);
    let share = |lines: &mut dyn Iterator<Item = Fen>| {
        withheld(lines, Fen(info.inscp_scp_amt_fen), Fen(info.fund_pay_sumamt_fen))
    };
    let by_credit = share(&mut std::iter::once(refused));
    let both = share(&mut std::iter::once(refused).chain(against));
    Withheld { by_credit, by_audit: both - by_credit }
}

/// An answer as if the practitioners of these lines might be paid.
pub fn without(mut answer: Settlement, lifted: &BTreeSet<String>) -> Settlement {
    if let Some(credit) = answer.credit.as_mut().filter(|_| !lifted.is_empty()) {
        credit.lines.retain(|line| !lifted.contains(&line.feedetl_sn));
    }
    answer
}

/// What is withheld for practitioners once those of these lines may be paid: for the lines that stay refused, and of those that do not what audit
/// withholds, which had counted with credit. What falls of it goes back to the institution.
pub fn withheld_for_practitioners(stored: &Settlement, lifted: &BTreeSet<String>) -> Fen {
    let refused = withheld_by(stored).by_credit;
    if lifted.is_empty() {
        return refused;
    }
    let now = without(stored.clone(), lifted);
    let info = header(stored);
    let against = withheld_lines(&now).into_iter().filter(|(line, _)| lifted.contains(*line));
    let against = against.map(|(_, against)| against);
    let of_audit = withheld(against, Fen(info.inscp_scp_amt_fen), Fen(info.fund_pay_sumamt_fen));
    (withheld_by(&now).by_credit + of_audit).min(refused)
}

/// An answer as if the practitioners of these lines might not be paid.
pub fn refusing(mut answer: Settlement, lines: &BTreeSet<String>) -> Settlement {
    let refused = lines.iter().map(|feedetl_sn| CreditedLine {
        feedetl_sn: feedetl_sn.clone(),
        handling: LineHandling::Refused.into(),
        ..CreditedLine::default()
    });
    answer.credit.get_or_insert_default().lines.extend(refused);
    answer
}

/// Lines of this bill whose practitioner may not be paid.
pub fn refused_lines(answer: &Settlement) -> BTreeSet<&str> {
    let lines = answer.credit.iter().flat_map(|credit| &credit.lines);
    let refused = lines.filter(|line| line.handling() == LineHandling::Refused);
    refused.map(|line| line.feedetl_sn.as_str()).collect()
}

/// The lines of this bill of which something is withheld by what audit found, each with what of it is against a rule, in scope.
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
    let refused = refused_lines(answer);
    let own = answer.feedetail.iter().filter(|row| !row.earlier_part);
    let own = own.filter(|row| !refused.contains(row.feedetl_sn.as_str()));
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
