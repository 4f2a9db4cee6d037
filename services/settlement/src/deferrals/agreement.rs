//! A person opens or closes paying later, and says who may pay for them.

use std::collections::BTreeSet;

use yizhan_proto::settlement::v1::{
    GetPayLaterRequest, GetPayLaterResponse, PayLaterAgreement, SetPayLaterRequest, SetPayLaterResponse,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::said::{check_reference, lock_person};
use super::standing::{rule_of, standing};
use super::store;
use super::terms::Terms;
use crate::app::App;
use crate::books::store::merged;
use crate::looks::domain::{not_own, require_person};

/// Who may pay for a person at most.
pub const MAX_PAYERS: usize = 10;

/// Replaces what was said before.
pub async fn set_pay_later(
    app: &App,
    caller: &Caller,
    mut request: SetPayLaterRequest,
) -> Result<SetPayLaterResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    let is_person = matches!(caller, Caller::Person { .. });
    check(app, &request, is_person, &mut wrong);
    wrong.none()?;
    match caller {
        Caller::Person { psn_no } => {
            (*psn_no == request.psn_no).then_some(()).ok_or_else(not_own)?;
            app.poolarea_of(psn_no, app.clock.today()).await.map(drop)?;
        }
        _ => caller.check_manages(&app.poolarea_of(&request.psn_no, app.clock.today()).await?)?,
    }
    for payer in &request.payers {
        app.poolarea_of(&payer.psn_no, app.clock.today()).await?;
    }
    let said = PayLaterAgreement {
        psn_no: request.psn_no,
        open: request.open,
        payers: request.payers,
        consent_reference: request.consent_reference,
        version: 0,
        said_by: caller.to_string(),
    };
    once::once(app, &key, |write| Box::pin(record(write, said.clone()))).await
}

async fn record(
    Write { tx, service: app, .. }: Write<'_, '_, App>,
    mut said: PayLaterAgreement,
) -> Result<Done<SetPayLaterResponse, ()>, ServiceError> {
    let numbers = lock_person(tx, &said.psn_no).await?;
    said.version = store::next_version(tx, &numbers).await?;
    store::write(tx, &said, app.clock.now().timestamp_micros()).await?;
    let answer = SetPayLaterResponse { agreement: Some(said), replayed: false };
    Ok(Done { answer, changed: () })
}

fn check(app: &App, request: &SetPayLaterRequest, is_person: bool, wrong: &mut Violations) {
    let mut fields = Fields::of(wrong);
    fields.psn_no("psn_no", &request.psn_no);
    if is_person {
        let empty = request.consent_reference.is_empty();
        fields.require(empty, "consent_reference", Reason::FieldNotExpected);
    } else {
        check_reference(&mut fields, "consent_reference", &request.consent_reference);
    }
    let few = request.payers.len() <= MAX_PAYERS;
    if !fields.require(few, "payers", Reason::TooMany.saying(format!("最多 {MAX_PAYERS} 人"))) {
        return;
    }
    let mut named = BTreeSet::from([request.psn_no.as_str()]);
    for (at, payer) in request.payers.iter().enumerate() {
        let field = format!("payers[{at}].psn_no");
        if fields.psn_no(&field, &payer.psn_no).is_some() {
            fields.require(named.insert(&payer.psn_no), &field, Reason::Duplicate);
        }
        let field = format!("payers[{at}].until_date");
        let until = fields.date(&field, &payer.until_date);
        let ahead = until.is_none_or(|until| until >= app.clock.today());
        fields.require(ahead, &field, Reason::DateInvalid.saying("不能早于今天"));
    }
}

/// What may be deferred today, and why not.
pub async fn get_pay_later(
    app: &App,
    caller: &Caller,
    request: GetPayLaterRequest,
) -> Result<GetPayLaterResponse, ServiceError> {
    let mut wrong = Violations::new();
    Fields::of(&mut wrong).psn_no("psn_no", &request.psn_no);
    wrong.none()?;
    let today = app.clock.today();
    let poolarea_no = match caller {
        Caller::Person { psn_no } if *psn_no != request.psn_no => return Err(not_own()),
        _ => app.poolarea_of(&request.psn_no, today).await?,
    };
    require_person(caller, &request.psn_no, &poolarea_no)?;
    let numbers = merged::numbers(&app.db, &request.psn_no).await?;
    let rules = app.rules.current();
    let rule = rule_of(&rules, &poolarea_no, today);
    let stands = standing(&app.db, &numbers, rule, today).await?;
    let terms = Terms::ask(app, (&request.psn_no, &poolarea_no)).await;
    let limit_fen = terms.limit_fen(rule.map_or(0, |rule| rule.rule.limit_fen));
    let left = (limit_fen - stands.owed_fen).max(0);
    let told = |reason: Reason| (reason.code().to_owned(), reason.text().to_owned());
    let refusal = stands.refusal.or_else(|| terms.refusal().map(|refusal| refusal.reason()));
    let (refusal, refusal_text) = refusal.map(told).unwrap_or_default();
    Ok(GetPayLaterResponse {
        agreement: store::find(&app.db, &numbers).await?,
        limit_fen,
        owed_fen: stands.owed_fen,
        left_fen: if refusal.is_empty() { left } else { 0 },
        refusal,
        refusal_text,
        rule: rule.map(|rule| rule.id.clone()).unwrap_or_default(),
        terms: terms.scheme().to_owned(),
        why: terms.why().to_owned(),
    })
}
