//! What persons may pay later: by what counts of them, and the scheme of the area.

use yizhan_money::MAX_FEN;
use yizhan_proto::credit::v1::{GetPayLaterTermsRequest, GetPayLaterTermsResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::messages::{self, Asked, To};
use super::persons::{self, not_own};
use crate::app::Credit;

/// Persons in one call.
pub const MAX_PERSONS: usize = 200;

/// Of many: one question to enrollment, one read.
pub async fn get_pay_later_terms(
    credit: &Credit,
    caller: &Caller,
    request: GetPayLaterTermsRequest,
) -> Result<GetPayLaterTermsResponse, ServiceError> {
    let today = credit.clock.today();
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let count = (1..=MAX_PERSONS).contains(&request.psn_nos.len());
    fields.require(count, "psn_nos", Reason::CountInvalid.saying("每次 1 至 200 人"));
    for (at, psn_no) in request.psn_nos.iter().take(MAX_PERSONS).enumerate() {
        fields.psn_no(&format!("psn_nos[{at}]"), psn_no);
    }
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let day = fields.optional("day", &request.day, Fields::date);
    fields.require((0..=MAX_FEN).contains(&request.base_fen), "base_fen", Reason::AmountInvalid);
    let (area, day) = wrong.finish(area.zip(day))?;
    let day = day.unwrap_or(today);
    let own = matches!(caller, Caller::Person { psn_no } if request.psn_nos.iter().all(|one| one == psn_no));
    let may =
        own || matches!(caller, Caller::Agency { .. } | Caller::Service { .. } | Caller::LocalAdministrator);
    if !may {
        return Err(not_own());
    }
    let found = persons::find_all(credit, &request.psn_nos).await?;
    if !found.iter().all(|person| person.shows(caller)) {
        return Err(not_own());
    }
    let schemes = credit.schemes.current();
    let scheme = messages::scheme(&schemes, area, day)?;
    let given = Some(request.base_fen).filter(|base| *base > 0);
    let base_fen = given.map_or(scheme.rule.limit_fen, |base| base.min(scheme.rule.limit_fen));
    let numbers = found.iter().flat_map(|person| person.numbers.iter().cloned());
    let entries = persons::entries_of(credit, numbers).await?;
    let asked = Asked { schemes: &schemes, scheme: &scheme.rule, day };
    let terms = request.psn_nos.iter().zip(&found).map(|(psn_no, person)| {
        let own: &[String] = if own { &person.numbers } else { &[] };
        messages::terms((psn_no, &person.numbers), &entries, base_fen, asked, To { caller, own, today })
    });
    let terms = terms.collect::<Result<_, _>>()?;
    Ok(GetPayLaterTermsResponse { terms, scheme: scheme.id.clone(), day: day.to_string() })
}
