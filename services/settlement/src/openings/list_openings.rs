//! Openings of a person, under all of their numbers, newest first.

use yizhan_proto::enrollment::v1::LookKind;
use yizhan_proto::settlement::v1::{ListOpeningsRequest, ListOpeningsResponse};
use yizhan_runtime::{Caller, ServiceError};

use crate::app::App;
use crate::books::store::entities::opening;
use crate::books::store::merged;
use crate::books::store::openings::{cancelled_among, of_person, opening_of};
use crate::fields::check_person;
use crate::looks::domain::{View, Whose, not_own, view_of};
use crate::looks::leave::{self, Look, check_purpose};

/// A page of them, for who sees the person's settlements as a whole.
pub async fn list_openings(
    app: &App,
    caller: &Caller,
    request: ListOpeningsRequest,
) -> Result<ListOpeningsResponse, ServiceError> {
    let mut wrong = check_person(&request.psn_no, &request.poolarea_no);
    let purpose = check_purpose(caller, &request.purpose, false, &mut wrong);
    wrong.none()?;
    let psn_nos = merged::numbers(&app.db, &request.psn_no).await?;
    let (poolarea_no, psn_no) = (request.poolarea_no.as_str(), psn_nos[0].as_str());
    let whose = Whose { poolarea_no, psn_no, fixmedins_code: "" };
    if view_of(caller, whose) != Some(View::Whole) {
        return Err(not_own());
    }
    let older = |before, limit| of_person(&app.db, (poolarea_no, &psn_nos), before, limit);
    let key = |last: &opening::Model| [last.opening_id.clone()];
    let (rows, next_page_token) = app.pages.asked(caller, &request).page(older, key).await?;
    let ids: Vec<&str> = rows.iter().map(|row| row.opening_id.as_str()).collect();
    let cancelled = cancelled_among(&app.db, (poolarea_no, &psn_nos), &ids).await?;
    let mut openings = rows.iter().map(opening_of).collect::<Result<Vec<_>, _>>()?;
    for opening in openings.iter_mut().filter(|opening| cancelled.contains(&opening.opening_id)) {
        opening.cancelled = true;
    }
    if !openings.is_empty() {
        let look = Look { kind: LookKind::Accumulators, psn_no, subject: "", purpose: &purpose };
        leave::note(app, caller, whose, look).await?;
    }
    Ok(ListOpeningsResponse { openings, next_page_token })
}
