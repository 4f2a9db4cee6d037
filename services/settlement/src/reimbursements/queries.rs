//! One application, those of an area by worklist, and how many stand where.

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, Condition};
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::enrollment::v1::LookKind;
use yizhan_proto::settlement::v1::{
    GetReimbursementFiguresRequest, GetReimbursementFiguresResponse, GetReimbursementRequest,
    GetReimbursementResponse, ListReimbursementsRequest, ListReimbursementsResponse, Reimbursement,
    ReimbursementFigure, ReimbursementWorklist as Worklist,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::advance::rule_at;
use super::application::unknown;
use super::domain::clock::due;
use super::domain::table::State;
use super::store::{self, Column, due_between, within};
use crate::app::App;
use crate::books::store::merged;
use crate::looks::domain::Whose;
use crate::looks::leave::{self, Look, check_purpose};
use crate::settlements::paid_visit::rule_of;

/// Whether the caller reads applications of an area: its agency, services, the local administrator; departments see what they pay only.
pub fn may_read(caller: &Caller, poolarea_no: &str) -> bool {
    !matches!(caller, Caller::Department { .. }) && caller.may_read_area(Area::parse(poolarea_no))
}

/// An application the caller may know of.
pub async fn seen(app: &App, caller: &Caller, id: &str) -> Result<Reimbursement, ServiceError> {
    let is_id = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let found = if is_id { store::find(&app.db, id).await? } else { None };
    let mut of = found.ok_or_else(|| unknown(id))?;
    if may_read(caller, &of.poolarea_no) {
        return Ok(of);
    }
    if let Caller::Person { psn_no } = caller
        && merged::stays(&app.db, &of.psn_no).await? == *psn_no
    {
        // It is the person's under the number that stays.
        of.psn_no.clone_from(psn_no);
        return Ok(of);
    }
    Err(unknown(id))
}

/// As it is told today.
fn told(app: &App, of: Reimbursement) -> Result<Reimbursement, ServiceError> {
    let rules = app.rules.current();
    let last_day = parse_date(due(&of, rule_at(&rules, &of)?));
    let overdue = last_day.is_some_and(|day| day < app.clock.today());
    Ok(Reimbursement { overdue, ..of })
}

/// One, as it stands.
pub async fn get_reimbursement(
    app: &App,
    caller: &Caller,
    request: GetReimbursementRequest,
) -> Result<GetReimbursementResponse, ServiceError> {
    let mut wrong = Violations::new();
    let purpose = check_purpose(caller, &request.purpose, false, &mut wrong);
    wrong.none()?;
    let of = seen(app, caller, &request.reimbursement_id).await?;
    note(app, caller, (&of.poolarea_no, &of.psn_no), &purpose).await?;
    Ok(GetReimbursementResponse { reimbursement: Some(told(app, of)?) })
}

async fn note(
    app: &App,
    caller: &Caller,
    (poolarea_no, psn_no): (&str, &str),
    purpose: &str,
) -> Result<(), ServiceError> {
    let look = Look { kind: LookKind::Settlements, psn_no, subject: "", purpose };
    leave::note(app, caller, Whose { poolarea_no, psn_no, fixmedins_code: "" }, look).await
}

/// A page of applications.
pub async fn list_reimbursements(
    app: &App,
    caller: &Caller,
    request: ListReimbursementsRequest,
) -> Result<ListReimbursementsResponse, ServiceError> {
    let own = match caller {
        Caller::Person { psn_no } => Some(psn_no.as_str()),
        _ => None,
    };
    let mut wrong = Violations::new();
    let purpose = check_purpose(caller, &request.purpose, false, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = match request.poolarea_no.as_str() {
        "" if own.is_some() => Some(Area::NATION),
        given => fields.area("poolarea_no", given),
    };
    if !request.psn_no.is_empty() {
        fields.psn_no("psn_no", &request.psn_no);
    }
    let worklist = Worklist::try_from(request.worklist).ok();
    let worklist = fields.some(worklist, "worklist", Reason::CodeUnknown);
    let (area, worklist) = wrong.finish(area.zip(worklist))?;
    let psn_no = own.unwrap_or(&request.psn_no);
    let is_own = own.is_some() && (request.psn_no.is_empty() || own == Some(&request.psn_no));
    if !is_own && !may_read(caller, &request.poolarea_no) {
        return Err(ServiceError::area_not_owned(&request.poolarea_no));
    }
    let mut wanted = within(area).add(of_worklist(app, area, worklist)?);
    if !psn_no.is_empty() {
        wanted = wanted.add(Column::PsnNo.is_in(merged::numbers(&app.db, psn_no).await?));
        note(app, caller, (&request.poolarea_no, psn_no), &purpose).await?;
    }
    let asked = app.pages.asked(caller, &request).of(app.clock.today());
    let db = app.db.reading();
    let behind = |after, limit| store::list(&db, wanted.clone(), after, limit);
    let key = |last: &Reimbursement| [last.reimbursement_id.clone()];
    let (found, next_page_token) = asked.page(behind, key).await?;
    let reimbursements = found.into_iter().map(|of| told(app, short(of))).collect::<Result<_, _>>()?;
    Ok(ListReimbursementsResponse { reimbursements, next_page_token })
}

/// Without what only one application by itself is told with.
fn short(mut of: Reimbursement) -> Reimbursement {
    of.steps.clear();
    if let Some(asked) = &mut of.application {
        asked.papers.clear();
        asked.bills.clear();
        if let Some(visit) = &mut asked.visit {
            (visit.feedetail, visit.oprninfo) = Default::default();
        }
    }
    of
}

fn of_worklist(app: &App, area: Area, worklist: Worklist) -> Result<Condition, ServiceError> {
    let today = app.clock.today();
    let in_state = |state: State| Condition::all().add(Column::State.eq(state.number()));
    Ok(match worklist {
        Worklist::Unspecified => Condition::all(),
        Worklist::DueSoon => due_between(Some(today), soon(app, area)?),
        Worklist::Overdue => overdue(today),
        Worklist::Supplement => in_state(State::Waiting),
        Worklist::FirstReview => in_state(State::FirstReview),
        Worklist::SecondReview => in_state(State::SecondReview),
        Worklist::ToPay => in_state(State::Approved).add(Column::RunId.eq("")),
        Worklist::Listed => in_state(State::Approved).add(Column::RunId.ne("")),
        Worklist::Bounced => in_state(State::Bounced),
        Worklist::Owing => in_state(State::Owing),
    })
}

fn overdue(today: NaiveDate) -> Condition {
    due_between(None, today.pred_opt().unwrap_or(today))
}

/// The last day that is soon, by the area's rule of today.
fn soon(app: &App, area: Area) -> Result<NaiveDate, ServiceError> {
    let (rules, today) = (app.rules.current(), app.clock.today());
    let rule = &rule_of(&rules, area, today)?.rule;
    Ok(WorkingDays::of(&rules, area).add(today, rule.due_soon_days).0)
}

/// How many stand where.
pub async fn get_reimbursement_figures(
    app: &App,
    caller: &Caller,
    request: GetReimbursementFiguresRequest,
) -> Result<GetReimbursementFiguresResponse, ServiceError> {
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("poolarea_no", &request.poolarea_no);
    let area = wrong.finish(area)?;
    // Numbers tell of nobody: departments read them.
    caller.check_reads(&request.poolarea_no)?;
    let today = app.clock.today();
    let figure = |count: store::Count| ReimbursementFigure {
        state: count.state,
        reimbursements: count.count,
        owed_fen: count.owed_fen,
    };
    let db = app.db.reading();
    let figures = store::counts(&db, area).await?.into_iter().map(figure).collect();
    let late = store::count(&db, within(area).add(overdue(today))).await?;
    let soon = within(area).add(due_between(Some(today), soon(app, area)?));
    let due_soon = store::count(&db, soon).await?;
    Ok(GetReimbursementFiguresResponse { figures, overdue: late, due_soon })
}
