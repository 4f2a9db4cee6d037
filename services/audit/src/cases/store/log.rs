//! The log of cases: every step, append-only, one chain of hashes per pooling area.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};
use yizhan_runtime::chain::{Chains, Link, Linked, LogKey};
use yizhan_runtime::db::{DatabaseTransaction, insert};

use crate::cases::domain::Taken;

/// One step of a case.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_log")]
pub struct Model {
    /// 统筹区 of the case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// Counts from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// When, in whole microseconds.
    pub at: DateTimeUtc,
    /// Which case.
    pub case_id: String,
    /// Its version since.
    pub step_no: i32,
    /// The step, an encoded `yizhan.audit.v1.CaseStep`.
    pub step: Vec<u8>,
    /// SHA-256 of the case as it was stored then, hex.
    pub digest: String,
    /// Hash of the entry before; empty for the first.
    pub prev_hash: String,
    /// Keyed hash of everything above.
    pub hash: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables.
pub const CASE_LOG: Chains = Chains { entries: "case_log", heads: "case_log_head" };

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
        let step = HEXLOWER.encode(&self.step);
        let fields = ["yizhan case log 1", &self.poolarea_no, seq, &at, &self.case_id, &step_no, &step];
        fields.into_iter().chain([self.digest.as_str(), &self.prev_hash]).map(str::to_owned).collect()
    }
}

/// The digest of a case as it is stored.
pub fn digest(row: &super::Model) -> String {
    HEXLOWER.encode(&Sha256::new().chain_update(&row.told).chain_update(&row.inside).finalize())
}

/// Appends steps to the chains of their areas.
pub async fn append(
    tx: &DatabaseTransaction,
    key: &LogKey,
    taken: &[Taken],
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let entry = |Taken { after, step }: &Taken| {
        let row = super::row(after)?;
        Ok(Model {
            digest: digest(&row),
            poolarea_no: row.poolarea_no,
            seq: 0,
            at,
            case_id: row.case_id,
            step_no: row.version,
            step: step.encode_to_vec(),
            prev_hash: String::new(),
            hash: String::new(),
        })
    };
    let mut entries = taken.iter().map(entry).collect::<Result<Vec<_>, DbErr>>()?;
    CASE_LOG.append(tx, key, &mut entries).await?;
    insert::<Entity>(tx, entries).await
}

/// The steps of a case, the first one first.
pub async fn of_case<C: ConnectionTrait>(db: &C, case_id: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::CaseId.eq(case_id)).order_by_asc(Column::StepNo).all(db).await
}

/// Up to `limit` entries of a chain behind a number, up to another, in order.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    poolarea_no: &str,
    (after, until): (i64, i64),
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let query = Entity::find().filter(Column::PoolareaNo.eq(poolarea_no));
    let query = query.filter(Column::Seq.gt(after)).filter(Column::Seq.lte(until));
    query.order_by_asc(Column::Seq).limit(limit).all(db).await
}
