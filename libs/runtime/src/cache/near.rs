//! The values asked for most, decoded, in front of Redis: most questions do not leave the process.
//!
//! It is the store of one process ([`LocalStore`]) with a keeper of its own, which reads the change log itself. Only what
//! fills it differs: its values come from Redis or from a load that others began, and so may lack what was committed up to
//! `max_staleness` before the question, though this process's keeper has dealt with it already. So the keeper remembers what
//! changed lately, and an older version of that is not stored. It remembers before it lets the store begin anew: who takes
//! the store's token after that finds the change here, who took it before may not store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Cached;
use super::format::Token;
use super::local::LocalStore;
use super::looked::Looked;

/// Changes remembered at most; beyond, nothing is stored for a while.
const MOST_REMEMBERED: usize = 200_000;

/// The store in front, and what may be put into it.
pub(super) struct Near<T> {
    store: Arc<LocalStore<T>>,
    recent: Arc<Recent>,
    max_staleness: Duration,
}

impl<T: Cached> Near<T> {
    pub(super) fn new(store: Arc<LocalStore<T>>, recent: Arc<Recent>, max_staleness: Duration) -> Self {
        Near { store, recent, max_staleness }
    }

    pub(super) fn look(&self, key: &str, asked: Instant) -> Looked<T> {
        self.store.look(key, asked)
    }

    /// Stores what was found behind it, if that is no older than what is known to have changed, and not too long ago for
    /// that to be remembered.
    pub(super) fn put(&self, key: &str, asked: Instant, token: Token, value: &Arc<T>) {
        if asked.elapsed() < self.max_staleness && self.recent.allows(key, value.version()) {
            self.store.put(key, token, value);
        }
    }

    pub(super) fn replace(&self, values: &[(String, Arc<T>)]) {
        values.iter().for_each(|(key, value)| self.store.replace(key, value));
    }
}

/// What changed lately.
pub(super) struct Recent {
    keep: Duration,
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    versions: HashMap<String, i64>,
    order: VecDeque<(Instant, String, i64)>,
    /// What changed is not known: nothing is allowed until then.
    blind_until: Option<Instant>,
}

impl Recent {
    /// What may lack a change does so for `max_staleness`, and is stored within `max_staleness` of its question.
    pub(super) fn new(max_staleness: Duration) -> Self {
        Recent { keep: max_staleness * 3, noted: Mutex::default() }
    }

    pub(super) fn note(&self, changes: &[(String, i64)]) {
        let now = Instant::now();
        let mut noted = self.noted();
        noted.forget_before(now.checked_sub(self.keep));
        for (key, version) in changes {
            let known = noted.versions.entry(key.clone()).or_insert(*version);
            *known = (*known).max(*version);
            noted.order.push_back((now, key.clone(), *version));
        }
        if noted.order.len() > MOST_REMEMBERED {
            *noted = Noted { blind_until: Some(now + self.keep), ..Noted::default() };
        }
    }

    /// Very much changed, and it is not known what.
    pub(super) fn blind(&self) {
        self.noted().blind_until = Some(Instant::now() + self.keep);
    }

    fn allows(&self, key: &str, version: i64) -> bool {
        let noted = self.noted();
        noted.blind_until.is_none_or(|until| until <= Instant::now())
            && noted.versions.get(key).is_none_or(|known| *known <= version)
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn forget_before(&mut self, limit: Option<Instant>) {
        let Some(limit) = limit else { return };
        while let Some((_, key, version)) = self.order.pop_front_if(|(at, ..)| *at < limit) {
            // A newer change of the same key is further behind in the order.
            if self.versions.get(&key) == Some(&version) {
                self.versions.remove(&key);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "without a runtime")]
mod tests {
    use super::*;

    #[test]
    fn older_versions_of_what_changed_lately_are_not_allowed() {
        let recent = Recent::new(Duration::from_millis(20));
        recent.note(&[("a".to_owned(), 3), ("b".to_owned(), 1)]);
        recent.note(&[("a".to_owned(), 4)]);
        assert!(!recent.allows("a", 3) && recent.allows("a", 4) && recent.allows("a", 5));
        assert!(recent.allows("b", 1) && !recent.allows("b", 0) && recent.allows("c", -1));
        std::thread::sleep(Duration::from_millis(70));
        recent.note(&[("b".to_owned(), 2)]);
        assert!(recent.allows("a", 3), "long ago");
        assert!(!recent.allows("b", 1) && recent.allows("b", 2));
    }

    #[test]
    fn nothing_is_allowed_while_it_is_not_known_what_changed() {
        let recent = Recent::new(Duration::from_millis(20));
        recent.blind();
        assert!(!recent.allows("a", 9));
        std::thread::sleep(Duration::from_millis(70));
        assert!(recent.allows("a", 9));
        let recent = Recent::new(Duration::from_secs(20));
        recent.note(&(0..=MOST_REMEMBERED as i64).map(|n| (n.to_string(), n)).collect::<Vec<_>>());
        assert!(!recent.allows("a", 9), "too many to remember");
        assert!(recent.noted().order.is_empty());
    }
}
