//! Either store.

use std::sync::Arc;
use std::time::Instant;

use super::Cached;
use super::format::Token;
use super::local::LocalStore;
use super::looked::Looked;
use super::redis_store::RedisStore;

/// Where values are.
pub(super) enum Store<T> {
    Local(Arc<LocalStore<T>>),
    Redis(Arc<RedisStore>),
}

impl<T: Cached> Store<T> {
    pub(super) async fn look(&self, key: &str, asked: Instant) -> Looked<T> {
        match self {
            Store::Local(store) => store.look(key, asked),
            Store::Redis(store) => store.look(key, asked).await,
        }
    }

    pub(super) async fn look_all(&self, keys: &[String], asked: Instant) -> Vec<Looked<T>> {
        match self {
            Store::Local(store) => keys.iter().map(|key| store.look(key, asked)).collect(),
            Store::Redis(store) => store.look_all(keys, asked).await,
        }
    }

    pub(super) async fn put(&self, key: &str, token: Token, value: &Arc<T>) {
        match self {
            Store::Local(store) => store.put(key, token, value),
            Store::Redis(store) => store.put(key, token, value.as_ref()).await,
        }
    }

    pub(super) async fn replace(&self, values: &[(String, Arc<T>)]) {
        match self {
            Store::Local(store) => values.iter().for_each(|(key, value)| store.replace(key, value)),
            Store::Redis(store) => store.replace(values).await,
        }
    }

    pub(super) async fn remove(&self, key: &str, value: &[u8]) {
        if let Store::Redis(store) = self {
            store.remove(key, value).await;
        }
    }

    pub(super) fn backend(&self) -> &'static str {
        match self {
            Store::Local(_) => "in-process",
            Store::Redis(store) => store.link().backend(),
        }
    }
}
