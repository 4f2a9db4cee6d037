//! Who is not insured on a day, one by one: the worklist behind "应保尽保".

use yizhan_proto::enrollment::v1::{ListUnenrolledRequest, ListUnenrolledResponse, UnenrolledPerson};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::app::Register;
use crate::ledger::get_ledger::{check_reader, checked_scope};
use crate::ledger::store::{self as ledger, Scope, Unenrolled};
use crate::person::store::entities::person;
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::domain::eligibility::{Question, answer};
use crate::transfers::domain::statement::statement;
use yizhan_runtime::fields::MAX_TEXT;

/// One page.
pub async fn list_unenrolled(
    register: &Register,
    caller: &Caller,
    request: ListUnenrolledRequest,
) -> Result<ListUnenrolledResponse, ServiceError> {
    let mut violations = Violations::new();
    let scope =
        checked_scope(register, &request.poolarea_no, &request.as_of, &request.code_prefix, &mut violations);
    let name = request.identity_name.as_str();
    let fits = name.chars().count() <= MAX_TEXT;
    violations.require(fits, "identity_name", Reason::TextInvalid.saying("最多 50 个字符"));
    let scope = violations.finish(scope)?;
    check_reader(caller, &scope.poolarea_no)?;
    let Scope { poolarea_no, as_of, .. } = &scope;
    let asked = register.pages.asked(caller, &request).of(as_of);
    let wanted = Some(name).filter(|name| !name.is_empty());
    let db = register.db.reading().patient();
    let behind = |after: Option<[String; 2]>, limit| ledger::unenrolled(&db, &scope, wanted, after, limit);
    let key = |last: &Unenrolled| [last.resd_code.clone(), last.psn_no.clone()];
    let (found, next_page_token) = asked.page(behind, key).await?;
    let area = poolarea_no.parse().map_err(ServiceError::internal)?;
    let keys = found.iter().map(|found| (area, found.psn_no.clone()));
    let mut rows = persons::find_many(&db, keys).await?;
    let psn_nos = found.iter().map(|found| found.psn_no.clone());
    let mut timelines = timelines::find_many(&db, psn_nos).await?;
    let told = found.iter().filter_map(|found| {
        let (row, stored) = (rows.remove(&found.psn_no)?, timelines.remove(&found.psn_no)?);
        Some(unenrolled(row, &stored, &scope))
    });
    Ok(ListUnenrolledResponse { as_of: as_of.to_string(), persons: told.collect(), next_page_token })
}

fn unenrolled(row: person::Model, stored: &StoredTimeline, scope: &Scope) -> UnenrolledPerson {
    let timeline = &stored.timeline;
    let question =
        Question { as_of: scope.as_of, insutype: None, med_type: None, dise_codg: None, place: None };
    let found = answer(timeline, &question);
    let refusal = found.refusal;
    let mut identity_names: Vec<String> =
        found.identities.iter().map(|identity| identity.name.clone()).collect();
    identity_names.sort_unstable();
    identity_names.dedup();
    let last = statement(timeline, scope.as_of).schemes.into_iter().max_by_key(|scheme| scheme.enddate);
    UnenrolledPerson {
        psn_no: row.psn_no,
        psn_name_masked: timeline.person.psn_name_masked.clone(),
        certno_masked: row.certno_masked,
        gend: row.gend,
        brdy: row.brdy.to_string(),
        resd_code: row.resd_code,
        identity_names,
        last_insutype: last.as_ref().map(|scheme| scheme.insutype.to_string()).unwrap_or_default(),
        last_insured_date: last.map(|scheme| scheme.enddate.to_string()).unwrap_or_default(),
        reason: refusal.as_ref().map(|refusal| refusal.reason().to_string()).unwrap_or_default(),
        reason_text: refusal.as_ref().map(|refusal| refusal.text()).unwrap_or_default(),
        way_out: refusal.as_ref().map(|refusal| refusal.way_out().to_owned()).unwrap_or_default(),
    }
}
