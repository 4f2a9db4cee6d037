//! Is this person entitled on this day? Asked before every settlement, so it is one read by key for all who ask at once.

use sha2::{Digest, Sha256};
use yizhan_proto::enrollment::v1::GetEligibilityRequest;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::ids::{ID_LENGTH, base32hex};
use yizhan_runtime::{Caller, ServiceError, Violations};

use crate::domain::codes;
use crate::domain::eligibility::Question;
use crate::register::{Register, person_unknown};
use crate::store::timelines::{self, StoredTimeline};

/// Questions in one call at most.
pub const MAX_QUESTIONS: usize = 100;

/// The question as understood, and the person it is answered from (by [`answer`](crate::domain::eligibility::answer)).
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is asked.
    pub question: Question,
    /// Of whom.
    pub person: StoredTimeline,
}

/// Finds the person and checks the question.
pub async fn get_eligibility(
    register: &Register,
    caller: &Caller,
    request: GetEligibilityRequest,
) -> Result<Asked, ServiceError> {
    let mut violations = Violations::new();
    let question = checked(register, &request, "", &mut violations);
    violations.finish()?;
    let person = timelines::find(&register.db, &request.psn_no).await?;
    let person = person.filter(|person| caller.may_ask_about(&request.psn_no, &person.poolarea_no));
    let person = person.ok_or_else(|| person_unknown(&request.psn_no))?;
    Ok(Asked { question, person })
}

/// The same of many: `None` where one alone would be told that there is no such person.
pub async fn batch_get_eligibilities(
    register: &Register,
    caller: &Caller,
    requests: Vec<GetEligibilityRequest>,
) -> Result<Vec<Option<Asked>>, ServiceError> {
    let mut violations = Violations::new();
    let fits = (1..=MAX_QUESTIONS).contains(&requests.len());
    violations.require(fits, "requests", "COUNT_INVALID", "每次 1 至 100 个问题");
    let questions: Vec<Question> = requests
        .iter()
        .take(MAX_QUESTIONS)
        .enumerate()
        .map(|(at, request)| checked(register, request, &format!("requests[{at}]."), &mut violations))
        .collect();
    violations.finish()?;
    let persons =
        timelines::find_many(&register.db, requests.iter().map(|request| request.psn_no.clone())).await?;
    let found = requests.iter().zip(questions).map(|(request, question)| {
        let person = persons.get(&request.psn_no)?;
        let may_ask = caller.may_ask_about(&request.psn_no, &person.poolarea_no);
        may_ask.then(|| Asked { question, person: person.clone() })
    });
    Ok(found.collect())
}

/// `within` is where the question stands in the request. What it gives counts only without violations.
fn checked(
    register: &Register,
    request: &GetEligibilityRequest,
    within: &str,
    violations: &mut Violations,
) -> Question {
    let field = |name: &str| format!("{within}{name}");
    violations.require(!request.psn_no.is_empty(), field("psn_no"), "PSN_NO_INVALID", "人员编号不能为空");
    let as_of =
        if request.as_of.is_empty() { Some(register.clock.today()) } else { parse_date(&request.as_of) };
    violations.require(as_of.is_some(), field("as_of"), "DATE_INVALID", "日期格式应为 YYYY-MM-DD");
    let insutype = Some(request.insutype.clone()).filter(|code| !code.is_empty());
    let known = insutype.as_deref().is_none_or(codes::is_insutype);
    violations.require(known, field("insutype"), "CODE_UNKNOWN", "险种类型不在字典中");
    let med_type = Some(request.med_type.clone()).filter(|code| !code.is_empty());
    let known = med_type.as_deref().is_none_or(codes::is_med_type);
    violations.require(known, field("med_type"), "CODE_UNKNOWN", "医疗类别不在字典中");
    Question { as_of: as_of.unwrap_or_default(), insutype, med_type }
}

impl Asked {
    /// Names the answer: a digest of the question and the version of the person.
    pub fn eligibility_id(&self) -> String {
        let Question { as_of, insutype, med_type } = &self.question;
        let asked = format!(
            "{}\u{1f}{}\u{1f}{as_of}\u{1f}{}\u{1f}{}",
            self.person.psn_no,
            self.person.version,
            insutype.as_deref().unwrap_or_default(),
            med_type.as_deref().unwrap_or_default(),
        );
        let mut id = base32hex(&Sha256::digest(asked));
        id.truncate(ID_LENGTH);
        id
    }
}
