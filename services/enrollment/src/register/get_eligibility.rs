//! Is this person entitled on this day? Asked before every settlement, so it is answered from the cache.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest, GetEligibilityResponse};
use yizhan_runtime::clock::{moment, parse_date};
use yizhan_runtime::ids::{ID_LENGTH, base32hex};
use yizhan_runtime::{Caller, Reason, Said, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::{Register, person_merged, person_unknown};
use crate::person::domain::codes;
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::domain::decision::decide;
use crate::register::domain::eligibility::Question;
use crate::register::domain::reward::Reward;
use crate::register::messages;
use crate::register::row_check::MAX_TEXT;
use crate::rules::Rules;
use yizhan_terms::{Insutype, is_psn_no};

/// Questions in one call at most.
pub const MAX_QUESTIONS: usize = 100;
/// Longest 病种编码.
const MAX_DISEASE_CODE: usize = 30;

/// What came of one question.
enum Found {
    /// An answer.
    Answer(Box<Eligibility>),
    /// Another number took this one's place.
    MergedInto(String),
    /// Nobody, or nobody the caller may ask about.
    Nobody,
}

/// A question that is well formed.
struct Checked {
    question: Question,
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
) -> Result<Eligibility, ServiceError> {
    let mut violations = Violations::new();
    let checked = check(register, &request, "", &mut violations);
    violations.none()?;
    let person = match checked.psn_no(register).await? {
        Some(psn_no) => checked.person(register, &psn_no).await?,
        None => None,
    };
    let rules = checked.rules(register).await?;
    match checked.judge(caller, person, rules) {
        Found::Answer(eligibility) => Ok(*eligibility),
        Found::MergedInto(other) => Err(person_merged(&request.psn_no, &other)),
        Found::Nobody => Err(person_unknown(&request.psn_no)),
    }
}

/// The same of many at once: one look into the cache for all of them.
pub async fn batch_get_eligibilities(
    register: &Register,
    caller: &Caller,
    requests: Vec<GetEligibilityRequest>,
) -> Result<Vec<GetEligibilityResponse>, ServiceError> {
    let mut violations = Violations::new();
    let fits = (1..=MAX_QUESTIONS).contains(&requests.len());
    violations.require(fits, "requests", Reason::CountInvalid.saying("每次 1 至 100 个问题"));
    let asked = requests.iter().take(MAX_QUESTIONS).enumerate();
    let checked: Vec<Checked> = asked
        .map(|(at, request)| check(register, request, &format!("requests[{at}]."), &mut violations))
        .collect();
    violations.none()?;
    let mut psn_nos = Vec::with_capacity(checked.len());
    for checked in &checked {
        psn_nos.push(checked.psn_no(register).await?);
    }
    let asked_now = checked.iter().zip(&psn_nos).filter(|(checked, _)| checked.known_at.is_none());
    let persons = register.persons(asked_now.filter_map(|(_, psn_no)| psn_no.clone()).collect()).await?;
    let mut answers = Vec::with_capacity(checked.len());
    for (checked, psn_no) in checked.into_iter().zip(psn_nos) {
        let person = match psn_no {
            Some(psn_no) if checked.known_at.is_some() => checked.person(register, &psn_no).await?,
            Some(psn_no) => persons.get(&psn_no).cloned(),
            None => None,
        };
        let rules = checked.rules(register).await?;
        answers.push(match checked.judge(caller, person, rules) {
            Found::Answer(eligibility) => {
                GetEligibilityResponse { eligibility: Some(*eligibility), merged_into: String::new() }
            }
            Found::MergedInto(merged_into) => GetEligibilityResponse { eligibility: None, merged_into },
            Found::Nobody => GetEligibilityResponse::default(),
        });
    }
    Ok(answers)
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

    fn judge(&self, caller: &Caller, person: Option<Arc<StoredTimeline>>, rules: Arc<Rules>) -> Found {
        let person = person.filter(|person| caller.may_ask_about(&person.psn_no, person.poolarea_no));
        let Some(person) = person else { return Found::Nobody };
        if let Some(other) = &person.timeline.merged_into {
            return Found::MergedInto(other.clone());
        }
        let question = &self.question;
        let decision = decide(&person.timeline, person.poolarea_no, question, &rules);
        let id = eligibility_id(&person, question, decision.reward.as_ref());
        Found::Answer(Box::new(messages::eligibility(&person, question, decision, id, self.expires_at)))
    }
}

/// `within` is where the question stands in the request. What it gives counts only without violations.
fn check(
    register: &Register,
    request: &GetEligibilityRequest,
    within: &str,
    violations: &mut Violations,
) -> Checked {
    let mut check = QuestionCheck { register, request, within, violations };
    let whom = check.whom();
    let known_at = check.known_at();
    let question = check.question();
    let expires_at = known_at.is_none().then(|| register.clock.answer_expires(request.as_of.is_empty()));
    Checked { question, whom, known_at, expires_at }
}

struct QuestionCheck<'a> {
    register: &'a Register,
    request: &'a GetEligibilityRequest,
    within: &'a str,
    violations: &'a mut Violations,
}

impl QuestionCheck<'_> {
    fn require(&mut self, fits: bool, field: &str, said: impl Into<Said>) {
        if !fits {
            self.violations.push(format!("{}{field}", self.within), said);
        }
    }

    fn whom(&mut self) -> Whom {
        let GetEligibilityRequest { psn_no, psn_cert_type, certno, .. } = self.request;
        if psn_cert_type.is_empty() && certno.is_empty() {
            self.require(!psn_no.is_empty(), "psn_no", Reason::PsnNoInvalid);
            return Whom::PsnNo(psn_no.clone());
        }
        self.require(psn_no.is_empty(), "psn_no", Reason::PersonToldTwice);
        let known = codes::is_psn_cert_type(psn_cert_type);
        self.require(known, "psn_cert_type", Reason::CodeUnknown);
        let fits = (1..=MAX_TEXT).contains(&certno.chars().count());
        self.require(fits, "certno", Reason::TextInvalid.saying("证件号码应为 1 至 50 个字符"));
        Whom::Document(self.register.certificate_key.digest(psn_cert_type, certno))
    }

    fn known_at(&mut self) -> Option<DateTime<Utc>> {
        let known_at = moment(self.request.known_at?);
        let past = known_at.is_some_and(|at| at <= self.register.clock.now());
        self.require(past, "known_at", Reason::TimeInvalid.saying("时间无效或晚于现在"));
        Some(known_at.unwrap_or_default())
    }

    fn question(&mut self) -> Question {
        let request = self.request;
        let given = |code: &String| Some(code.clone()).filter(|code| !code.is_empty());
        let today = || Some(self.register.clock.today());
        let as_of = if request.as_of.is_empty() { today() } else { parse_date(&request.as_of) };
        self.require(as_of.is_some(), "as_of", Reason::DateInvalid);
        let insutype = Insutype::from_code(&request.insutype);
        let known = insutype.is_some() || request.insutype.is_empty();
        self.require(known, "insutype", Reason::CodeUnknown);
        let med_type = given(&request.med_type);
        let known = med_type.as_deref().is_none_or(codes::is_med_type);
        self.require(known, "med_type", Reason::CodeUnknown);
        let place = Area::parse(&request.mdtrtarea_admvs);
        let known = place.is_some() || request.mdtrtarea_admvs.is_empty();
        self.require(known, "mdtrtarea_admvs", Reason::AreaInvalid);
        let dise_codg = given(&request.dise_codg);
        let fits = dise_codg.as_ref().is_none_or(|code| code.len() <= MAX_DISEASE_CODE);
        self.require(fits, "dise_codg", Reason::TextInvalid.saying("病种编码最多 30 个字符"));
        Question { as_of: as_of.unwrap_or_default(), insutype, med_type, dise_codg, place }
    }
}

/// Names the answer: a digest of the question, the version of the person, and the rule behind the reward, which may be published
/// anew while the person stays as they are.
fn eligibility_id(person: &StoredTimeline, question: &Question, reward: Option<&Reward>) -> String {
    let Question { as_of, insutype, med_type, dise_codg, place } = question;
    let mut asked = format!("{}\u{1f}{}\u{1f}{as_of}", person.psn_no, person.version);
    let place = place.as_ref().map(Area::as_str);
    for part in [insutype.map(Insutype::code), med_type.as_deref(), dise_codg.as_deref(), place] {
        asked.push('\u{1f}');
        asked.push_str(part.unwrap_or_default());
    }
    if let Some(reward) = reward {
        asked.push('\u{1f}');
        asked.push_str(&reward.rule);
    }
    let mut id = base32hex(&Sha256::digest(asked));
    id.truncate(ID_LENGTH);
    id
}
