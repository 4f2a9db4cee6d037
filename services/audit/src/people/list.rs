//! The worklist, and one of its items, with what each person holds and may be entitled to.

use futures::{StreamExt, TryStreamExt, stream};
use yizhan_money::Fen;
use yizhan_proto::audit::v1::{
    GetPersonItemRequest, GetPersonItemResponse, ListPeopleRequest, ListPeopleResponse, PersonItem,
    PersonItemKind, PersonItemState,
};
use yizhan_proto::enrollment::v1::{GetEligibilityRequest, LookKind};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::{Kind, State};
use super::messages;
use super::store::{self, Model, Wanted, steps};
use crate::app::Audit;
use crate::findings::looks::{self, check_purpose, check_sees_area, may_see_area};
use crate::plan_rules::Assistances;

/// Longest item_id.
const MAX_ITEM_ID: usize = 64;
/// Persons asked about at the same time: enrollment's client gathers them into few questions.
const QUESTIONS: usize = 64;

/// One page.
pub async fn list_people(
    audit: &Audit,
    caller: &Caller,
    request: ListPeopleRequest,
) -> Result<ListPeopleResponse, ServiceError> {
    let mut wrong = Violations::new();
    let purpose = check_purpose(&request.purpose, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let kind = fields.some(PersonItemKind::try_from(request.kind).ok(), "kind", Reason::CodeUnknown);
    let state = fields.some(PersonItemState::try_from(request.state).ok(), "state", Reason::CodeUnknown);
    let (area, (kind, state)) = wrong.finish(area.zip(kind.zip(state)))?;
    check_sees_area(caller, area.as_str())?;
    let wanted = Wanted {
        area,
        kind: Kind::of(kind.into()),
        state: State::of(state.into()),
        open_only: request.open_only,
    };
    let db = audit.db.reading();
    let read = |after, limit| store::page(&db, &wanted, after, limit);
    let key = |last: &Model| [&last.poolarea_no, &last.found_on, &last.item_id].map(String::clone);
    let (rows, next_page_token) = audit.pages.asked(caller, &request).page(read, key).await?;
    Ok(ListPeopleResponse { items: shown(audit, caller, &purpose, &rows).await?, next_page_token })
}

/// One that the caller may see.
pub async fn get_person_item(
    audit: &Audit,
    caller: &Caller,
    request: GetPersonItemRequest,
) -> Result<GetPersonItemResponse, ServiceError> {
    let mut wrong = Violations::new();
    let purpose = check_purpose(&request.purpose, &mut wrong);
    check_id(&request.item_id, &mut wrong);
    wrong.none()?;
    let row = store::find(&audit.db, &request.item_id).await?;
    let row = row.filter(|row| may_see_area(caller, &row.poolarea_no)).ok_or_else(unknown)?;
    let item = shown(audit, caller, &purpose, std::slice::from_ref(&row)).await?.pop();
    Ok(GetPersonItemResponse { item, steps: messages::steps(steps::of(&audit.db, &row.item_id).await?) })
}

/// Notes what cannot be an id.
pub fn check_id(item_id: &str, wrong: &mut Violations) {
    wrong.require(!item_id.is_empty(), "item_id", Reason::Required);
    let fits = item_id.len() <= MAX_ITEM_ID && item_id.bytes().all(|b| b.is_ascii_graphic());
    wrong.require(
        fits,
        "item_id",
        Reason::Characters.saying(format!("最多 {MAX_ITEM_ID} 位可见 ASCII 字符")),
    );
}

/// Nobody has this item, or the caller may not know of it.
pub fn unknown() -> ServiceError {
    ServiceError::new(Reason::PersonItemUnknown, "no such item")
}

/// Items once the looks at them are logged, with what enrollment knows of each person today.
async fn shown(
    audit: &Audit,
    caller: &Caller,
    purpose: &str,
    rows: &[Model],
) -> Result<Vec<PersonItem>, ServiceError> {
    let seen = rows.iter().map(|row| (row.item_id.as_str(), row.psn_no.as_str()));
    looks::log(audit, caller, (LookKind::Accumulators, purpose), seen).await?;
    let told: Vec<_> = rows.iter().map(|row| told(audit, caller, row)).collect();
    stream::iter(told).buffered(QUESTIONS).try_collect().await
}

async fn told(audit: &Audit, caller: &Caller, row: &Model) -> Result<PersonItem, ServiceError> {
    let item = messages::item(row, caller)?;
    let identities = identities(audit, &row.psn_no).await?;
    let rules = audit.plan_rules.current();
    let area = Area::parse(&row.poolarea_no).filter(|_| row.stands && row.kind == Kind::OwnShare.number());
    let rule = area.and_then(|area| rules.find::<Assistances>(area, audit.clock.today()).ok());
    let assistances = rule
        .map(|rule| messages::assistances(rule, &identities, Fen(item.own_share_fen)))
        .unwrap_or_default();
    Ok(PersonItem { identities, assistances, ..item })
}

/// By name; of a number that was merged, which audit has not heard of yet, those of the person.
async fn identities(audit: &Audit, psn_no: &str) -> Result<Vec<String>, ServiceError> {
    let ask = |psn_no: String| GetEligibilityRequest { psn_no, ..GetEligibilityRequest::default() };
    let answer = match audit.enrollment.eligibility(ask(psn_no.to_owned())).await {
        Err(merged) if merged.reason() == Reason::PersonMerged => {
            let into = merged.metadata().get("merged_into").cloned().ok_or(merged)?;
            audit.enrollment.eligibility(ask(into)).await
        }
        answer => answer,
    };
    match answer {
        Ok(eligibility) => Ok(eligibility.identities.into_iter().map(|identity| identity.name).collect()),
        Err(unknown) if unknown.reason() == Reason::PersonUnknown => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
