//! Following the change log.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use futures::stream::{self, Stream};
use sea_orm::DbErr;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::places::{Place, Places};
use super::reader::{Bare, Chunk, Reading, Shared};
use super::token::Tokens;
use super::{Change, Position, log};
use crate::db::DatabaseConnection;
use crate::secret::Secret;
use crate::{Caller, ServiceError};

/// A service's own change log. Cheap to clone; clones wake one another, and their followers share one reader.
pub struct Feed<R: Reading = Bare> {
    shared: Arc<Shared<R>>,
    places: Arc<Places>,
    tokens: Arc<Tokens>,
}

impl Feed {
    /// The log in this database, which has this secret; its name, `enrollment.register`, is good for ever.
    pub fn new(name: &'static str, db: DatabaseConnection, secret: &Secret) -> Self {
        Feed::reading(Bare, name, db, secret)
    }
}

impl<R: Reading> Feed<R> {
    /// The same, with more that is read of its entries.
    pub fn reading(reading: R, name: &'static str, db: DatabaseConnection, secret: &Secret) -> Self {
        Feed {
            shared: Arc::new(Shared::new(db, reading)),
            places: Arc::default(),
            tokens: Arc::new(Tokens::new(name, secret)),
        }
    }

    /// Tells followers in this process that something was committed, so that they need not wait for the next poll.
    pub fn wake(&self) {
        self.shared.commits.send_replace(());
    }

    /// Up to `limit` entries behind a position, in order; empty when there is nothing new that is safe to read.
    pub async fn read_after(&self, after: Position, limit: u64) -> Result<Vec<Change>, DbErr> {
        log::behind(&self.shared.db, after, limit).await
    }

    /// The token to go on behind an entry.
    pub fn token_behind(&self, entry: &Change) -> String {
        self.tokens.behind(entry)
    }

    /// Every entry behind a position, as they come, each exactly once, until `stop` is cancelled (a server cancels it when
    /// it shuts down: see [`Server::stopping`](crate::server::Server::stopping)). After an error the stream ends; follow
    /// again from the last position.
    pub fn tail(
        &self,
        after: Position,
        stop: CancellationToken,
    ) -> impl Stream<Item = Result<Arc<R::Entry>, DbErr>> + Send + use<R> {
        self.tail_for(None, after, stop)
    }

    /// The same for one who follows from a token on: takes one of their places, and what is only read for them is only what they may see.
    /// What everybody is told comes too: ask again of each whether they see it.
    ///
    /// # Errors
    /// TOO_MANY_FOLLOWERS, RESUME_TOKEN_INVALID.
    pub async fn follow(
        &self,
        caller: &Caller,
        resume_token: &str,
        stop: CancellationToken,
    ) -> Result<impl Stream<Item = Result<Arc<R::Entry>, DbErr>> + Send + use<R>, ServiceError> {
        let place = self.places.take(caller)?;
        let after = self.tokens.place(&self.shared.db, resume_token).await?;
        Ok(self.tail_for(Some((caller.clone(), place)), after, stop))
    }

    fn tail_for(
        &self,
        whom: Option<(Caller, Place)>,
        after: Position,
        stop: CancellationToken,
    ) -> impl Stream<Item = Result<Arc<R::Entry>, DbErr>> + Send + use<R> {
        let tail = Tail {
            told: self.shared.subscribe(),
            shared: self.shared.clone(),
            whom,
            after,
            is_behind: true,
            read: VecDeque::new(),
            ended: false,
        };
        stream::unfold((tail, stop), async |(mut tail, stop)| {
            let item = tail.next(&stop).await?;
            Some((item, (tail, stop)))
        })
    }
}

impl<R: Reading> Clone for Feed<R> {
    fn clone(&self) -> Self {
        let Feed { shared, places, tokens } = self;
        Feed { shared: shared.clone(), places: places.clone(), tokens: tokens.clone() }
    }
}

impl<R: Reading> fmt::Debug for Feed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

/// A follower's state between two entries.
struct Tail<R: Reading> {
    shared: Arc<Shared<R>>,
    /// What everybody is told. Subscribed to before the first look at the database: nothing lies between the two.
    told: Receiver<Result<Arc<Chunk<R::Entry>>, DbErr>>,
    whom: Option<(Caller, Place)>,
    /// Behind the last entry of `read`.
    after: Position,
    /// Behind what everybody is told, or not known to be there.
    is_behind: bool,
    read: VecDeque<Arc<R::Entry>>,
    ended: bool,
}

impl<R: Reading> Tail<R> {
    async fn next(&mut self, stop: &CancellationToken) -> Option<Result<Arc<R::Entry>, DbErr>> {
        while self.read.is_empty() {
            if self.ended {
                return None;
            }
            let read = stop.run_until_cancelled(self.read_more()).await?;
            if let Err(error) = read {
                self.ended = true;
                return Some(Err(error));
            }
        }
        self.read.pop_front().map(Ok)
    }

    async fn read_more(&mut self) -> Result<(), DbErr> {
        if self.is_behind {
            let whom = self.whom.as_ref().map(|(caller, _)| caller);
            let (entries, more, end) = self.shared.page(self.after, whom).await?;
            (self.is_behind, self.after) = (more, end);
            self.read.extend(entries.into_iter().map(Arc::new));
            return Ok(());
        }
        match self.told.recv().await {
            Ok(chunk) => self.hear(&*chunk?),
            // What was missed shows in the next chunk.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => self.ended = true,
        }
        Ok(())
    }

    fn hear(&mut self, chunk: &Chunk<R::Entry>) {
        match &chunk.entries {
            _ if chunk.end <= self.after => {}
            Some(entries) if chunk.behind <= self.after => {
                let new = entries.iter().filter(|entry| R::Entry::as_ref(entry).position() > self.after);
                self.read.extend(new.cloned());
                self.after = chunk.end;
            }
            // There is something between, or it was too large to be kept: it stands in the database.
            _ => self.is_behind = true,
        }
    }
}
