//! What is made of files and exchanged without a restart: certificates, authorities, keys of tokens, the rules of callers.
//!
//! Files are compared by what they hold, not by their times: a secret of Kubernetes is exchanged by turning a symbolic link, a disk may
//! keep times by the second. What cannot be used is told, and what was there before stays in use.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use anyhow::Context;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// How often files are looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Makes something of what the files hold, in the order of their paths.
type Make<T> = Box<dyn Fn(&[Vec<u8>]) -> anyhow::Result<T> + Send + Sync>;

/// What was made of files, as they are now.
pub(crate) struct Kept<T> {
    what: &'static str,
    paths: Vec<PathBuf>,
    make: Make<T>,
    /// Of what the files held when they were last tried, good or not.
    tried: Mutex<[u8; 32]>,
    current: watch::Sender<Arc<T>>,
}

impl<T: Send + Sync + 'static> Kept<T> {
    /// Reads them for the first time: here an error is the caller's.
    pub fn open(
        what: &'static str,
        paths: Vec<PathBuf>,
        make: impl Fn(&[Vec<u8>]) -> anyhow::Result<T> + Send + Sync + 'static,
    ) -> anyhow::Result<Arc<Kept<T>>> {
        let held = read(&paths)?;
        let current = watch::Sender::new(Arc::new(make(&held)?));
        Ok(Arc::new(Kept { what, paths, make: Box::new(make), tried: Mutex::new(digest(&held)), current }))
    }

    /// The newest that could be used.
    pub fn current(&self) -> Arc<T> {
        self.current.borrow().clone()
    }

    /// Tells of every newer one.
    pub fn changes(&self) -> watch::Receiver<Arc<T>> {
        self.current.subscribe()
    }

    /// Looks at the files now.
    pub fn look(&self) {
        let held = match read(&self.paths) {
            Ok(held) => held,
            // Also between two halves of an exchange: it is looked at again soon, and told only once.
            Err(error) => return self.refused(&error, [0; 32]),
        };
        let digest = digest(&held);
        if *self.tried.lock().unwrap_or_else(PoisonError::into_inner) == digest {
            return;
        }
        match (self.make)(&held) {
            Ok(made) => {
                *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = digest;
                self.current.send_replace(Arc::new(made));
                tracing::info!(what = self.what, "new files are in use");
            }
            Err(error) => self.refused(&error, digest),
        }
    }

    fn refused(&self, error: &anyhow::Error, digest: [u8; 32]) {
        let before =
            std::mem::replace(&mut *self.tried.lock().unwrap_or_else(PoisonError::into_inner), digest);
        if before != digest {
            tracing::error!(
                what = self.what,
                error = format!("{error:#}"),
                "new files cannot be used; what was there before stays in use"
            );
        }
    }

    /// Looks at them again and again, as long as somebody has this.
    pub fn watch(self: &Arc<Self>) {
        let kept = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let Some(()) = look(kept.clone()).await else { return };
            }
        });
    }
}

/// Files may be on a disk that hangs: no worker waits for it. `None` when nobody has them any longer.
async fn look<T: Send + Sync + 'static>(kept: Weak<Kept<T>>) -> Option<()> {
    let looked = tokio::task::spawn_blocking(move || kept.upgrade().map(|kept| kept.look()));
    // A panic has been printed, and the next look may be without.
    looked.await.unwrap_or(Some(()))
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({}, {:?})", self.what, self.paths)
    }
}

fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Vec<u8>>> {
    let read =
        |path: &PathBuf| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    paths.iter().map(read).collect()
}

/// Of a key nothing else stays in memory besides where it is used.
fn digest(held: &[Vec<u8>]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for file in held {
        digest.update((file.len() as u64).to_be_bytes());
        digest.update(file);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(held: &[Vec<u8>]) -> anyhow::Result<u32> {
        Ok(String::from_utf8_lossy(&held[0]).parse()?)
    }

    #[test]
    fn what_cannot_be_used_changes_nothing_and_a_turned_link_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, text) in [("1", "1"), ("2", "two"), ("3", "3")] {
            std::fs::create_dir(at(name)).unwrap();
            std::fs::write(at(name).join("file"), text).unwrap();
        }
        let turn = |to: &str| {
            let _ = std::fs::remove_file(at("next"));
            std::os::unix::fs::symlink(to, at("next")).unwrap();
            std::fs::rename(at("next"), at("data")).unwrap();
        };
        turn("1");
        let kept = Kept::open("a number", vec![at("data").join("file")], number).unwrap();
        let mut changes = kept.changes();
        let looked = |to: &str| {
            turn(to);
            kept.look();
            *kept.current()
        };
        assert_eq!(looked("2"), 1, "it is no number");
        assert!(!changes.has_changed().unwrap());
        assert_eq!(looked("3"), 3);
        assert!(changes.has_changed().unwrap() && **changes.borrow_and_update() == 3);
        std::fs::remove_file(at("data")).unwrap();
        kept.look();
        assert_eq!(*kept.current(), 3, "nothing is there");
        assert_eq!(looked("1"), 1, "and it is again");
        assert!(
            Kept::open("a number", vec![at("2").join("file")], number).is_err(),
            "at first it must be right"
        );
    }
}
