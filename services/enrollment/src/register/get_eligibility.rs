//! Is this person entitled on this day? Asked before every settlement, so it is answered from the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};
use yizhan_proto::enrollment::v1::{
    BatchGetEligibilitiesRequest, BatchGetEligibilitiesResponse, Eligibility, GetEligibilityRequest,
    GetEligibilityResponse,
};
use yizhan_runtime::clock::moment;
use yizhan_runtime::ids::{ID_LENGTH, base32hex};
use yizhan_runtime::room::Room;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, areas};
use yizhan_terms::{Area, Insutype, is_psn_no};

use crate::app::{Register, person_merged, person_unknown};
use crate::person::domain::codes;
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::domain::decision::decide;
use crate::register::domain::eligibility::Question;
use crate::register::domain::kinship::Seen;
use crate::register::domain::reward::Reward;
use crate::register::domain::spans::spans;
use crate::register::find_person::document;
use crate::register::messages;
use crate::rules::Rules;

/// Questions in one call at most.
pub const MAX_QUESTIONS: usize = 100;
/// Longest 病种编码.
const MAX_DISEASE_CODE: usize = 30;
/// Days from the first day of a stay to its last at most.
const MAX_STAY_DAYS: i64 = 3_653;

/// What came of one question.
enum Found {
    /// An answer.
    Answer(Box<Eligibility>),
    /// Somebody whose register another shard keeps: what is known here may have been overtaken there.
    Elsewhere(ServiceError),
    /// Another number took this one's place.
    MergedInto(String),
    /// Nobody, or nobody the caller may ask about.
    Nobody,
}

/// A question that is well formed.
struct Checked {
    question: Question,
    /// First day of a stay that is asked about whole.
    begndate: Option<NaiveDate>,
    whom: Whom,
    known_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

/// Who is asked about.
enum Whom {
    PsnNo(String),
    /// By the keyed digest of the document.
    Document(String),
}

/// Finds the person and checks the question.
pub async fn get_eligibility(
    register: &Register,
    caller: &Caller,
    request: GetEligibilityRequest,
) -> Result<GetEligibilityResponse, ServiceError> {
    let mut violations = Violations::new();
    let checked = check(register, &request, Fields::of(&mut violations));
    let checked = violations.finish(checked)?;
    let person = match checked.psn_no(register).await? {
        Some(psn_no) => checked.person(register, &psn_no).await?,
        None => None,
    };
    let rules = checked.rules(register).await?;
    let owners = checked.owners(register, person.as_deref()).await?;
    match checked.judge(caller, person, &owners, rules) {
        Found::Answer(eligibility) => {
            Ok(GetEligibilityResponse { eligibility: Some(*eligibility), merged_into: String::new() })
        }
        Found::Elsewhere(refusal) => Err(refusal),
        Found::MergedInto(other) => Err(person_merged(&request.psn_no, &other)),
        Found::Nobody => Err(person_unknown(&request.psn_no)),
    }
}

/// The same of many at once: one look into the cache for all of them.
pub async fn batch_get_eligibilities(
    register: &Register,
    caller: &Caller,
    request: BatchGetEligibilitiesRequest,
) -> Result<BatchGetEligibilitiesResponse, ServiceError> {
    let requests = request.requests;
    let mut violations = Violations::new();
    let fits = (1..=MAX_QUESTIONS).contains(&requests.len());
    violations.require(fits, "requests", Reason::CountInvalid.saying("每次 1 至 100 个问题"));
    let asked = requests.iter().take(MAX_QUESTIONS).enumerate();
    let checked = asked.map(|(at, request)| {
        check(register, request, Fields::within(&format!("requests[{at}]."), &mut violations))
    });
    let checked: Option<Vec<Checked>> = checked.collect::<Vec<_>>().into_iter().collect();
    let checked = violations.finish(checked)?;
    let mut psn_nos = Vec::with_capacity(checked.len());
    for checked in &checked {
        psn_nos.push(checked.psn_no(register).await?);
    }
    let asked_now = checked.iter().zip(&psn_nos).filter(|(checked, _)| checked.known_at.is_none());
    let persons = register.persons(asked_now.filter_map(|(_, psn_no)| psn_no.clone()).collect()).await?;
    let (mut room, mut responses) = (Room::default(), Vec::with_capacity(checked.len()));
    for (checked, psn_no) in checked.into_iter().zip(psn_nos) {
        let person = match psn_no {
            Some(psn_no) if checked.known_at.is_some() => checked.person(register, &psn_no).await?,
            Some(psn_no) => persons.get(&psn_no).cloned(),
            None => None,
        };
        let rules = checked.rules(register).await?;
        let owners = checked.owners(register, person.as_deref()).await?;
        let mut response = GetEligibilityResponse::default();
        match checked.judge(caller, person, &owners, rules) {
            Found::Answer(eligibility) => response.eligibility = Some(*eligibility),
            Found::Elsewhere(refusal) => return Err(refusal),
            Found::MergedInto(merged_into) => response.merged_into = merged_into,
            Found::Nobody => {}
        }
        if !room.takes(&response) {
            break;
        }
        responses.push(response);
    }
    Ok(BatchGetEligibilitiesResponse { responses })
}

impl Checked {
    /// Whose number it is; `None` if nobody can have it or nobody has the document.
    async fn psn_no(&self, register: &Register) -> Result<Option<String>, ServiceError> {
        Ok(match &self.whom {
            Whom::PsnNo(psn_no) => Some(psn_no.clone()).filter(|psn_no| is_psn_no(psn_no)),
            Whom::Document(digest) => persons::find_psn_no_by_certificate(&register.db, digest).await?,
        })
    }

    /// As known now, or as known then.
    async fn person(
        &self,
        register: &Register,
        psn_no: &str,
    ) -> Result<Option<Arc<StoredTimeline>>, ServiceError> {
        match self.known_at {
            None => register.person(psn_no).await,
            Some(known_at) => Ok(timelines::as_known_at(&register.db, psn_no, known_at).await?.map(Arc::new)),
        }
    }

    async fn rules(&self, register: &Register) -> Result<Arc<Rules>, ServiceError> {
        match self.known_at {
            None => Ok(register.rules.current()),
            Some(known_at) => Ok(Arc::new(register.rules.load_as_known_at(&register.db, known_at).await?)),
        }
    }

    /// The owners of the accounts that the person may use that day, where kinship is told: it is compared with the households of both.
    async fn owners(
        &self,
        register: &Register,
        person: Option<&StoredTimeline>,
    ) -> Result<BTreeMap<String, Arc<StoredTimeline>>, ServiceError> {
        let shares = person.into_iter().flat_map(|person| &person.timeline.account_shares);
        let told = shares.filter(|share| share.kinship.is_some() && share.holds(self.question.as_of));
        let owners: BTreeSet<String> = told.map(|share| share.sharer_psn_no.clone()).collect();
        if owners.is_empty() {
            return Ok(BTreeMap::new());
        }
        if self.known_at.is_none() {
            return register.persons(owners.into_iter().collect()).await;
        }
        let mut then = BTreeMap::new();
        for psn_no in owners {
            then.extend(self.person(register, &psn_no).await?.map(|owner| (psn_no, owner)));
        }
        Ok(then)
    }

    fn judge(
        &self,
        caller: &Caller,
        person: Option<Arc<StoredTimeline>>,
        owners: &BTreeMap<String, Arc<StoredTimeline>>,
        rules: Arc<Rules>,
    ) -> Found {
        let person = person.filter(|person| caller.may_ask_about(&person.psn_no, person.poolarea_no));
        let Some(person) = person else { return Found::Nobody };
        if let Err(refusal) = areas::require(person.poolarea_no) {
            return Found::Elsewhere(refusal);
        }
        if let Some(other) = &person.timeline.merged_into {
            return Found::MergedInto(other.clone());
        }
        let question = &self.question;
        let decision = decide(&person.timeline, person.poolarea_no, question, &rules);
        let shares = decision.answer.account_shares.iter();
        let seen: Vec<Option<Seen>> = shares
            .map(|share| {
                let owner = owners.get(&share.sharer_psn_no).filter(|_| share.holds(question.as_of))?;
                Seen::of(share, &person.timeline, owner, &rules, question.as_of)
            })
            .collect();
        let id = eligibility_id(&person, question, self.begndate, decision.reward.as_ref(), &seen);
        let mut answer = messages::eligibility(&person, question, decision, id, self.expires_at);
        messages::tell_kinship(&mut answer, &seen);
        let spans = self.begndate.map(|begndate| spans(&person.timeline, question, begndate));
        let told = spans.into_iter().flatten().map(|span| messages::span(span, person.poolarea_no));
        answer.spans = told.collect();
        Found::Answer(Box::new(answer))
    }
}

fn check(register: &Register, request: &GetEligibilityRequest, mut fields: Fields) -> Option<Checked> {
    let whom = whom(register, request, &mut fields);
    let known_at = match request.known_at {
        None => Some(None),
        Some(told) => {
            let past = moment(told).filter(|at| *at <= register.clock.now());
            fields.some(past, "known_at", Reason::TimeInvalid.saying("时间无效或晚于现在")).map(Some)
        }
    };
    let question = question(request, register.clock.today(), &mut fields);
    let begndate = first_day(request, question.as_ref(), &mut fields);
    let known_at = known_at?;
    let expires_at = known_at.is_none().then(|| register.clock.answer_expires(request.as_of.is_empty()));
    Some(Checked { question: question?, begndate: begndate?, whom: whom?, known_at, expires_at })
}

/// The first day of a stay, not after its last.
fn first_day(
    request: &GetEligibilityRequest,
    question: Option<&Question>,
    fields: &mut Fields,
) -> Option<Option<NaiveDate>> {
    let begndate = fields.optional("begndate", &request.begndate, Fields::date)?;
    let days = begndate.zip(question).map(|(begndate, question)| (question.as_of - begndate).num_days());
    fields.require(days.is_none_or(|days| days >= 0), "begndate", Reason::DatesReversed);
    let text = format!("一次住院最多 {MAX_STAY_DAYS} 天");
    fields.require(
        days.is_none_or(|days| days <= MAX_STAY_DAYS),
        "begndate",
        Reason::VisitTooLong.saying(text),
    );
    Some(begndate)
}

fn whom(register: &Register, request: &GetEligibilityRequest, fields: &mut Fields) -> Option<Whom> {
    let GetEligibilityRequest { psn_no, psn_cert_type, certno, .. } = request;
    if psn_cert_type.is_empty() && certno.is_empty() {
        let told = fields.require(!psn_no.is_empty(), "psn_no", Reason::PsnNoInvalid);
        return told.then(|| Whom::PsnNo(psn_no.clone()));
    }
    fields.require(psn_no.is_empty(), "psn_no", Reason::PersonToldTwice);
    document(psn_cert_type, certno, fields)?;
    Some(Whom::Document(register.certificate_key.digest(psn_cert_type, certno)))
}

fn question(request: &GetEligibilityRequest, today: NaiveDate, fields: &mut Fields) -> Option<Question> {
    let as_of = fields.optional("as_of", &request.as_of, Fields::date);
    let insutype = fields.optional("insutype", &request.insutype, |fields, field, code| {
        fields.coded(field, code, Insutype::from_code)
    });
    let med_type = fields.optional("med_type", &request.med_type, |fields, field, code| {
        fields.code(field, code, codes::is_med_type)
    });
    let place = fields.optional("mdtrtarea_admvs", &request.mdtrtarea_admvs, Fields::area);
    let dise_codg = fields.optional("dise_codg", &request.dise_codg, |fields, field, code| {
        let said = Reason::TextInvalid.saying("病种编码最多 30 个字符");
        fields.require(code.len() <= MAX_DISEASE_CODE, field, said).then(|| code.to_owned())
    });
    Some(Question {
        as_of: as_of?.unwrap_or(today),
        insutype: insutype?,
        med_type: med_type?,
        dise_codg: dise_codg?,
        place: place?,
    })
}

/// Names the answer: a digest of the question, the version of the person, the rule behind the reward, which may be published anew while
/// the person stays as they are, and what the households of others show.
fn eligibility_id(
    person: &StoredTimeline,
    question: &Question,
    begndate: Option<NaiveDate>,
    reward: Option<&Reward>,
    seen: &[Option<Seen>],
) -> String {
    let Question { as_of, insutype, med_type, dise_codg, place } = question;
    let mut asked = format!("{}\u{1f}{}\u{1f}{as_of}", person.psn_no, person.version);
    let place = place.as_ref().map(Area::as_str);
    for part in [insutype.map(Insutype::code), med_type.as_deref(), dise_codg.as_deref(), place] {
        asked.push('\u{1f}');
        asked.push_str(part.unwrap_or_default());
    }
    if let Some(begndate) = begndate {
        asked.push_str(&format!("\u{1f}since {begndate}"));
    }
    if let Some(reward) = reward {
        asked.push('\u{1f}');
        asked.push_str(&reward.rule);
    }
    for seen in seen.iter().flatten() {
        asked.push_str(&format!("\u{1f}kinship {seen:?}"));
    }
    let mut id = base32hex(&Sha256::digest(asked));
    id.truncate(ID_LENGTH);
    id
}
