//! What was found, as the contract tells it.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use yizhan_proto::audit::v1::{Consequence as Told, Violation, ViolationDetail};

use super::domain::{Consequence, Found, FoundLine, Severity, Visit};

/// Bytes of a digest that name a violation.
const NUMBER_BYTES: usize = 16;

/// The violation. Its number is that of the rule, the institution, the visit and the lines against the rule, so that the same is found again under
/// the same number, by whatever version of the rule.
pub fn violation(found: &Found, visit: &Visit) -> Violation {
    let told = told(found, [&visit.institution, &visit.mdtrt_id]);
    Violation { psn_no: visit.psn_no.clone(), mdtrt_id: visit.mdtrt_id.clone(), ..told }
}

/// The same of an institution as a whole, by area and month or year.
pub fn violation_of(found: &Found, key: &[String; 2]) -> Violation {
    told(found, [&key[0], &key[1]])
}

fn told(found: &Found, key: [&str; 2]) -> Violation {
    let number = number(found, key);
    let detail = |(index, line): (usize, &FoundLine)| ViolationDetail {
        jrd_id: format!("{number}-{}", index + 1),
        feedetl_sn: line.number.clone(),
        rxno: line.recipe.clone(),
        vola_item_type: if line.is_against { "1" } else { "2" }.to_owned(),
        vola_amt_fen: line.amount_fen,
        hilist_code: line.code.clone(),
        setl_id: line.setl_id.clone(),
    };
    let rule = &found.rule;
    let amount = found.amount_fen();
    Violation {
        rule_id: rule.rule.clone(),
        rule_name: rule.name().to_owned(),
        rule_version: rule.citation(),
        vola_cont: found.content.clone(),
        judge_result_detail_dtos: found.lines.iter().enumerate().map(detail).collect(),
        vola_amt_fen: amount.unwrap_or_default(),
        vola_amt_stas: if amount.is_some() { "1" } else { "0" }.to_owned(),
        sev_deg: severity(rule.result).to_owned(),
        vola_evid: found.basis.clone(),
        vola_bhvr_type: rule.behaviour.to_owned(),
        consequence: consequence(rule.consequence).into(),
        may_answer: rule.may_answer,
        jr_id: number,
        ..Violation::default()
    }
}

fn number(found: &Found, [institution, mdtrt_id]: [&str; 2]) -> String {
    let mut lines: Vec<&str> = found.against().map(|line| line.number.as_str()).collect();
    lines.sort_unstable();
    let parts = [found.rule.rule.as_str(), institution, mdtrt_id, &found.about];
    let mut digest = Sha256::new();
    for part in parts.into_iter().chain(lines) {
        // The length goes before, so that no two lists of parts read alike.
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    HEXLOWER.encode(&digest.finalize()[..NUMBER_BYTES])
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Violation => "1",
        Severity::Suspicion => "2",
        Severity::Hint => "3",
    }
}

const fn consequence(consequence: Consequence) -> Told {
    match consequence {
        Consequence::Block => Told::Block,
        Consequence::Withhold => Told::Withhold,
        Consequence::Mark => Told::Mark,
        Consequence::Remind => Told::Remind,
    }
}
