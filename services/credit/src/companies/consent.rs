//! A company says who may see its profile, and withdraws that.

use yizhan_proto::credit::v1::{
    Entry, EntryKind, GiveConsentRequest, GiveConsentResponse, WithdrawConsentRequest,
    WithdrawConsentResponse,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError};
use yizhan_terms::Area;

use super::store::{self, consent};
use super::{check_code, company};
use crate::app::Credit;
use crate::ledger::{self, is_code};
use crate::officer::{check_opter, check_said};

/// Days of a consent at most, so that none is forgotten.
pub const MAX_CONSENT_DAYS: i64 = 366;

/// Our services, through which companies speak, and the agency that holds the paper.
fn may_speak(caller: &Caller, poolarea_no: &str) -> bool {
    matches!(caller, Caller::Service { .. }) || caller.may_manage_area(Area::parse(poolarea_no))
}

/// Gives it.
pub async fn give(
    credit: &Credit,
    caller: &Caller,
    mut request: GiveConsentRequest,
) -> Result<GiveConsentResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(credit, &key).await? {
        return Ok(answer);
    }
    check_code(&request.company_code, &mut wrong);
    check_opter(caller, &request.opter, &mut wrong);
    check_said("basis", &request.basis, true, &mut wrong);
    let reader = Caller::parse(&request.reader);
    let reads = matches!(reader, Some(Caller::Insurer { .. } | Caller::Department { .. }));
    wrong.require(reads, "reader", Reason::ConsentReaderInvalid);
    let mut fields = Fields::of(&mut wrong);
    fields.area("poolarea_no", &request.poolarea_no);
    let from = fields.date("from_date", &request.from_date);
    let until = fields.date("until_date", &request.until_date);
    if let Some((from, until)) = from.zip(until)
        && fields.require(from <= until, "until_date", Reason::DatesReversed)
    {
        fields.require(from >= credit.clock.today(), "from_date", Reason::ConsentTooLong);
        let short = (until - from).num_days() < MAX_CONSENT_DAYS;
        fields.require(short, "until_date", Reason::ConsentTooLong);
    }
    wrong.none()?;
    if !may_speak(caller, &request.poolarea_no) {
        return Err(ServiceError::area_not_owned(&request.poolarea_no));
    }
    once::once(credit, &key, |write| Box::pin(enter(write, caller, &request))).await
}

async fn enter(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    request: &GiveConsentRequest,
) -> Result<Done<GiveConsentResponse, ()>, ServiceError> {
    let mut known = ledger::hold(tx, &company(&request.company_code)).await?;
    let entry = Entry {
        poolarea_no: request.poolarea_no.clone(),
        kind: EntryKind::CompanyConsentGiven.into(),
        item: request.reader.clone(),
        basis: request.basis.clone(),
        decided_on: credit.clock.today().to_string(),
        from_date: request.from_date.clone(),
        until_date: request.until_date.clone(),
        opter: request.opter.clone(),
        actor: caller.to_string(),
        ..Entry::default()
    };
    let entry = ledger::append(tx, credit, &mut known, vec![entry]).await?.pop();
    let row = consent::Model {
        consent_id: entry.as_ref().map(|entry| entry.entry_id.clone()).unwrap_or_default(),
        company_code: request.company_code.clone(),
        poolarea_no: request.poolarea_no.clone(),
        reader: request.reader.clone(),
        from_date: request.from_date.clone(),
        until_date: request.until_date.clone(),
    };
    store::add_consent(tx, row).await?;
    Ok(Done { answer: GiveConsentResponse { entry, replayed: false }, changed: () })
}

/// Withdraws it: whoever looks next is refused.
pub async fn withdraw(
    credit: &Credit,
    caller: &Caller,
    mut request: WithdrawConsentRequest,
) -> Result<WithdrawConsentResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_code(&request.company_code, &mut wrong);
    check_opter(caller, &request.opter, &mut wrong);
    check_said("note", &request.note, false, &mut wrong);
    wrong.require(is_code(&request.consent_id), "consent_id", Reason::Characters);
    wrong.none()?;
    once::once(credit, &key, |write| Box::pin(end(write, caller, &request))).await
}

async fn end(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    request: &WithdrawConsentRequest,
) -> Result<Done<WithdrawConsentResponse, ()>, ServiceError> {
    let unknown = || ServiceError::new(Reason::ConsentUnknown, "no such consent that stands");
    let subject = company(&request.company_code);
    ledger::known(tx, &subject).await?.ok_or_else(unknown)?;
    let mut known = ledger::hold(tx, &subject).await?;
    let found = store::consent(tx, &request.company_code, &request.consent_id).await?;
    let row = found.filter(|row| may_speak(caller, &row.poolarea_no)).ok_or_else(unknown)?;
    let entry = Entry {
        poolarea_no: row.poolarea_no.clone(),
        kind: EntryKind::CompanyConsentWithdrawn.into(),
        matter_id: row.consent_id.clone(),
        undoes_entry_id: row.consent_id.clone(),
        item: row.reader.clone(),
        decided_on: credit.clock.today().to_string(),
        opter: request.opter.clone(),
        actor: caller.to_string(),
        note: request.note.clone(),
        ..Entry::default()
    };
    let entry = ledger::append(tx, credit, &mut known, vec![entry]).await?.pop();
    store::remove_consent(tx, row).await?;
    Ok(Done { answer: WithdrawConsentResponse { entry, replayed: false }, changed: () })
}
