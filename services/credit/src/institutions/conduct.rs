//! Conduct of an institution that costs points, or is vetoed.

use chrono::Datelike;
use yizhan_proto::credit::v1::{Entry, EntryKind, RecordConductRequest, RecordConductResponse, SubjectKind};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::is_fixmedins_code;

use super::changes::Held;
use super::messages;
use crate::app::Credit;
use crate::ledger::{self, is_code, standing};
use crate::officer::{check_opter, check_said};

/// Longest act_id.
const MAX_ACT_ID: usize = 64;

/// Begins a matter.
pub async fn record_conduct(
    credit: &Credit,
    caller: &Caller,
    mut request: RecordConductRequest,
) -> Result<RecordConductResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(credit, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    check_said("basis", &request.basis, true, &mut wrong);
    let act = &request.act_id;
    let named = (1..=MAX_ACT_ID).contains(&act.len()) && act.bytes().all(|byte| byte.is_ascii_graphic());
    wrong.require(named, "act_id", Reason::Characters.saying("1 至 64 位可见 ASCII 字符"));
    let case = request.case_id.is_empty() || is_code(&request.case_id);
    wrong.require(case, "case_id", Reason::Characters);
    let today = credit.clock.today();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    fields.code("fixmedins_code", &request.fixmedins_code, is_fixmedins_code);
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let day = fields.optional("decided_on", &request.decided_on, past).map(|day| day.unwrap_or(today));
    fields.past_date("occurred_on", &request.occurred_on, day.unwrap_or(today));
    let (area, day) = wrong.finish(area.zip(day))?;
    caller.check_manages(&request.poolarea_no)?;
    let schemes = credit.schemes.current();
    let scheme = messages::scheme(&schemes, area, day.year())?;
    let mut wrong = Violations::new();
    let points = wrong.some(scheme.rule.item(&request.item), "item", Reason::GradeItemUnknown);
    let (_, points, _) = wrong.finish(points)?;
    let entry = Entry {
        kind: EntryKind::Conduct.into(),
        item: request.item.clone(),
        value: points.normalize().to_string(),
        basis: request.basis.clone(),
        case_id: request.case_id.clone(),
        decision_no: request.decision_no,
        occurred_on: request.occurred_on.clone(),
        act_id: request.act_id.clone(),
        scheme: scheme.id.clone(),
        ..messages::entry(caller, (&request.poolarea_no, &request.opter), day)
    };
    let code = request.fixmedins_code.as_str();
    once::once(credit, &key, |write| Box::pin(enter(write, caller, code, entry.clone()))).await
}

async fn enter(
    Write { tx, service: credit, .. }: Write<'_, '_, Credit>,
    caller: &Caller,
    code: &str,
    entry: Entry,
) -> Result<Done<RecordConductResponse, ()>, ServiceError> {
    let subject = ledger::subject(SubjectKind::Institution, code);
    let known = ledger::hold(tx, &subject).await?;
    let mut held = Held::read(tx, credit, known, &entry.poolarea_no).await?;
    let mut conduct = standing(&held.entries).into_iter().filter(|one| one.kind() == EntryKind::Conduct);
    if conduct.any(|one| one.act_id == entry.act_id) {
        let told = ServiceError::new(Reason::ActCounted, "the act is recorded already");
        return Err(told.with("act_id", &entry.act_id));
    }
    let matter_id = held.record(tx, credit, vec![entry]).await?;
    let on = (caller, credit.clock.today());
    let matter = messages::matter(&held.entries, &matter_id, &held.schemes, on)?;
    Ok(Done { answer: RecordConductResponse { matter: Some(matter), replayed: false }, changed: () })
}
