//! Audit's decisions, followed: what they found becomes proposals, once; what is taken back is noted. Institutions' figures are told of each.

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::audit::v1::{CaseLine, DecisionKind, WatchDecisionsRequest, WatchDecisionsResponse};
use yizhan_proto::credit::v1::{Entry, EntryKind, EntryLine, Proposal, ProposedAct, SubjectKind};
use yizhan_runtime::ServiceError;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower};

use super::domain::{Acts, by_practitioner};
use super::store::{self, Model};
use crate::app::Credit;
use crate::figures;
use crate::ledger::{append, is_code, make_known, subject};

/// This service as follower of audit.
pub struct FollowDecisions {
    /// What is written.
    pub credit: Credit,
    /// Audit.
    pub feed: CaseServiceClient<PeerChannel>,
}

#[async_trait]
impl Follower for FollowDecisions {
    type Event = WatchDecisionsResponse;
    type Work = Vec<WatchDecisionsResponse>;
    type Changed = ();

    fn feed(&self) -> &'static str {
        figures::DECISIONS
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchDecisionsResponse>, Status> {
        let events = self.feed.clone().watch_decisions(WatchDecisionsRequest { resume_token }).await?;
        Ok(events.into_inner().boxed())
    }

    fn resume_token(event: &WatchDecisionsResponse) -> &str {
        &event.resume_token
    }

    async fn prepare(
        &self,
        events: Vec<WatchDecisionsResponse>,
    ) -> Result<Vec<WatchDecisionsResponse>, ServiceError> {
        Ok(events)
    }

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        events: &Vec<WatchDecisionsResponse>,
    ) -> Result<(), ServiceError> {
        for event in events {
            figures::hear_decision(tx, event).await?;
            match event.kind() {
                DecisionKind::Decided => propose(tx, &self.credit, event).await?,
                DecisionKind::Withdrawn => withdraw(tx, &self.credit, event).await?,
                // Nothing was found; or settlement booked what was.
                DecisionKind::Dismissed | DecisionKind::Recovered | DecisionKind::Unspecified => {}
            }
        }
        Ok(())
    }

    async fn committed(&self, (): ()) {
        self.credit.feed.wake();
    }
}

/// A proposal for each practitioner. A decision that was heard before, as where the feed is followed from its beginning again, is not proposed anew.
async fn propose(
    tx: &DatabaseTransaction,
    credit: &Credit,
    event: &WatchDecisionsResponse,
) -> Result<(), ServiceError> {
    let heard = store::of_decision(tx, (&event.case_id, event.decision_no), None).await?;
    if !heard.is_empty() {
        return Ok(());
    }
    for (practitioner, acts) in by_practitioner(event) {
        if !is_code(practitioner) {
            let case_id = event.case_id.as_str();
            tracing::error!(
                case_id,
                "a decision names a practitioner by what cannot be a code: nothing is proposed"
            );
            continue;
        }
        let practitioner = subject(SubjectKind::Practitioner, practitioner);
        let mut known = make_known(tx, &practitioner, &event.poolarea_no).await?;
        let entries = acts.iter().map(|(kind, lines)| found(event, kind, lines)).collect();
        let entries = append(tx, credit, &mut known, entries).await?;
        store::put(tx, Model::open(proposal(event, practitioner.code, &acts, &entries))).await?;
    }
    Ok(())
}

fn found(event: &WatchDecisionsResponse, kind: &str, lines: &[&CaseLine]) -> Entry {
    Entry {
        poolarea_no: event.poolarea_no.clone(),
        kind: EntryKind::ActFound.into(),
        item: kind.to_owned(),
        value: amount(lines).to_string(),
        basis: basis(lines),
        case_id: event.case_id.clone(),
        decision_no: event.decision_no,
        fixmedins_code: event.fixmedins_code.clone(),
        decided_on: event.decided_on.clone(),
        actor: "service:audit".to_owned(),
        lines: lines.iter().map(|line| entry_line(line)).collect(),
        ..Entry::default()
    }
}

fn proposal(event: &WatchDecisionsResponse, code: String, acts: &Acts<'_>, entries: &[Entry]) -> Proposal {
    let act = |((kind, lines), entry): ((&&str, &Vec<&CaseLine>), &Entry)| ProposedAct {
        act_id: entry.entry_id.clone(),
        vola_bhvr_type: (*kind).to_owned(),
        vola_evid: basis(lines),
        vola_amt_fen: amount(lines),
        lines: entry.lines.clone(),
    };
    let first = entries.first().cloned().unwrap_or_default();
    Proposal {
        proposal_id: first.entry_id,
        practitioner_code: code,
        poolarea_no: event.poolarea_no.clone(),
        fixmedins_code: event.fixmedins_code.clone(),
        case_id: event.case_id.clone(),
        decision_no: event.decision_no,
        decided_on: event.decided_on.clone(),
        acts: acts.iter().zip(entries).map(act).collect(),
        found_at: first.recorded_at,
        ..Proposal::default()
    }
}

fn amount(lines: &[&CaseLine]) -> i64 {
    lines.iter().map(|line| line.vola_amt_fen).sum()
}

/// 违规依据 of the first line that tells one.
fn basis(lines: &[&CaseLine]) -> String {
    let told = lines.iter().map(|line| &line.vola_evid).find(|basis| !basis.is_empty());
    told.cloned().unwrap_or_default()
}

fn entry_line(line: &CaseLine) -> EntryLine {
    EntryLine { setl_id: line.setl_id.clone(), feedetl_sn: line.feedetl_sn.clone() }
}

/// What was proposed by a decision that audit took back does not count any more.
async fn withdraw(
    tx: &DatabaseTransaction,
    credit: &Credit,
    event: &WatchDecisionsResponse,
) -> Result<(), ServiceError> {
    let rows = store::of_decision(tx, (&event.case_id, event.decision_no), None).await?;
    for row in rows.iter().filter(|row| row.stands) {
        let practitioner = subject(SubjectKind::Practitioner, &row.practitioner_code);
        let mut known = make_known(tx, &practitioner, &row.poolarea_no).await?;
        let told = row.clone().told()?;
        let entries = told.acts.iter().map(|act| Entry {
            poolarea_no: row.poolarea_no.clone(),
            kind: EntryKind::Withdrawn.into(),
            matter_id: act.act_id.clone(),
            undoes_entry_id: act.act_id.clone(),
            case_id: row.case_id.clone(),
            decision_no: row.decision_no,
            fixmedins_code: row.fixmedins_code.clone(),
            decided_on: event.decided_on.clone(),
            actor: "service:audit".to_owned(),
            ..Entry::default()
        });
        append(tx, credit, &mut known, entries.collect()).await?;
    }
    let rows = rows.into_iter().map(|row| Model { stands: false, ..row }.settled()).collect();
    Ok(store::write(tx, rows).await?)
}
