//! Published policies, kept in memory: few, small, and read on every visit.

pub mod entities;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use chrono::NaiveDate;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait, QueryOrder,
};
use yizhan_policy::load::{Kind, NoPolicy, Problem, check_set};
use yizhan_policy::{Policy, load};
use yizhan_runtime::db::lock;
use yizhan_terms::Insutype;

use entities::policy;

/// How often a process looks for policies that another process published.
pub const REFRESH: Duration = Duration::from_secs(2);

/// Every published version.
#[derive(Default)]
pub struct Book {
    /// By name and version.
    versions: BTreeMap<(String, String), Published>,
}

/// A published version.
#[derive(Clone)]
pub struct Published {
    /// As loaded.
    pub policy: Arc<Policy>,
    /// As stored.
    pub row: policy::Model,
}

impl Book {
    /// The policy for an area, scheme and day: among the versions in force that day the one
    /// published last. An older version stays in use for the days a newer one does not cover.
    pub fn find(&self, area: &str, scheme: Insutype, day: NaiveDate) -> Result<&Policy, NoPolicy> {
        let of_area = || {
            let versions = self.versions.values();
            versions.filter(|known| known.policy.areas.iter().any(|name| name == area))
        };
        let in_force = of_area()
            .filter(|known| known.policy.scheme == scheme && known.policy.period.contains(day))
            .max_by_key(|known| known.row.ordinal);
        in_force.map(|known| known.policy.as_ref()).ok_or_else(|| NoPolicy {
            area: area.to_owned(),
            scheme,
            day,
            of_area: of_area().map(|known| (known.policy.scheme, known.policy.period)).collect(),
        })
    }

    /// A version.
    pub fn version(&self, id: &str, version: &str) -> Option<&Published> {
        self.versions.get(&(id.to_owned(), version.to_owned()))
    }

    /// All versions, by name and version.
    pub fn versions(&self) -> impl Iterator<Item = &Published> {
        self.versions.values()
    }

    /// What is wrong with publishing a policy beside the published ones. A version may replace
    /// days of an older version of its own policy, never days of another policy.
    pub fn conflicts(&self, policy: &Policy) -> Vec<Problem> {
        let with = |known: &Published| {
            let own = known.policy.id == policy.id;
            let problems = check_set(&[(*known.policy).clone(), policy.clone()]);
            problems.into_iter().filter(move |problem| !(own && problem.kind == Kind::PoliciesOverlap))
        };
        self.versions.values().flat_map(with).collect()
    }

    fn of(rows: Vec<policy::Model>) -> Result<Book, DbErr> {
        let mut versions = BTreeMap::new();
        for row in rows {
            let name = format!("{} {}", row.policy_id, row.version);
            let policy = load(&name, &row.document).map_err(|problems| {
                DbErr::Custom(format!("published policy {name} cannot be read: {problems}"))
            })?;
            let key = (row.policy_id.clone(), row.version.clone());
            versions.insert(key, Published { policy: Arc::new(policy), row });
        }
        Ok(Book { versions })
    }
}

/// The policies of this process. Cheap to clone.
#[derive(Clone)]
pub struct Policies {
    db: DatabaseConnection,
    book: Arc<RwLock<Arc<Book>>>,
}

impl Policies {
    /// Nothing known yet; see [`Policies::refresh`].
    pub fn new(db: DatabaseConnection) -> Policies {
        Policies { db, book: Arc::default() }
    }

    /// What is known now; stays as it is while it is held.
    pub fn book(&self) -> Arc<Book> {
        self.book.read().expect("no panic while the lock is held").clone()
    }

    /// Reads what was published, if anything was since.
    pub async fn refresh(&self) -> Result<(), DbErr> {
        // Versions are only ever added, so their number tells; the documents are read when it has grown.
        if policy::Entity::find().count(&self.db).await? == self.book().versions.len() as u64 {
            return Ok(());
        }
        let book = Arc::new(Book::of(published(&self.db).await?)?);
        *self.book.write().expect("no panic while the lock is held") = book;
        Ok(())
    }

    /// Refreshes again and again, so that what other processes publish is seen.
    pub fn keep_fresh(&self) {
        let policies = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(REFRESH).await;
                if let Err(error) = policies.refresh().await {
                    tracing::warn!(%error, "policies could not be refreshed; the known ones stay in use");
                }
            }
        });
    }
}

/// What is published as a transaction sees it that keeps other publishers out until it ends.
pub async fn book_for_publishing(tx: &DatabaseTransaction) -> Result<Book, DbErr> {
    lock(tx, "publish policies").await?;
    Book::of(published(tx).await?)
}

async fn published<C: ConnectionTrait>(db: &C) -> Result<Vec<policy::Model>, DbErr> {
    policy::Entity::find().order_by_asc(policy::Column::Ordinal).all(db).await
}

/// Stores a version after those of the book, in the same transaction, and notes it there.
pub async fn insert(
    tx: &DatabaseTransaction,
    book: &mut Book,
    policy: Policy,
    document: &str,
) -> Result<(), DbErr> {
    let last = book.versions.values().map(|known| known.row.ordinal).max();
    let row = policy::Model {
        policy_id: policy.id.clone(),
        version: policy.version.clone(),
        ordinal: last.map_or(1, |last| last + 1),
        digest: policy.digest.clone(),
        document: document.to_owned(),
    };
    policy::Entity::insert(policy::ActiveModel::from(row.clone())).exec_without_returning(tx).await?;
    let key = (policy.id.clone(), policy.version.clone());
    book.versions.insert(key, Published { policy: Arc::new(policy), row });
    Ok(())
}
