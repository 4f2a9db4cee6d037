//! What waits to be decided on in points, and what became of it.

use sea_orm::ConnectionTrait;
use yizhan_proto::credit::v1::{
    Entry, EntryLine, ListProposalsRequest, ListProposalsResponse, Proposal, ProposalState, SubjectKind,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::State;
use super::store::{self, Model, Wanted};
use crate::app::Credit;
use crate::ledger::same::{decided, related};
use crate::ledger::{self, is_code, standing};

/// Proposals that one answer beside another call names at most.
const MAX_WAITING: u64 = 50;

fn waiting_states() -> Vec<i32> {
    State::ALL.iter().filter(|state| state.waits()).map(|state| state.number()).collect()
}

/// Proposals of a practitioner that wait in an area, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn waiting(
    db: &impl ConnectionTrait,
    practitioner: &str,
    poolarea_no: &str,
) -> Result<Vec<String>, ServiceError> {
    let Some(area) = Area::parse(poolarea_no) else { return Ok(Vec::new()) };
    let wanted = Wanted { area, states: waiting_states(), practitioner: Some(practitioner.to_owned()) };
    let rows = store::page(db, &wanted, None, MAX_WAITING).await?;
    Ok(rows.into_iter().map(|row| row.proposal_id).collect())
}

/// A page of an area.
pub async fn list_proposals(
    credit: &Credit,
    caller: &Caller,
    request: ListProposalsRequest,
) -> Result<ListProposalsResponse, ServiceError> {
    let asked = credit.pages.asked(caller, &request);
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let state = fields.some(ProposalState::try_from(request.state).ok(), "state", Reason::CodeUnknown);
    let practitioner = Some(request.practitioner_code).filter(|code| !code.is_empty());
    let fits = practitioner.as_deref().is_none_or(is_code);
    fields.require(fits, "practitioner_code", Reason::Characters);
    let (area, state) = wrong.finish(area.zip(state))?;
    if matches!(caller, Caller::Department { .. }) {
        return Err(ServiceError::area_not_owned(area.as_str()));
    }
    caller.check_reads(area.as_str())?;
    let states = match state {
        ProposalState::Unspecified => waiting_states(),
        state => vec![state.into()],
    };
    let wanted = Wanted { area, states, practitioner };
    let db = credit.db.reading();
    let read = |after, limit| store::page(&db, &wanted, after, limit);
    let (rows, next_page_token) = asked.page(read, |row: &Model| [row.proposal_id.clone()]).await?;
    let mut proposals: Vec<Proposal> = rows.into_iter().map(Model::told).collect::<Result<_, _>>()?;
    let codes = proposals.iter().map(|one| one.practitioner_code.clone());
    let entries = ledger::of_subjects(&db, SubjectKind::Practitioner, codes).await?;
    for one in &mut proposals {
        let of_them = entries.get(&one.practitioner_code).map_or(&[][..], Vec::as_slice);
        one.same_case_matters = same_case_matters(caller, one, of_them);
    }
    Ok(ListProposalsResponse { proposals, next_page_token })
}

/// Matters that may have given points for it already, but the one by which it was decided itself.
fn same_case_matters(caller: &Caller, one: &Proposal, entries: &[Entry]) -> Vec<String> {
    let practitioner = ledger::subject(SubjectKind::Practitioner, &one.practitioner_code);
    let lines: Vec<&EntryLine> = one.acts.iter().flat_map(|act| &act.lines).collect();
    let found = related(&decided(&standing(entries)), entries, &one.case_id, &lines);
    let others = found.into_iter().filter(|entry| entry.matter_id != one.matter_id);
    let seen = others.filter(|entry| ledger::sees(caller, &practitioner, entry));
    seen.map(|entry| entry.matter_id.clone()).collect()
}
