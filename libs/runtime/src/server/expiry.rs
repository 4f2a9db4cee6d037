//! Until when the certificates hold that this process shows: told in time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::tls::certificates;
use crate::identity::names::validity;
use crate::{Clock, metrics};

/// From when on it is told that a certificate ends, in seconds; of one that is meant to be short, in its last third.
const TOLD_BEFORE: i64 = 14 * 86_400;
/// How often it is looked at, and told.
pub(super) const TELL_EVERY: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, Debug)]
struct Held {
    from: i64,
    until: i64,
}

/// By what the certificate is for: `server`, `peer enrollment`.
static HELD: Mutex<BTreeMap<String, Held>> = Mutex::new(BTreeMap::new());

/// Notes until when the first certificate of a chain in PEM holds.
pub(crate) fn note(of: &str, pem: &[u8]) {
    let first = certificates(pem).ok().and_then(|chain| chain.into_iter().next());
    let Some(Ok((from, until))) = first.map(|certificate| validity(&certificate)) else { return };
    let held = Held { from, until };
    HELD.lock().unwrap_or_else(PoisonError::into_inner).insert(of.to_owned(), held);
    tell(of, held, Clock::system().now().timestamp());
}

/// Tells of all that end soon.
pub(super) fn tell_all() {
    let held = HELD.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let now = Clock::system().now().timestamp();
    held.iter().for_each(|(of, held)| tell(of, *held, now));
}

fn tell(of: &str, held: Held, now: i64) {
    metrics::certificate_expires(of, held.until);
    let days = (held.until - now).div_euclid(86_400);
    match ends(held, now) {
        Ends::Later => {}
        Ends::Soon => tracing::warn!(r#use = of, days, "a certificate ends soon; put a new one in its files"),
        Ends::Ended => tracing::error!(r#use = of, days, "a certificate has ended: nobody accepts it"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Later,
    Soon,
    Ended,
}

fn ends(held: Held, now: i64) -> Ends {
    let before = TOLD_BEFORE.min((held.until - held.from) / 3);
    match held.until - now {
        left if left <= 0 => Ends::Ended,
        left if left <= before => Ends::Soon,
        _ => Ends::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_two_weeks_before_and_of_short_ones_in_the_last_third() {
        let day = 86_400;
        let year = Held { from: 0, until: 365 * day };
        let hour = Held { from: 0, until: 3600 };
        let at = |held, now| ends(held, now);
        assert_eq!([at(year, 350 * day), at(year, 351 * day)], [Ends::Later, Ends::Soon]);
        assert_eq!([at(year, 365 * day - 1), at(year, 365 * day)], [Ends::Soon, Ends::Ended]);
        assert_eq!([at(hour, 2399), at(hour, 2400), at(hour, 3600)], [Ends::Later, Ends::Soon, Ends::Ended]);
    }
}
