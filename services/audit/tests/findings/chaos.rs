//! However a feed is told, the findings are the same: one by one, in chunks, by processes that die, and once more from its beginning.

use std::hash::{BuildHasher, Hasher, RandomState};

use yizhan_proto::settlement::v1::Settlement;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::desk::Desk;
use crate::feed::{Feed, HOSPITAL, PHARMACY, With, visit};
use crate::following::FREQUENT;

/// Settlements of the history that is told in pieces.
const SETTLEMENTS: usize = 60;

/// Numbers in no order, the same for a seed.
pub struct Draws(u64);

impl Draws {
    pub fn new(seed: u64) -> Draws {
        Draws(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// Below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// A history of few persons: visits close together, told out of order, with marks and with codes of few packs, some of them reversed.
pub fn history(draws: &mut Draws, settlements: usize) -> Vec<Settlement> {
    let mut told: Vec<Settlement> = Vec::new();
    let mut standing: Vec<usize> = Vec::new();
    for number in 1..=settlements {
        if draws.below(5) == 0 && !standing.is_empty() {
            let reversed = standing.swap_remove(draws.below(standing.len()));
            told.push(told[reversed].reversed(number));
            continue;
        }
        let (psn_no, day) =
            (format!("P{}", draws.below(settlements / 15)), format!("2026-03-{:02}", 1 + draws.below(25)));
        let place = if draws.below(2) == 0 { HOSPITAL } else { PHARMACY };
        let one = visit(number, &psn_no, &day).with(|info| {
            info.fixmedins_code = place.into();
            info.audit_pending = number % 4 == 0;
        });
        let codes = [format!("8{}", draws.below(6)), format!("9{}", draws.below(6))];
        let one = match draws.below(3) {
            0 => one.with_codes(&[(&codes[0], false), (&codes[1], true)]),
            1 => one.marked("KINSHIP_NOT_SHOWN"),
            _ => one,
        };
        standing.push(told.len());
        told.push(one);
    }
    told
}

/// A seed that a failure names.
fn seed() -> u64 {
    std::env::var("YIZHAN_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| RandomState::new().build_hasher().finish())
}

both_databases! {
    async fn findings_do_not_depend_on_how_they_were_told(db: TestDatabase) {
        let seed = seed();
        let mut draws = Draws::new(seed);
        let feed = Feed::of(history(&mut draws, SETTLEMENTS));
        let other = TestDatabase::of(db.backend());
        let straight = Desk::open(&other).await;
        straight.publish(FREQUENT).await;
        for event in feed.events(0) {
            straight.deal_with(vec![event], false).await;
        }
        let expected = straight.findings().await;
        assert!(expected.len() > 10, "seed {seed}: only {} findings", expected.len());

        let mut desk = Desk::open(&db).await;
        desk.publish(FREQUENT).await;
        let mut behind = 0;
        while behind < SETTLEMENTS {
            let chunk: Vec<_> = feed.events(behind).into_iter().take(1 + draws.below(20)).collect();
            let (dies, count) = (draws.below(3) == 0, chunk.len());
            desk.deal_with(chunk, dies).await;
            if dies {
                desk = Desk::open(&db).await;
            } else {
                behind += count;
            }
        }
        assert_eq!(desk.findings().await, expected, "seed {seed}");
        // The token was lost.
        desk.deal_with(feed.events(0), false).await;
        assert_eq!(desk.findings().await, expected, "seed {seed}, told again");
    }
}
