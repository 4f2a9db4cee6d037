//! A part of a stay (中途结算): what earlier parts came to, read from the last one's answer, and what an answer says of it.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_money::Fen;
use yizhan_policy::case::{Case, Earlier, EarlierPaid, Line};
use yizhan_policy::outcome::Parts;
use yizhan_proto::settlement::v1::{
    DrugTraceCode, EarlierPart, FeeLine, FeeLineResult, LayerTrace, Settlement, SettlementInfo,
    SettlementMark,
};
use yizhan_runtime::ServiceError;
use yizhan_terms::{Fund, Payer};

use super::refunds::Refunds;
use super::trace::yuan;
use crate::books::messages::parts::header;
use crate::fields::decimal;

/// Kind of the mark where a fund gives back what it paid in earlier parts.
const GIVES_BACK: &str = "PART_GIVES_BACK";

/// The parts of a stay that stand, as the next one goes on behind them.
pub struct SoFar {
    /// As they were settled, in order; never empty.
    pub parts: Vec<EarlierPart>,
    /// What they came to, together.
    pub earlier: Earlier,
    /// Their lines, with what the next part's refunds leave of them.
    pub lines: Vec<Line>,
    /// These refunds, by line.
    pub refunds: BTreeMap<String, Vec<FeeLine>>,
    /// Trace codes of lines that they leave nothing of, by line.
    pub codes: BTreeMap<String, Vec<DrugTraceCode>>,
}

impl SoFar {
    /// Whether this settlement is the last part.
    pub fn is_behind(&self, setl_id: &str) -> bool {
        self.parts.last().is_some_and(|last| last.setl_id == setl_id)
    }

    /// The lines of which the next part's refunds leave nothing.
    pub fn taken_back_whole(&self) -> BTreeSet<&str> {
        let whole =
            self.lines.iter().filter(|line| line.quantity.is_zero() && self.refunds.contains_key(&line.id));
        whole.map(|line| line.id.as_str()).collect()
    }

    /// Trace codes that come back.
    pub fn codes_back(&self) -> BTreeSet<String> {
        self.codes.values().flatten().map(|code| code.drug_trac_codg.clone()).collect()
    }

    /// Makes a case that was made of the next part the case of the stay so far.
    pub fn put_into(&self, case: &mut Case) {
        case.lines.splice(0..0, self.lines.iter().cloned());
        self.earlier.taken_out_of(&mut case.accumulated);
        case.earlier = Some(self.earlier.clone());
    }
}

/// A part as those that follow it name it.
pub fn part_of(info: &SettlementInfo) -> EarlierPart {
    EarlierPart {
        setl_id: info.setl_id.clone(),
        enddate: info.enddate.clone(),
        medfee_sumamt_fen: info.medfee_sumamt_fen,
        act_pay_dedc_fen: info.act_pay_dedc_fen,
        fund_pay_sumamt_fen: info.fund_pay_sumamt_fen,
        acct_pay_fen: info.acct_pay_fen,
        psn_cash_pay_fen: info.psn_cash_pay_fen,
        paid_elsewhere_fen: info.paid_elsewhere_fen,
    }
}

/// What the parts came to up to this one, which was answered so.
pub fn after(mut earlier: Earlier, answer: &Settlement) -> Result<Earlier, ServiceError> {
    let info = header(answer);
    earlier.bill.add(&Parts {
        total_fen: Fen(info.medfee_sumamt_fen),
        full_self_fen: Fen(info.fulamt_ownpay_amt_fen),
        over_limit_fen: Fen(info.overlmt_selfpay_fen),
        pre_self_fen: Fen(info.preselfpay_amt_fen),
        in_scope_fen: Fen(info.inscp_scp_amt_fen),
    });
    earlier.deductible_fen += Fen(info.act_pay_dedc_fen);
    earlier.account_own_fen += Fen(info.acct_pay_fen - info.acct_mulaid_pay_fen);
    if let Some(trace) = &answer.trace {
        for layer in &trace.layers {
            earlier.pay(paid(layer)?);
        }
        for change in &trace.accumulators {
            let year = change.policy_year.parse().map_err(ServiceError::internal)?;
            earlier.change(year, &change.accumulator, change.added);
        }
    }
    Ok(earlier)
}

fn paid(layer: &LayerTrace) -> Result<EarlierPaid, ServiceError> {
    let unreadable = || ServiceError::internal(anyhow::anyhow!("a part of a stay has an unreadable layer"));
    Ok(EarlierPaid {
        policy_year: layer.policy_year.parse().map_err(ServiceError::internal)?,
        layer: layer.layer_id.clone(),
        title: layer.title.clone(),
        payer: Payer::from_code(&layer.payer).ok_or_else(unreadable)?,
        fund_pay_type: Fund::from_code(&layer.fund_pay_type).ok_or_else(unreadable)?,
        beside_bill: layer.beside_bill,
        paid_fen: Fen(layer.paid_fen),
    })
}

/// The lines of the case that was answered so, with what each was settled with in the parts up to this one.
pub fn lines_after(mut lines: Vec<Line>, answer: &Settlement) -> Vec<Line> {
    let rows: BTreeMap<&str, &FeeLineResult> =
        answer.feedetail.iter().map(|row| (row.feedetl_sn.as_str(), row)).collect();
    for line in &mut lines {
        let mut settled = line.earlier.unwrap_or_default();
        rows.get(line.id.as_str()).iter().for_each(|row| settled.add(&parts_of(row)));
        line.earlier = Some(settled);
    }
    lines
}

fn parts_of(row: &FeeLineResult) -> Parts {
    Parts {
        total_fen: Fen(row.det_item_fee_sumamt_fen),
        full_self_fen: Fen(row.fulamt_ownpay_amt_fen),
        over_limit_fen: Fen(row.overlmt_amt_fen),
        pre_self_fen: Fen(row.preselfpay_amt_fen),
        in_scope_fen: Fen(row.inscp_scp_amt_fen),
    }
}

/// Whether a row says something: a line of an earlier part does where it is otherwise now.
pub fn is_told(row: &FeeLineResult) -> bool {
    !row.earlier_part || !row.refd_feedetl_sn.is_empty() || parts_of(row) != Parts::default()
}

/// What makes an answer that of a part.
#[derive(Clone, Copy)]
pub struct Part<'p> {
    /// Whether the stay goes on.
    pub mid: bool,
    /// The parts before, where there are any.
    pub so_far: Option<&'p SoFar>,
    /// What was taken off its own lines.
    pub refunds: &'p Refunds,
}

impl<'p> Part<'p> {
    /// Says of an answer which part it is, and of which lines it tells: of earlier parts first, then its own, at last those of which nothing
    /// is left.
    pub fn tell(&self, answer: Settlement) -> Settlement {
        let Settlement { setlinfo, feedetail, .. } = answer;
        let parts = self.so_far.map_or(&[][..], |so_far| &so_far.parts);
        let info = SettlementInfo {
            mid_setl_flag: if self.mid { "1" } else { "0" }.to_owned(),
            setl_part: i32::try_from(parts.len() + 1).unwrap_or(i32::MAX),
            earlier_parts: parts.to_vec(),
            ..setlinfo.unwrap_or_default()
        };
        let mut rows: Vec<FeeLineResult> = self.so_far.map(earlier_rows).unwrap_or_default();
        rows.extend(feedetail.into_iter().map(|row| self.with_refunds(row)));
        rows.extend(self.refunds.gone.iter().map(|line| self.with_refunds(nothing_left(line))));
        Settlement { setlinfo: Some(info), feedetail: rows, ..answer }
    }

    fn with_refunds(&self, row: FeeLineResult) -> FeeLineResult {
        let refunds = self.refunds.by_line.get(&row.feedetl_sn);
        FeeLineResult { refd_feedetl_sn: refunds.cloned().unwrap_or_default(), ..row }
    }

    /// feedetl_sn that only a part claims: of refunds, and of lines of which nothing is left.
    pub fn more_numbers(&self) -> Vec<&'p str> {
        let gone = self.refunds.gone.iter().map(|line| line.feedetl_sn.as_str());
        let own = self.refunds.by_line.values().flatten().map(String::as_str);
        let elsewhere = self.refunds.elsewhere.iter().map(|(_, refund)| refund.feedetl_sn.as_str());
        gone.chain(own).chain(elsewhere).collect()
    }
}

fn nothing_left(line: &FeeLine) -> FeeLineResult {
    FeeLineResult {
        feedetl_sn: line.feedetl_sn.clone(),
        hilist_code: line.hilist_code.clone(),
        cnt: line.cnt.clone(),
        pric: line.pric.clone(),
        fee_ocur_date: line.fee_ocur_date.clone(),
        ..FeeLineResult::default()
    }
}

/// A row for each line of earlier parts; which of them say something is seen when they are settled again.
fn earlier_rows(so_far: &SoFar) -> Vec<FeeLineResult> {
    let row = |line: &Line| {
        let refunds = so_far.refunds.get(&line.id).map_or(&[][..], Vec::as_slice);
        let count =
            refunds.iter().filter_map(|refund| decimal(&refund.cnt, 4)).sum::<rust_decimal::Decimal>();
        FeeLineResult {
            feedetl_sn: line.id.clone(),
            cnt: count.normalize().to_string(),
            pric: yuan(line.price_fen),
            fee_ocur_date: line.day.map(|day| day.to_string()).unwrap_or_default(),
            earlier_part: true,
            drug_trac_info: so_far.codes.get(&line.id).cloned().unwrap_or_default(),
            refd_feedetl_sn: refunds.iter().map(|refund| refund.feedetl_sn.clone()).collect(),
            ..FeeLineResult::default()
        }
    };
    so_far.lines.iter().map(row).collect()
}

/// The mark of a part in which funds give back what they paid in earlier parts; `None` where none does.
pub fn gives_back(answer: &Settlement) -> Option<SettlementMark> {
    let mut funds: BTreeMap<&str, i64> = BTreeMap::new();
    for layer in answer.trace.iter().flat_map(|trace| &trace.layers) {
        *funds.entry(&layer.fund_pay_type).or_default() += layer.paid_fen;
    }
    let back = funds.iter().filter(|(_, fen)| **fen < 0).map(|(fund, fen)| {
        let name = Fund::from_code(fund).map_or(*fund, |fund| fund.label());
        format!("{name} {} 元", Fen(-fen))
    });
    let back: Vec<String> = back.collect();
    (!back.is_empty()).then(|| SettlementMark {
        kind: GIVES_BACK.to_owned(),
        text: format!("按全程住院计算，下列基金退回以前各次中途结算多付的金额：{}", back.join("、")),
        ..SettlementMark::default()
    })
}
