//! What becomes of settlements and decisions, however they are told.

use yizhan_proto::audit::v1::DecisionKind::{Decided, Dismissed, Recovered, Withdrawn};
use yizhan_proto::credit::v1::*;
use yizhan_proto::settlement::v1::SettlementInfo;
use yizhan_testkit::both_databases;

use crate::desk::{AGENCY, Desk, decision, indicator};
use crate::feed::{HOSPITAL, reversal, stay, visit};

const BOTH: [&str; 2] = ["settlement.settlements", "audit.decisions"];

both_databases! {
    /// A reversal takes off the month in which it was counted, also before it is heard of, in another year, or where the process dies.
    async fn a_reversal_takes_off_its_own_month(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        desk.follows(&BOTH).await;
        let stay = stay("2025-12-20", "2025-12-30", 100_000);
        let visit = visit("2026-01-05", 3000);
        desk.settled(&[reversal(&visit)], false).await;
        desk.settled(&[stay.clone(), visit.clone()], true).await;
        assert_eq!(desk.year(2025).await, []);
        desk.settled(&[stay.clone(), visit.clone(), visit], false).await;
        let december = MonthFigures {
            month: "2025-12".into(),
            settlements: 1,
            visits: 1,
            stays: 1,
            stay_days: 10,
            medfee_sumamt_fen: 100_000,
            fund_pay_sumamt_fen: 50_000,
            out_of_scope_fen: 10_000,
            stay_medfee_sumamt_fen: 100_000,
            stay_fund_pay_sumamt_fen: 50_000,
            stay_out_of_scope_fen: 10_000,
            ..MonthFigures::default()
        };
        let told = desk.hospital(2025).await;
        assert_eq!(told.months, [december]);
        let value = |code| indicator(&told, code);
        assert_eq!(["average_fee_stay", "fund_per_stay", "average_days"].map(value), [Some("100000"), Some("50000"), Some("10")]);
        assert_eq!(["self_paid_share", "average_fee_visit", "violations"].map(value), [Some("0.1"), None, Some("0")]);
        let january = desk.hospital(2026).await;
        assert_eq!((january.months[0].visits, indicator(&january, "average_fee_visit")), (1, Some("3000")));
        desk.settled(&[reversal(&stay)], false).await;
        assert_eq!(desk.year(2025).await, [], "nothing is left of December");
        assert_eq!(desk.of_year(2025).await.len(), 0);
        assert_eq!(desk.of_year(2026).await[HOSPITAL]["visits"], "1");
    }

    /// Twice, before it is decided, behind its end: a decision counts once, in the month in which it was told, until it is taken back.
    async fn a_decision_counts_once_until_it_is_taken_back(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        desk.follows(&BOTH).await;
        desk.settled(&[visit("2026-01-05", 100_000)], false).await;
        let decided = decision(Decided, ("C1", 1), "2026-01-20", &[("1", 300, None), ("2", 700, None), ("3", 0, None)]);
        let recovered = decision(Recovered, ("C1", 1), "2026-02-01", &[("1", 300, Some(150)), ("2", 700, Some(350))]);
        let withdrawn = decision(Withdrawn, ("C1", 1), "2026-03-01", &[("1", 300, None)]);
        let lawful = decision(Decided, ("C2", 1), "2026-01-20", &[("1", 0, None)]);
        let dismissed = decision(Dismissed, ("C3", 1), "2026-01-20", &[("1", 0, None)]);
        desk.decided(vec![decided.clone(), lawful.clone(), dismissed]).await;
        assert_eq!(indicator(&desk.hospital(2026).await, "violation_share"), Some("0"), "settlement has told nothing yet");
        desk.decided(vec![recovered.clone(), recovered.clone(), decided.clone()]).await;
        let told = desk.hospital(2026).await;
        let month = &told.months[0];
        assert_eq!((told.months.len(), month.decisions, month.violation_lines, month.violation_fee_fen, month.violation_fund_fen), (1, 1, 2, 1000, 500));
        let value = |code| indicator(&told, code);
        assert_eq!(["violations", "violation_share", "violation_fee_share"].map(value), [Some("1"), Some("0.01"), Some("0.01")]);
        // Decided anew by another decision, in another month; and all of it heard again.
        let anew = decision(Decided, ("C1", 2), "2026-03-02", &[("1", 100, None)]);
        let all = vec![decided, lawful, recovered, withdrawn, anew];
        for events in [all.clone(), all] {
            desk.decided(events).await;
            let months = desk.hospital(2026).await.months;
            let told = months.iter().map(|one| (one.month.as_str(), one.decisions, one.decisions_withdrawn, one.violation_fee_fen, one.violation_fund_fen));
            assert_eq!(told.collect::<Vec<_>>(), [("2026-01", 0, 1, 0, 0), ("2026-03", 1, 0, 100, 0)]);
        }
        // Taken back before it is heard of: it never counts.
        desk.decided(vec![decision(Withdrawn, ("C9", 1), "2026-05-01", &[("1", 900, None)])]).await;
        desk.decided(vec![decision(Decided, ("C9", 1), "2026-04-01", &[("1", 900, None)])]).await;
        assert_eq!(desk.hospital(2026).await.months.len(), 2);
    }

    /// Who sees what, page by page; and what was never followed is missing, not 0.
    async fn pages_and_who_sees_them(db: TestDatabase) {
        let desk = Desk::open(&db).await;
        let at = |number: usize| SettlementInfo { fixmedins_code: format!("H9999000000{number}"), ..visit("2026-01-05", 1000) };
        let elsewhere = SettlementInfo { poolarea_no: "430200".into(), ..visit("2026-01-05", 1000) };
        let no_code = SettlementInfo { fixmedins_code: String::new(), ..visit("2026-01-05", 1000) };
        let by_hand = SettlementInfo { setl_type: "1".into(), ..visit("2026-01-05", 1000) };
        let settled: Vec<_> = (1..=5).map(at).chain([elsewhere, no_code, by_hand]).collect();
        desk.settled(&settled, false).await;
        let unheard = desk.page(AGENCY, ListInstitutionFiguresRequest { year: 2026, ..Default::default() }).await.unwrap();
        assert!(!unheard.settlements_followed && !unheard.decisions_followed);
        assert!(unheard.institutions.iter().all(|one| one.indicators.is_empty() && one.months.len() == 1));
        desk.follows(&BOTH[..1]).await;
        let (mut codes, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListInstitutionFiguresRequest { year: 2026, page_size: 2, page_token, ..Default::default() };
            let page = desk.page(AGENCY, request).await.unwrap();
            assert!(page.settlements_followed && !page.decisions_followed && page.institutions.len() <= 2);
            for one in page.institutions {
                let value = |code| indicator(&one, code);
                assert_eq!(["visits", "violations", "violation_share"].map(value), [Some("1"), None, None]);
                codes.push(one.fixmedins_code);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(codes, (1..=5).map(|number| at(number).fixmedins_code).collect::<Vec<_>>());
        let of = |code: &str| ListInstitutionFiguresRequest { year: 2026, fixmedins_code: code.into(), ..Default::default() };
        let own = desk.page("institution:H99990000003", of(HOSPITAL)).await.unwrap();
        assert_eq!((own.institutions.len(), own.next_page_token.as_str()), (1, ""));
        for (caller, code, reason) in [
            ("institution:H99990000003", "", "INSTITUTION_NOT_OWN"),
            ("institution:H99990000003", "H99990000001", "INSTITUTION_NOT_OWN"),
            ("agency:430200", "", "AREA_NOT_OWNED"),
            ("department:999900.civil-affairs", "", "AREA_NOT_OWNED"),
            ("person:P1", "", "AREA_NOT_OWNED"),
            ("agency:999900", "某医院", "INVALID_REQUEST"),
        ] {
            assert_eq!(desk.page(caller, of(code)).await.unwrap_err().reason, reason, "{caller}");
        }
        let year = desk.page(AGENCY, ListInstitutionFiguresRequest::default()).await.unwrap_err();
        assert_eq!(year.reason, "INVALID_REQUEST");
        assert_eq!(desk.page("service:settlement", of("H99990000009")).await.unwrap().institutions, []);
    }
}
