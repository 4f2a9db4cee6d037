//! A reversal: the settlement with every amount negative.

use yizhan_proto::Amounts;
use yizhan_proto::settlement::v1::{
    AccumulatorChange, Posting, Settlement, SettlementDetail, SettlementInfo, Trace,
};

use super::answer::{Identity, posting};
use crate::books::domain::ledger::{self, KeptNow, relative_in};
use crate::books::messages::parts::{header, postings_of};

/// The reversal of `original`. `before` is what the person's year adds up to now that something changed in then, asked in the order
/// of the trace; `balance` the own account's balance after the refund.
pub fn of(
    original: &Settlement,
    identity: &Identity,
    reason: &str,
    before: impl FnMut(&AccumulatorChange) -> i64,
    balance: i64,
) -> Settlement {
    let Settlement { setlinfo, setldetail, feedetail, trace, postings, audit: _, credit: _ } =
        original.clone();
    let mut info = setlinfo.unwrap_or_default();
    let elsewhere = std::mem::take(&mut info.paid_elsewhere);
    let reverses_setl_id = info.setl_id.clone();
    let note = format!("撤销结算 {reverses_setl_id}");
    let negative = |row: SettlementDetail| SettlementDetail {
        crt_payb_lmt_amt_fen: 0,
        setl_proc_info: note.clone(),
        ..row.negated()
    };
    Settlement {
        setlinfo: Some(SettlementInfo {
            setl_id: identity.setl_id.clone(),
            medins_setl_id: identity.request_id.clone(),
            setl_time: Some(identity.time),
            refd_setl_flag: "1".to_owned(),
            reverses_setl_id,
            replaces_setl_id: String::new(),
            balc_fen: balance,
            reversal_reason: reason.to_owned(),
            previous_stay: None,
            paid_elsewhere: elsewhere.into_iter().map(Amounts::negated).collect(),
            ..info.negated()
        }),
        setldetail: setldetail.into_iter().map(negative).collect(),
        feedetail: feedetail.into_iter().map(Amounts::negated).collect(),
        trace: trace.map(|trace| negative_trace(trace, before)),
        postings: postings.into_iter().map(Amounts::negated).collect(),
        audit: None,
        credit: None,
    }
}

/// Notes in a reversal what takes the place of what it reverses.
pub fn replaced_by(reversal: &mut Settlement, setl_id: &str) {
    if let Some(info) = reversal.setlinfo.as_mut() {
        setl_id.clone_into(&mut info.replaced_by_setl_id);
    }
}

/// Whose a settlement is, and whose account helped.
pub fn numbers_of(settlement: &Settlement) -> [String; 2] {
    let (booked, info) = (postings_of(settlement), header(settlement));
    let relative = relative_in(&booked, &info.psn_no, &info.poolarea_no);
    [info.psn_no.clone(), relative.map(|account| account.psn_no.to_owned()).unwrap_or_default()]
}

/// A settlement as under these numbers: reversed after its person's records were merged, it is taken back from the account that stays.
pub fn under(settlement: Settlement, numbers: &[String; 2]) -> Settlement {
    let was = numbers_of(&settlement);
    let renamed = |posting: Posting| match posting.account.split_once('/') {
        Some((kind @ ("account" | "cash" | "benefit" | "reimbursement"), whose)) => {
            let at = was.iter().position(|number| number == whose);
            let account = at.map(|at| format!("{kind}/{}", numbers[at]));
            Posting { account: account.unwrap_or(posting.account), ..posting }
        }
        _ => posting,
    };
    Settlement {
        setlinfo: settlement.setlinfo.map(|info| SettlementInfo { psn_no: numbers[0].clone(), ..info }),
        postings: settlement.postings.into_iter().map(renamed).collect(),
        ..settlement
    }
}

/// A settlement or reversal with accounts that moved, booked where they are kept.
pub fn where_kept(settlement: Settlement, kept: &KeptNow) -> Settlement {
    if kept.is_empty() {
        return settlement;
    }
    let own = header(&settlement).poolarea_no.clone();
    let booked = ledger::where_kept(postings_of(&settlement), &own, kept);
    Settlement { postings: booked.into_iter().map(posting).collect(), ..settlement }
}

/// Where accounts that moved were kept when something was booked, read from what was stored of it.
pub fn kept_then(original: &Settlement, stored: &Settlement) -> KeptNow {
    let own = header(original).poolarea_no.as_str();
    let (booked, back) = (postings_of(original), postings_of(stored));
    let mut kept = KeptNow::new();
    for paid in booked.iter().filter(|posting| posting.personal_account().is_some()) {
        let given = back.iter().find(|posting| posting.account == paid.account);
        let area = given.map(|posting| posting.books(own)).filter(|area| *area != paid.books(own));
        if let (Some(area), Some(whose)) = (area, paid.personal_account()) {
            kept.insert((paid.books(own).to_owned(), whose.to_owned()), area.to_owned());
        }
    }
    kept
}

/// The layers did not calculate anything again; the accumulators are what changed.
fn negative_trace(trace: Trace, mut before: impl FnMut(&AccumulatorChange) -> i64) -> Trace {
    let negative = |change| AccumulatorChange { before: before(&change), added: -change.added, ..change };
    let accumulators = trace.accumulators.into_iter().map(negative).collect();
    Trace { policy: trace.policy, accumulators, ..Trace::default() }
}
