//! Settlements as the feed tells them: read once for all who follow, a chunk of the log at a time.

use std::collections::BTreeMap;

use prost::Message;
use sea_orm::{ColumnTrait, DbErr, DerivePartialModel, EntityTrait, QueryFilter};
use tonic::async_trait;
use yizhan_proto::settlement::v1::{Deferral, Recovery, WorkItem};
use yizhan_runtime::Caller;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::{Change, Reading, may_see_area};

use super::commit::{DEFERRAL, OPENED, RECOVERED, WORK_ITEM};
use super::deferrals;
use super::entities::{opening, settlement};
use super::partitions::months_of;

/// Reads the settlements of a feed.
#[derive(Clone, Debug)]
pub struct Followed(pub DatabaseConnection);

/// What is told of a settlement, of all its columns.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "settlement::Entity")]
pub struct Settled {
    /// 统筹区
    pub poolarea_no: String,
    /// 人员编号
    pub psn_no: String,
    /// 结算ID
    pub setl_id: String,
    /// 定点医药机构编号
    pub fixmedins_code: String,
    /// The whole answer, encoded.
    pub answer: Vec<u8>,
}

/// What is told of an opening: whose it is.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "opening::Entity")]
pub struct Opened {
    /// 统筹区
    pub poolarea_no: String,
    /// 人员编号
    pub psn_no: String,
    /// Its id.
    pub opening_id: String,
}

/// An entry of the log, and what it names.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The entry.
    pub change: Change,
    /// What it names.
    pub told: Told,
}

/// What an entry names.
#[derive(Clone, Debug)]
pub enum Told {
    /// A settlement, manual payment or reversal.
    Settled(Settled),
    /// An opening.
    Opened(Opened),
    /// An item of the worklist.
    Item(Box<WorkItem>),
    /// A recovery, a refused one, or what undoes one.
    Recovered(Box<Recovery>),
    /// A debt, as it was then.
    Deferred(Box<Deferral>),
}

impl AsRef<Change> for Entry {
    fn as_ref(&self) -> &Change {
        &self.change
    }
}

#[async_trait]
impl Reading for Followed {
    type Entry = Entry;
    const PAGE: u64 = 32;

    /// For an institution its own, for others those of their areas.
    async fn read(&self, mut changes: Vec<Change>, whom: Option<&Caller>) -> Result<Vec<Entry>, DbErr> {
        let institution = whom.and_then(Caller::institution_code);
        if institution.is_none() {
            changes.retain(|change| may_see_area(whom, change));
        }
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let others = [DEFERRAL, OPENED, RECOVERED, WORK_ITEM];
        let settled = changes.iter().filter(|change| !others.contains(&change.kind.as_str()));
        let mut told = self.settled(settled, institution).await?;
        // Nothing of an opening, or of the worklist, is an institution's.
        if institution.is_none() {
            told.extend(self.opened(changes.iter().filter(|change| change.kind == OPENED)).await?);
        }
        let entry = |change: Change| match told.remove(&change.subject) {
            _ if change.kind == WORK_ITEM && institution.is_none() => Some(item(change)),
            _ if change.kind == DEFERRAL => deferral(change, institution).transpose(),
            _ if change.kind == RECOVERED => recovery(change, institution).transpose(),
            Some(told) => Some(Ok(Entry { change, told })),
            None if institution.is_some() => None,
            None => Some(Err(DbErr::RecordNotFound(format!("the feed names settlement {}", change.subject)))),
        };
        changes.into_iter().filter_map(entry).collect()
    }

    fn bytes(entry: &Entry) -> usize {
        match &entry.told {
            Told::Settled(settled) => settled.answer.len(),
            Told::Opened(_) => 0,
            Told::Deferred(_) | Told::Item(_) | Told::Recovered(_) => entry.change.payload.len(),
        }
    }
}

impl Followed {
    async fn settled<'c>(
        &self,
        changes: impl Iterator<Item = &'c Change>,
        institution: Option<&str>,
    ) -> Result<BTreeMap<String, Told>, DbErr> {
        let ids: Vec<&str> = changes.map(|change| change.subject.as_str()).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let months = months_of(ids.iter().copied());
        let mut query =
            settlement::Entity::find().filter(settlement::Column::SetlId.is_in(ids)).filter(months);
        if let Some(code) = institution {
            query = query.filter(settlement::Column::FixmedinsCode.eq(code));
        }
        let rows = query.into_partial_model::<Settled>().all(&self.0).await?;
        Ok(rows.into_iter().map(|row| (row.setl_id.clone(), Told::Settled(row))).collect())
    }

    async fn opened<'c>(
        &self,
        changes: impl Iterator<Item = &'c Change>,
    ) -> Result<BTreeMap<String, Told>, DbErr> {
        let ids: Vec<&str> = changes.map(|change| change.subject.as_str()).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let query = opening::Entity::find().filter(opening::Column::OpeningId.is_in(ids));
        let rows = query.into_partial_model::<Opened>().all(&self.0).await?;
        Ok(rows.into_iter().map(|row| (row.opening_id.clone(), Told::Opened(row))).collect())
    }
}

/// For an institution its own.
fn recovery(change: Change, institution: Option<&str>) -> Result<Option<Entry>, DbErr> {
    let recovery = Recovery::decode(change.payload.as_slice());
    let recovery =
        recovery.map_err(|error| DbErr::Type(format!("the feed's recovery {}: {error}", change.subject)))?;
    let seen = institution.is_none_or(|code| code == recovery.fixmedins_code);
    Ok(seen.then(|| Entry { change, told: Told::Recovered(Box::new(recovery)) }))
}

/// For an institution its own.
fn deferral(change: Change, institution: Option<&str>) -> Result<Option<Entry>, DbErr> {
    let deferral = deferrals::decode(&change.payload)?;
    let seen = institution.is_none_or(|code| code == deferral.fixmedins_code);
    Ok(seen.then(|| Entry { change, told: Told::Deferred(Box::new(deferral)) }))
}

fn item(change: Change) -> Result<Entry, DbErr> {
    let item = WorkItem::decode(change.payload.as_slice());
    let item = item.map_err(|error| DbErr::Type(format!("the feed's item {}: {error}", change.subject)))?;
    Ok(Entry { change, told: Told::Item(Box::new(item)) })
}
