//! Enrollment's register, followed: who is insured beyond death or twice, and who keeps the record of whom.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_proto::audit::v1::PersonItem;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    CheckInsuredRequest, InsuranceDoubt, InsuranceDoubtKind, RegisterChangeKind, WatchRegisterRequest,
    WatchRegisterResponse,
};
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower, Timestamp};
use yizhan_runtime::{Reason, ServiceError};

use super::domain::Kind;
use super::follow::follow;
use super::next::{Next, Raised, moved, next};
use super::own_share::item_id;
use super::store;
use crate::app::Audit;

/// Persons of one question.
const TOGETHER: usize = 100;

/// This service as follower of enrollment, in what people are watched for. From the beginning of the register on: also who was in it before.
pub struct FollowInsured {
    /// What is changed.
    pub audit: Audit,
    /// Enrollment, by the channel for the feed.
    pub feed: EnrollmentServiceClient<PeerChannel>,
    /// Enrollment, by the channel for questions.
    pub questions: EnrollmentServiceClient<PeerChannel>,
}

/// What enrollment says of the persons that some events are about.
#[derive(Debug, Default)]
pub struct Told {
    /// 人员编号 of whom it was asked.
    pub asked: BTreeSet<String>,
    /// What there is to doubt of them.
    pub doubts: Vec<InsuranceDoubt>,
    /// Who keeps the record of somebody since.
    pub moved: BTreeMap<String, String>,
}

#[async_trait]
impl Follower for FollowInsured {
    type Event = WatchRegisterResponse;
    type Work = Told;
    type Changed = ();

    fn feed(&self) -> &'static str {
        "enrollment.register, people"
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchRegisterResponse>, Status> {
        let request = WatchRegisterRequest { resume_token };
        Ok(self.feed.clone().watch_register(request).await?.into_inner().boxed())
    }

    fn resume_token(event: &WatchRegisterResponse) -> &str {
        &event.resume_token
    }

    fn happened(event: &WatchRegisterResponse) -> Option<Timestamp> {
        event.recorded_at
    }

    /// One question for a hundred persons. A phone or a name matters, too.
    async fn prepare(&self, events: Vec<WatchRegisterResponse>) -> Result<Told, ServiceError> {
        let moved = events.iter().filter(|event| event.kind() == RegisterChangeKind::Moved);
        let moved = moved.map(|event| (event.psn_no.clone(), event.poolarea_no.clone())).collect();
        let mut told = Told { moved, ..Told::default() };
        told.asked.extend(events.into_iter().map(|event| event.psn_no));
        let asked: Vec<&String> = told.asked.iter().collect();
        for psn_nos in asked.chunks(TOGETHER) {
            let request = CheckInsuredRequest { psn_nos: psn_nos.iter().copied().cloned().collect() };
            let answer = self.questions.clone().check_insured(request).await.map_err(|status| {
                let text = "enrollment cannot say who is insured wrongly";
                ServiceError::new(Reason::EnrollmentAway, text).caused_by(status)
            })?;
            told.doubts.extend(answer.into_inner().doubts);
        }
        Ok(told)
    }

    async fn apply(&self, tx: &DatabaseTransaction, told: &Told) -> Result<(), ServiceError> {
        let at = self.audit.clock.now();
        let raised: BTreeMap<String, Raised> =
            told.doubts.iter().flat_map(raised).map(|one| (one.item_id.clone(), one)).collect();
        let others = raised.values().map(|one| one.item.psn_no.clone());
        let held = store::doubts(tx, &others.chain(told.asked.iter().cloned()).collect()).await?;
        let ids: BTreeMap<&str, &store::Model> = held.iter().map(|row| (row.item_id.as_str(), row)).collect();
        let of_asked =
            |row: &&store::Model| told.asked.contains(&row.psn_no) || told.asked.contains(&row.other_psn_no);
        let gone = held.iter().filter(|row| !raised.contains_key(&row.item_id)).filter(of_asked);
        let mut changes: Vec<Next> = gone
            .filter_map(|row| next(Some(row), None, at))
            .chain(
                raised.values().filter_map(|one| next(ids.get(one.item_id.as_str()).copied(), Some(one), at)),
            )
            .collect();
        let shares = store::own_shares(tx, &told.moved.keys().cloned().collect()).await?;
        changes.extend(shares.iter().filter_map(|row| moved(row, told.moved.get(&row.psn_no)?, at)));
        follow(tx, changes, at).await
    }

    async fn committed(&self, (): ()) {}
}

/// What a doubt puts on the worklist: of two records an item of each, for the agency that keeps it.
fn raised(doubt: &InsuranceDoubt) -> Vec<Raised> {
    let item = PersonItem {
        psn_no: doubt.psn_no.clone(),
        insutype: doubt.insutype.clone(),
        begndate: doubt.begndate.clone(),
        enddate: doubt.enddate.clone(),
        die_date: doubt.die_date.clone(),
        other_psn_no: doubt.other_psn_no.clone(),
        other_poolarea_no: doubt.other_poolarea_no.clone(),
        other_insutype: doubt.other_insutype.clone(),
        evidence: doubt.evidence.clone(),
        ..PersonItem::default()
    };
    match doubt.kind() {
        InsuranceDoubtKind::Unspecified => Vec::new(),
        InsuranceDoubtKind::AfterDeath => {
            let about = [Kind::InsuredAfterDeath.name(), &doubt.psn_no, &doubt.insutype];
            vec![of(Kind::InsuredAfterDeath, &about, &doubt.poolarea_no, item)]
        }
        InsuranceDoubtKind::Twice => {
            let about = |one, other| [Kind::InsuredTwice.name(), one, other];
            let other = PersonItem {
                psn_no: doubt.other_psn_no.clone(),
                insutype: doubt.other_insutype.clone(),
                other_psn_no: doubt.psn_no.clone(),
                other_poolarea_no: doubt.poolarea_no.clone(),
                other_insutype: doubt.insutype.clone(),
                ..item.clone()
            };
            let (one, two) = (doubt.psn_no.as_str(), doubt.other_psn_no.as_str());
            vec![
                of(Kind::InsuredTwice, &about(one, two), &doubt.poolarea_no, item),
                of(Kind::InsuredTwice, &about(two, one), &doubt.other_poolarea_no, other),
            ]
        }
    }
}

fn of(kind: Kind, about: &[&str], poolarea_no: &str, item: PersonItem) -> Raised {
    Raised { item_id: item_id(about), kind, poolarea_no: poolarea_no.to_owned(), last: String::new(), item }
}
