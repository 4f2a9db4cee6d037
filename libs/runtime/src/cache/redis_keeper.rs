//! The keeper of a store in Redis: one process at a time makes passes, the others watch how far they are.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::Context;
use redis::RedisError;
use sea_orm::{ConnectionTrait, DbBackend};

use super::format::{BUCKETS, Watermark};
use super::keeper::{Beat, Keeper, MOST_CHANGES};
use super::link::Connection;
use super::log;
use super::redis_store::RedisStore;
use super::state::{self, State};
use super::trust::Confirmed;
use crate::db::begin_write;

/// Moments remembered until Redis is seen to reflect them.
const MOMENTS: usize = 64;

pub(super) struct RedisKeeper {
    name: &'static str,
    beat: Beat,
    store: Arc<RedisStore>,
    /// The last pass seen finished: if it moves, another process makes passes.
    last_done: i64,
    moments: VecDeque<Confirmed>,
}

/// The buckets as a pass found them.
struct Found {
    stored: Vec<Vec<u8>>,
    /// What all buckets say, if they agree on everything but how far they are.
    watermark: Option<Watermark>,
}

impl RedisKeeper {
    pub(super) fn new(name: &'static str, beat: Beat, store: Arc<RedisStore>) -> Self {
        RedisKeeper { name, beat, store, last_done: 0, moments: VecDeque::new() }
    }

    /// PostgreSQL numbers the passes of all processes, so that others' passes tell how far they are.
    async fn on_postgres(&mut self, redis: &Connection) -> anyhow::Result<()> {
        let at = Instant::now();
        let last_pass = state::last_pass(&self.beat.db).await?;
        let found = Found::read(&self.store, redis).await?;
        if self.somebody_leads(&found) {
            self.follow(&found, Confirmed { need: last_pass + 1, at });
            return Ok(());
        }
        let tx = begin_write(&self.beat.db).await?;
        let Some(number) = state::try_lead(&tx, self.name).await? else {
            self.follow(&found, Confirmed { need: last_pass + 1, at });
            return Ok(());
        };
        let done = self.lead(&tx, redis, &found, number).await?;
        tx.commit().await?;
        self.confirm_own(done, number, at);
        Ok(())
    }

    /// On SQLite every process makes passes, and relies on its own only.
    async fn on_sqlite(&mut self, redis: &Connection) -> anyhow::Result<()> {
        let at = Instant::now();
        let found = Found::read(&self.store, redis).await?;
        let newest = found.watermark.map_or(0, |watermark| watermark.newest());
        let micros = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros() as i64;
        let number = micros.max(newest + 1);
        let db = self.beat.db.clone();
        let done = self.lead(&db, redis, &found, number).await?;
        self.confirm_own(done, number, at);
        Ok(())
    }

    fn somebody_leads(&self, found: &Found) -> bool {
        found.watermark.is_some_and(|watermark| watermark.done > self.last_done)
    }

    /// Remembers the moment, and confirms the newest one that Redis reflects.
    fn follow(&mut self, found: &Found, moment: Confirmed) {
        let Some(watermark) = found.watermark else { return };
        self.last_done = watermark.done;
        self.moments.push_back(moment);
        if self.moments.len() > MOMENTS {
            self.moments.pop_front();
        }
        while let Some(moment) = self.moments.pop_front_if(|moment| moment.need <= watermark.done) {
            self.beat.trust.confirm(moment);
        }
    }

    fn confirm_own(&mut self, done: bool, number: i64, at: Instant) {
        if done {
            self.last_done = number;
            self.moments.clear();
            self.beat.trust.confirm(Confirmed { need: number, at });
        }
    }

    /// A pass: see the page's text. False if another one was faster: then nothing is known.
    async fn lead<C: ConnectionTrait>(
        &self,
        db: &C,
        redis: &Connection,
        found: &Found,
        number: i64,
    ) -> anyhow::Result<bool> {
        let state = state::read(db, self.name).await?;
        let current = state.as_ref().zip(found.watermark).filter(|(state, watermark)| {
            let same = (state.generation, state.pass) == (watermark.generation, watermark.changed);
            same && number > watermark.newest()
        });
        let Some((state, watermark)) = current else {
            let mark = log::end(db).await?;
            return self.renew(db, redis, found, state.as_ref(), mark, number).await;
        };
        let news = log::since(db, &state.mark, MOST_CHANGES).await?;
        let Some(changes) = news.changes else {
            return self.renew(db, redis, found, Some(state), news.mark, number).await;
        };
        let (keys, mark) = (self.beat.changed(&changes), news.mark);
        let (done, new) = if keys.is_empty() {
            // `begun` stays: nothing is taken out, so what was read before may still be stored.
            let idle = Watermark { done: number, ..watermark };
            let done = self.store.swap_watermarks(redis, &found.stored, &idle).await?;
            // Entries about something else are left behind, without a pass that Redis must remember.
            (done, State { mark, ..state.clone() })
        } else {
            let done = self.invalidate(redis, found, watermark, number, &keys).await?;
            (done, State { pass: number, mark, ..state.clone() })
        };
        Ok(done && (changes.is_empty() || state::replace(db, self.name, Some(state), &new).await?))
    }

    /// Begin, behind the reading of the log; invalidate; done.
    async fn invalidate(
        &self,
        redis: &Connection,
        found: &Found,
        watermark: Watermark,
        number: i64,
        changes: &[(String, i64)],
    ) -> anyhow::Result<bool> {
        let begun = Watermark { begun: number, done: found.least_done(), ..watermark };
        if !self.store.swap_watermarks(redis, &found.stored, &begun).await? {
            return Ok(false);
        }
        let removed = self.store.invalidate(redis, watermark.generation, changes).await?;
        self.beat.counters.invalidated.add(removed);
        let done = Watermark { done: number, changed: number, ..begun };
        let stored = vec![begun.encode().into_bytes(); BUCKETS];
        Ok(self.store.swap_watermarks(redis, &stored, &done).await?)
    }

    /// Redis is empty, went back, or cannot be brought up to date one by one: nothing in it counts any more.
    async fn renew<C: ConnectionTrait>(
        &self,
        db: &C,
        redis: &Connection,
        found: &Found,
        state: Option<&State>,
        mark: String,
        number: i64,
    ) -> anyhow::Result<bool> {
        let generation = (uuid::Uuid::new_v4().as_u64_pair().0 >> 1) as i64;
        let new = Watermark { generation, begun: number, done: number, changed: number };
        let renewed = self.store.swap_watermarks(redis, &found.stored, &new).await?
            && state::replace(db, self.name, state, &State { generation, pass: number, mark }).await?;
        if renewed {
            self.beat.counters.generations.add(1);
            tracing::info!(cache = self.name, "the cache starts anew");
        }
        Ok(renewed)
    }
}

impl Found {
    async fn read(store: &RedisStore, redis: &Connection) -> anyhow::Result<Self> {
        let stored = store.watermarks(redis).await?;
        let watermark = agreed(&stored);
        Ok(Found { stored, watermark })
    }

    fn least_done(&self) -> i64 {
        self.watermark.map_or(0, |watermark| watermark.done)
    }
}

/// One watermark for all buckets: the least done and the most begun, if generation and last change are the same.
fn agreed(stored: &[Vec<u8>]) -> Option<Watermark> {
    let mut all = stored.iter().map(|stored| Watermark::decode(stored));
    let first = all.next()??;
    all.try_fold(first, |agreed, one| {
        let one = one?;
        let same = (one.generation, one.changed) == (agreed.generation, agreed.changed);
        same.then_some(Watermark {
            begun: agreed.begun.max(one.begun),
            done: agreed.done.min(one.done),
            ..agreed
        })
    })
}

impl Keeper for RedisKeeper {
    async fn pass(&mut self) -> anyhow::Result<()> {
        let redis = self.store.link().patient_connection().await.context("connecting to Redis")?;
        match self.beat.db.get_database_backend() {
            DbBackend::Postgres => self.on_postgres(&redis).await,
            _ => self.on_sqlite(&redis).await,
        }
    }

    /// When only the database failed, Redis stays as good as it was confirmed to be.
    fn failed(&mut self, error: &anyhow::Error) {
        if error.chain().any(|cause| cause.is::<RedisError>()) {
            self.beat.trust.withdraw();
            self.moments.clear();
            self.store.link().disconnect();
        }
    }
}
