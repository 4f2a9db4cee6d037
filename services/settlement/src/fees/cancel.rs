//! Taking lines of a visit back.

use std::collections::BTreeSet;

use yizhan_proto::settlement::v1::{CancelFeesRequest, CancelFeesResponse};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::messages::{Lines, visit_of};
use crate::app::App;
use crate::books::store::uploaded::{self, VisitKey, uploaded_fee};
use crate::fields::require_own_institution;
use crate::settlements::messages::visit::MAX_LINES;

/// Takes lines of a visit back, all or none, once however often it is asked.
pub async fn cancel_fees(
    app: &App,
    caller: &Caller,
    mut request: CancelFeesRequest,
) -> Result<CancelFeesResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let visit = visit_of(caller, request.fixmedins_code, request.mdtrt_id, &mut wrong);
    check_numbers(&request.feedetl_sn, request.all, &mut wrong);
    wrong.none()?;
    require_own_institution(caller, &visit.fixmedins_code)?;
    let cancel = Cancel { visit, numbers: request.feedetl_sn.into_iter().collect(), all: request.all };
    once::once(app, &key, |write| Box::pin(cancel.write(write))).await
}

fn check_numbers(numbers: &[String], all: bool, wrong: &mut Violations) {
    let one_of_both = all == numbers.is_empty();
    let text = "应列出费用明细流水号，或指明全部撤销，二者取其一";
    wrong.require(one_of_both, "feedetl_sn", Reason::Required.saying(text));
    if numbers.len() > MAX_LINES {
        let limit = wrong.push("feedetl_sn", Reason::TooManyLines);
        limit.with("limit", MAX_LINES).with("lines", numbers.len());
    }
}

/// Lines to be taken back.
struct Cancel {
    visit: VisitKey,
    numbers: BTreeSet<String>,
    all: bool,
}

impl Cancel {
    async fn write(
        &self,
        Write { tx, .. }: Write<'_, '_, App>,
    ) -> Result<Done<CancelFeesResponse, ()>, ServiceError> {
        let unknown = || ServiceError::new(Reason::FeeUnknown, "no such line of this visit");
        let visit = uploaded::lock_visit(tx, &self.visit).await?.ok_or_else(unknown)?;
        let rows = uploaded::all(tx, &self.visit).await?;
        let (taken, kept): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| self.takes(row));
        if let Some(missing) = self.missing(&taken) {
            return Err(unknown().with("feedetl_sn", missing));
        }
        if let Some(held) = taken.iter().find(|row| !row.setl_id.is_empty()) {
            return Err(settled(held));
        }
        let kept = Lines::of(&kept)?;
        kept.require_matched()?;
        let numbers: Vec<&str> = taken.iter().map(|row| row.feedetl_sn.as_str()).collect();
        uploaded::delete(tx, &self.visit, &numbers).await?;
        let fees = Some(kept.write(tx, visit).await?);
        let answer = CancelFeesResponse { cancelled: taken.len() as i32, fees, replayed: false };
        Ok(Done { answer, changed: () })
    }

    fn takes(&self, row: &uploaded_fee::Model) -> bool {
        if self.all { row.setl_id.is_empty() } else { self.numbers.contains(&row.feedetl_sn) }
    }

    /// A number that no line of the visit has.
    fn missing(&self, taken: &[uploaded_fee::Model]) -> Option<&String> {
        let there: BTreeSet<&str> = taken.iter().map(|row| row.feedetl_sn.as_str()).collect();
        self.numbers.iter().find(|number| !there.contains(number.as_str()))
    }
}

/// A line that a standing settlement holds is not changed.
pub fn settled(row: &uploaded_fee::Model) -> ServiceError {
    ServiceError::new(Reason::FeesSettled, "a standing settlement holds the line; reverse it first")
        .with("feedetl_sn", &row.feedetl_sn)
        .with("setl_id", &row.setl_id)
}
