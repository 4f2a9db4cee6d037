//! Items of samples: reviewed, with what becomes of them; the worklist; and how far the sampling of a period is.

use sea_orm::ColumnTrait;
use yizhan_proto::audit::v1::{
    AdvanceItemRequest, AdvanceItemResponse, GetSamplingRequest, GetSamplingResponse, ListItemsRequest,
    ListItemsResponse, SamplingFigure,
};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};

use super::desk::{self, Done, Write, done};
use super::domain::item::{Action, ITEMS, Item, Review, Role, State};
use super::domain::selection::{self, Selection, period};
use super::domain::{Said, Waits};
use super::list_inspections::{key, office, wanted};
use super::messages::item_message;
use super::store;
use super::store::entities::plan_record::Column;
use crate::app::Audit;
use crate::plan_rules::{self, Purpose, Sampling};

/// 评审, 关联案件, 撤回.
pub async fn advance_item(
    audit: &Audit,
    caller: &Caller,
    mut request: AdvanceItemRequest,
) -> Result<AdvanceItemResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let id = Item::id(&request.selection_id, &request.item_id);
    desk::managed::<Item>(caller, store::find(&audit.db, &id).await?, Reason::SampleItemUnknown)?;
    let said = desk::said(caller, (&request.opter, &request.reason, &request.file_id), &mut wrong);
    let action = action(&request, &mut wrong);
    let action = wrong.finish(action)?;
    let step = (&request, action, id.as_str());
    once::once(audit, &key, |write| Box::pin(advance(write, step, &said))).await
}

/// What is asked, and whether it says what the action needs and nothing else.
fn action(request: &AdvanceItemRequest, wrong: &mut Violations) -> Option<Action> {
    let action = ITEMS.actions(&[Role::Office]).into_iter().find(|action| action.number() == request.action);
    let action = wrong.some(action, "action", Reason::ActionUnknown);
    desk::number(&request.case_id, "case_id", wrong);
    let action = action?;
    let reviews = matches!(action, Action::Pass | Action::Reject);
    let fits = if reviews { desk::is_officer(&request.reviewer) } else { request.reviewer.is_empty() };
    wrong.require(fits, "reviewer", if reviews { Reason::OpterInvalid } else { Reason::FieldNotExpected });
    wrong.require(reviews || !request.expert, "expert", Reason::FieldNotExpected);
    let why = !ITEMS.says_why(action) || !request.reason.trim().is_empty();
    wrong.require(why, "reason", Reason::ReasonRequired);
    let named = action == Action::NameCase;
    let said = if named { Reason::Required } else { Reason::FieldNotExpected };
    wrong.require(named != request.case_id.is_empty(), "case_id", said);
    Some(action)
}

async fn advance(
    write: Write<'_>,
    (request, action, id): (&AdvanceItemRequest, Action, &str),
    said: &Said,
) -> Result<Done<AdvanceItemResponse>, ServiceError> {
    let item: Item = store::hold(write.tx, id).await?.ok_or_else(unknown)?;
    desk::check_version(&item, request.version, action == Action::TakeBack)?;
    let refused = |refused: yizhan_workflow::Refused<_, Action, _>| {
        let names: Vec<&str> = refused.allowed.iter().map(|action| action.name()).collect();
        let same = matches!(refused.why, yizhan_workflow::Why::Needs(_));
        let error = desk::refused(&item, &names);
        if same {
            error.with_text("同一人不能重复评审，应由另一人评审").with("reviewer", "same")
        } else {
            error
        }
    };
    item.case(&request.reviewer).next(action, &[Role::Office]).map_err(refused)?;
    let (rules, today) = (write.service.plan_rules.current(), write.service.clock.today());
    let after = match action {
        Action::NameCase => item.with_case(&request.case_id),
        Action::TakeBack => desk::before(write.tx, &item).await?.ok_or_else(|| desk::refused(&item, &[]))?,
        _ => {
            let rule: Sampling = plan_rules::find(&rules, item.head.area, today)?;
            let review = Review {
                reviewer: request.reviewer.clone(),
                expert: request.expert,
                passed: action == Action::Pass,
                reason: request.reason.clone(),
                file_id: request.file_id.clone(),
            };
            item.reviewed(review, Waits { since: today, working_days: rule.review_days })
        }
    };
    let item = desk::record(write, after, action.name(), said).await?;
    Ok(done(AdvanceItemResponse { item: Some(item_message(&item, &rules, today)), replayed: false }))
}

fn unknown() -> ServiceError {
    ServiceError::new(Reason::SampleItemUnknown, "no such item")
}

/// The worklist.
pub async fn list_items(
    audit: &Audit,
    caller: &Caller,
    request: ListItemsRequest,
) -> Result<ListItemsResponse, ServiceError> {
    let area = office(caller, &request.area)?;
    let of = Some(&request.selection_id).filter(|id| !id.is_empty()).map(|id| Column::Parent.eq(id.as_str()));
    let wanted = wanted::<Item>(audit, area, request.overdue_only).await?.add_option(of);
    let behind = |after, limit| store::queue::<Item>(&audit.db, wanted, after, limit);
    let (items, next_page_token) = audit.pages.asked(caller, &request).page(behind, key).await?;
    let (rules, today) = (audit.plan_rules.current(), audit.clock.today());
    let items = items.iter().map(|item| item_message(item, &rules, today)).collect();
    Ok(ListItemsResponse { items, next_page_token })
}

/// Of each kind what is asked for in a period, what was drawn, and what became of it.
pub async fn get_sampling(
    audit: &Audit,
    caller: &Caller,
    request: GetSamplingRequest,
) -> Result<GetSamplingResponse, ServiceError> {
    let mut wrong = Violations::new();
    let days =
        wrong.some(period(&request.period), "period", Reason::DateInvalid.saying("应为 2026Q1 或 2026-01"));
    let (_, last, quarter) = wrong.finish(days)?;
    let area = office(caller, &request.area)?;
    let rule: Sampling = plan_rules::find(&audit.plan_rules.current(), area, last)?;
    let of_period: Vec<Selection> =
        store::of_area(&audit.db, area, (Column::Parent, &request.period)).await?;
    let drawn: Vec<Selection> =
        of_period.into_iter().filter(|one| one.state == selection::State::Drawn).collect();
    let ids = drawn.iter().map(|selection| selection.head.id.clone()).collect();
    let counts = store::counts(&audit.db, ids).await?;
    let figure = |purpose: Purpose| {
        let of_kind: Vec<&Selection> =
            drawn.iter().filter(|selection| selection.purpose == purpose).collect();
        let listed: u32 = of_kind.iter().map(|selection| selection.listed).sum();
        let items = |states: &[State]| -> i32 {
            let of = |id: &str| of_kind.iter().any(|selection| selection.head.id == id);
            let wanted = |state: i32| states.iter().any(|one| one.number() == state);
            let counted = counts.iter().filter(|(id, state, _)| of(id) && wanted(*state));
            counted.map(|(.., count)| i32::try_from(*count).unwrap_or(i32::MAX)).sum()
        };
        let needed = rule.needed(purpose, if listed == 0 { u32::MAX } else { listed });
        let needed =
            needed.filter(|_| listed > 0 || purpose.is_quarterly()).unwrap_or_default().cast_signed();
        let (drawn, passed) = (items(State::ALL), items(&[State::Passed]));
        let (rejected, without_case) = (items(&[State::Rejected, State::Closed]), items(&[State::Rejected]));
        let done = drawn >= needed && passed + rejected == drawn;
        let listed = listed.cast_signed();
        SamplingFigure {
            purpose: purpose.number(),
            listed,
            needed,
            drawn,
            passed,
            rejected,
            without_case,
            done,
        }
    };
    let kinds =
        Purpose::ALL.iter().copied().filter(|kind| kind.is_sample() && (quarter || !kind.is_quarterly()));
    Ok(GetSamplingResponse { figures: kinds.map(figure).collect() })
}
