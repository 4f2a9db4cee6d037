//! The tables of the ledger, and the one way entries are written.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{Condition, QueryOrder, QuerySelect, QueryTrait};
use yizhan_proto::credit::v1::{Entry, Subject, SubjectKind, WatchCreditResponse};
use yizhan_runtime::chain::{Chains, Link, Linked};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::db::{DatabaseTransaction, find_rows_where, insert, insert_new, upsert};
use yizhan_runtime::feed::{self, NewChange};
use yizhan_runtime::ids::new_id_after;
use yizhan_runtime::{Reason, ServiceError, areas};
use yizhan_terms::Area;

use crate::app::Credit;

/// What an entry of the change log is about.
const ENTRY: &str = "ENTRY";

/// The tables of the chains.
pub const LEDGER: Chains = Chains { entries: "ledger_entry", heads: "ledger_head" };

/// An entry as it is kept.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entry")]
pub struct Model {
    /// The area whose chain it is in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// Counts from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Its id.
    pub entry_id: String,
    /// The contract's SubjectKind.
    pub subject_kind: i32,
    /// Whose.
    pub subject_code: String,
    /// The contract's EntryKind.
    pub kind: i32,
    /// The matter it belongs to.
    pub matter_id: String,
    /// The entry, an encoded `yizhan.credit.v1.Entry`.
    pub entry: Vec<u8>,
    /// Hash of the entry before; empty for the first.
    pub prev_hash: String,
    /// Keyed hash of everything above.
    pub hash: String,
}

impl ActiveModelBehavior for ActiveModel {}

impl Link for Model {
    fn linked(&self) -> Linked {
        let (chain, prev_hash) = (self.poolarea_no.clone(), self.prev_hash.clone());
        Linked { chain, seq: self.seq, prev_hash, hash: self.hash.clone() }
    }

    fn link(&mut self, place: Linked) {
        (self.seq, self.prev_hash, self.hash) = (place.seq, place.prev_hash, place.hash);
    }

    fn hashed(&self, seq: &str) -> Vec<String> {
        let numbers = [self.subject_kind, self.kind].map(|number| number.to_string());
        let texts = [&self.poolarea_no, &self.entry_id, &self.subject_code, &self.matter_id];
        let all = ["yizhan credit ledger 1", seq].into_iter().chain(texts.map(String::as_str));
        let all = all.chain(numbers.iter().map(String::as_str)).map(str::to_owned);
        all.chain([HEXLOWER.encode(&self.entry), self.prev_hash.clone()]).collect()
    }
}

/// Who is known.
pub mod known_subject {
    use sea_orm::entity::prelude::*;

    /// A subject.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "subject")]
    pub struct Model {
        /// The contract's SubjectKind.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject_kind: i32,
        /// Its code.
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject_code: String,
        /// 统筹区 whose agency made it known first.
        pub poolarea_no: String,
        /// Its last entry; empty: none.
        pub last_entry_id: String,
        /// Counts its entries.
        pub version: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who is known.
pub type Known = known_subject::Model;

/// A subject, if it is known.
pub async fn known(db: &impl ConnectionTrait, subject: &Subject) -> Result<Option<Known>, DbErr> {
    known_subject::Entity::find_by_id((subject.kind, subject.code.clone())).one(db).await
}

/// A subject that is known, held until the transaction ends.
///
/// # Errors
/// SUBJECT_UNKNOWN.
pub async fn hold(tx: &DatabaseTransaction, subject: &Subject) -> Result<Known, ServiceError> {
    let found = known_subject::Entity::find_by_id((subject.kind, subject.code.clone())).lock_exclusive();
    found.one(tx).await?.ok_or_else(|| subject_unknown(subject))
}

/// Nobody knows it.
pub fn subject_unknown(subject: &Subject) -> ServiceError {
    let error = ServiceError::new(Reason::SubjectUnknown, "no such subject");
    error.with("kind", subject.kind().as_str_name())
}

/// Makes a subject known, if it is not yet, and holds it until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn make_known(
    tx: &DatabaseTransaction,
    subject: &Subject,
    poolarea_no: &str,
) -> Result<Known, ServiceError> {
    let row = Known {
        subject_kind: subject.kind,
        subject_code: subject.code.clone(),
        poolarea_no: poolarea_no.to_owned(),
        last_entry_id: String::new(),
        version: 0,
    };
    insert_new::<known_subject::Entity>(tx, vec![row]).await?;
    hold(tx, subject).await
}

/// Writes entries about a subject that is held, in their order, numbers them behind those it has, and tells followers; gives them back with their ids and
/// the time. An entry without a matter begins one. [`yizhan_runtime::once::Service::committed`] is to follow.
///
/// # Errors
/// Those of the database.
pub async fn append(
    tx: &DatabaseTransaction,
    credit: &Credit,
    known: &mut Known,
    entries: Vec<Entry>,
) -> Result<Vec<Entry>, ServiceError> {
    append_all(tx, credit, std::slice::from_mut(known), vec![entries]).await
}

/// The same of many subjects, with the entries of each.
///
/// # Errors
/// Those of the database.
pub async fn append_all(
    tx: &DatabaseTransaction,
    credit: &Credit,
    known: &mut [Known],
    entries: Vec<Vec<Entry>>,
) -> Result<Vec<Entry>, ServiceError> {
    for entry in entries.iter().flatten() {
        areas::require(Area::parse(&entry.poolarea_no))?;
    }
    let at = credit.clock.now();
    let of_each = known.iter_mut().zip(entries);
    let numbered = of_each.flat_map(|(known, entries)| {
        entries.into_iter().map(|entry| numbered(known, entry, at)).collect::<Vec<_>>()
    });
    let entries: Vec<Entry> = numbered.collect();
    let told = entries.iter().map(|entry| NewChange {
        area: entry.poolarea_no.clone(),
        kind: ENTRY,
        subject: entry.entry_id.clone(),
        payload: WatchCreditResponse { entry: Some(entry.clone()), ..WatchCreditResponse::default() }
            .encode_to_vec(),
        recorded_at: at,
    });
    feed::append(tx, told.collect()).await?;
    let mut rows: Vec<Model> = entries.iter().map(row_of).collect();
    LEDGER.append(tx, &credit.log_key, &mut rows).await?;
    insert::<Entity>(tx, rows).await?;
    upsert::<known_subject::Entity>(tx, known.to_vec()).await?;
    Ok(entries)
}

fn numbered(known: &mut Known, entry: Entry, at: DateTime<Utc>) -> Entry {
    let entry_id = new_id_after(&known.last_entry_id);
    known.last_entry_id.clone_from(&entry_id);
    known.version += 1;
    let matter_id = if entry.matter_id.is_empty() { entry_id.clone() } else { entry.matter_id };
    let subject = Some(Subject { kind: known.subject_kind, code: known.subject_code.clone() });
    Entry { entry_id, matter_id, subject, recorded_at: Some(timestamp(at)), ..entry }
}

fn row_of(entry: &Entry) -> Model {
    let subject = entry.subject.clone().unwrap_or_default();
    Model {
        poolarea_no: entry.poolarea_no.clone(),
        seq: 0,
        entry_id: entry.entry_id.clone(),
        subject_kind: subject.kind,
        subject_code: subject.code,
        kind: entry.kind,
        matter_id: entry.matter_id.clone(),
        entry: entry.encode_to_vec(),
        prev_hash: String::new(),
        hash: String::new(),
    }
}

/// All entries of a subject, in their order.
pub async fn of_subject(db: &impl ConnectionTrait, subject: &Subject) -> Result<Vec<Entry>, DbErr> {
    all(db, of(subject)).await
}

/// All entries of subjects of a kind, each in their order, by code; one read.
pub async fn of_subjects(
    db: &impl ConnectionTrait,
    kind: SubjectKind,
    codes: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, Vec<Entry>>, DbErr> {
    let mut keys: Vec<[String; 1]> = codes.map(|code| [code]).collect();
    keys.sort_unstable();
    keys.dedup();
    let kind = format!("ledger_entry.subject_kind = {}", kind as i32);
    let mut rows = find_rows_where::<Entity, 1>(db, [Column::SubjectCode], keys, &kind).await?;
    rows.sort_unstable_by(|one, other| one.entry_id.cmp(&other.entry_id));
    let mut found: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for row in rows {
        let entry = read(&row)?;
        found.entry(row.subject_code).or_default().push(entry);
    }
    Ok(found)
}

/// Subjects of a kind of whom somebody of an area entered something, by code, behind one.
pub async fn with_entries(
    db: &impl ConnectionTrait,
    (kind, area): (SubjectKind, Area),
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Known>, DbErr> {
    use known_subject::Column as Of;
    let same = |column: Of, own: Column| {
        ExprTrait::eq(Expr::col((known_subject::Entity, column)), Expr::col((Entity, own)))
    };
    let entered = Entity::find()
        .select_only()
        .column(Column::PoolareaNo)
        .filter(same(Of::SubjectKind, Column::SubjectKind))
        .filter(same(Of::SubjectCode, Column::SubjectCode))
        .filter(Column::PoolareaNo.starts_with(area.prefix()))
        .limit(1)
        .into_query();
    // Not EXISTS, which PostgreSQL makes a join of: it then reads the whole ledger for each page.
    let entered = Expr::SubQuery(None, Box::new(entered.into()));
    let wanted = Condition::all()
        .add(Of::SubjectKind.eq(kind as i32))
        .add_option(after.map(|[code]| Of::SubjectCode.gt(code)))
        .add(entered.is_not_null());
    known_subject::Entity::find().filter(wanted).order_by_asc(Of::SubjectCode).limit(limit).all(db).await
}

/// All entries of a matter, in their order.
pub async fn of_matter(db: &impl ConnectionTrait, matter_id: &str) -> Result<Vec<Entry>, DbErr> {
    all(db, Condition::all().add(Column::MatterId.eq(matter_id))).await
}

/// One entry of a subject.
pub async fn entry(
    db: &impl ConnectionTrait,
    subject: &Subject,
    entry_id: &str,
) -> Result<Option<Entry>, DbErr> {
    Ok(all(db, of(subject).add(Column::EntryId.eq(entry_id))).await?.pop())
}

async fn all(db: &impl ConnectionTrait, wanted: Condition) -> Result<Vec<Entry>, DbErr> {
    let rows = Entity::find().filter(wanted).order_by_asc(Column::EntryId).all(db).await?;
    rows.iter().map(read).collect()
}

/// Entries of a subject, of one matter or all, newest first, behind one.
pub async fn newest(
    db: &impl ConnectionTrait,
    (subject, matter_id): (&Subject, Option<&str>),
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Entry>, DbErr> {
    let wanted = of(subject)
        .add_option(matter_id.map(|id| Column::MatterId.eq(id)))
        .add_option(before.map(|[id]| Column::EntryId.lt(id)));
    let rows = Entity::find().filter(wanted).order_by_desc(Column::EntryId).limit(limit).all(db).await?;
    rows.iter().map(read).collect()
}

/// Up to `limit` entries of a chain behind a number, up to another, in order.
pub async fn of_area(
    db: &impl ConnectionTrait,
    poolarea_no: &str,
    (after, until): (i64, i64),
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let query = Entity::find().filter(Column::PoolareaNo.eq(poolarea_no));
    let query = query.filter(Column::Seq.gt(after)).filter(Column::Seq.lte(until));
    query.order_by_asc(Column::Seq).limit(limit).all(db).await
}

fn of(subject: &Subject) -> Condition {
    Condition::all().add(Column::SubjectKind.eq(subject.kind)).add(Column::SubjectCode.eq(&subject.code))
}

fn read(row: &Model) -> Result<Entry, DbErr> {
    Entry::decode(row.entry.as_slice()).map_err(|error| DbErr::Type(format!("{}: {error}", row.entry_id)))
}
