//! Where persons live, from the department that knows it.

use yizhan_proto::enrollment::v1::{RecordResidencesRequest, RecordResidencesResponse, ResidenceRow};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::{Done, Register, Write};
use crate::person::store::persons;
use crate::register::changes;
use crate::register::import::{check_duplicates, read_rows};
use crate::register::import_persons::is_resd_code;
use crate::register::keeper::{Reported, lock_rows_reported};
use crate::rules::Fact;

/// All rows or none; who lives where they lived before is not changed.
pub async fn record_residences(
    register: &Register,
    caller: &Caller,
    mut request: RecordResidencesRequest,
) -> Result<RecordResidencesResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    check_duplicates(request.rows.iter().map(|row| &row.psn_no), "psn_no", &mut violations);
    let rows = read_rows(&request.rows, &mut violations, residence);
    let rows = &violations.finish(rows)?;
    once::once(register, &key, |write| Box::pin(record(write, caller, rows))).await
}

/// Who lives where.
type Residence = (String, String);

fn residence(row: &ResidenceRow, mut fields: Fields) -> Option<Residence> {
    let psn_no = fields.psn_no("psn_no", &row.psn_no);
    let fits = fields.require(is_resd_code(&row.resd_code), "resd_code", Reason::ResdCodeInvalid);
    psn_no.filter(|_| fits).map(|psn_no| (psn_no, row.resd_code.clone()))
}

async fn record(
    write: Write<'_>,
    caller: &Caller,
    rows: &[Residence],
) -> Result<Done<RecordResidencesResponse>, ServiceError> {
    let Write { tx, service: register, .. } = write;
    let psn_nos: Vec<&str> = rows.iter().map(|(psn_no, _)| psn_no.as_str()).collect();
    let rules = register.rules.load(tx).await?;
    let reported = Reported { fact: Fact::Residences, rules: &rules, today: register.clock.today() };
    let mut edits = lock_rows_reported(tx, caller, &psn_nos, reported).await?;
    let keys = edits.values().map(|edit| (edit.after.poolarea_no, edit.after.psn_no.clone()));
    let held = persons::find_many(tx, keys).await?;
    for (psn_no, resd_code) in rows {
        let Some(edit) = edits.get_mut(psn_no) else { continue };
        if held.get(psn_no).is_some_and(|person| person.resd_code != *resd_code) {
            persons::set_resd_code(tx, edit.after.poolarea_no.as_str(), psn_no, resd_code).await?;
            edit.touch();
        }
    }
    let changed = changes::record(write, edits.into_values().collect()).await?;
    let (row_count, changed_person_count) = (rows.len() as i32, changed.len() as i32);
    Ok(Done {
        answer: RecordResidencesResponse { row_count, changed_person_count, replayed: false },
        changed,
    })
}
