//! Which filing covers a visit, and what settlement must apply? Asked before every settlement away from home, so it is answered from the
//! cache.

use std::sync::Arc;

use chrono::NaiveDate;
use prost::Message;
use sha2::{Digest, Sha256};
use yizhan_proto::enrollment::v1::GetEligibilityRequest;
use yizhan_proto::filing::v1::{FilingAnswer, FindFilingRequest};
use yizhan_runtime::clock::{parse_date, timestamp};
use yizhan_runtime::ids::{ID_LENGTH, base32hex};
use yizhan_runtime::{Caller, Reason, Said, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_terms::{Insutype, MedType, Tier, is_psn_no};

use super::domain::{NoAnswer, Visit, find};
use super::messages::answer_message;
use crate::app::Register;
use crate::rules::no_rules;
use crate::standings::store::StoredStandings;

/// Questions in one call at most.
pub const MAX_QUESTIONS: usize = 100;

/// Enrollment knows no such person.
const UNKNOWN: Reason = Reason::PersonUnknown;
/// Another number took the place of this one.
const MERGED: Reason = Reason::PersonMerged;

/// A question that is well formed. What it holds counts only without violations.
struct Checked {
    request: FindFilingRequest,
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
) -> Result<FilingAnswer, ServiceError> {
    let mut wrong = Violations::new();
    let checked = check(register, caller, request, "", &mut wrong);
    wrong.none()?;
    let psn_no = checked.request.psn_no.as_str();
    let poolarea_no = match poolarea_of(register, caller, &checked).await {
        Err(refused) if refused.reason() == MERGED && !may_know_of_merger(caller) => None,
        Err(refused) if refused.reason() == UNKNOWN => None,
        poolarea_no => poolarea_no?,
    };
    let poolarea_no = poolarea_no.ok_or_else(|| person_unknown(psn_no))?;
    let person = register.cache.get(&checked.request.psn_no).await?;
    answer(register, &checked, &poolarea_no, person.as_ref())
}

/// The same of many: one look into the cache for all of them.
pub async fn batch_find_filing(
    register: &Register,
    caller: &Caller,
    requests: Vec<FindFilingRequest>,
) -> Result<Vec<Option<FilingAnswer>>, ServiceError> {
    let mut wrong = Violations::new();
    let fits = (1..=MAX_QUESTIONS).contains(&requests.len());
    wrong.require(fits, "requests", Reason::CountInvalid.saying("每次 1 至 100 个问题"));
    let asked = requests.into_iter().take(MAX_QUESTIONS).enumerate();
    let checked: Vec<Checked> = asked
        .map(|(at, request)| check(register, caller, request, &format!("requests[{at}]."), &mut wrong))
        .collect();
    wrong.none()?;
    let areas = checked.iter().map(async |one| match poolarea_of(register, caller, one).await {
        // One of many of whom nothing can be said stops nobody else.
        Err(refused) if [UNKNOWN, MERGED].contains(&refused.reason()) => Ok(None),
        poolarea_no => poolarea_no,
    });
    let areas = futures::future::try_join_all(areas).await?;
    let psn_nos = checked.iter().map(|checked| checked.request.psn_no.clone()).collect();
    let persons = register.persons(psn_nos).await?;
    let one = |(checked, poolarea_no): (&Checked, &Option<String>)| {
        let person = persons.get(&checked.request.psn_no);
        let told = poolarea_no.as_ref().map(|poolarea_no| answer(register, checked, poolarea_no, person));
        told.transpose()
    };
    checked.iter().zip(&areas).map(one).collect()
}

/// Where the person is insured: services tell it, having asked enrollment themselves; for everybody else it is asked now. `None`: the
/// caller may not ask about this person. Where that holds in every area, enrollment is not asked: its refusals would tell something.
async fn poolarea_of(
    register: &Register,
    caller: &Caller,
    checked: &Checked,
) -> Result<Option<String>, ServiceError> {
    let psn_no = checked.request.psn_no.as_str();
    if !may_ask_anywhere(caller, psn_no) {
        return Ok(None);
    }
    let poolarea_no = insured_in(register, checked).await?;
    Ok(Some(poolarea_no).filter(|poolarea_no| caller.may_ask_about(psn_no, Area::parse(poolarea_no))))
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

async fn insured_in(register: &Register, checked: &Checked) -> Result<String, ServiceError> {
    let request = &checked.request;
    if !request.poolarea_no.is_empty() {
        return Ok(request.poolarea_no.clone());
    }
    let question = GetEligibilityRequest {
        psn_no: request.psn_no.clone(),
        as_of: checked.end.unwrap_or_else(|| register.clock.today()).to_string(),
        insutype: request.insutype.clone(),
        ..GetEligibilityRequest::default()
    };
    Ok(register.enrollment.eligibility(question).await?.poolarea_no)
}

fn answer(
    register: &Register,
    checked: &Checked,
    poolarea_no: &str,
    person: Option<&Arc<StoredStandings>>,
) -> Result<FilingAnswer, ServiceError> {
    let request = &checked.request;
    let today = register.clock.today();
    let visit = Visit {
        poolarea_no,
        insutype: &request.insutype,
        place: &request.mdtrtarea_admvs,
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
    let found = find(&rules, person.map(|person| &person.standings), &visit).map_err(no_answer)?;
    let mut message = answer_message(&found);
    message.psn_no = request.psn_no.clone();
    message.poolarea_no = poolarea_no.to_owned();
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
) -> Checked {
    let mut require = |fits: bool, field: &str, said: Said| {
        // Nearly always everything fits, and no name is needed.
        if !fits {
            wrong.push(format!("{within}{field}"), said);
        }
    };
    require(is_psn_no(&request.psn_no), "psn_no", Reason::PsnNoInvalid.into());
    let trusted = matches!(caller, Caller::Service { .. } | Caller::LocalAdministrator);
    let told = !request.poolarea_no.is_empty();
    require(trusted || !told, "poolarea_no", Reason::PoolareaNotToldHere.into());
    require(!told || Area::parse(&request.poolarea_no).is_some(), "poolarea_no", Reason::AreaInvalid.into());
    let insutype = Insutype::settled(&request.insutype);
    require(insutype.is_some(), "insutype", Reason::CodeUnknown.saying("险种类型代码未知"));
    let place = &request.mdtrtarea_admvs;
    require(Area::parse(place).is_some() && place != "100000", "mdtrtarea_admvs", Reason::AreaInvalid.into());
    let med_type = MedType::from_code(&request.med_type);
    require(med_type.is_some(), "med_type", Reason::CodeUnknown.saying("医疗类别代码未知"));
    let level = Tier::from_code(&request.fixmedins_lv);
    require(level.is_some(), "fixmedins_lv", Reason::CodeUnknown.saying("医疗机构等级代码未知"));
    let begin = parse_date(&request.begndate);
    require(begin.is_some(), "begndate", Reason::DateInvalid.into());
    let end = parse_date(&request.enddate);
    require(end.is_some() || request.enddate.is_empty(), "enddate", Reason::DateInvalid.into());
    let in_order = begin.zip(end).is_none_or(|(begin, end)| begin <= end);
    require(in_order, "enddate", Reason::DatesReversed.saying("结束日期早于开始日期"));
    let today = register.clock.today();
    // Services checked it by their own clocks, on which the day may have begun already.
    let passed = |day: Option<NaiveDate>| {
        matches!(caller, Caller::Service { .. }) || day.is_none_or(|day| day <= today)
    };
    require(passed(begin), "begndate", Reason::InTheFuture.into());
    require(passed(end), "enddate", Reason::InTheFuture.into());
    Checked {
        med_type: med_type.unwrap_or(MedType::Outpatient),
        level: level.unwrap_or(Tier::First),
        begin: begin.unwrap_or_default(),
        end,
        request,
    }
}

fn no_answer(why: NoAnswer) -> ServiceError {
    match why {
        NoAnswer::NoRule(missing) => no_rules(&missing),
        NoAnswer::Ambiguous(ambiguous) => ServiceError::internal(ambiguous),
    }
}

fn person_unknown(psn_no: &str) -> ServiceError {
    ServiceError::new(UNKNOWN, "no person with this psn_no is registered")
        .with_text("未查询到该人员编号")
        .with("psn_no", psn_no)
}
