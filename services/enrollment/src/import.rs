//! What all imports share: all rows or none, once per request id, the timeline and the rows in one transaction, the version
//! of every person that changed goes up by one, and followers hear of it.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use sea_orm::{DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel};
use sha2::{Digest, Sha256};
use tonic::async_trait;
use yizhan_proto::enrollment::v1::{ImportOutcome, RegisterChange};
use yizhan_runtime::db::{begin_write, retry_transient};
use yizhan_runtime::feed::{self, NewChange};
use yizhan_runtime::{Caller, ServiceError, Violations};

use crate::domain::entry::{Entry, Put};
use crate::domain::row_check::RowCheck;
use crate::domain::timeline::MAX_ENTRIES;
use crate::register::Register;
use crate::store::requests::{self, Done, RequestKey};
use crate::store::rows::{self, Stored};
use crate::store::timelines::{self, StoredTimeline};

/// Rows of one import at most.
pub const MAX_ROWS: usize = 1000;

/// Identifies an import: the caller's own id, and a digest of what it asks for.
pub fn request_key<M: Message>(caller: &Caller, request_id: &str, method: &str, body: &M) -> RequestKey {
    let digest =
        Sha256::new().chain_update(method).chain_update([0]).chain_update(body.encode_to_vec()).finalize();
    RequestKey { caller: caller.to_string(), request_id: request_id.to_owned(), digest: hex::encode(digest) }
}

/// Checks what every import must have.
pub fn check_request(request_id: &str, row_count: usize, violations: &mut Violations) {
    let id_fits = (1..=64).contains(&request_id.len()) && request_id.bytes().all(|b| b.is_ascii_graphic());
    violations.require(
        id_fits,
        "request_id",
        "REQUEST_ID_INVALID",
        "request_id 应为 1 至 64 位可见 ASCII 字符",
    );
    violations.require(row_count > 0, "rows", "ROWS_EMPTY", "至少一行");
    if row_count > MAX_ROWS {
        violations
            .push("rows", "TOO_MANY_ROWS", format!("每次最多 {MAX_ROWS} 行"))
            .with("limit", MAX_ROWS)
            .with("count", row_count);
    }
}

/// Refuses a key that an earlier row of the same request has.
pub fn check_duplicates<K: Ord>(keys: impl Iterator<Item = K>, field: &str, violations: &mut Violations) {
    let mut seen = BTreeSet::new();
    for (row, key) in keys.enumerate() {
        if !seen.insert(key) {
            RowCheck::new(row, violations).wrong(field, "DUPLICATE_ROW", "与本次请求中的前一行重复");
        }
    }
}

/// Refuses a caller who may not change the register of an area.
pub fn check_area(caller: &Caller, poolarea_no: &str) -> Result<(), ServiceError> {
    if caller.may_manage_area(poolarea_no) {
        return Ok(());
    }
    Err(ServiceError::permission_denied(
        "AREA_NOT_OWNED",
        "the caller does not keep the register of this pooling area",
        "无权维护该统筹区的参保信息",
    )
    .with("poolarea_no", poolarea_no))
}

/// An import that was checked as far as it can be without the register.
#[async_trait]
pub trait Import: Sync {
    /// Checks it against the register and writes it, within a transaction that is rolled back if this fails.
    async fn write(
        &self,
        tx: &DatabaseTransaction,
        register: &Register,
    ) -> Result<ImportOutcome, ServiceError>;
}

/// Runs an import once: if its id was used before, gives the answer of then or refuses another body; else writes it in a
/// transaction and notes its outcome. Two at once with the same id: the unique key lets one through, and the other, run
/// again, finds it done.
pub async fn once(
    register: &Register,
    key: &RequestKey,
    import: &impl Import,
) -> Result<ImportOutcome, ServiceError> {
    retry_transient(|| async {
        let tx = begin_write(&register.db).await?;
        if let Some(done) = requests::find(&tx, key).await? {
            return replay(done, key);
        }
        let outcome = import.write(&tx, register).await?;
        requests::insert(&tx, key, &outcome, register.clock.now()).await?;
        tx.commit().await?;
        register.feed.wake();
        Ok(outcome)
    })
    .await
}

fn replay(done: Done, key: &RequestKey) -> Result<ImportOutcome, ServiceError> {
    if done.digest == key.digest {
        return Ok(ImportOutcome { replayed: true, ..done.outcome });
    }
    Err(ServiceError::already_exists(
        "REQUEST_ID_REUSED",
        "this request_id was used for another request",
        "该 request_id 已用于内容不同的请求，请更换后重试",
    )
    .with("request_id", &key.request_id))
}

/// One row of an import of dated entries.
#[derive(Clone, Debug)]
pub struct DatedRow<E> {
    /// Whose.
    pub psn_no: String,
    /// What.
    pub entry: E,
}

/// Dated entries to be put into the timelines of registered persons.
pub struct DatedImport<'a, E> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The rows, in the order of the request.
    pub rows: Vec<DatedRow<E>>,
    /// Further persons that must be registered: by row, field and number.
    pub others: Vec<(usize, &'static str, String)>,
    /// Sees each entry with the person's timeline after all rows are in it, and notes what is wrong.
    pub check: fn(&E, &StoredTimeline, &mut RowCheck),
}

#[async_trait]
impl<E> Import for DatedImport<'_, E>
where
    E: Entry + Stored + Send + Sync,
    <E::Entity as EntityTrait>::Model: IntoActiveModel<<E::Entity as EntityTrait>::ActiveModel>,
    <E::Entity as EntityTrait>::ActiveModel: Send,
{
    async fn write(
        &self,
        tx: &DatabaseTransaction,
        register: &Register,
    ) -> Result<ImportOutcome, ServiceError> {
        let owners = self.rows.iter().map(|row| row.psn_no.clone());
        let psn_nos: BTreeSet<String> =
            owners.chain(self.others.iter().map(|other| other.2.clone())).collect();
        let mut held = timelines::lock(tx, psn_nos).await?;
        self.check_registered(&held)?;
        for row in &self.rows {
            check_area(self.caller, &held[&row.psn_no].poolarea_no)?;
        }
        let changes = put_all(&self.rows, &mut held);
        self.check_all(&held)?;
        write_changes(tx, register, &self.rows, &changes, &mut held).await?;
        Ok(changes.outcome)
    }
}

impl<E: Entry> DatedImport<'_, E> {
    fn check_registered(&self, held: &BTreeMap<String, StoredTimeline>) -> Result<(), ServiceError> {
        let owners = self.rows.iter().enumerate().map(|(at, row)| (at, "psn_no", &row.psn_no));
        let others = self.others.iter().map(|(at, field, psn_no)| (*at, *field, psn_no));
        let mut violations = Violations::new();
        for (at, field, psn_no) in owners.chain(others) {
            if !held.contains_key(psn_no) {
                RowCheck::new(at, &mut violations).wrong(field, "PERSON_UNKNOWN", "未查询到该人员编号");
            }
        }
        violations.finish()
    }

    fn check_all(&self, held: &BTreeMap<String, StoredTimeline>) -> Result<(), ServiceError> {
        let mut violations = Violations::new();
        for (at, row) in self.rows.iter().enumerate() {
            let person = &held[&row.psn_no];
            let mut check = RowCheck::new(at, &mut violations);
            if E::list(&person.timeline).len() > MAX_ENTRIES {
                check.wrong("psn_no", "TOO_MANY_ENTRIES", "该人员的同类记录过多");
            }
            (self.check)(&row.entry, person, &mut check);
        }
        violations.finish()
    }
}

/// What an import changes.
struct Changes {
    outcome: ImportOutcome,
    /// Rows to write.
    rows: Vec<usize>,
    /// Persons to write.
    psn_nos: BTreeSet<String>,
}

fn put_all<E: Entry>(rows: &[DatedRow<E>], held: &mut BTreeMap<String, StoredTimeline>) -> Changes {
    let outcome = ImportOutcome { row_count: rows.len() as i32, ..ImportOutcome::default() };
    let mut changes = Changes { outcome, rows: Vec::new(), psn_nos: BTreeSet::new() };
    for (at, row) in rows.iter().enumerate() {
        let Some(person) = held.get_mut(&row.psn_no) else { continue };
        let put = person.timeline.put(row.entry.clone());
        count(put, &mut changes.outcome);
        if put != Put::Unchanged {
            changes.rows.push(at);
            changes.psn_nos.insert(row.psn_no.clone());
        }
    }
    changes.outcome.changed_person_count = changes.psn_nos.len() as i32;
    changes
}

/// Counts one row.
pub fn count(put: Put, outcome: &mut ImportOutcome) {
    match put {
        Put::Created => outcome.created_count += 1,
        Put::Updated => outcome.updated_count += 1,
        Put::Unchanged => outcome.unchanged_count += 1,
    }
}

async fn write_changes<E>(
    tx: &DatabaseTransaction,
    register: &Register,
    rows: &[DatedRow<E>],
    changes: &Changes,
    held: &mut BTreeMap<String, StoredTimeline>,
) -> Result<(), DbErr>
where
    E: Entry + Stored,
    <E::Entity as EntityTrait>::Model: IntoActiveModel<<E::Entity as EntityTrait>::ActiveModel>,
    <E::Entity as EntityTrait>::ActiveModel: Send,
{
    let models = changes.rows.iter().map(|at| {
        let row = &rows[*at];
        row.entry.row(&held[&row.psn_no].poolarea_no, &row.psn_no)
    });
    rows::upsert::<E::Entity, _>(tx, models.collect()).await?;
    let mut changed: Vec<StoredTimeline> =
        changes.psn_nos.iter().filter_map(|psn_no| held.remove(psn_no)).collect();
    for person in &mut changed {
        person.version += 1;
    }
    timelines::update(tx, &changed).await?;
    announce(tx, register, &changed).await
}

/// Tells followers which persons changed, to which version.
pub async fn announce(
    tx: &DatabaseTransaction,
    register: &Register,
    changed: &[StoredTimeline],
) -> Result<(), DbErr> {
    let recorded_at = register.clock.now();
    let change = |person: &StoredTimeline| NewChange {
        area: person.poolarea_no.clone(),
        kind: "PERSON_CHANGED",
        subject: person.psn_no.clone(),
        payload: RegisterChange {
            psn_no: person.psn_no.clone(),
            person_version: person.version,
            poolarea_no: person.poolarea_no.clone(),
        }
        .encode_to_vec(),
        recorded_at,
    };
    feed::append(tx, changed.iter().map(change).collect()).await
}
