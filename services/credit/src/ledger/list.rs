//! Entries of a subject, as far as the caller sees them.

use yizhan_proto::credit::v1::{Entry, ListEntriesRequest, ListEntriesResponse, Subject, SubjectKind};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::{is_code, store};
use crate::app::Credit;

/// A page of them.
pub async fn list_entries(
    credit: &Credit,
    caller: &Caller,
    request: ListEntriesRequest,
) -> Result<ListEntriesResponse, ServiceError> {
    let asked = credit.pages.asked(caller, &request);
    let subject = request.subject.unwrap_or_default();
    let mut wrong = Violations::new();
    wrong.require(subject.kind() != SubjectKind::Unspecified, "subject.kind", Reason::Required);
    wrong.require(is_code(&subject.code), "subject.code", Reason::Characters);
    let matter = Some(request.matter_id.as_str()).filter(|id| !id.is_empty());
    wrong.require(matter.is_none_or(is_code), "matter_id", Reason::Characters);
    wrong.none()?;
    let db = credit.db.reading();
    let read = |before, limit| store::newest(&db, (&subject, matter), before, limit);
    let see = |entry: Entry| Ok(sees(caller, &subject, &entry).then_some(entry));
    let (entries, next_page_token) = asked.visible(read, |entry| [entry.entry_id.clone()], see).await?;
    Ok(ListEntriesResponse { entries, next_page_token })
}

/// The agency that decided, our services, and whom it is about; of practitioners also the institution where it was.
pub fn sees(caller: &Caller, subject: &Subject, entry: &Entry) -> bool {
    let own = match (caller, subject.kind()) {
        (Caller::Institution { code }, SubjectKind::Institution) => *code == subject.code,
        (Caller::Institution { code }, SubjectKind::Practitioner) => *code == entry.fixmedins_code,
        (Caller::Person { psn_no }, SubjectKind::Person) => *psn_no == subject.code,
        _ => false,
    };
    let department = matches!(caller, Caller::Department { .. });
    own || !department && caller.may_read_area(Area::parse(&entry.poolarea_no))
}
