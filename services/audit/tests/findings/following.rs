//! What becomes of findings as settlements are told.

use yizhan_audit::findings::{Happened, State};
use yizhan_proto::settlement::v1::FeeLineResult;
use yizhan_runtime::db::begin_write;
use yizhan_runtime::follow::Follower;
use yizhan_testkit::both_databases;

use crate::desk::Desk;
use crate::feed::{PHARMACY, With, line, visit};

/// More than two visits in a week.
pub const FREQUENT: &str =
    "rule: T-OFTEN\ntitle: 频繁门诊\nkind: visits\nscope: day\nvalues: { most: 2, within: 7d }";
const OFTEN: &str = "T-OFTEN";
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
        let told = desk.findings().await.into_iter().find(|found| found.0 == REPEATED).unwrap().3;
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

    /// A visit that is told late makes a violation of a later one, and takes it away again when it is reversed.
    async fn what_is_told_late_counts_for_what_came_after_it(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        desk.publish(FREQUENT).await;
        let late = visit(3, "P1", "2026-03-01");
        desk.hear(&[&visit(1, "P1", "2026-03-02"), &visit(2, "P1", "2026-03-05")]).await;
        assert!(desk.by(OFTEN).await.is_empty());
        desk.hear(&[&late]).await;
        assert_eq!(desk.by(OFTEN).await, is("S0002", State::Open), "the third in the week, whatever was told last");
        desk.hear(&[&late.reversed(4)]).await;
        assert_eq!(desk.by(OFTEN).await, is("S0002", State::Withdrawn));
        // Another number of the same person.
        desk.hear(&[&visit(5, "P2", "2026-03-03")]).await;
        merge(&desk, Happened::Merged { went: "P1".into(), into: "P2".into() }).await;
        assert_eq!(desk.by(OFTEN).await, is("S0002", State::Open));
        desk.hear(&[&visit(6, "P1", "2026-03-06")]).await;
        assert_eq!(desk.by(OFTEN).await.len(), 2, "what is told under the number that went is the person's");
        merge(&desk, Happened::Parted("P1".into())).await;
        assert_eq!(
            desk.by(OFTEN).await,
            [("S0002".to_owned(), State::Withdrawn), ("S0006".to_owned(), State::Open)]
        );
    }

    /// The rules of 事中 are asked behind settlement where it could not ask; those of 事后 always; those on trial are kept apart.
    async fn each_line_of_defence_has_its_rules(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let rule = |name: &str, more: &str| {
            format!("rule: {name}\ntitle: 试验\nkind: never\nclass: 药品政策限定类\npoints: [{{ code: XA* }}]\n{more}")
        };
        desk.publish(&rule("T-DURING", "stages: [事中]")).await;
        desk.publish(&rule("T-AFTER", "")).await;
        desk.publish(&rule("T-TRIED", "life: shadow")).await;
        let checked = visit(1, "P1", "2026-03-02");
        let unchecked = visit(2, "P1", "2026-03-03").with(|info| info.audit_pending = true);
        let by_hand = visit(3, "P1", "2026-03-04").with(|info| info.setl_type = "1".into());
        desk.hear(&[&checked, &unchecked, &by_hand]).await;
        let of = async |rule| desk.by(rule).await.into_iter().map(|(setl_id, _)| setl_id).collect::<Vec<_>>();
        assert_eq!(of("T-DURING").await, ["S0002", "S0003"]);
        assert_eq!(of("T-AFTER").await, ["S0001", "S0002", "S0003"]);
        assert_eq!(of("T-TRIED").await, ["S0001", "S0002", "S0003"]);
    }

    /// A stay in parts is one visit: a line of an earlier part is found there, and not when a later part takes it back.
    async fn parts_of_a_stay_are_one_visit(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        desk.publish("rule: T-MOST\ntitle: 试验\nkind: most\nclass: 医疗服务项目政策限定类\nscope: visit\npoints: [{ code: BED, of: quantity, most: 2 }]").await;
        let part = |number: usize, part: i32, enddate: &str| {
            let mut one = visit(number, "P1", enddate).with(|info| {
                (info.mdtrt_id, info.med_type, info.setl_part) = ("STAY".into(), "21".into(), part);
                info.begndate = "2026-03-01".into();
            });
            one.feedetail = vec![line(&format!("{number}-1"), "BED"), line(&format!("{number}-2"), "BED")];
            one
        };
        let (first, second) = (part(1, 1, "2026-03-10"), part(2, 2, "2026-03-20"));
        let mut last = part(3, 3, "2026-03-30");
        let back = |feedetl_sn: &str, refund: &str| {
            let row = line(feedetl_sn, "");
            let (refd_feedetl_sn, cnt) = (vec![refund.into()], "-1".into());
            let back = FeeLineResult { earlier_part: true, refd_feedetl_sn, cnt, ..row };
            FeeLineResult { det_item_fee_sumamt_fen: -1000, inscp_scp_amt_fen: -1000, ..back }
        };
        last.feedetail = vec![back("1-1", "R1"), back("2-2", "R2")];
        desk.hear(&[&first]).await;
        assert!(desk.by("T-MOST").await.is_empty());
        desk.hear(&[&second]).await;
        assert_eq!(desk.by("T-MOST").await, is("S0002", State::Open));
        desk.hear(&[&last]).await;
        assert_eq!(desk.by("T-MOST").await, is("S0002", State::Withdrawn));
        desk.hear(&[&last.reversed(4)]).await;
        assert_eq!(desk.by("T-MOST").await, is("S0002", State::Open));
    }
}
