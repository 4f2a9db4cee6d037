//! Settlements as the feed tells them: read once for all who follow, a chunk of the log at a time.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, DbErr, DerivePartialModel, EntityTrait, QueryFilter};
use tonic::async_trait;
use yizhan_runtime::Caller;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::{Change, Reading, may_see_area};

use super::entities::settlement;

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

/// An entry of the log, and the settlement it names.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The entry.
    pub change: Change,
    /// The settlement.
    pub settled: Settled,
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
        let mut query = settlement::Entity::find()
            .filter(settlement::Column::SetlId.is_in(changes.iter().map(|change| change.subject.as_str())));
        if let Some(code) = institution {
            query = query.filter(settlement::Column::FixmedinsCode.eq(code));
        }
        let rows = query.into_partial_model::<Settled>().all(&self.0).await?;
        let mut rows: BTreeMap<String, Settled> =
            rows.into_iter().map(|row| (row.setl_id.clone(), row)).collect();
        let entry = |change: Change| match rows.remove(&change.subject) {
            Some(settled) => Some(Ok(Entry { change, settled })),
            None if institution.is_some() => None,
            None => Some(Err(DbErr::RecordNotFound(format!("the feed names settlement {}", change.subject)))),
        };
        changes.into_iter().filter_map(entry).collect()
    }

    fn bytes(entry: &Entry) -> usize {
        entry.settled.answer.len()
    }
}
