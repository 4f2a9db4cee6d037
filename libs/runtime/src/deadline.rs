//! Until when the request that is being handled is waited for. What is asked of others on its behalf ends a little before: an answer that
//! comes later helps nobody.
//!
//! The [request layer](crate::request_layer) sets it; work that outlives its request (a batch, a follower) has none, or the one it is
//! given by [`until`].

use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// What is kept of what is left, for the way back and for saying that it was too late.
const KEPT: Duration = Duration::from_millis(20);
/// Of a short time only such a part is kept.
const PART_KEPT: u32 = 10;

/// Does some work of which nobody wants to hear after that moment.
pub async fn until<T>(deadline: Instant, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(deadline, work).await
}

/// Until when the request that is being handled here is waited for; `None` where nobody said so.
pub fn at() -> Option<Instant> {
    DEADLINE.try_with(|deadline| *deadline).ok()
}

/// How long a callee may take that is given so much at most: the least of that and of what is left here, less a little.
pub fn allowed(most: Duration) -> Duration {
    at().map_or(most, |deadline| most.min(left_until(deadline)))
}

/// What is left until a moment, less a little.
fn left_until(deadline: Instant) -> Duration {
    let left = deadline.saturating_duration_since(Instant::now());
    left - KEPT.min(left / PART_KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_callee_is_given_the_least_less_a_little() {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!((at(), allowed(minute)), (None, minute));
        until(Instant::now() + minute, async {
            assert_eq!(allowed(second), second);
            let given = allowed(2 * minute);
            assert!(given <= minute - KEPT && given > minute - second, "{given:?}");
        })
        .await;
        let soon = Instant::now() + Duration::from_millis(100);
        assert!(until(soon, async { allowed(minute) }).await <= Duration::from_millis(90), "a tenth is kept");
        assert_eq!(until(Instant::now(), async { allowed(minute) }).await, Duration::ZERO);
    }
}
