//! What a paper says of a company is entered, and taken back.

use yizhan_proto::credit::v1::{
    Entry, EntryKind, RecordCompanyEntryRequest, RecordCompanyEntryResponse, WithdrawCompanyEntryRequest,
    WithdrawCompanyEntryResponse,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError};
use yizhan_terms::is_fixmedins_code;

use super::store::{self, item};
use super::{check_code, company};
use crate::app::Credit;
use crate::ledger::{self, is_code};
use crate::officer::{check_opter, check_said};

const KINDS: [EntryKind; 4] = [
    EntryKind::CompanyDelivered,
    EntryKind::CompanyDeliveryFailed,
    EntryKind::CompanyPaid,
    EntryKind::CompanyConduct,
];

/// Enters it, once.
pub async fn record(
    credit: &Credit,
    caller: &Caller,
    mut request: RecordCompanyEntryRequest,
) -> Result<RecordCompanyEntryResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_code(&request.company_code, &mut wrong);
    check_opter(caller, &request.opter, &mut wrong);
    let conduct = request.kind() == EntryKind::CompanyConduct;
    check_said("basis", &request.basis, conduct, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.area("poolarea_no", &request.poolarea_no);
    fields.past_date("occurred_on", &request.occurred_on, credit.clock.today());
    fields.require(KINDS.contains(&request.kind()), "kind", Reason::CodeUnknown);
    fields.require(is_code(&request.number), "number", Reason::Characters);
    let amount = if conduct { request.amount_fen == 0 } else { request.amount_fen > 0 };
    fields.require(amount, "amount_fen", Reason::AmountInvalid);
    let at = &request.fixmedins_code;
    fields.require(at.is_empty() || is_fixmedins_code(at), "fixmedins_code", Reason::CodeUnknown);
    wrong.none()?;
    caller.check_manages(&request.poolarea_no)?;
    once::once(credit, &key, |write| Box::pin(enter(write, caller, &request))).await
}

async fn enter(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    request: &RecordCompanyEntryRequest,
) -> Result<Done<RecordCompanyEntryResponse, ()>, ServiceError> {
    let mut known = ledger::make_known(tx, &company(&request.company_code), &request.poolarea_no).await?;
    let row = item::Model {
        poolarea_no: request.poolarea_no.clone(),
        company_code: request.company_code.clone(),
        kind: request.kind,
        number: request.number.clone(),
        entry_id: String::new(),
        occurred_on: request.occurred_on.clone(),
        amount_fen: request.amount_fen,
    };
    if let Some(there) = store::same_paper(tx, &row).await? {
        let error = ServiceError::new(Reason::CompanyPaperEntered, "the paper is entered");
        return Err(error.with("entry_id", there.entry_id));
    }
    let entry = Entry {
        poolarea_no: request.poolarea_no.clone(),
        kind: request.kind,
        item: request.number.clone(),
        value: if request.amount_fen > 0 { request.amount_fen.to_string() } else { String::new() },
        basis: request.basis.clone(),
        fixmedins_code: request.fixmedins_code.clone(),
        occurred_on: request.occurred_on.clone(),
        decided_on: credit.clock.today().to_string(),
        opter: request.opter.clone(),
        actor: caller.to_string(),
        ..Entry::default()
    };
    let entry = ledger::append(tx, credit, &mut known, vec![entry]).await?.pop();
    let entry_id = entry.as_ref().map(|entry| entry.entry_id.clone()).unwrap_or_default();
    store::add_item(tx, item::Model { entry_id, ..row }).await?;
    Ok(Done { answer: RecordCompanyEntryResponse { entry, replayed: false }, changed: () })
}

/// Takes it back.
pub async fn withdraw(
    credit: &Credit,
    caller: &Caller,
    mut request: WithdrawCompanyEntryRequest,
) -> Result<WithdrawCompanyEntryResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_code(&request.company_code, &mut wrong);
    check_opter(caller, &request.opter, &mut wrong);
    check_said("note", &request.note, true, &mut wrong);
    wrong.require(is_code(&request.entry_id), "entry_id", Reason::Characters);
    wrong.none()?;
    once::once(credit, &key, |write| Box::pin(take_back(write, caller, &request))).await
}

async fn take_back(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    request: &WithdrawCompanyEntryRequest,
) -> Result<Done<WithdrawCompanyEntryResponse, ()>, ServiceError> {
    let unknown = || ServiceError::new(Reason::CompanyEntryUnknown, "no such entry that stands");
    let subject = company(&request.company_code);
    ledger::known(tx, &subject).await?.ok_or_else(unknown)?;
    let mut known = ledger::hold(tx, &subject).await?;
    let found = store::item(tx, &request.company_code, &request.entry_id).await?;
    let row = found.filter(|row| caller.check_manages(&row.poolarea_no).is_ok()).ok_or_else(unknown)?;
    let entry = Entry {
        poolarea_no: row.poolarea_no.clone(),
        kind: EntryKind::Withdrawn.into(),
        matter_id: row.entry_id.clone(),
        undoes_entry_id: row.entry_id.clone(),
        item: row.number.clone(),
        decided_on: credit.clock.today().to_string(),
        opter: request.opter.clone(),
        actor: caller.to_string(),
        note: request.note.clone(),
        ..Entry::default()
    };
    let entry = ledger::append(tx, credit, &mut known, vec![entry]).await?.pop();
    store::remove_item(tx, row).await?;
    Ok(Done { answer: WithdrawCompanyEntryResponse { entry, replayed: false }, changed: () })
}
