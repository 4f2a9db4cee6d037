//! Selections drawn, given up, seen by those who read the area and by everybody else, and drawn again.

use yizhan_proto::audit::v1::{
    AbandonSelectionRequest, AbandonSelectionResponse, CaseAction, DrawSelectionRequest,
    DrawSelectionResponse, GetSelectionRequest, GetSelectionResponse, ListSelectionsRequest,
    ListSelectionsResponse, RepeatSelectionRequest, RepeatSelectionResponse, Selection,
};
use yizhan_runtime::clock::{parse_date, timestamp};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::Area;

use super::desk::{self, Done, Said, Write, done};
use super::domain::selection::{List, State, digest, draw, seed};
use super::samples;
use crate::app::Audit;
use crate::plan_rules::Purpose;
use crate::records::{self, Kept as _};

/// 抽取.
pub async fn draw_selection(
    audit: &Audit,
    caller: &Caller,
    mut request: DrawSelectionRequest,
) -> Result<DrawSelectionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let found = records::find(&audit.db, &request.selection_id).await?;
    desk::managed::<Selection>(caller, found, Reason::SelectionUnknown)?;
    let said = desk::said(caller, &request.opter, &mut wrong);
    let plain = |b: u8| b.is_ascii_graphic() || b == b' ';
    let fits = (1..=50).contains(&request.public_value.len()) && request.public_value.bytes().all(plain);
    wrong.require(fits, "public_value", Reason::TextInvalid.saying("应为 1 至 50 位可见 ASCII 字符"));
    wrong.none()?;
    once::once(audit, &key, |write| Box::pin(write_draw(write, &request, (caller, &said)))).await
}

async fn write_draw(
    write: Write<'_>,
    request: &DrawSelectionRequest,
    (caller, said): (&Caller, &Said),
) -> Result<Done<DrawSelectionResponse>, ServiceError> {
    let (mut selection, list) = held(write.tx, &request.selection_id).await?;
    if selection.state != State::Frozen.number() {
        return Err(refused(&selection));
    }
    selection.state = State::Drawn.number();
    selection.version += 1;
    selection.public_value.clone_from(&request.public_value);
    selection.seed = seed(&selection.nonce, &selection.public_value, &selection.list_digest);
    selection.drawn_at = Some(timestamp(write.service.clock.now()));
    samples::open(&write, (&selection, draw(&list.text, &selection.seed)), (caller, said)).await?;
    desk::record(write, selection.row()?, CaseAction::Draw, said).await?;
    Ok(done(DrawSelectionResponse { selection: Some(told(&selection, Some(&list))), replayed: false }))
}

/// 作废.
pub async fn abandon_selection(
    audit: &Audit,
    caller: &Caller,
    mut request: AbandonSelectionRequest,
) -> Result<AbandonSelectionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let found = records::find(&audit.db, &request.selection_id).await?;
    desk::managed::<Selection>(caller, found, Reason::SelectionUnknown)?;
    let said = desk::said_why(caller, (&request.opter, &request.reason), &mut wrong);
    wrong.none()?;
    once::once(audit, &key, |write| Box::pin(abandon(write, &request, (caller, &said)))).await
}

async fn abandon(
    write: Write<'_>,
    request: &AbandonSelectionRequest,
    (caller, said): (&Caller, &Said),
) -> Result<Done<AbandonSelectionResponse>, ServiceError> {
    let (mut selection, list) = held(write.tx, &request.selection_id).await?;
    if selection.state == State::Abandoned.number() {
        return Err(refused(&selection));
    }
    selection.state = State::Abandoned.number();
    selection.version += 1;
    selection.abandoned_for.clone_from(&said.reason);
    samples::cancel(&write, &selection.selection_id, (caller, said)).await?;
    desk::record(write, selection.row()?, CaseAction::Abandon, said).await?;
    Ok(done(AbandonSelectionResponse { selection: Some(told(&selection, Some(&list))), replayed: false }))
}

async fn held(tx: &DatabaseTransaction, id: &str) -> Result<(Selection, List), ServiceError> {
    let selection = records::hold(tx, id).await?.ok_or_else(unknown)?;
    Ok((selection, records::find(tx, &List::id(id)).await?.ok_or_else(unknown)?))
}

fn refused(selection: &Selection) -> ServiceError {
    let state = State::of(selection.state);
    let allowed: &[&str] = if state == Some(State::Drawn) { &["ABANDON"] } else { &[] };
    desk::refused(&selection.selection_id, state.map_or("", State::name), allowed)
}

/// One; others see the list and what it gave from its day on.
pub async fn get_selection(
    audit: &Audit,
    caller: &Caller,
    request: GetSelectionRequest,
) -> Result<GetSelectionResponse, ServiceError> {
    let (selection, list, open) = seen(audit, caller, &request.selection_id).await?;
    Ok(GetSelectionResponse { selection: Some(told(&selection, Some(&list).filter(|_| open))) })
}

/// Drawn again from what is recorded, and compared with what was told when the list was frozen.
pub async fn repeat_selection(
    audit: &Audit,
    caller: &Caller,
    request: RepeatSelectionRequest,
) -> Result<RepeatSelectionResponse, ServiceError> {
    let (selection, list, open) = seen(audit, caller, &request.selection_id).await?;
    if !open || selection.drawn_at.is_none() {
        return Err(ServiceError::new(Reason::SelectionNotPublic, "not drawn, or not public yet"));
    }
    let frozen: Option<Selection> = records::at_step(&audit.db, &selection.selection_id, 1).await?;
    let frozen = frozen.ok_or_else(unknown)?;
    let list_digest = digest(&list.text);
    let seed = seed(&selection.nonce, &selection.public_value, &list_digest);
    let compared = [
        ("list_digest", list_digest == frozen.list_digest),
        ("nonce_digest", digest(&selection.nonce) == frozen.nonce_digest),
        ("seed", seed == selection.seed),
    ];
    let differs: Vec<String> =
        compared.into_iter().filter(|(_, same)| !same).map(|(what, _)| what.to_owned()).collect();
    Ok(RepeatSelectionResponse { same: differs.is_empty(), drawn: draw(&list.text, &seed), differs })
}

/// Those of an area.
pub async fn list_selections(
    audit: &Audit,
    caller: &Caller,
    request: ListSelectionsRequest,
) -> Result<ListSelectionsResponse, ServiceError> {
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("area", &request.area);
    let area = wrong.finish(area)?;
    caller.check_reads(&request.area)?;
    let wanted = records::within::<Selection>(area);
    let older = |before, limit| records::newest::<Selection>(&audit.db, &wanted, before, limit);
    let page = audit.pages.asked(caller, &request);
    let (found, next_page_token) = page.page(older, |last: &Selection| [last.selection_id.clone()]).await?;
    let selections = found.iter().map(|selection| told(selection, None)).collect();
    Ok(ListSelectionsResponse { selections, next_page_token })
}

/// A selection that the caller may know of, with its list, and whether that is for them too. Samples of bills are the area's alone.
async fn seen(audit: &Audit, caller: &Caller, id: &str) -> Result<(Selection, List, bool), ServiceError> {
    let selection: Selection = records::find(&audit.db, id).await?.ok_or_else(unknown)?;
    let ours = caller.may_read_area(Area::parse(&selection.area));
    let public = parse_date(&selection.public_on).is_some_and(|day| day <= audit.clock.today());
    if !ours && Purpose::of(selection.purpose).is_none_or(Purpose::is_sample) {
        return Err(unknown());
    }
    let list = records::find(&audit.db, &List::id(id)).await?.ok_or_else(unknown)?;
    Ok((selection, list, ours || public))
}

fn unknown() -> ServiceError {
    ServiceError::new(Reason::SelectionUnknown, "no such selection")
}

/// What was committed to; with its list also what it gave.
pub fn told(selection: &Selection, list: Option<&List>) -> Selection {
    let mut told = selection.clone();
    match list.filter(|_| selection.drawn_at.is_some()) {
        Some(list) => told.drawn = draw(&list.text, &selection.seed),
        None => (told.nonce, told.seed) = (String::new(), String::new()),
    }
    told.list = list.map(|list| list.text.clone()).unwrap_or_default();
    told
}
