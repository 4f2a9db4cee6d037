//! 统计指标 of institutions: added up when a month is over, and again when something of it changes.

use yizhan_audit::findings::{State, add_up};
use yizhan_testkit::both_databases;

use crate::desk::Desk;
use crate::feed::{With, line, visit};

/// Drugs above a third of what is billed.
const DRUGS: &str = "rule: T-DRUGS\ntitle: 药费占比\nkind: share\nscope: month\nwhen: { kinds: [\"1\"] }\npoints: [{ code: XA*, name: 药费, share: 35% }]";
/// The same of a year.
const OF_A_YEAR: &str = "rule: T-YEAR\ntitle: 药费占比\nkind: share\nscope: year\npoints: [{ code: XA*, name: 药费, share: 35% }]";

/// A visit whose bill has a drug and so many other items, ten yuan each.
fn with_others(number: usize, day: &str, others: usize) -> yizhan_proto::settlement::v1::Settlement {
    let mut one = visit(number, &format!("P{number}"), day);
    one.feedetail.extend((0..others).map(|at| line(&format!("B{at}"), "BED")));
    one
}

async fn told(desk: &Desk, rule: &str) -> Vec<(State, String)> {
    let found = desk.findings().await.into_iter().filter(|found| found.0 == rule);
    found.map(|(_, _, state, violation)| (state, violation)).collect()
}

fn is(told: &[(State, String)], wanted: &[(State, &str)]) {
    let fits = |((state, text), (wanted, words)): (&(State, String), &(State, &str))| {
        state == wanted && text.contains(words)
    };
    assert!(told.len() == wanted.len() && told.iter().zip(wanted).all(fits), "{told:?} and not {wanted:?}");
}

both_databases! {
    async fn a_month_that_changes_is_added_up_again(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        desk.publish(DRUGS).await;
        desk.publish(OF_A_YEAR).await;
        let (first, elsewhere) = (with_others(1, "2026-03-02", 1), with_others(2, "2026-03-31", 4));
        desk.hear(&[&first, &elsewhere.clone().with(|info| info.fixmedins_code = "H99990000004".into())]).await;
        is(&told(&desk, "T-DRUGS").await, &[]);
        assert_eq!(add_up(&desk.audit).await.unwrap(), 1);
        is(&told(&desk, "T-DRUGS").await, &[(State::Open, "占比 50%，参考 35%；同级其他 1 家机构合计 20%")]);
        assert!(!desk.text("SELECT enddate || setl_id FROM finding WHERE rule_id = 'T-DRUGS'").await.unwrap().contains('S'));
        assert_eq!(add_up(&desk.audit).await.unwrap(), 0, "nothing is due");
        // Told again, it is the same.
        desk.hear(&[&first]).await;
        assert_eq!(add_up(&desk.audit).await.unwrap(), 1);
        let version = desk.text("SELECT CAST(version AS text) FROM finding WHERE rule_id = 'T-DRUGS'").await;
        assert_eq!(version.as_deref(), Some("1"));

        // A late visit brings the share down, its reversal up again; a month of its own is a finding of its own.
        let late = with_others(3, "2026-03-15", 9);
        desk.hear(&[&late]).await;
        add_up(&desk.audit).await.unwrap();
        is(&told(&desk, "T-DRUGS").await, &[(State::Withdrawn, "占比 50%")]);
        desk.hear(&[&late.reversed(4), &with_others(5, "2026-04-01", 1)]).await;
        add_up(&desk.audit).await.unwrap();
        is(&told(&desk, "T-DRUGS").await, &[(State::Open, "占比 50%"), (State::Open, "占比 50%，参考 35%")]);
        is(&told(&desk, "T-YEAR").await, &[(State::Open, "占比 50%，参考 35%；同级其他 1 家机构合计 20%")]);
    }

    /// A stay in parts counts in the month of its last day, wherever that is now; a month that is not over waits.
    async fn a_stay_counts_where_it_ends(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        desk.publish(DRUGS).await;
        let part = |number: usize, part: i32, enddate: &str| {
            let mut one = visit(number, "P1", enddate).with(|info| {
                (info.mdtrt_id, info.med_type, info.setl_part) = ("STAY".into(), "21".into(), part);
                info.begndate = "2026-03-20".into();
            });
            one.feedetail = vec![line(&format!("{number}-1"), "XA1"), line(&format!("{number}-2"), "BED")];
            one
        };
        let last = part(2, 2, "2026-04-10");
        desk.hear(&[&part(1, 1, "2026-03-31"), &last]).await;
        let today = desk.audit.clock.today().to_string();
        desk.hear(&[&with_others(3, &today, 0)]).await;
        let ends = "SELECT MIN(enddate) || MAX(enddate) FROM finding WHERE state = 1 AND rule_id = 'T-DRUGS'";
        add_up(&desk.audit).await.unwrap();
        assert_eq!(desk.text(ends).await.as_deref(), Some("2026-04-302026-04-30"));
        desk.hear(&[&last.reversed(4)]).await;
        add_up(&desk.audit).await.unwrap();
        assert_eq!(desk.text(ends).await.as_deref(), Some("2026-03-312026-03-31"));
    }
}
