//! Records what is due, paid and paid back, and lets payments decide entitlement.

use std::collections::BTreeMap;

use chrono::Datelike;
use yizhan_proto::enrollment::v1::{RecordContributionsRequest, RecordContributionsResponse};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};

use crate::app::{Done, Register, Write};
use crate::coverage::contribution_check::{NewContribution, checked};
use crate::coverage::domain::contributions::{self, Accrued, Kind};
use crate::coverage::domain::enrolment::{Payment, Stop, employee_pays, resident_pays};
use crate::coverage::enrolment::{check_entries, lock_rows, reason};
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::domain::timeline::Coverage;
use crate::person::store::edit::Edit;
use crate::register::changes;
use crate::register::import::check_row_count;
use crate::register::row_check::RowCheck;
use crate::rules::Rules;

/// All rows or none, in their order.
pub async fn record_contributions(
    register: &Register,
    caller: &Caller,
    mut request: RecordContributionsRequest,
) -> Result<RecordContributionsResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    check_row_count(request.rows.len(), &mut violations);
    let today = register.clock.today();
    let rows = request.rows.iter().enumerate();
    let rows: Vec<_> =
        rows.filter_map(|(at, row)| checked(row, today, RowCheck::new(at, &mut violations))).collect();
    violations.none()?;
    let work = Recording { caller, rows };
    once::once(register, &key, |write| Box::pin(work.write(write))).await
}

struct Recording<'a> {
    caller: &'a Caller,
    rows: Vec<NewContribution>,
}

impl Recording<'_> {
    async fn write(
        &self,
        write @ Write { tx, service: register, cause }: Write<'_>,
    ) -> Result<Done<RecordContributionsResponse>, ServiceError> {
        let psn_nos: Vec<&str> = self.rows.iter().map(|row| row.psn_no.as_str()).collect();
        let edits = lock_rows(tx, self.caller, &psn_nos).await?;
        let rules = register.rules.load(tx).await?;
        let recorded = stored::of_persons(tx, edits.keys().cloned()).await?;
        let mut work = Work { edits, recorded, rules, violations: Violations::new() };
        let recorded_at = register.clock.now();
        let (mut models, mut coverages) = (Vec::new(), Vec::new());
        for (at, row) in self.rows.iter().enumerate() {
            let Some(area) = work.edits.get(&row.psn_no).map(|edit| edit.after.poolarea_no) else {
                continue;
            };
            let model = row.row(area, cause, recorded_at);
            if let Some(coverage) = work.take(at, row) {
                coverages.push(decided(&row.psn_no, &coverage));
            }
            models.push(model);
        }
        work.violations.none()?;
        for edit in work.edits.values() {
            check_entries(&edit.after.timeline)?;
        }
        stored::insert(tx, models).await?;
        let changed = changes::record(write, work.edits.into_values().collect()).await?;
        let answer = RecordContributionsResponse {
            row_count: self.rows.len() as i32,
            changed_person_count: changed.len() as i32,
            coverages,
            replayed: false,
        };
        Ok(Done { answer, changed })
    }
}

/// Rows on their way into the register.
struct Work {
    edits: BTreeMap<String, Edit>,
    recorded: BTreeMap<String, Vec<Accrued>>,
    rules: Rules,
    violations: Violations,
}

impl Work {
    /// Adds a row to what is recorded, and gives the coverage that came of it.
    fn take(&mut self, at: usize, row: &NewContribution) -> Option<Coverage> {
        let recorded = self.recorded.entry(row.psn_no.clone()).or_default();
        recorded.push(row.accrued());
        let mut check = RowCheck::new(at, &mut self.violations);
        if contributions::paid_fen(recorded, row.insutype, &row.accrym) < 0 {
            check.wrong("amount_fen", Reason::RefundExceedsPaid);
        }
        let edit = self.edits.get_mut(&row.psn_no)?;
        match pay(edit, row, recorded, &self.rules) {
            Ok(coverage) => coverage,
            Err(stop) => {
                let (reason, text) = reason(&stop);
                check.wrong("insutype", reason.saying(text));
                None
            }
        }
    }
}

/// What a row makes of the person's coverage. 补收 of residents pays for gap years and enrols for none.
fn pay(
    edit: &mut Edit,
    row: &NewContribution,
    recorded: &[Accrued],
    rules: &Rules,
) -> Result<Option<Coverage>, Stop> {
    let (Kind::Paid, Some(paid_on)) = (row.kind, row.paid_date) else { return Ok(None) };
    let area = edit.after.poolarea_no;
    let payment = Payment { area, paid_on, rules };
    let person = &mut edit.after.timeline;
    match contributions::is_paid_yearly(row.insutype) {
        true if row.clct_type == contributions::PAID_BACK => Ok(None),
        true => resident_pays(person, payment, row.first_day.year(), row.psn_type.as_deref()),
        false => employee_pays(person, payment, row.insutype, row.first_day, recorded),
    }
}
