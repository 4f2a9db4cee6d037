//! What an event of settlement's feed tells.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use prost::Message;
use yizhan_proto::audit::v1::{Encounter, EncounterLine};
use yizhan_proto::settlement::v1::{
    FeeLineResult, Settlement, SettlementInfo, WatchSettlementsResponse, WorkItem,
};
use yizhan_runtime::Violations;
use yizhan_runtime::clock::parse_date;

use super::domain::Raised;
use super::told::{listed, rule_of, told, unreadable};
use crate::visits::store::Model as Visit;
use crate::visits::understand;

/// 结算类型 of what was paid by hand: nobody checked it.
const BY_HAND: &str = "1";

/// An event about a settlement.
#[derive(Clone, Debug)]
pub struct Heard {
    /// 结算ID of what it is about: of a reversal, what stands no more.
    pub setl_id: String,
    /// 人员编号 under which it was settled.
    pub own_psn_no: String,
    /// 统筹区 that paid.
    pub poolarea_no: String,
    /// Institution and 就诊ID; of an item of the worklist, which does not say it, only the institution.
    pub key: [String; 2],
    /// First and last day.
    pub days: (NaiveDate, NaiveDate),
    /// 药品追溯码 on its lines.
    pub codes: BTreeSet<String>,
    /// What it is.
    pub what: What,
    /// What settlement itself says of it.
    pub told: Vec<Raised>,
}

/// What an event is.
#[derive(Clone, Debug)]
pub enum What {
    /// A visit was settled; as it is written down.
    Settled(Box<Visit>),
    /// Something was settled that cannot be read as a visit.
    Unreadable,
    /// A settlement was reversed.
    Reversed,
    /// What the worklist says of a settlement; by which rule.
    Item(&'static str),
}

/// What an event tells; `None` of one that is about no visit, such as an opening.
pub fn heard(event: &WatchSettlementsResponse) -> Option<Heard> {
    match &event.work_item {
        Some(item) => of_item(item),
        None => of_settlement(event.settlement.as_ref()?),
    }
}

fn of_item(item: &WorkItem) -> Option<Heard> {
    Some(Heard {
        setl_id: item.setl_id.clone(),
        own_psn_no: item.psn_no.clone(),
        poolarea_no: item.poolarea_no.clone(),
        key: [item.fixmedins_code.clone(), String::new()],
        days: (parse_date(&item.begndate)?, parse_date(&item.enddate)?),
        codes: BTreeSet::new(),
        what: What::Item(rule_of(item)),
        told: listed(item).into_iter().collect(),
    })
}

fn of_settlement(settlement: &Settlement) -> Option<Heard> {
    let info = settlement.setlinfo.as_ref()?;
    let reverses = !info.reverses_setl_id.is_empty();
    let encounter = encounter(settlement);
    let (what, told) = match wrong_with(&encounter) {
        _ if reverses => (What::Reversed, Vec::new()),
        None => (What::Settled(Box::new(row(info, &encounter))), told(settlement)),
        Some(wrong) => (What::Unreadable, vec![unreadable(info, &wrong)]),
    };
    let codes = settlement.feedetail.iter().flat_map(|line| &line.drug_trac_info);
    let begin = parse_date(&info.begndate)?;
    Some(Heard {
        setl_id: if reverses { &info.reverses_setl_id } else { &info.setl_id }.clone(),
        own_psn_no: info.psn_no.clone(),
        poolarea_no: info.poolarea_no.clone(),
        key: [info.fixmedins_code.clone(), info.mdtrt_id.clone()],
        days: (begin, parse_date(&info.enddate).unwrap_or(begin)),
        codes: codes.map(|code| code.drug_trac_codg.clone()).collect(),
        what,
        told,
    })
}

/// As audit sees it, with what a part of a stay takes back from lines of earlier parts.
fn encounter(settlement: &Settlement) -> Encounter {
    let mut encounter = yizhan_clients::encounter(settlement);
    let back = settlement.feedetail.iter().filter(|row| row.earlier_part);
    encounter.lines.extend(back.filter_map(taken_back));
    encounter
}

fn taken_back(row: &FeeLineResult) -> Option<EncounterLine> {
    Some(EncounterLine {
        feedetl_sn: row.refd_feedetl_sn.first()?.clone(),
        init_feedetl_sn: row.feedetl_sn.clone(),
        cnt: row.cnt.clone(),
        det_item_fee_sumamt_fen: row.det_item_fee_sumamt_fen,
        inscp_scp_amt_fen: row.inscp_scp_amt_fen,
        ..EncounterLine::default()
    })
}

/// What is wrong with it; lines that are taken back from earlier parts stand there.
fn wrong_with(encounter: &Encounter) -> Option<String> {
    let lines = encounter.lines.iter().filter(|line| line.init_feedetl_sn.is_empty());
    let own = Encounter { lines: lines.cloned().collect(), ..encounter.clone() };
    let mut wrong = Violations::new();
    understand(&own, None, &mut wrong);
    wrong.none().err().map(|error| {
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).take(5).collect();
        fields.join(", ")
    })
}

fn row(info: &SettlementInfo, encounter: &Encounter) -> Visit {
    Visit {
        setl_id: info.setl_id.clone(),
        psn_no: info.psn_no.clone(),
        own_psn_no: info.psn_no.clone(),
        poolarea_no: info.poolarea_no.clone(),
        fixmedins_code: info.fixmedins_code.clone(),
        mdtrt_id: info.mdtrt_id.clone(),
        begndate: info.begndate.clone(),
        enddate: info.enddate.clone(),
        setl_part: info.setl_part,
        unchecked: info.audit_pending || info.setl_type == BY_HAND,
        by_hand: info.setl_type == BY_HAND,
        medfee_sumamt_fen: encounter.medfee_sumamt_fen,
        stands: true,
        psn_part_amt_fen: info.psn_part_amt_fen,
        own_expense_fen: info.fulamt_ownpay_amt_fen + info.overlmt_selfpay_fen,
        preselfpay_amt_fen: info.preselfpay_amt_fen,
        encounter: encounter.encode_to_vec(),
    }
}
