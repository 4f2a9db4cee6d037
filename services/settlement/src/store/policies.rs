//! Published policies, kept in memory: few, small, and read on every visit.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryOrder};
use yizhan_policy::load::{Problem, check_set};
use yizhan_policy::{Policy, PolicySet, load};

use super::entities::policy;

/// How often a process looks for policies that another process published.
pub const REFRESH: Duration = Duration::from_secs(2);

/// Every published version, and which are in use.
#[derive(Default)]
pub struct Book {
    /// By name and version.
    versions: BTreeMap<(String, String), Published>,
    /// The latest version of each name.
    current: PolicySet,
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
    /// The policies in use.
    pub fn current(&self) -> &PolicySet {
        &self.current
    }

    /// A version, in use or not.
    pub fn version(&self, id: &str, version: &str) -> Option<&Published> {
        self.versions.get(&(id.to_owned(), version.to_owned()))
    }

    /// All versions, by name and version.
    pub fn versions(&self) -> impl Iterator<Item = &Published> {
        self.versions.values()
    }

    /// What is wrong with using a policy beside those in use.
    pub fn conflicts(&self, policy: &Policy) -> Vec<Problem> {
        let others = self.current.policies().iter().filter(|other| other.id != policy.id);
        let set: Vec<Policy> = others.cloned().chain([policy.clone()]).collect();
        check_set(&set)
    }

    fn of(rows: Vec<policy::Model>) -> Result<Book, DbErr> {
        let mut versions = BTreeMap::new();
        let mut latest: BTreeMap<String, Published> = BTreeMap::new();
        for row in rows {
            let name = format!("{} {}", row.policy_id, row.version);
            let policy = load(&name, &row.document).map_err(|problems| {
                DbErr::Custom(format!("published policy {name} cannot be read: {problems}"))
            })?;
            let published = Published { policy: Arc::new(policy), row };
            let key = (published.row.policy_id.clone(), published.row.version.clone());
            let newer = latest.get(&key.0).is_none_or(|known| known.row.ordinal < published.row.ordinal);
            if newer {
                latest.insert(key.0.clone(), published.clone());
            }
            versions.insert(key, published);
        }
        let current = latest.into_values().map(|published| (*published.policy).clone()).collect();
        let current = PolicySet::new(current).map_err(|problems| {
            DbErr::Custom(format!("published policies contradict each other: {problems}"))
        })?;
        Ok(Book { versions, current })
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
        let rows = policy::Entity::find().order_by_asc(policy::Column::Ordinal).all(&self.db).await?;
        if rows.len() != self.book().versions.len() {
            let book = Arc::new(Book::of(rows)?);
            *self.book.write().expect("no panic while the lock is held") = book;
        }
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

/// Stores a version, in the caller's transaction.
pub async fn insert<C: ConnectionTrait>(tx: &C, policy: &Policy, document: &str) -> Result<(), DbErr> {
    let last = policy::Entity::find().order_by_desc(policy::Column::Ordinal).one(tx).await?;
    let row = policy::Model {
        policy_id: policy.id.clone(),
        version: policy.version.clone(),
        ordinal: last.map_or(1, |last| last.ordinal + 1),
        digest: policy.digest.clone(),
        document: document.to_owned(),
    };
    policy::Entity::insert(policy::ActiveModel::from(row)).exec_without_returning(tx).await?;
    Ok(())
}
