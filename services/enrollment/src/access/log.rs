//! Every look at a person that has to be accounted for is written to the access log before the answer leaves. Looks of the
//! same moment share a commit.

use chrono::{DateTime, Utc};
use futures::FutureExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use yizhan_runtime::batcher::Batcher;
use yizhan_runtime::chain::LogKey;
use yizhan_runtime::db::{DatabaseConnection, begin_write, retry_transient};
use yizhan_runtime::{Clock, ServiceError};

use crate::access::domain::grant::{Refusal, WantedLook};
use crate::access::store::chain::LogEntry;
use crate::access::store::entities::access_grant;
use crate::access::store::{access_grants, access_log};

/// Outcome of a look that was given.
const GIVEN: &str = "GIVEN";

/// How somebody looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// GetPerson with name, certificate number and phone in clear.
    Unmasked,
    /// GetRights, by somebody other than the person.
    Rights,
    /// LookUpByGrant.
    ByGrant,
    /// One settlement.
    Settlement,
    /// A page of settlements.
    Settlements,
    /// The statement of a settlement.
    Statement,
    /// What settlements add up to.
    Accumulators,
    /// What settlements add up to, and the settlements.
    Benefits,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Action::Unmasked => "UNMASKED",
            Action::Rights => "RIGHTS",
            Action::ByGrant => "BY_GRANT",
            Action::Settlement => "SETTLEMENT",
            Action::Settlements => "SETTLEMENTS",
            Action::Statement => "STATEMENT",
            Action::Accumulators => "ACCUMULATORS",
            Action::Benefits => "BENEFITS",
        }
    }
}

/// A look about to be answered.
#[derive(Clone, Debug)]
pub struct Look {
    /// 统筹区 that keeps the person's register.
    pub poolarea_no: String,
    /// 人员编号.
    pub psn_no: String,
    /// How.
    pub action: Action,
    /// Which one of what `action` says, e.g. a setl_id; empty where it is not one.
    pub subject: String,
    /// The grant that must allow it; empty where none is needed.
    pub grant_id: String,
    /// Who, what for, and what at.
    pub wanted: WantedLook,
}

/// Writes the access log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AccessLog {
    looks: Batcher<Look, Result<Option<Refusal>, ServiceError>>,
    key: LogKey,
}

impl AccessLog {
    /// Starts the one writer of this process: more would only wait for one another at the heads of the chains.
    pub fn start(db: DatabaseConnection, clock: Clock, key: LogKey) -> Self {
        let writer = Arc::new(Writer { db, clock, key: key.clone() });
        let looks = Batcher::start(1, move |looks| {
            let writer = writer.clone();
            async move { writer.write_all(looks).await }.boxed()
        });
        AccessLog { looks, key }
    }

    /// The secret of the chains.
    pub fn key(&self) -> &LogKey {
        &self.key
    }

    /// Writes a look down, with what the grant says to it at that moment; returns after the commit. Only then, and only
    /// without a refusal, may the look be answered.
    pub async fn note(&self, look: Look) -> Result<Option<Refusal>, ServiceError> {
        self.looks.submit(look).await?
    }
}

struct Writer {
    db: DatabaseConnection,
    clock: Clock,
    key: LogKey,
}

impl Writer {
    /// A batch that fails is written look by look, so that each asker learns their own error.
    async fn write_all(&self, looks: Vec<Look>) -> Vec<Result<Option<Refusal>, ServiceError>> {
        if let Ok(refusals) = self.write(&looks).await {
            return refusals.into_iter().map(Ok).collect();
        }
        let mut results = Vec::with_capacity(looks.len());
        for look in &looks {
            let written = self.write(std::slice::from_ref(look)).await;
            results.push(written.map(|mut refusals| refusals.remove(0)));
        }
        results
    }

    async fn write(&self, looks: &[Look]) -> Result<Vec<Option<Refusal>>, ServiceError> {
        retry_transient(|| async {
            let tx = begin_write(&self.db).await?;
            let named = looks.iter().filter(|look| !look.grant_id.is_empty());
            let grants = access_grants::hold(&tx, named.map(|look| look.grant_id.clone())).await?;
            let at = self.clock.now();
            let refusals: Vec<_> = looks.iter().map(|look| refusal(look, &grants, at)).collect();
            let mut entries: Vec<_> =
                looks.iter().zip(&refusals).map(|(look, refusal)| entry(look, *refusal, at)).collect();
            access_log::append(&tx, &self.key, &mut entries).await?;
            tx.commit().await?;
            Ok(refusals)
        })
        .await
    }
}

fn refusal(
    look: &Look,
    grants: &BTreeMap<String, access_grant::Model>,
    at: DateTime<Utc>,
) -> Option<Refusal> {
    if look.grant_id.is_empty() {
        return None;
    }
    let Some(grant) = grants.get(&look.grant_id) else { return Some(Refusal::OtherGrantee) };
    // The look comes after the grant was committed, also where this process's clock is behind.
    grant.terms().refusal(&look.wanted, at.max(grant.granted_at))
}

/// What is written; number and hashes come when it is appended.
fn entry(look: &Look, refusal: Option<Refusal>, at: DateTime<Utc>) -> LogEntry {
    LogEntry {
        poolarea_no: look.poolarea_no.clone(),
        seq: 0,
        at,
        actor: look.wanted.actor.clone(),
        psn_no: look.psn_no.clone(),
        action: look.action.name().to_owned(),
        purpose: look.wanted.purpose.clone(),
        grant_id: look.grant_id.clone(),
        subject: look.subject.clone(),
        outcome: refusal.map_or(GIVEN, Refusal::outcome).to_owned(),
        prev_hash: String::new(),
        hash: String::new(),
    }
}
