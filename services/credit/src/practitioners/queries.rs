//! How practitioners stand, and how a points matter does.

use yizhan_proto::credit::v1::{
    GetPointsMatterRequest, GetPointsMatterResponse, GetQualificationRequest, GetQualificationResponse,
    SubjectKind,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::{Area, is_fixmedins_code};

use super::domain::timeline::Timeline;
use super::messages::{self, qualification};
use super::store;
use crate::app::Credit;
use crate::ledger::{self, is_code};

/// Questions in one call at most.
pub const MAX_QUESTIONS: usize = 200;

/// Of many in one read.
pub async fn get_qualification(
    credit: &Credit,
    caller: &Caller,
    request: GetQualificationRequest,
) -> Result<GetQualificationResponse, ServiceError> {
    if matches!(caller, Caller::Person { .. } | Caller::Insurer { .. }) {
        return Err(ServiceError::area_not_owned(""));
    }
    let mut wrong = Violations::new();
    let fits = (1..=MAX_QUESTIONS).contains(&request.questions.len());
    wrong.require(fits, "questions", Reason::CountInvalid.saying("每次 1 至 200 个问题"));
    let today = credit.clock.today();
    let asked = request.questions.iter().take(MAX_QUESTIONS).enumerate().map(|(at, question)| {
        let prefix = format!("questions[{at}].");
        let mut fields = Fields::within(&prefix, &mut wrong);
        let coded = is_code(&question.practitioner_code);
        fields.require(coded, "practitioner_code", Reason::Characters);
        let place = fields.optional("fixmedins_code", &question.fixmedins_code, |fields, field, code| {
            fields.code(field, code, is_fixmedins_code)
        });
        let day = fields.optional("day", &question.day, Fields::date);
        Some((question.practitioner_code.as_str(), day?.unwrap_or(today), place?))
    });
    let asked: Vec<_> = asked.collect();
    let asked = wrong.finish(asked.into_iter().collect::<Option<Vec<_>>>())?;
    let codes = asked.iter().map(|(code, ..)| (*code).to_owned());
    let found = store::decoded(credit.standings.rows(codes).await?)?;
    let nothing = (Timeline::default(), 0);
    let told = asked.into_iter().map(|(code, day, place)| {
        let (timeline, version) = found.get(code).unwrap_or(&nothing);
        qualification(code, day, place.as_deref(), (timeline, *version))
    });
    Ok(GetQualificationResponse { qualifications: told.collect() })
}

/// One that the caller may see.
pub async fn get_points_matter(
    credit: &Credit,
    caller: &Caller,
    request: GetPointsMatterRequest,
) -> Result<GetPointsMatterResponse, ServiceError> {
    let of_it = ledger::of_matter(&credit.db, &request.matter_id).await?;
    let seen = of_it.first().filter(|first| {
        let reads = caller.may_read_area(Area::parse(&first.poolarea_no));
        reads || caller.institution_code() == Some(first.fixmedins_code.as_str())
    });
    let subject = seen.and_then(|first| first.subject.clone());
    let subject = subject.filter(|subject| subject.kind() == SubjectKind::Practitioner);
    let entries = ledger::of_subject(&credit.db, &subject.ok_or_else(matter_unknown)?).await?;
    let on = (caller, credit.clock.today());
    let matter = messages::matter(&entries, &request.matter_id, &credit.schemes.current(), on)?;
    Ok(GetPointsMatterResponse { matter: Some(matter) })
}

/// No such matter, or not one the caller may know of.
pub fn matter_unknown() -> ServiceError {
    ServiceError::new(Reason::PointsMatterUnknown, "no such points matter")
}
