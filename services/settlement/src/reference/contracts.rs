//! 医保协议: recorded, withdrawn, listed. Nothing of it is changed: what was wrong is withdrawn and recorded anew.

use sea_orm::ConnectionTrait;
use yizhan_proto::settlement::v1::{
    ContractStatus as Told, ListContractStatusesRequest, ListContractStatusesResponse,
    RecordContractStatusRequest, RecordContractStatusResponse, WithdrawContractStatusRequest,
    WithdrawContractStatusResponse,
};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::ids::new_id_after;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::{Area, ContractStatus};

use super::import::MAX_NAME;
use super::settled;
use super::store::entities::{contract_status, institution};
use super::store::{Reference, contracts};
use crate::fields::check_id;

/// Statuses of one institution and its departments that stand at most: they are read with it on every visit.
pub const MAX_STATUSES: usize = 200;

/// Records a status.
pub async fn record(
    reference: &Reference,
    caller: &Caller,
    mut request: RecordContractStatusRequest,
) -> Result<RecordContractStatusResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check(&request, Fields::of(&mut wrong));
    wrong.none()?;
    let asked = (&request, caller);
    once::once(reference, &key, |write| Box::pin(record_once(write, asked))).await
}

fn check(request: &RecordContractStatusRequest, mut fields: Fields<'_>) {
    check_id(&mut fields, "fixmedins_code", &request.fixmedins_code);
    if !request.bilg_dept_codg.is_empty() {
        check_id(&mut fields, "bilg_dept_codg", &request.bilg_dept_codg);
    }
    let status = fields.coded("status", &request.status, ContractStatus::from_code);
    fields.period(&request.begndate, &request.enddate);
    let open = status != Some(ContractStatus::Ended) || request.enddate.is_empty();
    fields.require(open, "enddate", Reason::FieldNotExpected.saying("解除或终止没有结束日期"));
    check_text(&mut fields, "reason", &request.reason);
    check_text(&mut fields, "basis", &request.basis);
}

fn check_text(fields: &mut Fields<'_>, field: &str, text: &str) {
    let length = text.trim().chars().count();
    if fields.require(length > 0, field, Reason::Required) {
        let fits = text.chars().count() <= MAX_NAME;
        fields.require(fits, field, Reason::TextInvalid.saying(format!("最多 {MAX_NAME} 个字符")));
    }
}

async fn record_once(
    Write { tx, service, cause }: Write<'_, '_, Reference>,
    (request, caller): (&RecordContractStatusRequest, &Caller),
) -> Result<Done<RecordContractStatusResponse, i64>, ServiceError> {
    let version = Reference::next_version(tx).await?;
    let institution = own(tx, caller, &request.fixmedins_code).await?;
    let held = contracts::statuses(tx, &request.fixmedins_code).await?;
    let last = held.last().map(|row| row.status_id.clone()).unwrap_or_default();
    let row = contract_status::Model {
        fixmedins_code: request.fixmedins_code.clone(),
        status_id: new_id_after(&last),
        bilg_dept_codg: request.bilg_dept_codg.clone(),
        status: request.status.clone(),
        begndate: request.begndate.clone(),
        enddate: request.enddate.clone(),
        reason: request.reason.clone(),
        basis: request.basis.clone(),
        recorded_by: cause.caller.clone(),
        recorded_at_us: service.clock.now().timestamp_micros(),
        withdrawn_at_us: None,
        withdrawn_by: None,
        withdrawn_reason: None,
    };
    let standing = held.iter().filter(|row| row.withdrawn_at_us.is_none());
    let said = |row: &contract_status::Model| {
        [&row.bilg_dept_codg, &row.status, &row.begndate, &row.enddate].map(String::clone)
    };
    if let Some(same) = standing.clone().find(|held| said(held) == said(&row)) {
        return Err(ServiceError::new(Reason::ContractStatusKnown, "the same status stands already")
            .with("status_id", &same.status_id));
    }
    let mut wrong = Violations::new();
    if standing.count() >= MAX_STATUSES {
        let text = format!("一个机构最多 {MAX_STATUSES} 条有效的协议状态，请先撤销不再需要的");
        wrong.push("fixmedins_code", Reason::TooMany.saying(text)).with("limit", MAX_STATUSES);
    }
    wrong.none()?;
    let contract = contracts::write(tx, institution, row.clone(), true).await?;
    let settled_without_contract = settled::count(tx, &row.fixmedins_code, &contract).await?;
    let answer =
        RecordContractStatusResponse { status: Some(row.into()), settled_without_contract, replayed: false };
    Ok(Done { answer, changed: version })
}

/// Withdraws a status.
pub async fn withdraw(
    reference: &Reference,
    caller: &Caller,
    mut request: WithdrawContractStatusRequest,
) -> Result<WithdrawContractStatusResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let mut fields = Fields::of(&mut wrong);
    check_id(&mut fields, "fixmedins_code", &request.fixmedins_code);
    check_id(&mut fields, "status_id", &request.status_id);
    check_text(&mut fields, "reason", &request.reason);
    wrong.none()?;
    let asked = (&request, caller);
    once::once(reference, &key, |write| Box::pin(withdraw_once(write, asked))).await
}

async fn withdraw_once(
    Write { tx, service, cause }: Write<'_, '_, Reference>,
    (request, caller): (&WithdrawContractStatusRequest, &Caller),
) -> Result<Done<WithdrawContractStatusResponse, i64>, ServiceError> {
    let version = Reference::next_version(tx).await?;
    let institution = own(tx, caller, &request.fixmedins_code).await?;
    let held = contracts::statuses(tx, &request.fixmedins_code).await?;
    let row = held.into_iter().find(|row| row.status_id == request.status_id);
    let row = row.ok_or_else(|| ServiceError::new(Reason::ContractStatusUnknown, "no such status"))?;
    if row.withdrawn_at_us.is_some() {
        return Err(ServiceError::new(Reason::ContractStatusWithdrawn, "the status was withdrawn before"));
    }
    let row = contract_status::Model {
        withdrawn_at_us: Some(service.clock.now().timestamp_micros()),
        withdrawn_by: Some(cause.caller.clone()),
        withdrawn_reason: Some(request.reason.clone()),
        ..row
    };
    let contract = contracts::write(tx, institution, row.clone(), false).await?;
    let settled_without_contract = settled::count(tx, &row.fixmedins_code, &contract).await?;
    let answer = WithdrawContractStatusResponse {
        status: Some(row.into()),
        settled_without_contract,
        replayed: false,
    };
    Ok(Done { answer, changed: version })
}

/// The institution, locked, for the agency of its area.
async fn own(
    tx: &impl ConnectionTrait,
    caller: &Caller,
    code: &str,
) -> Result<institution::Model, ServiceError> {
    let row = contracts::locked(tx, code).await?.ok_or_else(unknown)?;
    caller.check_manages(&row.admdvs)?;
    Ok(row)
}

fn unknown() -> ServiceError {
    ServiceError::new(Reason::InstitutionUnknown, "no such institution")
}

/// The statuses of an institution, withdrawn ones too.
pub async fn list(
    reference: &Reference,
    caller: &Caller,
    request: ListContractStatusesRequest,
) -> Result<ListContractStatusesResponse, ServiceError> {
    let institution = reference.institution(&request.fixmedins_code).await?.ok_or_else(unknown)?;
    let sees = caller.may_read_area(Area::parse(&institution.admdvs))
        || caller.may_act_for_institution(&institution.code)
        || matches!(caller, Caller::Operator { .. });
    if !sees {
        return Err(ServiceError::area_not_owned(&institution.admdvs));
    }
    let asked = reference.pages.asked(caller, &request);
    let behind = |after, limit| contracts::behind(&reference.db, &institution.code, after, Some(limit));
    let key = |last: &contract_status::Model| [last.status_id.clone()];
    let (rows, next_page_token) = asked.page(behind, key).await?;
    Ok(ListContractStatusesResponse { statuses: rows.into_iter().map(Told::from).collect(), next_page_token })
}
