//! Whose own share passes a line, as settlements are told.

use yizhan_audit::findings::Happened;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::db::begin_write;
use yizhan_runtime::follow::Follower;
use yizhan_testkit::both_databases;

use crate::desk::Desk;
use crate::feed::{Feed, With, visit};

/// A visit of which the person paid so many yuan.
fn paid(number: usize, psn_no: &str, day: &str, yuan: i64) -> Settlement {
    visit(number, psn_no, day).with(|info| info.psn_part_amt_fen = yuan * 100)
}

async fn merge(desk: &Desk, happened: Happened) {
    let tx = begin_write(&desk.audit.db).await.unwrap();
    desk.register.apply(&tx, &vec![happened]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Whoever is to be worked on: person, the line in yuan, how often the item changed.
async fn open(desk: &Desk) -> Vec<String> {
    let mut all = Vec::new();
    for psn_no in ["P1", "P2"] {
        let sql = format!(
            "SELECT psn_no || ' ' || (line_fen / 100) || ' ' || version FROM person_item WHERE is_open AND psn_no = '{psn_no}'"
        );
        all.extend(desk.text(&sql).await);
    }
    all
}

async fn last_why(desk: &Desk, psn_no: &str) -> String {
    let sql = format!(
        "SELECT why FROM person_step WHERE item_id IN (SELECT item_id FROM person_item WHERE psn_no = '{psn_no}') ORDER BY step_no DESC LIMIT 1"
    );
    desk.text(&sql).await.unwrap_or_default()
}

both_databases! {
    /// One item of a person and year, however often told; what is recorded late, reversed and settled again changes it, each with why.
    async fn an_own_share_is_on_the_list_while_it_is_above_the_line(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let first = paid(1, "P1", "2026-03-02", 12_000);
        desk.hear(&[&first, &paid(2, "P1", "2025-12-31", 19_000), &paid(3, "P1", "2026-06-01", 8_000)]).await;
        assert!(open(&desk).await.is_empty(), "at the line, and another year");
        let late = paid(4, "P1", "2026-01-05", 1);
        desk.hear(&[&late, &late]).await;
        assert_eq!(open(&desk).await, ["P1 20000 1"]);
        // Told together, and told twice.
        let more = [paid(5, "P1", "2026-07-01", 20_000), paid(6, "P1", "2026-07-02", 20_000)];
        desk.deal_with(Feed::of(more.to_vec()).events(0), true).await;
        desk.deal_with(Feed::of([more.to_vec(), more.to_vec()].concat()).events(0), false).await;
        assert_eq!(open(&desk).await, ["P1 50000 2"]);
        assert_eq!(last_why(&desk, "P1").await, "NEXT_LINE");
        desk.hear(&[&more[0].reversed(7), &more[1].reversed(8)]).await;
        assert_eq!(last_why(&desk, "P1").await, "LOWER_LINE");
        desk.hear(&[&first.reversed(9)]).await;
        assert!(open(&desk).await.is_empty());
        assert_eq!(last_why(&desk, "P1").await, "BELOW_LINE");
        desk.hear(&[&paid(10, "P1", "2026-03-02", 12_000)]).await;
        assert_eq!(open(&desk).await.len(), 1);
        assert_eq!(last_why(&desk, "P1").await, "ABOVE_LINE");
        let items = desk.text("SELECT CAST(COUNT(*) AS text) FROM person_item").await;
        assert_eq!(items.as_deref(), Some("1"), "the same item all along");
    }

    /// What was paid under two numbers of one person counts together, and apart again when the merge is taken back.
    async fn two_numbers_of_one_person_count_together(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        desk.hear(&[&paid(1, "P1", "2026-03-02", 21_000), &paid(2, "P2", "2026-04-02", 15_000)]).await;
        assert_eq!(open(&desk).await, ["P1 20000 1"]);
        merge(&desk, Happened::Merged { went: "P1".into(), into: "P2".into() }).await;
        assert_eq!(open(&desk).await, ["P2 20000 1"]);
        assert_eq!(last_why(&desk, "P1").await, "BELOW_LINE");
        // Under the number that went, as settlement tells it a moment later.
        desk.hear(&[&paid(3, "P1", "2026-05-02", 15_000)]).await;
        assert_eq!(open(&desk).await, ["P2 50000 2"]);
        merge(&desk, Happened::Parted("P1".into())).await;
        assert_eq!(open(&desk).await, ["P1 20000 3"]);
        assert_eq!((last_why(&desk, "P1").await, last_why(&desk, "P2").await), ("ABOVE_LINE".into(), "BELOW_LINE".into()));
    }
}
