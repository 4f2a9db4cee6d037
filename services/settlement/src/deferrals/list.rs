//! Debts of a person, an institution, an area.

use sea_orm::{ColumnTrait, Condition};
use yizhan_proto::settlement::v1::{
    Deferral, DeferralState as State, ListDeferralsRequest, ListDeferralsResponse,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::said::may_pay_for;
use crate::app::App;
use crate::books::domain::deferral::is_overdue;
use crate::books::store::deferrals::{self, Column};
use crate::books::store::merged;
use crate::looks::domain::not_own;

/// One page.
pub async fn list_deferrals(
    app: &App,
    caller: &Caller,
    request: ListDeferralsRequest,
) -> Result<ListDeferralsResponse, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let own = matches!(caller, Caller::Person { .. } | Caller::Institution { .. });
    let area = match request.poolarea_no.as_str() {
        "" if own => Some(None),
        given => fields.area("poolarea_no", given).map(Some),
    };
    if !request.psn_no.is_empty() {
        fields.psn_no("psn_no", &request.psn_no);
    }
    let state = fields.some(State::try_from(request.state).ok(), "state", Reason::CodeUnknown);
    let (area, state) = wrong.finish(area.zip(state))?;
    let today = app.clock.today();
    let mut wanted = Condition::all()
        .add_option(area.map(|area| Column::PoolareaNo.starts_with(area.prefix())))
        .add_option((state != State::Unspecified).then(|| Column::State.eq(i32::from(state))));
    let mut psn_no = request.psn_no.as_str();
    match caller {
        Caller::Person { psn_no: own } => {
            psn_no = if psn_no.is_empty() { own } else { psn_no };
            may_pay_for(app, own, psn_no, today).await?.then_some(()).ok_or_else(not_own)?;
        }
        Caller::Institution { code } => wanted = wanted.add(Column::FixmedinsCode.eq(code)),
        Caller::Department { .. } => return Err(ServiceError::area_not_owned(&request.poolarea_no)),
        _ => caller.check_reads(&request.poolarea_no)?,
    }
    if !psn_no.is_empty() {
        wanted = wanted.add(Column::PsnNo.is_in(merged::numbers(&app.db, psn_no).await?));
    }
    if request.overdue {
        wanted = wanted.add(Column::State.eq(i32::from(State::Open)));
        wanted = wanted.add(Column::DueDate.lt(today.to_string()));
    }
    let asked = app.pages.asked(caller, &request).of(today);
    let read = |after, limit| deferrals::list(&app.db, wanted.clone(), after, limit);
    let key = |last: &Deferral| [last.deferral_id.clone()];
    let (rows, next_page_token) = asked.page(read, key).await?;
    let told = |of: Deferral| Deferral { overdue: is_overdue(&of, today), ..of };
    Ok(ListDeferralsResponse { deferrals: rows.into_iter().map(told).collect(), next_page_token })
}
