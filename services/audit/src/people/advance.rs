//! A step of an officer.

use yizhan_proto::audit::v1::{AdvancePersonItemRequest, AdvancePersonItemResponse};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_workflow::{Refused, To, is_reason};

use super::domain::{Action, ITEMS, Need, Role, State};
use super::list::{check_id, unknown};
use super::messages::{self, is_met};
use super::next::counted_on;
use super::store::{self, Model, steps};
use crate::app::Audit;

/// Longest 经办人编号.
const MAX_OPTER: usize = 30;

/// Takes a step. Of two that take one at once, one does, and the other is told what it finds.
pub async fn advance_person_item(
    audit: &Audit,
    caller: &Caller,
    mut request: AdvancePersonItemRequest,
) -> Result<AdvancePersonItemResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_id(&request.item_id, &mut wrong);
    let asked = ITEMS.actions(&[Role::Officer]).into_iter().find(|action| action.number() == request.action);
    let action = wrong.some(asked, "action", Reason::ActionUnknown);
    check_said(caller, action, &request, &mut wrong);
    let action = wrong.finish(action)?;
    let advance = Advance { caller, action, request: &request };
    once::once(audit, &key, |write| Box::pin(advance.write(write))).await
}

fn check_said(
    caller: &Caller,
    action: Option<Action>,
    request: &AdvancePersonItemRequest,
    wrong: &mut Violations,
) {
    let says_why = action.is_some_and(|action| ITEMS.says_why(action));
    wrong.require(!says_why || !request.note.trim().is_empty(), "note", Reason::ReasonRequired);
    wrong.require(is_reason(&request.note), "note", Reason::ReasonInvalid);
    let needed = matches!(caller, Caller::Agency { .. });
    wrong.require(!needed || !request.opter.is_empty(), "opter", Reason::Required.saying("缺少经办人编号"));
    let fits = request.opter.len() <= MAX_OPTER && request.opter.bytes().all(|byte| byte.is_ascii_graphic());
    wrong.require(fits, "opter", Reason::OpterInvalid);
}

struct Advance<'a> {
    caller: &'a Caller,
    action: Action,
    request: &'a AdvancePersonItemRequest,
}

impl Advance<'_> {
    async fn write(
        &self,
        Write { tx, service: audit, .. }: Write<'_, '_, Audit>,
    ) -> Result<Done<AdvancePersonItemResponse, ()>, ServiceError> {
        let held = store::find(tx, &self.request.item_id).await?;
        let held = held.filter(|row| self.caller.may_manage_area(Area::parse(&row.poolarea_no)));
        let held = held.ok_or_else(unknown)?;
        let case = ITEMS.case(State::stored(held.state), |need| is_met(&held, need));
        let next = case.next(self.action, &[Role::Officer]).map_err(refused)?;
        let at = audit.clock.now();
        let state = if let To::State(state) = next.to { state } else { State::stored(held.state) };
        let row = Model { state: state.number(), ..held.clone() };
        let row = counted_on(&held, row, at).unwrap_or(held);
        let step = steps::Model {
            action: self.action.number(),
            note: self.request.note.clone(),
            actor: self.caller.to_string(),
            opter: self.request.opter.clone(),
            ..steps::Model::behind(&row, at)
        };
        let item = messages::item(&row, self.caller)?;
        steps::append(tx, vec![step]).await?;
        store::write(tx, vec![row]).await?;
        Ok(Done { answer: AdvancePersonItemResponse { item: Some(item), replayed: false }, changed: () })
    }
}

/// Where it stands, and what can be done.
fn refused(refused: Refused<State, Action, Need>) -> ServiceError {
    let Refused { state, allowed, .. } = refused;
    let labels: Vec<&str> = allowed.iter().map(|action| action.label()).collect();
    let names: Vec<&str> = allowed.iter().map(|action| action.name()).collect();
    let can = if labels.is_empty() {
        "没有可办理的操作".to_owned()
    } else {
        format!("可以：{}", labels.join("、"))
    };
    ServiceError::new(Reason::PersonStepRefused, "the item does not allow this step in the state it is in")
        .with_text(format!("该事项现为“{}”，不能办理此操作；{can}", state.label()))
        .with("state", state.name())
        .with("allowed_actions", names.join(","))
}
