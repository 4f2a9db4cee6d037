//! The lines of a visit: those that it reports or those that were brought before, with refunds taken off.

use yizhan_proto::settlement::v1::{FeeLine, Visit};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::MedType;

use super::messages::refunds::{Netted, Refunds, as_charge, net, unmatched};
use super::messages::visit::{MAX_SETTLED, check_line, most_lines};
use super::part;
use crate::app::App;
use crate::books::store::uploaded::{FeesChange, VisitKey, unsettled};
use crate::fields::require_own_institution;

/// A visit with the lines that are left of it.
#[derive(Default)]
pub struct Bill {
    /// The visit, where one was reported; its lines are those that are left.
    pub visit: Option<Visit>,
    /// Takes the lines that were brought before; none for those of the visit itself.
    pub fees: Option<FeesChange>,
    /// The lines that are left, as the caller knows them.
    pub names: Names,
    /// What was taken off, and what is to be taken off earlier parts of the stay.
    pub refunds: Refunds,
}

impl Bill {
    /// Reads what was brought before, and takes refunds off.
    pub async fn read(
        app: &App,
        caller: &Caller,
        visit: Option<Visit>,
        wrong: &mut Violations,
    ) -> Result<Bill, ServiceError> {
        let Some(mut visit) = visit else { return Ok(Bill::default()) };
        let fees = if visit.fees_uploaded { brought(app, caller, &mut visit, wrong).await? } else { None };
        let too_many = visit.feedetail.len() > most_lines(&visit);
        let as_reported =
            !visit.fees_uploaded && visit.feedetail.iter().all(|line| line.init_feedetl_sn.is_empty());
        if too_many || as_reported {
            return Ok(Bill { visit: Some(visit), fees, ..Bill::default() });
        }
        let lines = std::mem::take(&mut visit.feedetail);
        let all = Names(lines.iter().enumerate().map(|(index, line)| name(&visit, index, line)).collect());
        for (name, refund) in all.0.iter().zip(&lines).filter(|(_, line)| !line.init_feedetl_sn.is_empty()) {
            check_line(&as_charge(refund), None, &mut Fields::within(&format!("{name}."), wrong));
        }
        let Netted { kept, gone, by_line, elsewhere } = net(lines, |index| all.0[index].clone(), wrong);
        let named = |(index, refund): (usize, FeeLine)| (all.0[index].clone(), refund);
        let elsewhere: Vec<(String, FeeLine)> = elsewhere.into_iter().map(named).collect();
        // Of a stay earlier parts may have the line.
        if !MedType::from_code(&visit.med_type).is_some_and(MedType::is_stay) {
            elsewhere.iter().for_each(|(name, refund)| unmatched(name, refund, wrong));
        }
        let names = Names(kept.iter().map(|(index, _)| all.0[*index].clone()).collect());
        visit.feedetail = kept.into_iter().map(|(_, line)| line).collect();
        Ok(Bill { visit: Some(visit), fees, names, refunds: Refunds { by_line, gone, elsewhere } })
    }
}

fn name(visit: &Visit, index: usize, line: &FeeLine) -> String {
    match visit.fees_uploaded {
        true => format!("visit.fees_uploaded[{}]", line.feedetl_sn),
        false => format!("visit.feedetail[{index}]"),
    }
}

/// How the caller knows each line; none where they are as they were reported.
#[derive(Default)]
pub struct Names(Vec<String>);

impl Names {
    /// What is wrong with lines, told of them as the caller knows them.
    pub fn told(&self, wrong: Violations) -> Violations {
        wrong.renamed(|field| {
            let (index, rest) = field.strip_prefix("visit.feedetail[")?.split_once(']')?;
            let name = self.0.get(index.parse::<usize>().ok()?)?;
            Some(format!("{name}{rest}"))
        })
    }
}

/// Puts the lines that were brought for a visit, and that nobody holds, into it.
async fn brought(
    app: &App,
    caller: &Caller,
    visit: &mut Visit,
    wrong: &mut Violations,
) -> Result<Option<FeesChange>, ServiceError> {
    let text = "按已上传的费用明细结算时，不再随报文提交明细";
    wrong.require(visit.feedetail.is_empty(), "visit.feedetail", Reason::FeesTwice.saying(text));
    let key = VisitKey { fixmedins_code: visit.fixmedins_code.clone(), mdtrt_id: visit.mdtrt_id.clone() };
    require_own_institution(caller, &key.fixmedins_code)?;
    let none = || ServiceError::new(Reason::FeeUnknown, "no line of this visit waits to be settled");
    let (row, lines) = unsettled(&app.db, &key).await?.ok_or_else(none)?;
    // What was charged behind the last day of a part is of the next one.
    let brought = lines.len();
    let is_later = |line: &FeeLine| visit.mid_setl_flag && line.fee_ocur_date > visit.enddate;
    let lines: Vec<FeeLine> = lines.into_iter().filter(|line| !is_later(line)).collect();
    if lines.is_empty() && part::open(&app.db, &key).await?.is_none() {
        return Err(none());
    }
    if !app.is_same_person(&row.psn_no, &visit.psn_no).await? {
        let error = ServiceError::new(Reason::VisitOfAnother, "the lines of the visit are another person's");
        return Err(error.with("mdtrt_id", &visit.mdtrt_id));
    }
    if lines.len() > MAX_SETTLED {
        let error = ServiceError::new(Reason::FeesTooMany, "too many lines for one settlement");
        return Err(error.with("limit", MAX_SETTLED).with("lines", lines.len()));
    }
    let change = if lines.len() == brought {
        FeesChange::Take(key, row.version)
    } else {
        let numbers = lines.iter().map(|line| line.feedetl_sn.clone()).collect();
        FeesChange::TakeSome(key, row.version, numbers)
    };
    visit.feedetail = lines;
    Ok(Some(change))
}
