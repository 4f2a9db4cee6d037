//! Values in Redis.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::future::{join_all, try_join_all};
use redis::{Cmd, RedisError, RedisResult, Value};
use tracing::{Instrument, Span};

use super::Cached;
use super::config::{Address, CacheConfig};
use super::format::{BUCKETS, HEADER, Token, Watermark, bucket, header};
use super::link::{Connection, Link};
use super::looked::Looked;
use super::scripts::{self, NewValue};
use super::trust::{Confirmed, Trust};
use crate::trace;

/// Keys invalidated at a time.
const AT_ONCE: usize = 256;

/// The store, shared by all processes.
pub(super) struct RedisStore {
    link: Link,
    trust: Arc<Trust>,
    ttl: Duration,
    /// `yz:<name>:{<bucket>}`: the key of a bucket's watermark, and what its keys begin with.
    buckets: Vec<String>,
}

impl RedisStore {
    pub(super) fn new(name: &str, address: Address, config: &CacheConfig, trust: Arc<Trust>) -> Self {
        RedisStore {
            link: Link::new(address, config.timeout),
            trust,
            ttl: config.ttl,
            buckets: (0..BUCKETS).map(|bucket| format!("yz:{name}:{{{bucket}}}")).collect(),
        }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// One round trip: the value and, of the same moment, how far its bucket is.
    pub(super) async fn look<T: Cached>(&self, key: &str, asked: Instant) -> Looked<T> {
        let Some((confirmed, mut redis)) = self.trusted(asked) else { return Looked::Away };
        let bucket = &self.buckets[bucket(key)];
        let mut command = Cmd::new();
        command.arg("MGET").arg(bucket).arg(full_key(bucket, key));
        let answer = redis.ask(&command).instrument(asked_redis()).await;
        match self.answers(answer).and_then(|mut two| Some((two.next()?, two.next()?))) {
            Some((watermark, value)) => judge(key, &watermark, value, confirmed),
            None => Looked::Away,
        }
    }

    /// The same of many: one command per bucket, all under way at once.
    pub(super) async fn look_all<T: Cached>(&self, keys: &[String], asked: Instant) -> Vec<Looked<T>> {
        let mut looked: Vec<Looked<T>> = keys.iter().map(|_| Looked::Away).collect();
        let Some((confirmed, redis)) = self.trusted(asked) else { return looked };
        let mut grouped: Vec<Vec<usize>> = vec![Vec::new(); BUCKETS];
        for (at, key) in keys.iter().enumerate() {
            grouped[bucket(key)].push(at);
        }
        let asked_for = |(bucket, wanted): (usize, &Vec<usize>)| {
            let mut command = Cmd::new();
            command.arg("MGET").arg(&self.buckets[bucket]);
            wanted.iter().for_each(|at| _ = command.arg(full_key(&self.buckets[bucket], &keys[*at])));
            let mut redis = redis.clone();
            async move { redis.ask(&command).await }
        };
        let groups = || grouped.iter().enumerate().filter(|(_, wanted)| !wanted.is_empty());
        let answers = join_all(groups().map(asked_for)).instrument(asked_redis()).await;
        for ((_, wanted), answer) in groups().zip(answers) {
            let Some(mut values) = self.answers(answer) else { continue };
            let Some(watermark) = values.next() else { continue };
            for (at, value) in wanted.iter().zip(values) {
                looked[*at] = judge(&keys[*at], &watermark, value, confirmed);
            }
        }
        looked
    }

    /// Stores what was loaded, if nothing came between.
    pub(super) async fn put<T: Cached>(&self, key: &str, token: Token, value: &T) {
        let Some(mut redis) = self.link.connection() else { return };
        let bucket = &self.buckets[bucket(key)];
        let (key, payload) = (full_key(bucket, key), value.encode());
        let value = self.new_value(&key, value.version(), &payload);
        self.noted(scripts::put(&mut redis, bucket, token, value).await);
    }

    /// Replaces older values.
    pub(super) async fn replace<T: Cached>(&self, values: &[(String, Arc<T>)]) {
        let Some((_, redis)) = self.trusted(Instant::now()) else { return };
        for values in values.chunks(AT_ONCE) {
            let replaced = values.iter().map(|(key, value)| {
                let mut redis = redis.clone();
                async move {
                    let (key, payload) = (full_key(&self.buckets[bucket(key)], key), value.encode());
                    let value = self.new_value(&key, value.version(), &payload);
                    scripts::replace(&mut redis, value).await
                }
            });
            if !join_all(replaced).await.into_iter().all(|outcome| self.noted(outcome)) {
                return;
            }
        }
    }

    /// Removes a value that cannot be read, unless it has been replaced.
    pub(super) async fn remove(&self, key: &str, value: &[u8]) {
        let Some(mut redis) = self.link.connection() else { return };
        let key = full_key(&self.buckets[bucket(key)], key);
        self.noted(scripts::remove(&mut redis, &key, value).await);
    }

    /// The watermarks of all buckets as they are stored; empty if absent.
    pub(super) async fn watermarks(&self, redis: &Connection) -> RedisResult<Vec<Vec<u8>>> {
        let get = |bucket: &String| {
            let (mut command, mut redis) = (Cmd::new(), redis.clone());
            command.arg("GET").arg(bucket);
            async move {
                Ok::<_, RedisError>(match redis.ask(&command).await? {
                    Value::BulkString(watermark) => watermark,
                    _ => Vec::new(),
                })
            }
        };
        try_join_all(self.buckets.iter().map(get)).await
    }

    /// Replaces all watermarks, each only if it is as it was seen; false if one was not.
    pub(super) async fn swap_watermarks(
        &self,
        redis: &Connection,
        seen: &[Vec<u8>],
        new: &Watermark,
    ) -> RedisResult<bool> {
        let new = &new.encode();
        let swapped = self.buckets.iter().zip(seen).map(|(bucket, seen)| {
            let mut redis = redis.clone();
            async move { scripts::swap(&mut redis, bucket, seen, new).await }
        });
        Ok(try_join_all(swapped).await?.into_iter().all(|swapped| swapped))
    }

    /// Takes out every value that is older than its change; tells how many.
    pub(super) async fn invalidate(
        &self,
        redis: &Connection,
        generation: i64,
        changes: &[(String, i64)],
    ) -> RedisResult<usize> {
        let mut removed = 0;
        for changes in changes.chunks(AT_ONCE) {
            let invalidated = changes.iter().map(|(key, version)| {
                let (key, mut redis) = (full_key(&self.buckets[bucket(key)], key), redis.clone());
                async move { scripts::invalidate(&mut redis, &key, generation, *version).await }
            });
            removed += try_join_all(invalidated).await?.into_iter().filter(|removed| *removed).count();
        }
        Ok(removed)
    }

    fn trusted(&self, asked: Instant) -> Option<(Confirmed, Connection)> {
        Some((self.trust.at(asked)?, self.link.connection()?))
    }

    fn answers(&self, answer: RedisResult<Value>) -> Option<impl Iterator<Item = Option<Vec<u8>>> + use<>> {
        let values = match answer {
            Ok(Value::Array(values)) => values,
            Ok(_) => return None,
            Err(error) => {
                self.noted::<()>(Err(error));
                return None;
            }
        };
        Some(values.into_iter().map(|value| match value {
            Value::BulkString(bytes) => Some(bytes),
            _ => None,
        }))
    }

    /// Whoever sees Redis fail keeps the others from trying.
    fn noted<R>(&self, outcome: RedisResult<R>) -> bool {
        if let Err(error) = &outcome {
            tracing::debug!(%error, "the cache failed");
            self.trust.withdraw();
        }
        outcome.is_ok()
    }

    fn new_value<'a>(&self, key: &'a str, version: i64, payload: &'a [u8]) -> NewValue<'a> {
        NewValue { key, version, payload, ttl_millis: jittered(self.ttl) }
    }
}

/// A step of the trace under way here: no key.
fn asked_redis() -> Span {
    match trace::is_recorded() {
        true => tracing::debug_span!("redis", otel.name = "redis MGET", otel.kind = "client"),
        false => Span::none(),
    }
}

fn full_key(bucket: &str, key: &str) -> String {
    let mut full = String::with_capacity(bucket.len() + 1 + key.len());
    full.push_str(bucket);
    full.push(':');
    full.push_str(key);
    full
}

/// Four to six fifths: what was stored together does not expire together.
fn jittered(ttl: Duration) -> u64 {
    let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    let millis = ttl.as_millis() as u64;
    millis * 4 / 5 + millis * 2 / 5 * u64::from(nanos / 100 % 1024) / 1024
}

/// What an answer of Redis is worth.
fn judge<T: Cached>(
    key: &str,
    watermark: &Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    confirmed: Confirmed,
) -> Looked<T> {
    let Some(watermark) = watermark.as_deref().and_then(Watermark::decode) else { return Looked::Away };
    if watermark.done < confirmed.need {
        return Looked::Away;
    }
    let Some(stored) = value else { return Looked::Missing(watermark.token()) };
    match header(&stored) {
        Some((generation, _)) if generation != watermark.generation => Looked::Missing(watermark.token()),
        Some((_, version)) => match T::decode(key, version, &stored[HEADER..]) {
            Some(value) => Looked::Found(Arc::new(value)),
            None => Looked::Poisoned(watermark.token(), stored),
        },
        None => Looked::Poisoned(watermark.token(), stored),
    }
}
