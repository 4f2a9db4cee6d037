//! The lines of a visit: those that it reports or those that were brought before, with refunds taken off.

use yizhan_proto::settlement::v1::Visit;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::messages::refunds::net;
use super::messages::visit::{MAX_SETTLED, most_lines};
use crate::app::App;
use crate::books::store::uploaded::{FeesChange, VisitKey, unsettled};
use crate::fields::require_own_institution;

/// A visit with the lines that are left of it.
pub struct Bill {
    /// The visit, where one was reported; its lines are those that are left.
    pub visit: Option<Visit>,
    /// Takes the lines that were brought before; none for those of the visit itself.
    pub fees: Option<FeesChange>,
    /// By what the caller knows each line that is left.
    names: Vec<String>,
}

impl Bill {
    /// Reads what was brought before, and takes refunds off.
    pub async fn read(
        app: &App,
        caller: &Caller,
        visit: Option<Visit>,
        wrong: &mut Violations,
    ) -> Result<Bill, ServiceError> {
        let Some(mut visit) = visit else {
            return Ok(Bill { visit: None, fees: None, names: Vec::new() });
        };
        let fees = if visit.fees_uploaded { brought(app, caller, &mut visit, wrong).await? } else { None };
        let uploaded = visit.fees_uploaded;
        if visit.feedetail.len() > most_lines(&visit) {
            // Told where lines are counted.
            return Ok(Bill { visit: Some(visit), fees, names: Vec::new() });
        }
        let lines = std::mem::take(&mut visit.feedetail);
        let numbers: Vec<String> = lines.iter().map(|line| line.feedetl_sn.clone()).collect();
        let name = |index: usize| match uploaded {
            true => format!("visit.fees_uploaded[{}]", numbers[index]),
            false => format!("visit.feedetail[{index}]"),
        };
        let left = net(lines, name, wrong);
        let names = left.iter().map(|(index, _)| name(*index)).collect();
        visit.feedetail = left.into_iter().map(|(_, line)| line).collect();
        Ok(Bill { visit: Some(visit), fees, names })
    }

    /// What is wrong with lines that are left, told of the lines as the caller knows them.
    pub fn named(&self, wrong: Violations) -> Violations {
        wrong.renamed(|field| {
            let (index, rest) = field.strip_prefix("visit.feedetail[")?.split_once(']')?;
            let name = self.names.get(index.parse::<usize>().ok()?)?;
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
    if lines.is_empty() {
        return Err(none());
    }
    if row.psn_no != visit.psn_no {
        let error = ServiceError::new(Reason::VisitOfAnother, "the lines of the visit are another person's");
        return Err(error.with("mdtrt_id", &visit.mdtrt_id));
    }
    if lines.len() > MAX_SETTLED {
        let error = ServiceError::new(Reason::FeesTooMany, "too many lines for one settlement");
        return Err(error.with("limit", MAX_SETTLED).with("lines", lines.len()));
    }
    visit.feedetail = lines;
    Ok(Some(FeesChange::Take(key, row.version)))
}
