//! Records what is due, paid and paid back, and lets payments decide entitlement.

use chrono::Datelike;
use yizhan_proto::enrollment::v1::{RecordContributionsRequest, RecordContributionsResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};

use crate::app::{Done, Register, Write};
use crate::coverage::contribution_check::{NewContribution, checked};
use crate::coverage::domain::contributions::{self, Accrued, Kind};
use crate::coverage::domain::enrolment::{Payment, Stop, employee_pays, resident_pays};
use crate::coverage::enrolment::{check_entries, error};
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::domain::timeline::Coverage;
use crate::person::store::edit::Edit;
use crate::register::changes;
use crate::register::import::read_rows;
use crate::register::keeper::lock_rows;
use crate::rules::Rules;

/// All rows or none, in their order.
pub async fn record_contributions(
    register: &Register,
    caller: &Caller,
    mut request: RecordContributionsRequest,
) -> Result<RecordContributionsResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let today = register.clock.today();
    let read = |row: &_, mut fields: Fields| checked(row, today, &mut fields);
    let rows = read_rows(&request.rows, &mut violations, read);
    let rows = &violations.finish(rows)?;
    once::once(register, &key, |write| Box::pin(record(write, caller, rows))).await
}

async fn record(
    write: Write<'_>,
    caller: &Caller,
    rows: &[NewContribution],
) -> Result<Done<RecordContributionsResponse>, ServiceError> {
    let Write { tx, service: register, cause } = write;
    let persons: Vec<_> = rows.iter().map(|row| ("psn_no", row.psn_no.as_str())).collect();
    let mut edits = lock_rows(tx, caller, &persons, &[]).await?;
    let rules = register.rules.load(tx).await?;
    let mut recorded = stored::of_persons(tx, edits.keys().cloned()).await?;
    let recorded_at = register.clock.now();
    let mut violations = Violations::new();
    let (mut models, mut coverages) = (Vec::new(), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let Some(edit) = edits.get_mut(&row.psn_no) else { continue };
        models.push(row.row(edit.after.poolarea_no, cause, recorded_at));
        let recorded = recorded.entry(row.psn_no.clone()).or_default();
        recorded.push(row.accrued());
        let mut fields = Fields::row(at, &mut violations);
        let covered = contributions::paid_fen(recorded, row.insutype, &row.accrym) >= 0;
        fields.require(covered, "amount_fen", Reason::RefundExceedsPaid);
        match pay(edit, row, recorded, &rules) {
            Ok(coverage) => coverages.extend(coverage.map(|held| decided(&row.psn_no, &held))),
            Err(stop) => {
                let refused = error(stop);
                fields.wrong("insutype", refused.reason().saying(refused.text().to_owned()));
            }
        }
    }
    violations.none()?;
    edits.values().try_for_each(|edit| check_entries(&edit.after.timeline))?;
    stored::insert(tx, models).await?;
    let changed = changes::record(write, edits.into_values().collect()).await?;
    let answer = RecordContributionsResponse {
        row_count: rows.len() as i32,
        changed_person_count: changed.len() as i32,
        coverages,
        replayed: false,
    };
    Ok(Done { answer, changed })
}

/// What a row makes of the person's coverage. 补收 of residents pays for gap years and enrols for none.
fn pay(
    edit: &mut Edit,
    row: &NewContribution,
    recorded: &[Accrued],
    rules: &Rules,
) -> Result<Option<Coverage>, Stop> {
    let (Kind::Paid, Some(paid_on)) = (row.kind, row.paid_date) else { return Ok(None) };
    let payment = Payment { area: edit.after.poolarea_no, paid_on, rules };
    let person = &mut edit.after.timeline;
    match contributions::is_paid_yearly(row.insutype) {
        true if row.clct_type == contributions::PAID_BACK => Ok(None),
        true => resident_pays(person, payment, row.first_day.year(), row.psn_type.as_deref()),
        false => employee_pays(person, payment, row.insutype, row.first_day, recorded),
    }
}
