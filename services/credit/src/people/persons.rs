//! Who a person is by enrollment: all numbers, and the area that may ask about them.

use futures::future::try_join_all;
use yizhan_proto::credit::v1::{Entry, SubjectKind};
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_runtime::{Caller, Reason, ServiceError};

use crate::app::Credit;
use crate::ledger;

/// A person as enrollment knows them.
#[derive(Clone, Debug)]
pub struct Person {
    /// All numbers, that which stays first.
    pub numbers: Vec<String>,
    /// 统筹区 that they are insured in.
    pub poolarea_no: String,
}

/// By a number, whether it stays or went.
///
/// # Errors
/// PERSON_UNKNOWN, ENROLLMENT_AWAY.
pub async fn find(credit: &Credit, psn_no: &str) -> Result<Person, ServiceError> {
    let known = match ask(credit, psn_no).await {
        Err(merged) if merged.reason() == Reason::PersonMerged => {
            let into = merged.metadata().get("merged_into").cloned();
            ask(credit, &into.ok_or(merged)?).await?
        }
        answer => answer?,
    };
    let numbers = std::iter::once(known.psn_no).chain(known.merged_psn_nos).collect();
    Ok(Person { numbers, poolarea_no: known.poolarea_no })
}

/// Many, in one question.
///
/// # Errors
/// As of one.
pub async fn find_all(credit: &Credit, psn_nos: &[String]) -> Result<Vec<Person>, ServiceError> {
    try_join_all(psn_nos.iter().map(|psn_no| find(credit, psn_no))).await
}

/// What enrollment says today; PERSON_MERGED of a number that went.
///
/// # Errors
/// PERSON_UNKNOWN, PERSON_MERGED, ENROLLMENT_AWAY.
pub async fn ask(credit: &Credit, psn_no: &str) -> Result<Eligibility, ServiceError> {
    let as_of = credit.clock.today().to_string();
    let question =
        GetEligibilityRequest { psn_no: psn_no.to_owned(), as_of, ..GetEligibilityRequest::default() };
    credit.enrollment.eligibility(question).await
}

/// Everything that was entered about persons under these numbers, in its order.
pub async fn entries_of(
    credit: &Credit,
    numbers: impl Iterator<Item = String>,
) -> Result<Vec<Entry>, ServiceError> {
    let found = ledger::of_subjects(&credit.db, SubjectKind::Person, numbers).await?;
    let mut all: Vec<Entry> = found.into_values().flatten().collect();
    all.sort_unstable_by(|one, other| one.entry_id.cmp(&other.entry_id));
    Ok(all)
}

impl Person {
    /// Everything that was entered about them, under whatever number.
    pub async fn entries(&self, credit: &Credit) -> Result<Vec<Entry>, ServiceError> {
        entries_of(credit, self.numbers.iter().cloned()).await
    }

    /// Whether the number is one of theirs.
    pub fn is(&self, psn_no: &str) -> bool {
        self.numbers.iter().any(|number| number == psn_no)
    }

    /// Whether a caller may see all of it: the person, the agency of their area, our services.
    pub fn shows(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Person { psn_no } => self.is(psn_no),
            Caller::Department { .. } => false,
            _ => caller.may_read_area(yizhan_terms::Area::parse(&self.poolarea_no)),
        }
    }
}

/// Not for this caller.
pub fn not_own() -> ServiceError {
    ServiceError::new(Reason::PersonNotOwn, "not about this person")
}
