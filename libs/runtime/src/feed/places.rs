//! So many follow a feed of this process at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{Caller, Reason, ServiceError};

/// Streams of all callers.
const MAX_FOLLOWERS: usize = 1000;
/// Streams of one caller.
const MAX_FOLLOWERS_OF_CALLER: usize = 32;
/// Streams of all that only our services may have.
const KEPT_FOR_SERVICES: usize = 100;

/// Who follows.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_caller: HashMap<String, usize>,
}

/// A place, until it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    caller: String,
}

impl Places {
    /// A place for one more stream.
    ///
    /// # Errors
    /// TOO_MANY_FOLLOWERS.
    pub(super) fn take(self: &Arc<Self>, caller: &Caller) -> Result<Place, ServiceError> {
        let is_service = matches!(caller, Caller::Service { .. } | Caller::LocalAdministrator);
        let limit = if is_service { MAX_FOLLOWERS } else { MAX_FOLLOWERS - KEPT_FOR_SERVICES };
        let caller = caller.to_string();
        let mut taken = self.taken();
        let own = taken.by_caller.get(&caller).copied().unwrap_or(0);
        if own >= MAX_FOLLOWERS_OF_CALLER || taken.all >= limit {
            return Err(too_many());
        }
        taken.all += 1;
        taken.by_caller.insert(caller.clone(), own + 1);
        Ok(Place { places: self.clone(), caller })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        let own = taken.by_caller.get_mut(&self.caller);
        if own.is_some_and(|own| {
            *own -= 1;
            *own == 0
        }) {
            taken.by_caller.remove(&self.caller);
        }
    }
}

fn too_many() -> ServiceError {
    ServiceError::new(Reason::TooManyFollowers, "too many streams of this feed at once")
        .retry_after(Duration::from_secs(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_so_many_and_some_are_kept_for_services() {
        let places = Arc::<Places>::default();
        let institution = |number: usize| Caller::Institution { code: format!("H{number}") };
        let mut taken = Vec::new();
        for number in 0.. {
            let of_one = (0..MAX_FOLLOWERS_OF_CALLER).map_while(|_| places.take(&institution(number)).ok());
            let before = taken.len();
            taken.extend(of_one);
            let refused = places.take(&institution(number)).err().expect("no more");
            assert_eq!(refused.reason(), Reason::TooManyFollowers);
            if taken.len() < before + MAX_FOLLOWERS_OF_CALLER {
                break;
            }
        }
        assert_eq!(taken.len(), MAX_FOLLOWERS - KEPT_FOR_SERVICES);
        let service = Caller::Service { name: "filing".to_owned() };
        let kept = places.take(&service).expect("institutions do not crowd our services out");
        taken.clear();
        taken.push(places.take(&institution(0)).expect("a place that was given back"));
        drop((kept, taken));
        assert!(places.taken().by_caller.is_empty() && places.taken().all == 0);
    }
}
