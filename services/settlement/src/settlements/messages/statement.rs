//! 一单: the one-page statement, for a terminal and for paper.

mod html;
mod text;

use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{
    CoverageSpan, Deferral, DeferralState, LayerTrace, PaidElsewhere, Settlement, SettlementInfo, Source,
};
use yizhan_terms::{MedType, Payer, is_unseen};

use super::audited::is_of_audit;
use super::explain;
use super::visit::elsewhere;
use crate::books::domain::ledger::MANUAL;
use crate::books::messages::parts::{header, is_payer, policy_of};

pub use html::html;
pub use text::text;

/// What both forms show.
struct Page<'s> {
    info: &'s SettlementInfo,
    composite: &'s str,
    payers: Vec<PayerRow>,
    sources: &'s [Source],
    /// Label and value of what takes a line of its own: how the visit is filed and what follows, which of its days are covered, whose account
    /// helped, with which marks it was settled.
    notes: Vec<(&'static str, String)>,
}

/// One payer's line.
struct PayerRow {
    name: String,
    title: String,
    base: String,
    deductible: String,
    paid: String,
    how: String,
    applied: bool,
}

impl<'s> Page<'s> {
    fn of(settlement: &'s Settlement, deferral: Option<&Deferral>) -> Page<'s> {
        let info = header(settlement);
        let (layers, sources) = match &settlement.trace {
            Some(trace) => (trace.layers.as_slice(), trace.sources.as_slice()),
            None => Default::default(),
        };
        let concerns = |layer: &&LayerTrace| !matches!(layer.skipped.as_str(), "care" | "not_in_force");
        let payers = match layers {
            [] => reversed_rows(settlement),
            layers => layers.iter().filter(concerns).map(|layer| row(layer, sources)).collect(),
        };
        let composite = &policy_of(settlement).composite;
        let mut notes = filing_rows(settlement);
        notes.extend(part_rows(info));
        notes.extend(coverage_rows(settlement));
        notes.extend(explain::relative_account(info).map(|whose| ("共济账户", whose)));
        notes.extend(info.paid_elsewhere.iter().map(|paid| ("他处已付", paid_elsewhere(paid))));
        notes.extend(resettled(info).map(|said| ("重新结算", said)));
        notes.extend(deferral.and_then(paid_later).map(|said| ("信用支付", said)));
        notes.extend(mark_rows(info));
        Page { info, composite, payers, sources, notes }
    }

    fn title(&self) -> &'static str {
        match self.info.reverses_setl_id.is_empty() {
            true if self.info.setl_type == MANUAL => "医疗费用手工报销单",
            false if self.info.setl_type == MANUAL => "医疗费用手工报销撤销单",
            true if self.info.setl_id.is_empty() => "医疗费用“一站式”预结算单",
            true if self.info.mid_setl_flag == "1" => "医疗费用“一站式”中途结算单",
            true => "医疗费用“一站式”结算单",
            false => "医疗费用“一站式”结算撤销单",
        }
    }

    /// Label and value of the head, in reading order.
    fn head(&self) -> Vec<(&'static str, String)> {
        let info = &self.info;
        let med_type =
            MedType::from_code(&info.med_type).map_or(info.med_type.as_str(), |med_type| med_type.label());
        let mut head = vec![
            ("结算ID", info.setl_id.clone()),
            ("就诊ID", info.mdtrt_id.clone()),
            ("姓名", info.psn_name_masked.clone()),
            ("人员编号", info.psn_no.clone()),
            ("医疗机构", format!("{}（{}）", info.fixmedins_name, info.fixmedins_code)),
            ("医疗类别", med_type.to_owned()),
            ("就诊日期", format!("{} 至 {}", info.begndate, info.enddate)),
            ("参保统筹区", info.poolarea_no.clone()),
        ];
        if !info.reverses_setl_id.is_empty() {
            head.push(("撤销的结算ID", info.reverses_setl_id.clone()));
        }
        head
    }

    /// The four parts and their sum.
    fn parts(&self) -> [(&'static str, String); 5] {
        let info = &self.info;
        [
            ("医疗费总额", yuan(info.medfee_sumamt_fen)),
            ("全自费", yuan(info.fulamt_ownpay_amt_fen)),
            ("超限价自费", yuan(info.overlmt_selfpay_fen)),
            ("先行自付", yuan(info.preselfpay_amt_fen)),
            ("符合政策范围", yuan(info.inscp_scp_amt_fen)),
        ]
    }

    /// Who bears the total.
    fn totals(&self) -> Vec<(&'static str, String)> {
        let info = &self.info;
        let mut totals = vec![("各方支付合计", yuan(info.fund_pay_sumamt_fen))];
        if info.hosp_part_amt_fen != 0 {
            totals.push(("医疗机构负担", yuan(info.hosp_part_amt_fen)));
        }
        totals.push(("个人负担", yuan(info.psn_part_amt_fen)));
        totals.push(("其中个人账户", yuan(info.acct_pay_fen - info.acct_mulaid_pay_fen)));
        totals.push(("其中家庭共济", yuan(info.acct_mulaid_pay_fen)));
        totals.push(("其中个人现金", yuan(info.psn_cash_pay_fen)));
        if info.paid_elsewhere_fen != 0 {
            totals.push(("现金中他处已付", yuan(info.paid_elsewhere_fen)));
            totals.push(("现金中尚应支付", yuan(info.psn_cash_pay_fen - info.paid_elsewhere_fen)));
        }
        if info.beside_bill_fen != 0 {
            totals.push(("另行给付个人", yuan(info.beside_bill_fen)));
        }
        totals
    }
}

/// 备案类别 with the rule that decided, and what was applied with its own.
/// A reversal's trace calculates nothing; its header keeps both.
fn filing_rows(settlement: &Settlement) -> Vec<(&'static str, String)> {
    let filing = header(settlement).filing.as_ref();
    let traced = settlement.trace.as_ref().and_then(|trace| trace.remote.as_ref());
    let basis = filing.and_then(|filing| filing.basis.as_ref().zip(Some(&filing.filing_class_name)));
    let treatment = filing.and_then(|filing| filing.treatment.as_ref()).or(traced);
    let class = basis.map(|(basis, class)| ("备案类别", explain::cited(class, basis)));
    class.into_iter().chain(treatment.map(|rule| ("异地就医", explain::remote(rule)))).collect()
}

/// What took the place of what.
fn resettled(info: &SettlementInfo) -> Option<String> {
    let SettlementInfo { replaces_setl_id: replaces, replaced_by_setl_id: replaced_by, .. } = info;
    if !replaced_by.is_empty() && info.reverses_setl_id.is_empty() {
        return Some(format!("本单已撤销，由结算 {replaced_by} 代替"));
    }
    let reversal = (!replaced_by.is_empty()).then(|| format!("被撤销的结算由结算 {replaced_by} 代替"));
    reversal.or((!replaces.is_empty()).then(|| format!("本单代替已撤销的结算 {replaces}")))
}

/// What somebody else paid, by which paper.
fn paid_elsewhere(paid: &PaidElsewhere) -> String {
    format!("{} {} 元（凭据 {}）", elsewhere::name(paid), yuan(paid.paid_fen), paid.reference)
}

/// What became of the cash that is paid later.
fn paid_later(deferral: &Deferral) -> Option<String> {
    let Deferral { amount_fen, owed_fen, due_date, .. } = deferral;
    let late = if deferral.defaulted { "（已违约）" } else { "" };
    match deferral.state() {
        DeferralState::Open => {
            let (cash, owed) = (yuan(*amount_fen), yuan(*owed_fen));
            Some(format!("个人现金 {cash} 元先离院后付费，尚欠 {owed} 元，应于 {due_date} 前付清{late}"))
        }
        DeferralState::Repaid => Some(format!("个人现金 {} 元先离院后付费，已付清{late}", yuan(*amount_fen))),
        _ => None,
    }
}

/// Which part of a stay it is (中途结算), what the parts before it came to, each, and what all of them come to with it.
fn part_rows(info: &SettlementInfo) -> Vec<(&'static str, String)> {
    if info.setl_part == 0 {
        return Vec::new();
    }
    let goes_on = if info.mid_setl_flag == "1" { "住院继续" } else { "出院结算" };
    let mut rows =
        vec![("中途结算", format!("第 {} 次结算，截至 {}（{goes_on}）", info.setl_part, info.enddate))];
    let told = |[fee, dedc, fund, account, cash]: [i64; 5]| {
        let [fee, dedc, fund, account, cash] = [fee, dedc, fund, account, cash].map(yuan);
        format!("医疗费 {fee}、起付线 {dedc}、各方支付 {fund}、个人账户 {account}、个人现金 {cash}")
    };
    let mut all = [
        info.medfee_sumamt_fen,
        info.act_pay_dedc_fen,
        info.fund_pay_sumamt_fen,
        info.acct_pay_fen,
        info.psn_cash_pay_fen,
    ];
    for part in &info.earlier_parts {
        let amounts = [
            part.medfee_sumamt_fen,
            part.act_pay_dedc_fen,
            part.fund_pay_sumamt_fen,
            part.acct_pay_fen,
            part.psn_cash_pay_fen,
        ];
        all.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
        rows.push(("以前结算", format!("{}，截至 {}：{}", part.setl_id, part.enddate, told(amounts))));
    }
    if !info.earlier_parts.is_empty() && info.reverses_setl_id.is_empty() {
        rows.push(("全程合计", told(all)));
    }
    rows
}

/// The days of a stay of which a part is not covered or something changes, with what was charged on those that are not covered.
fn coverage_rows(settlement: &Settlement) -> impl Iterator<Item = (&'static str, String)> {
    let charged = |span: &CoverageSpan| -> i64 {
        let days = span.begndate.as_str()..=span.enddate.as_str();
        let lines = settlement.feedetail.iter().filter(|line| days.contains(&line.fee_ocur_date.as_str()));
        lines.map(|line| line.det_item_fee_sumamt_fen).sum()
    };
    header(settlement).coverage_spans.iter().map(move |span| {
        let CoverageSpan { begndate, enddate, insutype, psn_type, identities, .. } = span;
        let what = match span.covered {
            true => {
                let held = identities.iter().map(|name| format!("、{name}")).collect::<String>();
                format!("享受待遇（险种 {insutype}，人员类别 {psn_type}{held}）")
            }
            false => format!("{}；费用 {} 元由个人承担", span.reason_text, yuan(charged(span))),
        };
        ("待遇期间", format!("{begndate} 至 {enddate} {what}"))
    })
}

/// What was not as it should be and settled all the same, with the lines it is about.
fn mark_rows(info: &SettlementInfo) -> impl Iterator<Item = (&'static str, String)> {
    // What audit found is between it and the institution.
    let marks = info.marks.iter().filter(|mark| !is_of_audit(mark));
    let marks = marks.map(|mark| match mark.feedetl_sn.as_slice() {
        [] => mark.text.clone(),
        lines => format!("{}（明细 {}）", mark.text, lines.join("、")),
    });
    let met = info.same_days.iter().map(|met| {
        format!("{} 至 {} 在 {} 另有结算 {}", met.begndate, met.enddate, met.fixmedins_code, met.setl_id)
    });
    marks.chain(met).map(|text| ("提示", text))
}

const QUALITY: &str = "依据后的〔〕为来源质量：G 政府网站，H 医院医保办，N 报刊，R 本地门户转载，A 聚合站，O 开源汇编，P 项目假设。";

/// A text as it is printed: what was stored before such characters were refused shows where it has some, and commands no terminal.
fn shown(text: &str) -> String {
    text.chars()
        .map(|character| if is_unseen(character) { char::REPLACEMENT_CHARACTER } else { character })
        .collect()
}

fn yuan(fen: i64) -> String {
    Fen(fen).to_string()
}

fn row(layer: &LayerTrace, sources: &[Source]) -> PayerRow {
    PayerRow {
        name: Payer::from_code(&layer.payer).map_or(layer.payer.as_str(), |payer| payer.label()).to_owned(),
        title: layer.title.clone(),
        base: if layer.applied { layer.base.clone() } else { String::new() },
        deductible: layer
            .deductible
            .as_ref()
            .map(|deductible| deductible.charged.clone())
            .unwrap_or_default(),
        paid: yuan(layer.paid_fen),
        how: explain::layer(layer, sources),
        applied: layer.applied,
    }
}

/// A reversal and a manual payment calculate nothing; their rows are the amounts.
fn reversed_rows(settlement: &Settlement) -> Vec<PayerRow> {
    let funds = settlement.setldetail.iter().filter(|row| !row.layer_id.is_empty() || is_payer(row));
    let row = |row: &yizhan_proto::settlement::v1::SettlementDetail| PayerRow {
        name: row.fund_pay_type_name.clone(),
        title: String::new(),
        base: yuan(row.inscp_scp_amt_fen),
        deductible: String::new(),
        paid: yuan(row.fund_payamt_fen),
        how: row.setl_proc_info.clone(),
        applied: true,
    };
    funds.map(row).collect()
}

#[cfg(test)]
mod tests {
    use yizhan_proto::settlement::v1::{SameDays, SettlementMark, Trace};

    use super::*;

    #[test]
    fn marks_are_told_on_both_forms() {
        let mark = SettlementMark {
            text: "缺少药品追溯码".into(),
            feedetl_sn: vec!["7".into()],
            ..Default::default()
        };
        let met = SameDays {
            setl_id: "S1".into(),
            fixmedins_code: "H2".into(),
            begndate: "2026-05-01".into(),
            enddate: "2026-05-02".into(),
            ..Default::default()
        };
        let info = SettlementInfo { marks: vec![mark], same_days: vec![met], ..Default::default() };
        let settlement = Settlement { setlinfo: Some(info), ..Default::default() };
        for told in [text(&settlement, None), html(&settlement, None)] {
            assert!(told.contains("缺少药品追溯码（明细 7）"), "{told}");
            assert!(told.contains("2026-05-01 至 2026-05-02 在 H2 另有结算 S1"), "{told}");
        }
    }

    #[test]
    fn what_was_stored_before_texts_were_checked_commands_no_terminal_and_no_page() {
        let hostile = "甲\u{1b}[2J\n结算ID：S9\u{202e}<script>&\0";
        let info = SettlementInfo {
            setl_id: hostile.into(),
            psn_name_masked: hostile.into(),
            fixmedins_name: hostile.into(),
            ..Default::default()
        };
        let layer = LayerTrace { title: hostile.into(), payer: hostile.into(), ..Default::default() };
        let source = Source { title: hostile.into(), url: hostile.into(), quality: hostile.into() };
        let trace = Trace { layers: vec![layer], sources: vec![source], ..Default::default() };
        let settlement = Settlement { setlinfo: Some(info), trace: Some(trace), ..Default::default() };
        let (text, html) = (text(&settlement, None), html(&settlement, None));
        let plain = text.lines().chain(html.lines()).all(|line| !line.contains(is_unseen));
        assert!(plain, "{text:?} {html:?}");
        assert!(text.contains("甲\u{fffd}[2J\u{fffd}结算ID：S9\u{fffd}<script>&\u{fffd}"), "{text}");
        assert!(!html.contains("<script") && html.contains("&lt;script&gt;&amp;"), "{html}");
    }
}
