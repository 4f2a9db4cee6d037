//! Conduct and defaults of a person, as far as the caller sees them.

use yizhan_proto::credit::v1::{ListPersonConductRequest, ListPersonConductResponse, PersonMatter};
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};
use yizhan_terms::Area;

use super::messages::{self, Asked, To};
use super::persons::{self, not_own};
use crate::app::Credit;

/// A page of them.
pub async fn list_person_conduct(
    credit: &Credit,
    caller: &Caller,
    request: ListPersonConductRequest,
) -> Result<ListPersonConductResponse, ServiceError> {
    let today = credit.clock.today();
    let asked = credit.pages.asked(caller, &request).of(today);
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    let day = fields.optional("day", &request.day, Fields::date);
    let day = wrong.finish(day)?.unwrap_or(today);
    let may = matches!(
        caller,
        Caller::Person { .. } | Caller::Agency { .. } | Caller::Service { .. } | Caller::LocalAdministrator
    );
    if !may {
        return Err(not_own());
    }
    let person = persons::find(credit, &request.psn_no).await?;
    let all = person.shows(caller);
    if !all && matches!(caller, Caller::Person { .. }) {
        return Err(not_own());
    }
    let entries = person.entries(credit).await?;
    let schemes = credit.schemes.current();
    let area = Area::parse(&person.poolarea_no).ok_or_else(not_own)?;
    let scheme = &messages::scheme(&schemes, area, day)?.rule;
    let own = if matches!(caller, Caller::Person { .. }) { person.numbers.as_slice() } else { &[] };
    let matters = messages::of_numbers(&person.numbers, &entries);
    let about = Asked { schemes: &schemes, scheme, day };
    let mut told = messages::told(&matters, about, To { caller, own, today })?;
    told.retain(|matter| all || caller.may_read_area(Area::parse(&matter.poolarea_no)));
    if !all && told.is_empty() {
        return Err(not_own());
    }
    let read = async |behind: Option<[String; 1]>, limit: u64| {
        let after = |matter: &PersonMatter| behind.as_ref().is_none_or(|[id]| matter.matter_id < *id);
        let rows = told.into_iter().filter(after).take(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok::<_, ServiceError>(rows.collect())
    };
    let (matters, next_page_token) = asked.page(read, |last: &PersonMatter| [last.matter_id.clone()]).await?;
    Ok(ListPersonConductResponse { matters, next_page_token })
}
