//! Which filing covers a visit, and what settlement must apply? Asked before every settlement away from home, so it is answered from the
//! cache.

use std::sync::Arc;

use chrono::NaiveDate;
use prost::Message;
use sha2::{Digest, Sha256};
use yizhan_proto::enrollment::v1::GetEligibilityRequest;
use yizhan_proto::filing::v1::{
    BatchFindFilingRequest, BatchFindFilingResponse, FilingAnswer, FindFilingRequest, FindFilingResponse,
};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::ids::{ID_LENGTH, base32hex};
use yizhan_runtime::room::Room;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::{Area, Insutype, MedType, Tier};

use super::domain::{Visit, find};
use super::messages::answer_message;
use crate::app::Register;
use crate::standings::store::StoredStandings;

/// Questions in one call at most.
pub const MAX_QUESTIONS: usize = 100;

/// Enrollment knows no such person.
const UNKNOWN: Reason = Reason::PersonUnknown;
/// Another number took the place of this one.
const MERGED: Reason = Reason::PersonMerged;

/// A question that is well formed.
struct Checked {
    request: FindFilingRequest,
    /// Where the person is insured, as a service tells it.
    poolarea_no: Option<Area>,
    insutype: Insutype,
    place: Area,
    med_type: MedType,
    level: Tier,
    begin: NaiveDate,
    /// `None`: not discharged yet.
    end: Option<NaiveDate>,
}

/// One question.
pub async fn find_filing(
    register: &Register,
    caller: &Caller,
    request: FindFilingRequest,
) -> Result<FindFilingResponse, ServiceError> {
    let mut wrong = Violations::new();
    let checked = check(register, caller, request, "", &mut wrong);
    let checked = wrong.finish(checked)?;
    let psn_no = checked.request.psn_no.as_str();
    let poolarea_no = match poolarea_of(register, caller, &checked).await {
        Err(refused) if refused.reason() == MERGED && !may_know_of_merger(caller) => None,
        Err(refused) if refused.reason() == UNKNOWN => None,
        poolarea_no => poolarea_no?,
    };
    let poolarea_no = poolarea_no.ok_or_else(|| person_unknown(psn_no))?;
    let person = register.cache.get(&checked.request.psn_no).await?;
    let answer = answer(register, &checked, poolarea_no, person.as_ref())?;
    Ok(FindFilingResponse { answer: Some(answer) })
}

/// The same of many: one look into the cache for all of them.
pub async fn batch_find_filing(
    register: &Register,
    caller: &Caller,
    BatchFindFilingRequest { requests }: BatchFindFilingRequest,
) -> Result<BatchFindFilingResponse, ServiceError> {
    let mut wrong = Violations::new();
    let fits = (1..=MAX_QUESTIONS).contains(&requests.len());
    wrong.require(fits, "requests", Reason::CountInvalid.saying("每次 1 至 100 个问题"));
    let asked = requests.into_iter().take(MAX_QUESTIONS).enumerate();
    let checked: Vec<Option<Checked>> = asked
        .map(|(at, request)| check(register, caller, request, &format!("requests[{at}]."), &mut wrong))
        .collect();
    let checked: Vec<Checked> = wrong.finish(checked.into_iter().collect())?;
    let areas = checked.iter().map(async |one| match poolarea_of(register, caller, one).await {
        // One of many of whom nothing can be said stops nobody else.
        Err(refused) if [UNKNOWN, MERGED].contains(&refused.reason()) => Ok(None),
        poolarea_no => poolarea_no,
    });
    let areas = futures::future::try_join_all(areas).await?;
    let psn_nos = checked.iter().map(|checked| checked.request.psn_no.clone()).collect();
    let persons = register.persons(psn_nos).await?;
    let (mut room, mut responses) = (Room::default(), Vec::with_capacity(checked.len()));
    for (checked, poolarea_no) in checked.iter().zip(areas) {
        let person = persons.get(&checked.request.psn_no);
        let answer = poolarea_no.map(|poolarea_no| answer(register, checked, poolarea_no, person));
        let response = FindFilingResponse { answer: answer.transpose()? };
        if !room.takes(&response) {
            break;
        }
        responses.push(response);
    }
    Ok(BatchFindFilingResponse { responses })
}

/// Where the person is insured: services tell it, having asked enrollment themselves; for everybody else it is asked now. `None`: the
/// caller may not ask about this person. Where that holds in every area, enrollment is not asked: its refusals would tell something.
async fn poolarea_of(
    register: &Register,
    caller: &Caller,
    checked: &Checked,
) -> Result<Option<Area>, ServiceError> {
    let psn_no = checked.request.psn_no.as_str();
    if !may_ask_anywhere(caller, psn_no) {
        return Ok(None);
    }
    let poolarea_no = insured_in(register, checked).await?;
    Ok(Some(poolarea_no).filter(|poolarea_no| caller.may_ask_about(psn_no, *poolarea_no)))
}

/// Whether there is any area in which the caller may ask about this person.
fn may_ask_anywhere(caller: &Caller, psn_no: &str) -> bool {
    match caller {
        Caller::Person { psn_no: own } => own == psn_no,
        Caller::Insurer { .. } | Caller::Operator { .. } => false,
        _ => true,
    }
}

/// Who has to do with persons of every area, and goes on with the number that took the place of this one; and the person.
fn may_know_of_merger(caller: &Caller) -> bool {
    !matches!(caller, Caller::Department { .. })
}

async fn insured_in(register: &Register, checked: &Checked) -> Result<Area, ServiceError> {
    if let Some(told) = checked.poolarea_no {
        return Ok(told);
    }
    let request = &checked.request;
    let question = GetEligibilityRequest {
        psn_no: request.psn_no.clone(),
        as_of: checked.end.unwrap_or_else(|| register.clock.today()).to_string(),
        insutype: request.insutype.clone(),
        ..GetEligibilityRequest::default()
    };
    register.enrollment.eligibility(question).await?.poolarea_no.parse().map_err(ServiceError::internal)
}

fn answer(
    register: &Register,
    checked: &Checked,
    poolarea_no: Area,
    person: Option<&Arc<StoredStandings>>,
) -> Result<FilingAnswer, ServiceError> {
    let request = &checked.request;
    let today = register.clock.today();
    let visit = Visit {
        poolarea_no,
        insutype: checked.insutype,
        place: checked.place,
        begin: checked.begin,
        end: checked.end.unwrap_or(today).max(checked.begin),
        care: checked.med_type.care(),
        stay: checked.med_type.is_stay(),
        level: checked.level,
        contracted: request.contracted,
        emergency: request.emergency,
        referred: request.referred,
        today,
    };
    let rules = register.rules.current();
    let found = find(&rules, person.map(|person| &person.standings), &visit)?;
    let mut message = answer_message(&found);
    message.psn_no = request.psn_no.clone();
    message.poolarea_no = poolarea_no.into();
    message.in_province = visit.in_province();
    message.filings_version = person.map_or(0, |person| person.version);
    message.answer_id = answer_id(request, &message);
    message.expires_at = Some(timestamp(register.clock.answer_expires(true)));
    Ok(message)
}

/// Names the answer: a digest of the question and of everything that was answered.
fn answer_id(request: &FindFilingRequest, answer: &FilingAnswer) -> String {
    let digest = Sha256::new().chain_update(request.encode_to_vec()).chain_update(answer.encode_to_vec());
    let mut id = base32hex(&digest.finalize());
    id.truncate(ID_LENGTH);
    id
}

/// `within` is where the question stands in the request.
fn check(
    register: &Register,
    caller: &Caller,
    request: FindFilingRequest,
    within: &str,
    wrong: &mut Violations,
) -> Option<Checked> {
    let mut fields = Fields::within(within, wrong);
    fields.psn_no("psn_no", &request.psn_no);
    let trusted = matches!(caller, Caller::Service { .. } | Caller::LocalAdministrator);
    let told = !request.poolarea_no.is_empty();
    fields.require(trusted || !told, "poolarea_no", Reason::PoolareaNotToldHere);
    let poolarea_no = fields.optional("poolarea_no", &request.poolarea_no, Fields::area);
    let insutype = fields.coded("insutype", &request.insutype, Insutype::settled);
    let place = Area::parse(&request.mdtrtarea_admvs).filter(|place| *place != Area::NATION);
    let place = fields.some(place, "mdtrtarea_admvs", Reason::AreaInvalid);
    let med_type = fields.coded("med_type", &request.med_type, MedType::from_code);
    let level = fields.coded("fixmedins_lv", &request.fixmedins_lv, Tier::from_code);
    let begin = fields.date("begndate", &request.begndate);
    let end = fields.optional("enddate", &request.enddate, Fields::date);
    let in_order = begin.zip(end.flatten()).is_none_or(|(begin, end)| begin <= end);
    fields.require(in_order, "enddate", Reason::DatesReversed);
    let today = register.clock.today();
    // Services checked it by their own clocks, on which the day may have begun already.
    let passed = |day: Option<NaiveDate>| {
        matches!(caller, Caller::Service { .. }) || day.is_none_or(|day| day <= today)
    };
    fields.require(passed(begin), "begndate", Reason::InTheFuture);
    fields.require(passed(end.flatten()), "enddate", Reason::InTheFuture);
    Some(Checked {
        poolarea_no: poolarea_no?,
        insutype: insutype?,
        place: place?,
        med_type: med_type?,
        level: level?,
        begin: begin?,
        end: end?,
        request,
    })
}

fn person_unknown(psn_no: &str) -> ServiceError {
    ServiceError::new(UNKNOWN, "no person with this psn_no is registered")
        .with_text("未查询到该人员编号")
        .with("psn_no", psn_no)
}
