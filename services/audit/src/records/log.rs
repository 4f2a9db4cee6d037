//! The log: every step of every document with what it left, append-only, one chain of hashes per area.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use tonic::async_trait;
use yizhan_proto::audit::v1::CaseStep;
use yizhan_runtime::ServiceError;
use yizhan_runtime::chain::{Asked, Break, Chains, Fault, Link, Linked, Log, LogKey, Verdict, verify};
use yizhan_runtime::db::{DatabaseConnection, DatabaseTransaction, find_rows, insert};

use super::{Kept, table};

/// One step.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    /// The area whose chain it is in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// Counts from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// When, in whole microseconds.
    pub at: DateTimeUtc,
    /// Of which document.
    pub id: String,
    /// Its version since.
    pub step_no: i32,
    /// The step, an encoded `yizhan.audit.v1.CaseStep`.
    pub step: Vec<u8>,
    /// The document as it was since.
    pub record: Vec<u8>,
    /// Hash of the entry before; empty for the first.
    pub prev_hash: String,
    /// Keyed hash of everything above.
    pub hash: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables.
const AUDIT_LOG: Chains = Chains { entries: "audit_log", heads: "audit_log_head" };

impl Link for Model {
    fn linked(&self) -> Linked {
        let (chain, prev_hash) = (self.poolarea_no.clone(), self.prev_hash.clone());
        Linked { chain, seq: self.seq, prev_hash, hash: self.hash.clone() }
    }

    fn link(&mut self, place: Linked) {
        (self.seq, self.prev_hash, self.hash) = (place.seq, place.prev_hash, place.hash);
    }

    fn hashed(&self, seq: &str) -> Vec<String> {
        let (at, step_no) = (self.at.timestamp_micros().to_string(), self.step_no.to_string());
        let [step, record] = [&self.step, &self.record].map(|bytes| HEXLOWER.encode(bytes));
        let fields = ["yizhan audit log 1", &self.poolarea_no, seq, &at, &self.id, &step_no, &step, &record];
        fields.into_iter().chain([self.prev_hash.as_str()]).map(str::to_owned).collect()
    }
}

/// Appends steps to the chains of their areas.
pub(super) async fn append(
    tx: &DatabaseTransaction,
    key: &LogKey,
    steps: &[(table::Model, CaseStep)],
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let entry = |(row, step): &(table::Model, CaseStep)| Model {
        poolarea_no: row.area.clone(),
        seq: 0,
        at,
        id: row.id.clone(),
        step_no: row.version,
        step: step.encode_to_vec(),
        record: row.record.clone(),
        prev_hash: String::new(),
        hash: String::new(),
    };
    let mut entries: Vec<Model> = steps.iter().map(entry).collect();
    AUDIT_LOG.append(tx, key, &mut entries).await?;
    insert::<Entity>(tx, entries).await
}

/// The steps of a document, the first one first.
pub async fn steps_of(db: &impl ConnectionTrait, id: &str) -> Result<Vec<CaseStep>, DbErr> {
    let steps = Entity::find().select_only().column(Column::Step).filter(Column::Id.eq(id));
    let steps: Vec<Vec<u8>> = steps.order_by_asc(Column::StepNo).into_tuple().all(db).await?;
    let read = |step: &Vec<u8>| CaseStep::decode(step.as_slice());
    steps.iter().map(read).collect::<Result<_, _>>().map_err(|error| DbErr::Type(error.to_string()))
}

/// A document as a step left it.
pub async fn at_step<T: Kept>(db: &impl ConnectionTrait, id: &str, step_no: i32) -> Result<Option<T>, DbErr> {
    let found = Entity::find().filter(Column::Id.eq(id)).filter(Column::StepNo.eq(step_no)).one(db).await?;
    found.map(|entry| T::read(&entry.record)).transpose()
}

/// Up to `limit` entries of a chain behind a number, up to another, in order.
pub async fn page(
    db: &impl ConnectionTrait,
    poolarea_no: &str,
    (after, until): (i64, i64),
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let query = Entity::find().filter(Column::PoolareaNo.eq(poolarea_no));
    let query = query.filter(Column::Seq.gt(after)).filter(Column::Seq.lte(until));
    query.order_by_asc(Column::Seq).limit(limit).all(db).await
}

/// Whether a chain, and the documents by it, are still what was written.
///
/// # Errors
/// What the database says.
pub async fn verify_log(
    db: &DatabaseConnection,
    key: &LogKey,
    asked: &Asked,
) -> Result<Verdict, ServiceError> {
    verify(&AuditLog(db), key, asked).await
}

struct AuditLog<'l>(&'l DatabaseConnection);

#[async_trait]
impl Log for AuditLog<'_> {
    type Entry = Model;
    const CHAINS: Chains = AUDIT_LOG;

    fn db(&self) -> &DatabaseConnection {
        self.0
    }

    async fn page(&self, chain: &str, after: i64, until: i64, limit: u64) -> Result<Vec<Model>, DbErr> {
        page(self.0, chain, (after, until), limit).await
    }

    /// A document is as its last step left it, and not behind any of its steps.
    async fn also(&self, entries: &[Model]) -> Result<Option<Break>, DbErr> {
        let ids: BTreeMap<&str, ()> = entries.iter().map(|entry| (entry.id.as_str(), ())).collect();
        let ids = ids.into_keys().map(|id| [id.to_owned()]).collect();
        let rows = find_rows::<table::Entity, 1>(self.0, [table::Column::Id], ids).await?;
        let rows: BTreeMap<&str, &table::Model> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
        let holds = |entry: &&Model| {
            rows.get(entry.id.as_str()).is_some_and(|row| {
                row.version > entry.step_no || row.version == entry.step_no && row.record == entry.record
            })
        };
        let altered = entries.iter().find(|entry| !holds(entry));
        Ok(altered.map(|entry| Break::new(entry.seq, Fault::SubjectAltered)))
    }
}
