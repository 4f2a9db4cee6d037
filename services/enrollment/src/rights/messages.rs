//! 权益 as the contract's messages, and back.

use std::collections::BTreeSet;

use yizhan_proto::enrollment::v1 as pb;
use yizhan_runtime::chain::Verdict;
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Reason, Violations};

use crate::access::domain::grant::Scope;
use crate::access::store::chain::LogEntry;
use crate::access::store::entities::access_grant;
use crate::person::store::timelines::StoredTimeline;
use crate::register::messages;

/// What somebody sees of a person's timeline.
pub fn rights(person: StoredTimeline) -> pb::Rights {
    let (psn_no, timeline) = (person.psn_no, person.timeline);
    let coverage = |entry| messages::coverage_row(&psn_no, entry);
    let identity = |entry| messages::identity_row(&psn_no, entry);
    let membership = |entry| messages::membership_row(&psn_no, entry);
    let share = |entry| messages::share_row(&psn_no, entry);
    pb::Rights {
        person_version: person.version,
        poolarea_no: person.poolarea_no.to_string(),
        psn_name_masked: timeline.person.psn_name_masked,
        coverages: timeline.coverages.into_iter().map(coverage).collect(),
        identities: timeline.identities.into_iter().map(identity).collect(),
        memberships: timeline.memberships.into_iter().map(membership).collect(),
        diseases: timeline.diseases.iter().map(messages::disease).collect(),
        account_shares: timeline.account_shares.into_iter().map(share).collect(),
        psn_no,
        ..pb::Rights::default()
    }
}

/// A grant as it is.
pub fn grant(grant: access_grant::Model) -> pb::AccessGrant {
    pb::AccessGrant {
        scopes: scope_codes(&grant.scope_set()),
        grant_id: grant.grant_id,
        psn_no: grant.psn_no,
        grantee: grant.grantee,
        purpose: grant.purpose,
        begins_at: Some(timestamp(grant.begins_at)),
        ends_at: Some(timestamp(grant.ends_at)),
        granted_by: grant.granted_by,
        consent_reference: grant.consent_reference,
        granted_at: Some(timestamp(grant.granted_at)),
        withdrawn_at: grant.withdrawn_at.map(timestamp),
        withdrawn_by: grant.withdrawn_by,
    }
}

/// The parts, and what the contract calls them.
const SCOPES: [(Scope, pb::AccessScope); 6] = [
    (Scope::Coverage, pb::AccessScope::Coverage),
    (Scope::Identities, pb::AccessScope::Identities),
    (Scope::Memberships, pb::AccessScope::Memberships),
    (Scope::Contributions, pb::AccessScope::Contributions),
    (Scope::Benefits, pb::AccessScope::Benefits),
    (Scope::Settlements, pb::AccessScope::Settlements),
];

/// The contract's numbers of parts.
pub fn scope_codes(scopes: &BTreeSet<Scope>) -> Vec<i32> {
    SCOPES.iter().filter(|(scope, _)| scopes.contains(scope)).map(|(_, named)| (*named).into()).collect()
}

/// The parts that a request names: known ones, none twice.
pub fn scopes(codes: &[i32], violations: &mut Violations) -> BTreeSet<Scope> {
    let mut scopes = BTreeSet::new();
    // One more than there are: behind it nothing can be new.
    for (at, code) in codes.iter().take(SCOPES.len() + 1).enumerate() {
        let scope = SCOPES.iter().find(|(_, named)| *named as i32 == *code).map(|(scope, _)| *scope);
        let new = scope.is_some_and(|scope| scopes.insert(scope));
        violations.require(new, format!("scopes[{at}]"), Reason::ScopeInvalid);
    }
    scopes
}

/// An entry of the access log, without its hashes.
pub fn log_entry(entry: LogEntry) -> pb::AccessLogEntry {
    pb::AccessLogEntry {
        poolarea_no: entry.poolarea_no,
        seq: entry.seq,
        at: Some(timestamp(entry.at)),
        actor: entry.actor,
        action: entry.action,
        purpose: entry.purpose,
        grant_id: entry.grant_id,
        outcome: entry.outcome,
        subject: entry.subject,
    }
}

/// What was found: up to where the chain holds, whether that is its end, and where it is broken first.
pub fn verdict(found: Verdict) -> pb::VerifyAccessLogResponse {
    let Verdict { reached, complete, broken } = found;
    pb::VerifyAccessLogResponse {
        intact: broken.is_none(),
        complete,
        entries: reached.seq,
        head_hash: reached.hash,
        fault: broken.map_or(0, |broken| broken.fault as i32),
        broken_seq: broken.map_or(0, |broken| broken.seq),
        written_seq: broken.and_then(|broken| broken.written_at).unwrap_or_default(),
        explanation: broken.map(|broken| broken.told("访问记录")).unwrap_or_default(),
    }
}
