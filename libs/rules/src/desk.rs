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

/// The three calls about documents, as every service with a book of them answers them: `publish`, `list` and `get` of a service with `pages` and
/// this book, by their messages.
#[macro_export]
macro_rules! documents {
    ($service:ty, $book:ident:
     $Publish:ident -> $Published:ident, $List:ident -> $Listed:ident, $Get:ident -> $Got:ident) => {
        /// Checks a document and publishes it.
        pub async fn publish(
            service: &$service,
            caller: &::yizhan_runtime::Caller,
            mut request: $Publish,
        ) -> Result<$Published, ::yizhan_runtime::ServiceError> {
            let opened = ::yizhan_runtime::once::open(caller, &mut request);
            let told = |published: $crate::Published| $Published {
                rules: Some(published.summary.into()),
                replayed: published.known,
            };
            $crate::publish(service, &service.$book, caller, opened, (&request.document, told)).await
        }

        /// One page of documents, in the order they were published.
        pub async fn list(
            service: &$service,
            caller: &::yizhan_runtime::Caller,
            request: $List,
        ) -> Result<$Listed, ::yizhan_runtime::ServiceError> {
            let asked = service.pages.asked(caller, &request);
            let page = service.$book.list(&request.area, &asked).await?;
            let rules = page.documents.into_iter().map(Into::into).collect();
            Ok($Listed { rules, next_page_token: page.next_page_token })
        }

        /// One document with its text.
        pub async fn get(
            service: &$service,
            _: &::yizhan_runtime::Caller,
            request: $Get,
        ) -> Result<$Got, ::yizhan_runtime::ServiceError> {
            let (summary, document) = service.$book.get(&request.rules_id, &request.version).await?;
            let summary: ::yizhan_proto::rules::v1::RulesDocument = summary.into();
            let rules = Some(::yizhan_proto::rules::v1::RulesDocument { document, ..summary });
            Ok($Got { rules })
        }
    };
}
