//! Records what is due, paid and paid back, and lets payments decide entitlement.

use chrono::Datelike;
use yizhan_proto::enrollment::v1::{RecordContributionsRequest, RecordContributionsResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};

use crate::app::{Done, Register, Write};
use crate::coverage::contribution_check::{NewContribution, checked};
use crate::coverage::domain::contributions::{self, Accrued, Kind};
use crate::coverage::domain::enrolment::{Payment, Stop, employee_pays, resident_pays};
use crate::coverage::domain::refunds::refund;
use crate::coverage::enrolment::{check_entries, error};
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::domain::timeline::Coverage;
use crate::person::store::edit::Edit;
use crate::register::changes;
use crate::register::import::read_rows;
use crate::register::keeper::{Reported, lock_rows_reported};
use crate::rules::{Fact, Rules};

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
    let psn_nos: Vec<&str> = rows.iter().map(|row| row.psn_no.as_str()).collect();
    let rules = register.rules.load(tx).await?;
    let reported = Reported { fact: Fact::Contributions, rules: &rules, today: register.clock.today() };
    let mut edits = lock_rows_reported(tx, caller, &psn_nos, reported).await?;
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
            Ok(changed) => coverages.extend(changed.iter().map(|held| decided(&row.psn_no, held))),
            Err(stop) => {
                let refunds = matches!(stop, Stop::Begun(_) | Stop::Later(_));
                let refused = error(stop);
                let field = if refunds { "accrym" } else { "insutype" };
                fields.wrong(field, refused.reason().saying(refused.text().to_owned()));
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

/// What a row makes of the person's coverage. 补收 of residents pays for gap years and enrols for none; a refund takes back.
fn pay(
    edit: &mut Edit,
    row: &NewContribution,
    recorded: &[Accrued],
    rules: &Rules,
) -> Result<Vec<Coverage>, Stop> {
    let Some(paid_on) = row.paid_date else { return Ok(Vec::new()) };
    let payment = Payment { area: edit.after.poolarea_no, paid_on, entering: row.entering(), rules };
    let person = &mut edit.after.timeline;
    let begun = match row.kind {
        Kind::Due => None,
        Kind::Refund => return refund(person, payment, row.insutype, row.first_day, recorded),
        Kind::Paid if !contributions::is_paid_yearly(row.insutype) => {
            employee_pays(person, payment, row.insutype, row.first_day, recorded)?
        }
        Kind::Paid if row.clct_type == contributions::PAID_BACK => None,
        Kind::Paid => resident_pays(person, payment, row.first_day.year(), row.psn_type.as_deref())?,
    };
    Ok(begun.into_iter().collect())
}
