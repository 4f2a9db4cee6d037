//! Something of which there is a limited amount at once, and of which nobody may have all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::caller::Caller;

/// The number of a connection within its process; the server notes it in the extensions of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub u64);

/// Whose share it is. Where callers are believed: the caller's, over all connections. Where they are not, all are the same
/// local administrator, that is everybody: so it is the connection's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// Who calls.
    Caller(Caller),
    /// Over which connection.
    Connection(ConnectionId),
}

impl Holder {
    /// What of an amount may be this holder's: half, so that one alone leaves half to the others; of a person, who is one human
    /// with a phone, a sixteenth.
    fn share(&self, all: usize) -> usize {
        let part = match self {
            Holder::Caller(Caller::Person { .. }) => 16,
            _ => 2,
        };
        (all / part).max(1)
    }
}

/// A limited amount: of requests, of streams, of bytes.
#[derive(Debug)]
pub struct Places {
    all: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    sum: usize,
    of: HashMap<Holder, usize>,
}

impl Places {
    /// So much in all.
    pub fn new(all: usize) -> Arc<Places> {
        Arc::new(Places { all, taken: Mutex::default() })
    }

    /// Takes some of it for somebody; `None` where that is more than there is, or than their share.
    pub fn take(self: &Arc<Places>, holder: &Holder, amount: usize) -> Option<Place> {
        let mut place = Place { places: self.clone(), holder: holder.clone(), amount: 0 };
        place.grow(amount).then_some(place)
    }
}

/// What somebody has taken: given back when dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    holder: Holder,
    amount: usize,
}

impl Place {
    /// Takes some more; whether there was so much.
    pub fn grow(&mut self, amount: usize) -> bool {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.of.get(&self.holder).copied().unwrap_or(0) + amount;
        if taken.sum + amount > self.places.all || own > self.holder.share(self.places.all) {
            return false;
        }
        taken.sum += amount;
        taken.of.insert(self.holder.clone(), own);
        self.amount += amount;
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.amount == 0 {
            return;
        }
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.sum -= self.amount;
        let own = taken.of.get(&self.holder).copied().unwrap_or(0);
        match own.saturating_sub(self.amount) {
            0 => drop(taken.of.remove(&self.holder)),
            left => drop(taken.of.insert(self.holder.clone(), left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(text: &str) -> Holder {
        Holder::Caller(Caller::parse(text).unwrap())
    }

    #[test]
    fn one_holder_leaves_half_and_what_is_dropped_is_free_again() {
        let places = Places::new(32);
        let hospital = caller("institution:H43020000001");
        let held: Vec<Place> = std::iter::from_fn(|| places.take(&hospital, 1)).collect();
        assert_eq!(held.len(), 16);
        let person: Vec<Place> = std::iter::from_fn(|| places.take(&caller("person:P1"), 1)).collect();
        assert_eq!(person.len(), 2, "a person's share is smaller");
        let mut other = places.take(&Holder::Connection(ConnectionId(1)), 10).unwrap();
        assert!(!other.grow(5), "there are four left");
        drop(held);
        assert!(other.grow(5));
        drop((person, other));
        assert!(places.taken.lock().unwrap().of.is_empty());
        assert_eq!(places.taken.lock().unwrap().sum, 0);
    }
}
