//! Something of which there is a limited amount at once, and of which nobody may have all. Of places for requests there are fewer while
//! requests take too long of those that are taken: more at once would only make all of them later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::caller::Caller;

/// Where there are fewer places for a while, so many of the most there are.
const FEWEST: usize = 16;
/// How long it is looked at how requests end, before there are fewer places or more.
const LOOKED_AT: Duration = Duration::from_millis(500);
/// What part of the places is lost at least when requests are late, and won when they are not.
const LOST: usize = 8;
/// How often the log says who has most.
const NAMED_EVERY: Duration = Duration::from_secs(10);

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
    /// As the log may say it: of persons not who.
    pub fn told(&self) -> String {
        match self {
            Holder::Caller(Caller::Person { .. }) => "a person".to_owned(),
            Holder::Caller(caller) => caller.to_string(),
            Holder::Connection(ConnectionId(number)) => format!("connection {number}"),
        }
    }

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

/// Something that had a place, and has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// When it was begun.
    pub begun: Instant,
    /// How long it was waited for, at most.
    pub allowed: Duration,
    /// Whether it was answered, and not given up.
    pub answered: bool,
    /// Whether it took longer than is good.
    pub late: bool,
}

/// A limited amount: of requests, of streams, of bytes.
#[derive(Debug)]
pub struct Places {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug)]
struct Taken {
    sum: usize,
    of: HashMap<Holder, usize>,
    /// As many as there are at present.
    all: usize,
    /// When there became fewer.
    fewer: Option<Instant>,
    /// When the log said last who has most.
    named: Option<Instant>,
    look: Look,
}

/// What ended since then.
#[derive(Debug)]
struct Look {
    since: Instant,
    ended: u32,
    answered: u32,
    /// The sum of how long it was waited for.
    allowed: Duration,
    /// Of those that were begun since there are fewer places, whether one was in time; whose was late last; whether somebody else's was, too.
    in_time: bool,
    late: Option<Holder>,
    late_of_two: bool,
}

impl Look {
    fn since(now: Instant) -> Look {
        Look {
            since: now,
            ended: 0,
            answered: 0,
            allowed: Duration::ZERO,
            in_time: false,
            late: None,
            late_of_two: false,
        }
    }

    /// As many as are answered in half of the time that is waited for them.
    fn fitting(&self, now: Instant) -> usize {
        let half = self.allowed.as_micros() / u128::from(2 * self.ended.max(1));
        let looked_at = now.saturating_duration_since(self.since).as_micros().max(1);
        usize::try_from(u128::from(self.answered) * half / looked_at).unwrap_or(usize::MAX)
    }
}

impl Taken {
    fn is_crowded(&self) -> bool {
        self.sum > self.all / 2
    }

    /// What is late of one says something about them; of two, about this server; of one who is alone too, for it concerns nobody else.
    fn note(&mut self, holder: &Holder, ended: &Ended) {
        self.look.ended += 1;
        self.look.answered += u32::from(ended.answered);
        self.look.allowed += ended.allowed;
        if self.fewer.is_some_and(|fewer| ended.begun < fewer) {
            return;
        }
        self.look.in_time |= !ended.late;
        let alone = self.of.len() == 1 && self.sum > self.all / 4;
        if !ended.late || !(alone || self.is_crowded()) {
            return;
        }
        let two = self.look.late.as_ref().is_some_and(|late| late != holder);
        self.look.late_of_two |= two || alone;
        self.look.late = Some(holder.clone());
    }

    /// Fewer or more, by what was seen: at most so many.
    fn adapt(&mut self, most: usize, now: Instant) {
        let fitting = self.look.fitting(now);
        if self.look.late_of_two {
            let fewer = fitting.min(self.all - self.all.div_ceil(LOST));
            self.all = fewer.max(most.div_ceil(FEWEST)).min(self.all);
            self.fewer = Some(now);
        } else if self.look.in_time {
            let more = self.all + self.all.div_ceil(LOST);
            self.all = more.max(fitting).min(most);
        }
        self.look = Look::since(now);
    }
}

impl Places {
    /// So much in all.
    pub fn new(all: usize) -> Arc<Places> {
        let look = Look::since(Instant::now());
        let taken = Taken { sum: 0, of: HashMap::new(), all, fewer: None, named: None, look };
        Arc::new(Places { most: all, taken: Mutex::new(taken) })
    }

    /// What this holder began with one of these places has ended. Every half second it is seen whether places were crowded, and what two
    /// holders began was late: then there are as many from now on as are answered in half of the time that is waited for them, and an eighth
    /// fewer at least. Where something was in time, there are an eighth more, up to all.
    pub fn ended(&self, holder: &Holder, ended: &Ended, now: Instant) {
        let mut taken = self.taken();
        taken.note(holder, ended);
        if now.saturating_duration_since(taken.look.since) >= LOOKED_AT {
            taken.adapt(self.most, now);
        }
    }

    /// Whether more than half of them are taken: one holder alone does not bring that about.
    pub fn is_crowded(&self) -> bool {
        self.taken().is_crowded()
    }

    /// Who has their whole share of what there is, or nearly: half, of a person less. Told at most every ten seconds, to be said in the log.
    pub fn to_be_named(&self, now: Instant) -> Option<(Holder, usize, usize)> {
        let mut taken = self.taken();
        if taken.named.is_some_and(|named| now.saturating_duration_since(named) < NAMED_EVERY) {
            return None;
        }
        let all = taken.all;
        let most = taken.of.iter().max_by_key(|(_, amount)| **amount);
        let (holder, amount) = most.map(|(holder, amount)| (holder.clone(), *amount))?;
        (amount >= holder.share(all)).then(|| {
            taken.named = Some(now);
            (holder, amount, all)
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// Whose it is.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Takes some more; whether there was so much.
    pub fn grow(&mut self, amount: usize) -> bool {
        let mut taken = self.places.taken();
        let own = taken.of.get(&self.holder).copied().unwrap_or(0) + amount;
        if taken.sum + amount > taken.all || own > self.holder.share(taken.all) {
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
        let mut taken = self.places.taken();
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
        assert!(places.taken().of.is_empty());
        assert_eq!(places.taken().sum, 0);
    }

    #[test]
    fn who_has_half_is_named_now_and_then() {
        let places = Places::new(32);
        let (hospital, now) = (caller("institution:H43020000001"), Instant::now());
        let held = places.take(&hospital, 15).unwrap();
        assert_eq!(places.to_be_named(now), None, "one more is theirs");
        let more = places.take(&hospital, 1).unwrap();
        assert_eq!(places.to_be_named(now), Some((hospital.clone(), 16, 32)));
        assert_eq!(places.to_be_named(now + NAMED_EVERY / 2), None);
        assert_eq!(places.to_be_named(now + NAMED_EVERY), Some((hospital, 16, 32)));
        drop((held, more));
        assert_eq!(places.to_be_named(now + 3 * NAMED_EVERY), None);
        let _of_a_person = places.take(&caller("person:P1"), 2).unwrap();
        let (person, ..) = places.to_be_named(now + 3 * NAMED_EVERY).unwrap();
        assert_eq!(person.told(), "a person", "people are not named");
    }

    /// Takes what one and another may have; how many that is.
    fn full(places: &Arc<Places>) -> Vec<Place> {
        let holders = [Holder::Connection(ConnectionId(1)), Holder::Connection(ConnectionId(2))];
        holders.iter().flat_map(|holder| std::iter::from_fn(|| places.take(holder, 1))).collect()
    }

    #[test]
    fn there_are_fewer_while_what_is_begun_ends_late() {
        let places = Places::new(64);
        let [one, two] = [1, 2].map(|number| Holder::Connection(ConnectionId(number)));
        let second = Duration::from_secs(1);
        let mut now = Instant::now();
        // In each half second so many end of each, begun in it.
        let mut ended = |holders: &[&Holder], many: usize, late: bool| {
            let begun = now;
            now += LOOKED_AT;
            for at in 0..many {
                let ended = Ended { begun, allowed: second, answered: true, late };
                let at = if at + 1 < many { begun } else { now };
                holders.iter().for_each(|holder| places.ended(holder, &ended, at));
            }
            places.taken().all
        };
        assert_eq!(ended(&[&one, &two], 5, true), 64, "late where few are taken is no overload");
        let held = full(&places);
        assert_eq!(held.len(), 64);
        assert_eq!(ended(&[&one], 20, true), 64, "of one alone it says nothing about others");
        assert_eq!(ended(&[&one, &two], 20, true), 39, "as many as ended, each waited for a second");
        assert!(places.take(&Holder::Connection(ConnectionId(3)), 1).is_none());
        assert_eq!(ended(&[&one, &two], 40, true), 34, "an eighth at least");
        assert_eq!((0..9).map(|_| ended(&[&one, &two], 2, true)).last(), Some(64 / FEWEST), "some are left");
        assert_eq!(ended(&[&one, &two], 1, false), 5, "more again");
        assert_eq!(ended(&[&one, &two], 10, false), 20, "as many as fit");
        assert_eq!((0..12).map(|_| ended(&[&one, &two], 1, false)).last(), Some(64));
        drop(held);
    }

    #[test]
    fn what_was_begun_before_there_were_fewer_changes_nothing_more() {
        let (places, alone) = (Places::new(64), Holder::Connection(ConnectionId(1)));
        let held: Vec<Place> = std::iter::from_fn(|| places.take(&alone, 1)).collect();
        assert_eq!(held.len(), 32);
        let begun = Instant::now();
        let given_up = Ended { begun, allowed: Duration::from_secs(1), answered: false, late: true };
        places.ended(&alone, &given_up, begun + LOOKED_AT);
        assert_eq!(places.taken().all, 64 / FEWEST, "nothing was answered; who is alone is late alone");
        let in_time = Ended { late: false, answered: true, ..given_up };
        places.ended(&alone, &in_time, begun + 2 * LOOKED_AT);
        assert_eq!(places.taken().all, 64 / FEWEST, "it was begun when there were more");
        places.ended(&alone, &Ended { begun: begun + LOOKED_AT, ..in_time }, begun + 3 * LOOKED_AT);
        assert_eq!(places.taken().all, 64 / FEWEST + 1);
    }
}
