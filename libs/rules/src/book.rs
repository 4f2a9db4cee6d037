//! The documents as they are now, in memory: what is asked with every question is not read with every question.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};

use tokio_util::sync::CancellationToken;
use yizhan_documents::{Document, Documents, RulesDocument};
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::task;

use crate::store::{self, Row};

/// How long other processes' publications may go unnoticed.
const REFRESH: Duration = Duration::from_secs(2);

/// The documents of one kind, `D`, that a service works by. Cheap to clone; clones see the same.
pub struct Book<D> {
    inner: Arc<Inner<D>>,
}

/// A book of documents with the families of rules `F`.
pub type RulesBook<F> = Book<RulesDocument<F>>;

struct Inner<D> {
    db: DatabaseConnection,
    table: &'static str,
    embedded: Documents<D>,
    /// Documents as read, by the digest of their text: what they say never changes. As many as were ever published.
    read: Mutex<HashMap<String, Arc<D>>>,
    current: RwLock<Arc<Documents<D>>>,
    /// One reads them again at a time: what was read earlier does not take the place of what was read later.
    reading: tokio::sync::Mutex<()>,
}

impl<D> Clone for Book<D> {
    fn clone(&self) -> Self {
        Book { inner: self.inner.clone() }
    }
}

impl<D: Document> fmt::Debug for Book<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").field("documents", &self.current().documents().len()).finish()
    }
}

impl<D: Document> Book<D> {
    /// Reads them: those that come with the service, and those published to it.
    ///
    /// # Errors
    /// Where the database is away, or a published document cannot be read: it was published by a newer version.
    pub async fn open(db: DatabaseConnection) -> Result<Book<D>, DbErr> {
        Book::open_in(db, store::TABLE).await
    }

    /// The same of a service with documents of several kinds, which keeps these in a table of their own
    /// ([`create_table`](crate::create_table)).
    ///
    /// # Errors
    /// As [`Book::open`].
    pub async fn open_in(db: DatabaseConnection, table: &'static str) -> Result<Book<D>, DbErr> {
        let embedded = Documents::embedded();
        let current = RwLock::new(Arc::new(embedded.clone()));
        let (read, reading) = (Mutex::default(), tokio::sync::Mutex::default());
        let book = Book { inner: Arc::new(Inner { db, table, embedded, read, current, reading }) };
        book.refresh().await?;
        Ok(book)
    }

    /// As they are now, and stay while they are held: at most two seconds behind what other processes publish.
    pub fn current(&self) -> Arc<Documents<D>> {
        self.inner.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads them again: after a publication.
    pub async fn refresh(&self) -> Result<(), DbErr> {
        let _turn = self.inner.reading.lock().await;
        let rules = Arc::new(self.load(&self.inner.db).await?);
        *self.inner.current.write().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// Notices what other processes publish, until the server stops; while the database is away the known rules stay in use.
    pub fn keep_fresh(&self, stopping: &CancellationToken) {
        let book = self.clone();
        task::every("rules", stopping, REFRESH, move || {
            let book = book.clone();
            async move { book.refresh().await }
        });
    }

    /// All rules as this transaction sees them: those that come with the service, then those published, in the order they were.
    pub async fn load<C: ConnectionTrait>(&self, db: &C) -> Result<Documents<D>, DbErr> {
        self.with_published(db, store::rows(db, self.table(), None).await?).await
    }

    /// The same as they were then.
    pub async fn load_as_known_at<C: ConnectionTrait>(
        &self,
        db: &C,
        known_at: DateTime<Utc>,
    ) -> Result<Documents<D>, DbErr> {
        self.with_published(db, store::rows(db, self.table(), Some(known_at)).await?).await
    }

    pub(crate) fn db(&self) -> &DatabaseConnection {
        &self.inner.db
    }

    pub(crate) fn table(&self) -> &'static str {
        self.inner.table
    }

    pub(crate) fn embedded(&self) -> &Documents<D> {
        &self.inner.embedded
    }

    pub(crate) async fn with_published<C: ConnectionTrait>(
        &self,
        db: &C,
        published: Vec<Row>,
    ) -> Result<Documents<D>, DbErr> {
        let mut rules = self.inner.embedded.clone();
        for row in published {
            let document = match self.known(&row.digest) {
                Some(document) => document,
                None => self.read_published(db, row).await?,
            };
            rules.publish(document);
        }
        Ok(rules)
    }

    async fn read_published<C: ConnectionTrait>(&self, db: &C, row: Row) -> Result<Arc<D>, DbErr> {
        let name = format!("{} {}", row.rules_id, row.version);
        let found = store::find(db, self.table(), (&row.rules_id, &row.version)).await?;
        let found = found.ok_or_else(|| DbErr::RecordNotFound(name.clone()))?;
        let document = D::read(&name, &found.document).map_err(|problems| {
            DbErr::Custom(format!("{name} was published and cannot be read: {problems}"))
        })?;
        let document = Arc::new(document);
        self.knows(document.clone());
        Ok(document)
    }

    /// A document with a text of this digest ([`yizhan_documents::digest`]) that was read before: it need not be read again.
    pub fn known(&self, digest: &str) -> Option<Arc<D>> {
        self.read().get(digest).cloned()
    }

    pub(crate) fn knows(&self, document: Arc<D>) {
        self.read().insert(document.head().digest.to_owned(), document);
    }

    fn read(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<D>>> {
        self.inner.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
