//! Where documents of one kind are published, listed and read: what the use cases of a service's rules work with.

use std::fmt;

use yizhan_documents::Document;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::page::Pages;
use yizhan_runtime::{Clock, once};

use crate::Book;

/// Where documents `D` are kept. Cheap to clone.
pub struct Desk<D> {
    /// The database.
    pub db: DatabaseConnection,
    /// Those in use, in memory.
    pub book: Book<D>,
    /// What time it is.
    pub clock: Clock,
    /// Seals the tokens of its pages.
    pub pages: Pages,
}

impl<D> Clone for Desk<D> {
    fn clone(&self) -> Self {
        let Desk { db, book, clock, pages } = self;
        Desk { db: db.clone(), book: book.clone(), clock: clock.clone(), pages: pages.clone() }
    }
}

impl<D: Document> fmt::Debug for Desk<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("book", &self.book).finish_non_exhaustive()
    }
}

impl<D: Document> once::Service for Desk<D> {
    type Changed = ();

    fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn committed(&self, (): ()) {}
}
