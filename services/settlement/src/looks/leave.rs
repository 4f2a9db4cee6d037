//! Leave to show something of a person: given by enrollment, which logs the look first.

use chrono::{NaiveDate, TimeDelta};
use yizhan_proto::enrollment::v1::{AccessScope, AuthorizeLookRequest, AuthorizeLookResponse, LookKind};
use yizhan_runtime::clock::{day_of, moment};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::domain::{Whose, is_logged};
use crate::app::App;

/// Characters of a purpose at most.
const MAX_PURPOSE: usize = 50;

/// What is about to be shown to whom.
#[derive(Clone, Copy, Debug)]
pub struct Look<'l> {
    /// What.
    pub kind: LookKind,
    /// Of whom; with a grant it may be empty: the grant says it.
    pub psn_no: &'l str,
    /// setl_id; empty where it is not one settlement.
    pub subject: &'l str,
    /// What for.
    pub purpose: &'l str,
}

/// What a caller looks for: what they say, or what an agency and an institution look for when they say nothing. Nobody else may
/// leave it out who is logged.
pub fn check_purpose(caller: &Caller, purpose: &str, needed: bool, wrong: &mut Violations) -> String {
    let usual = match caller {
        Caller::Agency { .. } | Caller::LocalAdministrator => "经办业务",
        Caller::Institution { .. } => "就诊结算",
        _ => "",
    };
    let purpose = if purpose.is_empty() && !needed { usual } else { purpose };
    let unneeded = matches!(caller, Caller::Person { .. } | Caller::Service { .. }) && !needed;
    let told = unneeded
        || wrong.require(
            !purpose.trim().is_empty(),
            "purpose",
            Reason::TextRequired.saying("请说明查询用途"),
        );
    let fits = purpose.chars().count() <= MAX_PURPOSE;
    if told {
        wrong.require(fits, "purpose", Reason::TextInvalid.saying("最多 50 个字符"));
    }
    purpose.to_owned()
}

/// Has a look logged before it is answered, where it is one for the log.
pub async fn note(app: &App, caller: &Caller, whose: Whose<'_>, look: Look<'_>) -> Result<(), ServiceError> {
    if !is_logged(caller, whose) {
        return Ok(());
    }
    authorize(app, request(caller, look)).await.map(drop)
}

/// Has a look at a person logged (their own is none), and tells where what was paid for them is to be found.
pub async fn areas_of(app: &App, caller: &Caller, look: Look<'_>) -> Result<Vec<String>, ServiceError> {
    Ok(authorize(app, request(caller, look)).await?.poolareas_no)
}

/// What a grant allows.
#[derive(Clone, Debug)]
pub struct Granted {
    /// 人员编号 of who granted it.
    pub psn_no: String,
    /// What of what could be shown.
    pub scopes: Vec<AccessScope>,
    /// First and last day of the visits that may be seen, by the day they end.
    pub days: (NaiveDate, NaiveDate),
    /// 统筹区 where what was paid is to be found.
    pub areas: Vec<String>,
}

/// Has a look by a grant checked and logged.
pub async fn by_grant(
    app: &App,
    caller: &Caller,
    look: Look<'_>,
    grant_id: &str,
    scopes: &[AccessScope],
) -> Result<Granted, ServiceError> {
    let scopes = scopes.iter().map(|scope| i32::from(*scope)).collect();
    let asked = AuthorizeLookRequest { grant_id: grant_id.to_owned(), scopes, ..request(caller, look) };
    let answer = authorize(app, asked).await?;
    let first = answer.begins_at.and_then(moment).map(day_of);
    let last = answer.ends_at.and_then(moment).map(|at| day_of(at - TimeDelta::microseconds(1)));
    let untimed = || ServiceError::internal(anyhow::anyhow!("leave was given by a grant without its times"));
    let days = first.zip(last).ok_or_else(untimed)?;
    let scopes = answer.scopes().collect();
    let AuthorizeLookResponse { psn_no, poolareas_no: areas, .. } = answer;
    Ok(Granted { psn_no, scopes, days, areas })
}

/// What was settled under a number that was merged since is the person's under the number that stays: that person's log has the look.
async fn authorize(app: &App, asked: AuthorizeLookRequest) -> Result<AuthorizeLookResponse, ServiceError> {
    match app.enrollment.authorize_look(asked.clone()).await {
        Err(merged) if merged.reason() == Reason::PersonMerged => {
            let stays = merged.metadata().get("merged_into").cloned();
            let psn_no = stays.ok_or(merged)?;
            app.enrollment.authorize_look(AuthorizeLookRequest { psn_no, ..asked }).await
        }
        answer => answer,
    }
}

fn request(caller: &Caller, look: Look<'_>) -> AuthorizeLookRequest {
    AuthorizeLookRequest {
        on_behalf_of: caller.to_string(),
        psn_no: look.psn_no.to_owned(),
        kind: look.kind.into(),
        subject: look.subject.to_owned(),
        purpose: look.purpose.to_owned(),
        ..AuthorizeLookRequest::default()
    }
}
