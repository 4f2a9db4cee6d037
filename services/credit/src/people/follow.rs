//! Settlement's debts, followed: a default is an entry of the person, its repayment another; what the debt tells no more is undone.

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_proto::credit::v1::{Entry, EntryKind, SubjectKind};
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{Deferral, WatchSettlementsRequest, WatchSettlementsResponse};
use yizhan_runtime::ServiceError;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::clock::{day_of, moment, parse_date};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower, Timestamp};

use super::domain::matter::Matter;
use crate::app::Credit;
use crate::ledger::{self, Known, is_code, subject};

/// Who enters it.
const ACTOR: &str = "service:settlement";

/// This service as follower of settlement's debts.
pub struct FollowDeferrals {
    /// What is written.
    pub credit: Credit,
    /// Settlement.
    pub feed: SettlementServiceClient<PeerChannel>,
}

#[async_trait]
impl Follower for FollowDeferrals {
    type Event = WatchSettlementsResponse;
    type Work = Vec<Deferral>;
    type Changed = ();

    fn feed(&self) -> &'static str {
        "settlement.deferrals"
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchSettlementsResponse>, Status> {
        let request = WatchSettlementsRequest { resume_token, ..WatchSettlementsRequest::default() };
        let events = self.feed.clone().watch_settlements(request).await?;
        Ok(events.into_inner().boxed())
    }

    fn resume_token(event: &WatchSettlementsResponse) -> &str {
        &event.resume_token
    }

    fn happened(event: &WatchSettlementsResponse) -> Option<Timestamp> {
        event.settlement.as_ref()?.setlinfo.as_ref()?.setl_time
    }

    async fn prepare(&self, events: Vec<WatchSettlementsResponse>) -> Result<Vec<Deferral>, ServiceError> {
        Ok(events.into_iter().filter_map(|event| event.deferral).collect())
    }

    async fn apply(&self, tx: &DatabaseTransaction, debts: &Vec<Deferral>) -> Result<(), ServiceError> {
        for debt in debts {
            hear(tx, &self.credit, debt).await?;
        }
        Ok(())
    }

    async fn committed(&self, (): ()) {
        self.credit.feed.wake();
    }
}

/// Enters what is new of a debt. Nobody is made known by a debt that was never in default, and what was heard before is older than what was entered last.
async fn hear(tx: &DatabaseTransaction, credit: &Credit, debt: &Deferral) -> Result<(), ServiceError> {
    let person = subject(SubjectKind::Person, &debt.psn_no);
    let known = match ledger::known(tx, &person).await? {
        Some(_) => ledger::hold(tx, &person).await?,
        None if !debt.defaulted => return Ok(()),
        None if !is_code(&debt.psn_no) => {
            let deferral_id = debt.deferral_id.as_str();
            tracing::error!(
                deferral_id,
                "a debt names a person by what cannot be a code: nothing is entered"
            );
            return Ok(());
        }
        None => ledger::make_known(tx, &person, &debt.poolarea_no).await?,
    };
    let entries = ledger::of_subject(tx, &person).await?;
    enter(tx, credit, (debt, known), &entries).await
}

async fn enter(
    tx: &DatabaseTransaction,
    credit: &Credit,
    (debt, mut known): (&Deferral, Known),
    entries: &[Entry],
) -> Result<(), ServiceError> {
    let of_debt = |entry: &&Entry| entry.act_id == debt.deferral_id;
    if entries.iter().filter(of_debt).any(|entry| entry.decision_no >= debt.version) {
        return Ok(());
    }
    let matter = entries.iter().find(of_debt).and_then(|first| Matter::find(entries, &first.matter_id));
    let stands = |kind| matter.as_ref().and_then(|matter| matter.last_of(kind));
    let (default, repaid) = (stands(EntryKind::PersonDefaulted), stands(EntryKind::DefaultRepaid));
    let paid_on = Some(last_paid(debt)).filter(|_| debt.defaulted && debt.owed_fen == 0);
    let matter_id = matter.as_ref().map(|matter| matter.first.entry_id.clone()).unwrap_or_default();
    let said = Entry { matter_id, ..said(credit, debt) };
    let mut next = Vec::new();
    // A repayment of another day, or none: the one that stands is undone.
    if let Some(repaid) = repaid.filter(|repaid| paid_on.as_ref() != Some(&repaid.decided_on)) {
        next.push(undone(&said, repaid));
    }
    match default {
        None if debt.defaulted => next.push(defaulted(&said, debt)),
        Some(default) if !debt.defaulted => next.push(undone(&said, default)),
        _ => {}
    }
    let anew = paid_on.filter(|paid_on| repaid.is_none_or(|repaid| repaid.decided_on != *paid_on));
    // A default that is told first when it is repaid begins its matter, and the repayment belongs to that.
    let rest = anew.map(|paid_on| Entry {
        kind: EntryKind::DefaultRepaid.into(),
        from_date: paid_on.clone(),
        decided_on: paid_on,
        ..said.clone()
    });
    let written = match next.is_empty() {
        true => Vec::new(),
        false => ledger::append(tx, credit, &mut known, next).await?,
    };
    if let Some(rest) = rest {
        let begun = written.first().map(|first| first.matter_id.clone()).unwrap_or_default();
        let matter_id = if rest.matter_id.is_empty() { begun } else { rest.matter_id.clone() };
        ledger::append(tx, credit, &mut known, vec![Entry { matter_id, ..rest }]).await?;
    }
    Ok(())
}

/// What every entry of a debt says.
fn said(credit: &Credit, debt: &Deferral) -> Entry {
    let changed = debt.changed_at.and_then(moment).map(day_of);
    Entry {
        poolarea_no: debt.poolarea_no.clone(),
        fixmedins_code: debt.fixmedins_code.clone(),
        act_id: debt.deferral_id.clone(),
        decision_no: debt.version,
        decided_on: changed.unwrap_or_else(|| credit.clock.today()).to_string(),
        actor: ACTOR.to_owned(),
        ..Entry::default()
    }
}

fn defaulted(said: &Entry, debt: &Deferral) -> Entry {
    let grace = parse_date(&debt.grace_until);
    let from = grace.and_then(|day| day.succ_opt());
    Entry {
        kind: EntryKind::PersonDefaulted.into(),
        value: owed(debt).to_string(),
        occurred_on: debt.grace_until.clone(),
        from_date: from.map_or_else(|| said.decided_on.clone(), |day| day.to_string()),
        ..said.clone()
    }
}

/// What was not repaid by the last day of grace.
fn owed(debt: &Deferral) -> i64 {
    let in_time = debt.repayments.iter().filter(|paid| !paid.cancelled && paid.paid_on <= debt.grace_until);
    debt.amount_fen - in_time.map(|paid| paid.amount_fen).sum::<i64>()
}

fn undone(said: &Entry, entry: &Entry) -> Entry {
    Entry { kind: EntryKind::Withdrawn.into(), undoes_entry_id: entry.entry_id.clone(), ..said.clone() }
}

/// The last day on which something was paid.
fn last_paid(debt: &Deferral) -> String {
    let standing = debt.repayments.iter().filter(|paid| !paid.cancelled);
    standing.map(|paid| paid.paid_on.as_str()).max().unwrap_or_default().to_owned()
}
