//! The keeper of a store in this process.

use std::sync::Arc;
use std::time::Instant;

use super::Cached;
use super::keeper::{Beat, Keeper, MOST_CHANGES};
use super::local::LocalStore;
use super::log;
use super::near::Recent;
use super::trust::Confirmed;

pub(super) struct LocalKeeper<T> {
    beat: Beat,
    store: Arc<LocalStore<T>>,
    /// Hears of every change before the store does, where values come from somewhere that may lack it.
    recent: Option<Arc<Recent>>,
    /// How far the log has been read; nothing is trusted, so nothing is stored, before there is one.
    mark: Option<String>,
}

impl<T: Cached> LocalKeeper<T> {
    pub(super) fn new(beat: Beat, store: Arc<LocalStore<T>>, recent: Option<Arc<Recent>>) -> Self {
        LocalKeeper { beat, store, recent, mark: None }
    }

    async fn read_log(&mut self) -> anyhow::Result<Option<Vec<(String, i64)>>> {
        let Some(mark) = &self.mark else {
            self.mark = Some(log::end(&self.beat.db).await?);
            return Ok(Some(Vec::new()));
        };
        let news = log::since(&self.beat.db, mark, MOST_CHANGES).await?;
        self.mark = Some(news.mark);
        Ok(news.changes.map(|changes| self.beat.changed(&changes)))
    }
}

impl<T: Cached> Keeper for LocalKeeper<T> {
    async fn pass(&mut self) -> anyhow::Result<()> {
        let at = Instant::now();
        let changes = self.read_log().await?;
        match changes {
            // Without changes nothing is taken out, so what was read before may still be stored.
            Some(changes) if changes.is_empty() => {}
            Some(changes) => {
                self.recent.iter().for_each(|recent| recent.note(&changes));
                self.store.begin();
                let removed = changes.iter().filter(|(key, version)| self.store.invalidate(key, *version));
                self.beat.counters.invalidated.add(removed.count());
            }
            None => {
                self.recent.iter().for_each(|recent| recent.blind());
                self.store.renew();
                self.beat.counters.generations.add(1);
            }
        }
        self.beat.trust.confirm(Confirmed { need: 0, at });
        Ok(())
    }

    /// The database did not answer. What is stored stays right for as long as it was confirmed.
    fn failed(&mut self, _error: &anyhow::Error) {}
}
