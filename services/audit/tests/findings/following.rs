//! What becomes of findings as settlements are told.

use yizhan_audit::findings::{Happened, State};
use yizhan_runtime::db::begin_write;
use yizhan_runtime::follow::Follower;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::desk::Desk;
use crate::feed::{Feed, PHARMACY, With, line, visit};

/// More than two visits in a week, by the nation's rule on trial here.
const FREQUENT: &str = "GZ10000204002000";
const REPEATED: &str = "TRACE_CODE_REPEATED";
const KINSHIP: &str = "KINSHIP_NOT_SHOWN";

async fn merge(desk: &Desk, happened: Happened) {
    let tx = begin_write(&desk.audit.db).await.unwrap();
    desk.register.apply(&tx, &vec![happened]).await.unwrap();
    tx.commit().await.unwrap();
}

fn is(setl_id: &str, state: State) -> Vec<(String, State)> {
    vec![(setl_id.to_owned(), state)]
}

both_databases! {
    /// A mark of settlement is a finding; with the reversal it is withdrawn, and open again with what is settled in its place.
    async fn what_is_reversed_withdraws_its_findings(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let marked = visit(1, "P1", "2026-03-02").marked(KINSHIP).marked("MOVED_IN_YEAR");
        desk.hear(&[&marked]).await;
        assert_eq!(desk.by(KINSHIP).await, is("S0001", State::Open));
        assert!(desk.by("MOVED_IN_YEAR").await.is_empty(), "how it was calculated is no finding");
        desk.hear(&[&marked.reversed(2)]).await;
        assert_eq!(desk.by(KINSHIP).await, is("S0001", State::Withdrawn));
        let again = marked.with(|info| info.setl_id = "S0003".into());
        desk.hear(&[&again]).await;
        assert_eq!(desk.by(KINSHIP).await, is("S0003", State::Open));
    }

    /// 回流药: a whole pack that was handed out to two persons is found on the later bill, unless parts of it were.
    async fn a_code_of_two_persons_is_found_on_the_later_bill(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let first = visit(1, "P1", "2026-03-02").with_codes(&[("8111", false), ("8222", true)]);
        let sold = visit(2, "P2", "2026-04-02").with_codes(&[("8111", false), ("8222", true)]);
        let sold = sold.with(|info| info.fixmedins_code = PHARMACY.into());
        let own = visit(3, "P1", "2026-04-03").with_codes(&[("8111", false)]);
        desk.hear(&[&first, &sold]).await;
        assert_eq!(desk.by(REPEATED).await, is("S0002", State::Open));
        let told = &desk.findings().await[0].3;
        assert!(told.contains("S0001") && told.contains("1 个药品追溯码"), "{told}");
        // Two numbers of one person, and apart again.
        merge(&desk, Happened::Merged { went: "P2".into(), into: "P1".into() }).await;
        assert_eq!(desk.by(REPEATED).await, is("S0002", State::Withdrawn));
        merge(&desk, Happened::Parted("P2".into())).await;
        assert_eq!(desk.by(REPEATED).await, is("S0002", State::Open));
        desk.hear(&[&first.reversed(4)]).await;
        assert_eq!(desk.by(REPEATED).await, is("S0002", State::Withdrawn));
        // The person's own later bill is against the sale.
        desk.hear(&[&own]).await;
        assert_eq!(
            desk.by(REPEATED).await,
            [("S0002".to_owned(), State::Withdrawn), ("S0003".to_owned(), State::Open)]
        );
    }

    /// What cannot be read as a visit is a finding of its own, and holds nobody up.
    async fn what_cannot_be_read_is_looked_at_by_somebody(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let odd = visit(1, "P1", "2026-03-02").with(|info| info.insutype = "999".into());
        desk.hear(&[&odd, &visit(2, "P1", "2026-03-02").marked(KINSHIP)]).await;
        assert_eq!(desk.by("VISIT_UNREADABLE").await, is("S0001", State::Open));
        assert_eq!(desk.by(KINSHIP).await, is("S0002", State::Open));
        desk.hear(&[&odd.reversed(3)]).await;
        assert_eq!(desk.by("VISIT_UNREADABLE").await, is("S0001", State::Withdrawn));
    }
}
