//! Listing and reading items, and closing one.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use yizhan_proto::enrollment::v1::LookKind;
use yizhan_proto::settlement::v1::{
    CloseWorkItemRequest, CloseWorkItemResponse, GetWorkItemRequest, GetWorkItemResponse,
    ListWorklistRequest, ListWorklistResponse, WorkItem, WorkItemState,
};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::fields::Fields;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::State;
use super::store::{self, item_of, work_item};
use crate::app::App;
use crate::books::store::settlements;
use crate::fields::check_id;
use crate::looks::domain::Whose;
use crate::looks::leave::{self, Look, check_purpose};

/// Characters of a reason at most.
const MAX_CLOSING_REASON: usize = 200;
/// Looks logged at the same time.
const LOOKS: usize = 16;

/// Items of an area.
pub async fn list(
    app: &App,
    caller: &Caller,
    request: ListWorklistRequest,
) -> Result<ListWorklistResponse, ServiceError> {
    let mut wrong = Violations::new();
    let purpose = check_purpose(caller, &request.purpose, false, &mut wrong);
    let area = Fields::of(&mut wrong).area("poolarea_no", &request.poolarea_no);
    let asked = WorkItemState::try_from(request.state).ok();
    let asked = wrong.some(asked, "state", Reason::CodeUnknown);
    let (area, asked) = wrong.finish(area.zip(asked))?;
    if !may_see(caller, area) {
        return Err(ServiceError::area_not_owned(area));
    }
    let (area, state) = (area.as_str(), store::asked_state(asked));
    let db = app.db.reading();
    let read = |behind, limit| store::of_area(&db, area, state, behind, limit);
    let key = |last: &work_item::Model| [last.item_id.clone()];
    let (rows, next_page_token) = app.pages.asked(caller, &request).page(read, key).await?;
    let items = rows.iter().map(item_of).collect::<Result<Vec<WorkItem>, _>>()?;
    Ok(ListWorklistResponse { items: shown(app, caller, &purpose, items).await?, next_page_token })
}

/// One item.
pub async fn get(
    app: &App,
    caller: &Caller,
    request: GetWorkItemRequest,
) -> Result<GetWorkItemResponse, ServiceError> {
    let mut wrong = Violations::new();
    let purpose = check_purpose(caller, &request.purpose, false, &mut wrong);
    check_id(&mut Fields::of(&mut wrong), "item_id", &request.item_id);
    wrong.none()?;
    let row = store::find(&app.db, &request.item_id).await?;
    let row = row.filter(|row| Area::parse(&row.poolarea_no).is_some_and(|area| may_see(caller, area)));
    let item = item_of(&row.ok_or_else(unknown)?)?;
    Ok(GetWorkItemResponse { item: shown(app, caller, &purpose, vec![item]).await?.pop() })
}

/// Closes one, once however often it is asked.
pub async fn close(
    app: &App,
    caller: &Caller,
    mut request: CloseWorkItemRequest,
) -> Result<CloseWorkItemResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let mut fields = Fields::of(&mut wrong);
    check_id(&mut fields, "item_id", &request.item_id);
    fields.require(
        !request.reason.trim().is_empty(),
        "reason",
        Reason::TextRequired.saying("请填写核查结论"),
    );
    let fits = request.reason.chars().count() <= MAX_CLOSING_REASON;
    fields.require(fits, "reason", Reason::TooLong.saying(format!("最多 {MAX_CLOSING_REASON} 个字符")));
    wrong.none()?;
    let close = Close { caller, request: &request };
    once::once(app, &key, |write| Box::pin(close.write(write))).await
}

struct Close<'c> {
    caller: &'c Caller,
    request: &'c CloseWorkItemRequest,
}

impl Close<'_> {
    async fn write(
        &self,
        Write { tx, service: app, .. }: Write<'_, '_, App>,
    ) -> Result<Done<CloseWorkItemResponse, ()>, ServiceError> {
        let row = store::find(tx, &self.request.item_id).await?;
        let row = row.filter(|row| self.caller.may_manage_area(Area::parse(&row.poolarea_no)));
        let item = item_of(&row.ok_or_else(unknown)?)?;
        if item.state() != WorkItemState::Open {
            return Err(ServiceError::new(Reason::WorkItemNotOpen, "the item is not open")
                .with("closed_by", &item.closed_by)
                .with("state", item.state().as_str_name()));
        }
        let now = app.clock.now();
        let item = WorkItem {
            closed_by: self.caller.to_string(),
            closed_reason: self.request.reason.clone(),
            changed_at: Some(timestamp(now)),
            ..item
        };
        store::move_on(tx, &item, State::Closed, now).await?;
        let item = WorkItem { state: WorkItemState::Closed.into(), ..item };
        Ok(Done { answer: CloseWorkItemResponse { item: Some(item), replayed: false }, changed: () })
    }
}

/// The agency of the area, services, the local administrator. An item tells how much was paid for whom: a department, which sees its own
/// payments only, is not told.
fn may_see(caller: &Caller, area: Area) -> bool {
    caller.may_read_area(area) && !matches!(caller, Caller::Department { .. })
}

fn unknown() -> ServiceError {
    ServiceError::new(Reason::WorkItemUnknown, "no such item")
}

/// Items with whether their settlements were reversed since, once the looks at them are logged.
async fn shown(
    app: &App,
    caller: &Caller,
    purpose: &str,
    mut items: Vec<WorkItem>,
) -> Result<Vec<WorkItem>, ServiceError> {
    let look = async |item: &WorkItem| {
        let WorkItem { psn_no, setl_id, poolarea_no, fixmedins_code, .. } = item;
        let look = Look { kind: LookKind::Settlement, psn_no, subject: setl_id, purpose };
        leave::note(app, caller, Whose { poolarea_no, psn_no, fixmedins_code }, look).await
    };
    stream::iter(&items).map(look).buffered(LOOKS).try_collect::<()>().await?;
    let areas: BTreeSet<String> = items.iter().map(|item| item.poolarea_no.clone()).collect();
    let ids: Vec<&str> = items.iter().map(|item| item.setl_id.as_str()).collect();
    let reversed = settlements::reversals_in(&app.db, areas, &ids).await?;
    for item in &mut items {
        item.reversed = reversed.contains_key(&item.setl_id);
    }
    Ok(items)
}
