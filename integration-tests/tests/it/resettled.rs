//! What Resettle refuses, what others see of it, and what it returns to a relative's account.

use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    DifferenceKind, FindMessageRequest, LaterVisits, MessageOutcome, ReconcileLinesRequest,
    ReconcileTotalsRequest, ResettleResponse, ReverseMessageRequest, Settlement, StatementLine,
    StatementTotals,
};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::feed::read_events;
use crate::resettlement::assert_replaced;
use crate::support::{assert_books_balance, clinic, stay};

/// Of each later visit its id, why, and whether it could be calculated.
pub fn whys(later: Option<&LaterVisits>) -> Vec<(&str, &str, bool)> {
    let visits = later.map(|later| later.visits.as_slice()).unwrap_or_default().iter();
    visits.map(|visit| (visit.setl_id.as_str(), visit.why.as_str(), visit.calculated)).collect()
}

/// It was refused, because of that and of these.
#[track_caller]
pub fn assert_blocked(refusal: &RemoteError, why: &str, setl_ids: &[&Settlement]) {
    let setl_ids: Vec<&str> = setl_ids.iter().map(|settled| info(settled).setl_id.as_str()).collect();
    let told = (refusal.reason.as_str(), refusal.metadata["why"].as_str());
    assert_eq!(told, ("RESETTLE_BLOCKED", why), "{refusal:?}");
    assert_eq!(refusal.metadata["setl_ids"], setl_ids.join(","));
}

fn id(settled: &Settlement) -> &str {
    &info(settled).setl_id
}

/// A part of the stay STAY-1 of May up to a day.
fn part(day: u32, yuan: &str, mid: bool) -> VisitBuilder {
    stay("P1", "2024-05-06", &format!("2024-05-{day:02}"), yuan).numbered("STAY-1").but(|visit| {
        visit.mid_setl_flag = mid;
        visit.feedetail[0].feedetl_sn = format!("L{day}");
        visit.feedetail[0].fee_ocur_date = format!("2024-05-{day:02}");
    })
}

/// As an institution lists it; `reversed`: it, or a reversal.
fn line(settled: &Settlement, reversed: bool) -> StatementLine {
    let told = info(settled);
    StatementLine {
        setl_id: told.setl_id.clone(),
        refd_setl_flag: if reversed { "1" } else { "0" }.to_owned(),
        medfee_sumamt_fen: told.medfee_sumamt_fen,
        fund_pay_sumamt_fen: told.fund_pay_sumamt_fen,
        acct_pay_fen: told.acct_pay_fen,
    }
}

/// The institution's totals of the year, and its list of the day, compared with the books.
async fn assert_reconciles(hospital: &Client, standing: &[Settlement], gone: &[Settlement]) {
    let sum = |fen: fn(&StatementLine) -> i64| standing.iter().map(|one| fen(&line(one, false))).sum();
    let totals = ReconcileTotalsRequest {
        stmt_begndate: "2026-01-01".to_owned(),
        stmt_enddate: "2026-12-31".to_owned(),
        totals: Some(StatementTotals {
            medfee_sumamt_fen: sum(|line| line.medfee_sumamt_fen),
            fund_pay_sumamt_fen: sum(|line| line.fund_pay_sumamt_fen),
            acct_pay_fen: sum(|line| line.acct_pay_fen),
            fixmedins_setl_cnt: (standing.len() + gone.len()) as i64,
        }),
        ..ReconcileTotalsRequest::default()
    };
    let told = hospital.reconcile_totals(totals).await.unwrap();
    assert!(told.equal && told.refd_cnt as usize * 2 == gone.len(), "{told:?}");
    let time = info(&standing[0]).setl_time.unwrap();
    let today = yizhan_runtime::clock::day_of(yizhan_runtime::clock::moment(time).unwrap()).to_string();
    let compare = async |mut lines: Vec<StatementLine>| {
        lines.sort_by(|one, other| one.setl_id.cmp(&other.setl_id));
        let request = ReconcileLinesRequest {
            stmt_begndate: today.clone(),
            stmt_enddate: today.clone(),
            lines,
            last: true,
            ..ReconcileLinesRequest::default()
        };
        hospital.reconcile_lines(request).await.unwrap()
    };
    let new = || standing.iter().map(|one| line(one, false));
    let told = compare(new().chain(gone.iter().map(|one| line(one, true))).collect()).await;
    assert_eq!((told.equal_count as usize, told.differences), (standing.len() + gone.len(), Vec::new()));
    // One who knows only of the old ones is told that they are gone, and what there is instead.
    let old = gone.iter().filter(|one| info(one).reverses_setl_id.is_empty());
    let told = compare(old.map(|one| line(one, false)).collect()).await;
    let missing = told.differences.iter().filter(|one| one.kind() == DifferenceKind::MissingThere).count();
    let reversed = told.differences.iter().filter(|one| one.kind() == DifferenceKind::Reversed).count();
    assert_eq!((missing, reversed), (standing.len() + gone.len() / 2, gone.len() / 2));
    assert_eq!((told.equal_count, told.differences.len()), (0, standing.len() + gone.len()));
}

both_databases! {
    async fn parts_of_a_stay_are_not_settled_again_by_us(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let hospital = platform.as_caller("institution:H99990000003");
        let first = platform.settle("R1", stay("P1", "2024-03-01", "2024-03-09", "10000")).await.unwrap();
        let one = platform.settle("R2", part(10, "9000", true)).await.unwrap();
        let two = platform.settle("R3", part(16, "4000", false)).await.unwrap();
        let before = platform.row_counts().await;
        let parts = [(id(&one), "SETTLED_IN_PARTS", false), (id(&two), "SETTLED_IN_PARTS", false)];
        let found = hospital.find_later_visits(id(&first)).await.unwrap();
        assert_eq!(whys(found.later.as_ref()), parts);
        assert_blocked(&refused(hospital.resettle_behind("A1", &first).await), "SETTLED_IN_PARTS", &[&one, &two]);
        // Nor is a part reversed by it: not the first, and not the last, behind which nothing comes.
        assert_eq!(refused(hospital.resettle_behind("A1", &one).await).reason, "RESETTLE_BLOCKED");
        assert_blocked(&refused(hospital.resettle_behind("A1", &two).await), "SETTLED_IN_PARTS", &[&two]);
        let stands = refused(hospital.reverse("V1", &first).await);
        assert_eq!((stands.reason.as_str(), stands.metadata["later_setl_ids"].clone()), ("LATER_SETTLEMENTS_STAND", format!("{},{}", id(&one), id(&two))));
        assert_eq!(platform.row_counts().await, before);
        assert_books_balance(&platform).await;

        // By hand, from the last one back: the deductible is the stay's.
        for (request_id, settled) in [("V3", &two), ("V2", &one)] {
            hospital.reverse(request_id, settled).await.unwrap();
        }
        let answer = hospital.resettle_behind("A1", &first).await.unwrap();
        assert!(!answer.reversal_setl_id.is_empty() && answer.visits.is_empty());
        let again = hospital.settle("R4", part(10, "9000", true)).await.unwrap();
        assert_eq!(info(&again).act_pay_dedc_fen, yuan("1100"));
        assert_books_balance(&platform).await;
    }

    /// The feed in order, 3201, 3202 and 2601 tell what is, and what was.
    async fn everybody_learns_of_it(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_persons(["P1", "P2"].map(Person::employee)).start().await;
        let hospital = platform.as_caller("institution:H99990000003");
        let mut old = Vec::new();
        for day in 1..=3 {
            let visit = clinic("P1", &format!("2024-03-0{day}"), "200");
            old.push(hospital.settle(&format!("R{day}"), visit).await.unwrap());
        }
        let answer = hospital.resettle_behind("A1", &old[0]).await.unwrap();
        let new = assert_replaced(&platform, &answer).await;
        assert_eq!(new.iter().map(|new| info(new).hifp_pay_fen).collect::<Vec<_>>(), [0, yuan("60")]);

        let events = read_events(&mut hospital.watch("").await.unwrap(), 8).await;
        let told: Vec<_> = events.iter().map(|event| (info(&event.settlement).reverses_setl_id.as_str(), info(&event.settlement).replaces_setl_id.as_str())).collect();
        let [first, second, third] = [id(&old[0]), id(&old[1]), id(&old[2])];
        assert_eq!(told[..3], [("", ""); 3]);
        assert_eq!(told[3..], [(third, ""), (second, ""), (first, ""), ("", second), ("", third)]);
        assert_eq!(events[6..].iter().map(|event| &event.settlement).collect::<Vec<_>>(), new.iter().collect::<Vec<_>>());
        assert!(events.is_sorted_by(|one, next| one.setl_id < next.setl_id));
        let reversals = events[3..6].iter().map(|event| event.settlement.clone());
        let gone: Vec<Settlement> = old.iter().cloned().chain(reversals).collect();
        assert_reconciles(&hospital, &new, &gone).await;

        let find = |psn_no: &str, omsgid: &str| FindMessageRequest { psn_no: psn_no.to_owned(), omsgid: omsgid.to_owned(), ..Default::default() };
        let found = hospital.find_message(find("P1", "A1")).await.unwrap();
        assert_eq!((found.outcome(), found.settlement), (MessageOutcome::Resettled, None));
        assert_eq!(refused(hospital.find_message(find("P2", "A1")).await).reason, "SETTLEMENT_UNKNOWN");
        let found = hospital.find_message(find("P1", "R2")).await.unwrap();
        assert_eq!((found.outcome(), &found.reversal_setl_id), (MessageOutcome::Reversed, &answer.visits[0].reversal_setl_id));
        let stands = found.settlement.unwrap();
        assert_eq!((id(&stands), info(&stands).replaced_by_setl_id.as_str()), (second, id(&new[0])));

        // 冲正: the old ones are reversed already, and the whole is not undone by one message.
        let before = platform.row_counts().await;
        let undo = |request_id: &str, omsgid: &str| ReverseMessageRequest {
            request_id: request_id.to_owned(), psn_no: "P1".to_owned(), omsgid: omsgid.to_owned(), ..Default::default()
        };
        let undone = hospital.reverse_message(undo("X1", "R2")).await.unwrap();
        assert_eq!((undone.outcome(), info(&undone.reversal.unwrap()).replaced_by_setl_id.as_str()), (MessageOutcome::Reversed, id(&new[0])));
        assert_eq!(refused(hospital.reverse_message(undo("X2", "A1")).await).reason, "IS_A_RESETTLEMENT");
        assert_eq!(platform.row_counts().await, before);
        assert_eq!(hospital.reverse_message(undo("X3", "A2")).await.unwrap().outcome(), MessageOutcome::Blocked);
        assert_eq!(refused(hospital.resettle_behind("A2", &new[0]).await).reason, "MESSAGE_REVERSED");
    }

    /// Of a smaller share the surplus flows back to the account it came from; of a bigger one no more is taken.
    async fn a_relative_pays_no_more_than_they_paid(db: TestDatabase) {
        let persons = [Person::employee("P2"), Person::employee("P1").may_use_account_of("P2")];
        let platform = TestPlatform::on(&db).with_persons(persons).start().await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("100")).await;
        platform.deposit("P2", COMPOSITE_AREA, yuan("1000")).await;
        let balances = async || (platform.balance("P1", COMPOSITE_AREA).await, platform.balance("P2", COMPOSITE_AREA).await);
        // The cap of the year, 1500, is paid by the first; the second is borne by the two.
        let first = platform.settle("R1", clinic("P1", "2024-03-01", "3000")).await.unwrap();
        let second = platform.settle("R2", clinic("P1", "2024-03-02", "1000").helped_by("P2")).await.unwrap();
        assert_eq!((info(&second).acct_pay_fen, info(&second).acct_mulaid_pay_fen), (yuan("1000"), yuan("900")));
        platform.reverse("V1", &first).await.unwrap();
        let answer = platform.resettle_behind("A1", &first).await.unwrap();
        let new = assert_replaced(&platform, &answer).await.remove(0);
        assert_eq!((info(&new).acct_pay_fen, info(&new).acct_mulaid_pay_fen), (yuan("580"), yuan("480")));
        assert_eq!((answer.visits[0].cash_due_fen, balances().await), (0, (0, yuan("520"))));

        // The grant is withdrawn: what was paid by it stays paid, and no more is.
        let third = platform.settle("R3", clinic("P1", "2024-03-03", "100").helped_by("P2")).await.unwrap();
        assert_eq!((info(&third).acct_mulaid_pay_fen, balances().await), (yuan("40"), (0, yuan("480"))));
        assert_eq!(platform.withdraw_account("P2", "P1", false).await, 1);
        platform.reverse("V2", &new).await.unwrap();
        assert_eq!(balances().await, (yuan("100"), yuan("960")));
        let answer = platform.resettle_behind("A2", &new).await.unwrap();
        let new = assert_replaced(&platform, &answer).await.remove(0);
        assert_eq!((info(&new).psn_part_amt_fen, info(&new).acct_mulaid_pay_fen), (yuan("100"), yuan("40")));
        assert_eq!((answer.visits[0].cash_due_fen, balances().await), (yuan("60"), (yuan("100"), yuan("960"))));
        assert_eq!(platform.resettle_behind("A3", &new).await.unwrap().visits, ResettleResponse::default().visits);
        assert_eq!(balances().await, (yuan("100"), yuan("1000")));
        assert_books_balance(&platform).await;
    }
}
