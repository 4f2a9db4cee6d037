//! Conduct is entered.

use yizhan_proto::credit::v1::{
    Entry, EntryKind, RecordPersonConductRequest, RecordPersonConductResponse, SubjectKind,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError};

use super::domain::matter::Matter;
use super::domain::table::State;
use super::messages::{self, Asked, To};
use super::persons;
use crate::app::Credit;
use crate::ledger;
use crate::officer::{check_opter, check_said};
use crate::practitioners::{check_papers, entry};

/// Enters it, once.
pub async fn record_person_conduct(
    credit: &Credit,
    caller: &Caller,
    mut request: RecordPersonConductRequest,
) -> Result<RecordPersonConductResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(credit, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    check_said("basis", &request.basis, true, &mut wrong);
    check_papers("file_ids", &request.file_ids, true, &mut wrong);
    let today = credit.clock.today();
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let occurred = fields.past_date("occurred_on", &request.occurred_on, today);
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let noticed = fields.optional("noticed_on", &request.noticed_on, past).map(|day| day.unwrap_or(today));
    if let Some((occurred, noticed)) = occurred.zip(noticed) {
        fields.require(occurred <= noticed, "noticed_on", Reason::DatesReversed);
    }
    let schemes = credit.schemes.current();
    let scheme = area.zip(noticed).map(|(area, day)| messages::scheme(&schemes, area, day)).transpose()?;
    if let Some(scheme) = scheme {
        fields.require(scheme.rule.item(&request.item).is_some(), "item", Reason::CodeUnknown);
    }
    let (noticed, scheme) = wrong.finish(noticed.zip(scheme))?;
    caller.check_manages(&request.poolarea_no)?;
    persons::ask(credit, &request.psn_no).await?;
    let said = Entry {
        kind: EntryKind::PersonConduct.into(),
        item: request.item.clone(),
        basis: request.basis.clone(),
        file_ids: request.file_ids.clone(),
        occurred_on: request.occurred_on.clone(),
        from_date: noticed.to_string(),
        scheme: scheme.id.clone(),
        ..entry(caller, (&request.poolarea_no, "", &request.opter), noticed)
    };
    let psn_no = request.psn_no.as_str();
    once::once(credit, &key, |write| Box::pin(enter(write, caller, psn_no, &said))).await
}

async fn enter(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    psn_no: &str,
    said: &Entry,
) -> Result<Done<RecordPersonConductResponse, ()>, ServiceError> {
    let subject = ledger::subject(SubjectKind::Person, psn_no);
    let mut known = ledger::make_known(tx, &subject, &said.poolarea_no).await?;
    let mut entries = ledger::of_subject(tx, &subject).await?;
    if let Some(there) = Matter::all(&entries).iter().find(|matter| is_same(matter, said)) {
        let told = ServiceError::new(Reason::ConductEntered, "the person has the same conduct");
        return Err(told.with("matter_id", &there.first.entry_id));
    }
    let written = ledger::append(tx, credit, &mut known, vec![said.clone()]).await?;
    entries.extend(written);
    let matters = Matter::all(&entries);
    let schemes = credit.schemes.current();
    let scheme = messages::scheme_of(said, &schemes)?;
    let today = credit.clock.today();
    let asked = Asked { schemes: &schemes, scheme: &scheme.rule, day: today };
    let told = messages::told(&matters, asked, To { caller, own: &[], today })?;
    Ok(Done {
        answer: RecordPersonConductResponse { matter: told.into_iter().last(), replayed: false },
        changed: (),
    })
}

/// Entered by the same agency, and neither struck nor taken back.
fn is_same(matter: &Matter<'_>, said: &Entry) -> bool {
    let stands = !matter.is_default() && !matches!(matter.left_in(), State::Struck | State::Withdrawn);
    let same = |read: fn(&Entry) -> &String| read(matter.first) == read(said);
    let act = same(|entry| &entry.item) && same(|entry| &entry.occurred_on);
    stands && act && same(|entry| &entry.basis) && same(|entry| &entry.poolarea_no)
}
