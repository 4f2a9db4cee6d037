//! 信用支付: settled, left unpaid, paid by an authorised child or in default, and gone with the settlement.

use chrono::TimeDelta;
use futures::StreamExt;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{DeferralState as State, *};
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::support::{assert_books_balance, clinic, violations};

/// What is owed may be 1,000 yuan, for 10 days and 5 of grace; a default bars for 30.
pub const RULES: &str = "rules: pay-later-999900\nversion: \"1\"\ntitle: 试点\narea: \"999900\"\n\
    sources:\n  project: { title: 本项目假定, quality: P }\n\
    pay_later: [ { from: 2024-01-01, source: project, limit_fen: 100000, due_days: 10, grace_days: 5, barred_days: 30 } ]\n";

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(RemoteError::from(status)))
}

/// Somebody at a window, or with a phone.
pub struct By(pub Client);

impl By {
    /// As this caller.
    pub fn of(platform: &TestPlatform, caller: &str) -> By {
        By(platform.as_caller(caller))
    }

    /// Opens or closes it, with who may pay.
    pub async fn set(&self, psn_no: &str, open: bool, payers: &[(&str, &str)]) -> Answer<PayLaterAgreement> {
        let payer = |(psn_no, until): &(&str, &str)| PayLaterPayer {
            psn_no: (*psn_no).to_owned(),
            until_date: (*until).to_owned(),
        };
        let request = SetPayLaterRequest {
            request_id: new_id(),
            psn_no: psn_no.to_owned(),
            open,
            payers: payers.iter().map(payer).collect(),
            consent_reference: String::new(),
        };
        told(self.0.deferrals().set_pay_later(request).await).map(|answer| answer.agreement.unwrap())
    }

    /// What is owed, what is left, and why nothing may be deferred.
    pub async fn stands(&self, psn_no: &str) -> (i64, i64, String) {
        let request = GetPayLaterRequest { psn_no: psn_no.to_owned() };
        let answer = told(self.0.deferrals().get_pay_later(request).await).unwrap();
        (answer.owed_fen, answer.left_fen, answer.refusal)
    }

    async fn defer_as(&self, request_id: &str, settled: &Settlement) -> Answer<DeferResponse> {
        let request = DeferRequest {
            request_id: request_id.to_owned(),
            setl_id: info(settled).setl_id.clone(),
            psn_no: info(settled).psn_no.clone(),
        };
        told(self.0.deferrals().defer(request).await)
    }

    /// Defers the cash of a settlement.
    pub async fn defer(&self, settled: &Settlement) -> Answer<Deferral> {
        self.defer_as(&new_id(), settled).await.map(|answer| answer.deferral.unwrap())
    }

    async fn repay_as(
        &self,
        request_id: &str,
        of: &Deferral,
        amount_fen: i64,
        on: &str,
    ) -> Answer<RepayResponse> {
        let request = RepayRequest {
            request_id: request_id.to_owned(),
            deferral_id: of.deferral_id.clone(),
            amount_fen,
            paid_on: on.to_owned(),
            pay_reference: format!("pay-{request_id}"),
        };
        told(self.0.deferrals().repay(request).await)
    }

    /// Repays, on a day.
    pub async fn repay(&self, of: &Deferral, amount_fen: i64, on: &str) -> Answer<Deferral> {
        self.repay_as(&new_id(), of, amount_fen, on).await.map(|answer| answer.deferral.unwrap())
    }

    async fn cancel(&self, of: &Deferral) -> Answer<Deferral> {
        let request = CancelDeferralRequest {
            request_id: new_id(),
            deferral_id: of.deferral_id.clone(),
            reason: "已在窗口支付".to_owned(),
        };
        told(self.0.deferrals().cancel_deferral(request).await).map(|answer| answer.deferral.unwrap())
    }

    /// Takes the last repayment back.
    pub async fn take_back(&self, of: &Deferral) -> Answer<Deferral> {
        let request = CancelRepaymentRequest {
            request_id: new_id(),
            deferral_id: of.deferral_id.clone(),
            repayment_id: of.repayments.last().unwrap().repayment_id.clone(),
        };
        told(self.0.deferrals().cancel_repayment(request).await).map(|answer| answer.deferral.unwrap())
    }

    /// Declares what is in default.
    pub async fn declare(&self) -> Vec<String> {
        let request = DeclareDefaultsRequest { request_id: new_id(), poolarea_no: COMPOSITE_AREA.to_owned() };
        told(self.0.deferrals().declare_defaults(request).await).unwrap().deferral_ids
    }

    async fn list(&self, psn_no: &str, overdue: bool) -> Answer<Vec<Deferral>> {
        let request = ListDeferralsRequest { psn_no: psn_no.to_owned(), overdue, ..Default::default() };
        told(self.0.deferrals().list_deferrals(request).await).map(|answer| answer.deferrals)
    }
}

async fn start(db: &TestDatabase) -> TestPlatform {
    let persons = ["P", "C", "P2"].map(Person::employee);
    let platform = TestPlatform::on(db).with_persons(persons).start().await;
    platform.publish_settlement_rules(RULES).await.unwrap();
    platform
}

/// The sum of an account's postings.
async fn booked(platform: &TestPlatform, account: &str) -> i64 {
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS bigint) AS value FROM postings WHERE account = '{account}'"
    );
    database::number(platform.rows(), &sql).await
}

/// What the feed tells of debts: where they stand, what is owed, and whether they are in default.
async fn heard(platform: &TestPlatform, events: usize) -> Vec<(State, i64, bool)> {
    let feed = platform.as_caller("service:credit").watch("").await.unwrap();
    let debts = feed.filter_map(|event| futures::future::ready(event.unwrap().deferral)).take(events);
    debts.map(|of| (of.state(), of.owed_fen, of.defaulted)).collect().await
}

both_databases! {
    /// Show 4: the bill is settled, the patient goes home, a child pays.
    async fn left_unpaid_and_paid_by_a_child(db: TestDatabase) {
        let platform = start(&db).await;
        let (hospital, agency) = (By::of(&platform, "institution:H99990000003"), By::of(&platform, "agency:999900"));
        let (parent, child) = (By::of(&platform, "person:P"), By::of(&platform, "person:C"));
        let settled = platform.settle("R1", clinic("P", "2026-02-01", "700")).await.unwrap();
        let cash = info(&settled).psn_cash_pay_fen;
        assert!(cash > 20_000 && cash < 100_000, "{cash}");
        assert_eq!(refused(hospital.defer(&settled).await).reason, "PAY_LATER_NOT_OPEN");
        assert_eq!(parent.set("P", true, &[("C", "2026-12-31")]).await.unwrap().version, 1);
        let institution = booked(&platform, "institution/H99990000003").await;
        let first = hospital.defer_as("D1", &settled).await.unwrap();
        let again = hospital.defer_as("D1", &settled).await.unwrap();
        assert!(again.replayed && again.deferral == first.deferral);
        assert_eq!(refused(hospital.defer(&settled).await).reason, "ALREADY_DEFERRED");
        let of = first.deferral.unwrap();
        assert_eq!((of.owed_fen, of.due_date.as_str(), of.grace_until.as_str()), (cash, "2026-02-11", "2026-02-16"));
        // The institution is owed the same, the person has paid nothing and owes it.
        assert_eq!(booked(&platform, "institution/H99990000003").await, institution);
        assert_eq!((booked(&platform, "cash/P").await, booked(&platform, "deferred/P").await), (0, -cash));
        assert_eq!(hospital.stands("P").await, (cash, 100_000 - cash, String::new()));

        let statement = async || {
            let request = GetStatementRequest { setl_id: of.setl_id.clone(), ..GetStatementRequest::default() };
            let told = platform.settlements().get_statement(request).await.unwrap().into_inner();
            assert!(told.html.contains("先离院后付费"), "{}", told.html);
            told.text
        };
        assert!(statement().await.contains("元，应于 2026-02-11 前付清"));

        // Strangers know nothing of it; the child sees and pays it.
        let stranger = By::of(&platform, "person:P2");
        assert_eq!(refused(stranger.list("P", false).await).reason, "PERSON_NOT_OWN");
        assert_eq!(refused(stranger.repay(&of, 1, "").await).reason, "DEFERRAL_UNKNOWN");
        assert_eq!(refused(hospital.repay(&of, 1, "").await).reason, "DEFERRAL_UNKNOWN");
        assert_eq!(child.list("P", false).await.unwrap(), std::slice::from_ref(&of));
        platform.clock.advance(TimeDelta::days(11));
        assert!(child.list("P", true).await.unwrap()[0].overdue);
        assert_eq!(parent.stands("P").await.2, "PAY_LATER_OVERDUE");
        let too_much = refused(child.repay(&of, cash + 1, "").await);
        assert_eq!(violations(&too_much), [("amount_fen", "REPAYMENT_ABOVE_OWED")]);
        assert_eq!(violations(&refused(child.repay(&of, 1, "2026-02-02").await)), [("paid_on", "DATE_INVALID")]);
        assert_eq!(child.repay_as("Z1", &of, 10_000, "").await.unwrap().deferral.unwrap().owed_fen, cash - 10_000);
        assert!(child.repay_as("Z1", &of, 10_000, "").await.unwrap().replayed);
        let closed = child.repay(&of, cash - 10_000, "").await.unwrap();
        assert_eq!((closed.state(), closed.owed_fen, closed.defaulted), (State::Repaid, 0, false));
        assert_eq!(closed.repayments[0].paid_by, "person:C");
        assert!(statement().await.contains("元先离院后付费，已付清"));
        assert_eq!(refused(child.repay(&of, 1, "").await).reason, "DEFERRAL_CLOSED");
        assert_eq!((booked(&platform, "deferred/P").await, booked(&platform, "repayment/999900").await), (0, -cash));
        assert_eq!(parent.stands("P").await, (0, 100_000, String::new()));
        // The authorisation is taken back.
        parent.set("P", true, &[]).await.unwrap();
        assert_eq!(refused(child.list("P", false).await).reason, "PERSON_NOT_OWN");
        platform.clock.advance(TimeDelta::days(11));
        assert_eq!(agency.declare().await, Vec::<String>::new());
        let expected = [(State::Open, cash, false), (State::Open, cash - 10_000, false), (State::Repaid, 0, false)];
        assert_eq!(heard(&platform, 3).await, expected);
        assert_books_balance(&platform).await;
        database::tamper(platform.rows(), "UPDATE deferrals SET owed_fen = 1").await;
        let found = platform.check_books(COMPOSITE_AREA).await.discrepancies;
        assert!(found.iter().any(|text| text.contains("are owed, and others booked")), "{found:?}");
    }

    /// Show 4: another one is not paid. What was paid in time and is told late takes the default back.
    async fn a_default_follows_from_what_was_paid_when(db: TestDatabase) {
        let platform = start(&db).await;
        let (hospital, agency) = (By::of(&platform, "institution:H99990000003"), By::of(&platform, "agency:999900"));
        By::of(&platform, "person:P").set("P", true, &[]).await.unwrap();
        let settled = platform.settle("R1", clinic("P", "2026-02-01", "700")).await.unwrap();
        let of = hospital.defer(&settled).await.unwrap();
        platform.clock.advance(TimeDelta::days(15));
        assert_eq!(agency.declare().await, Vec::<String>::new(), "the last day of grace");
        platform.clock.advance(TimeDelta::days(1));
        assert_eq!(agency.declare().await, std::slice::from_ref(&of.deferral_id));
        assert_eq!(agency.declare().await, Vec::<String>::new(), "once");
        // Paid on the last day of grace, told after it; then the money goes back.
        let in_time = agency.repay(&of, of.amount_fen, "2026-02-16").await.unwrap();
        assert_eq!((in_time.state(), in_time.defaulted), (State::Repaid, false));
        assert_eq!(hospital.stands("P").await.2, "");
        let back = agency.take_back(&in_time).await.unwrap();
        assert_eq!((back.state(), back.owed_fen, back.defaulted), (State::Open, of.amount_fen, true));
        let late = agency.repay(&of, of.amount_fen, "").await.unwrap();
        assert_eq!((late.state(), late.defaulted), (State::Repaid, true));
        assert_eq!(hospital.stands("P").await, (0, 0, "PAY_LATER_BARRED".to_owned()));
        platform.clock.advance(TimeDelta::days(31));
        assert_eq!(hospital.stands("P").await, (0, 100_000, String::new()));
        let owed = of.amount_fen;
        let expected = [
            (State::Open, owed, false),
            (State::Open, owed, true),
            (State::Repaid, 0, false),
            (State::Open, owed, true),
            (State::Repaid, 0, true),
        ];
        assert_eq!(heard(&platform, 5).await, expected);
        assert_books_balance(&platform).await;
    }

    /// What rests on a settlement falls with it, and comes from no other day; two records of one person have one limit.
    async fn a_debt_falls_with_its_settlement_and_a_limit_is_one_person_s(db: TestDatabase) {
        let platform = start(&db).await;
        let hospital = By::of(&platform, "institution:H99990000003");
        let agency = By::of(&platform, "agency:999900");
        By::of(&platform, "person:P").set("P", true, &[]).await.unwrap();
        let settled = platform.settle("R1", clinic("P", "2026-02-01", "700")).await.unwrap();
        assert_eq!(refused(By::of(&platform, "institution:H43020000003").defer(&settled).await).reason, "SETTLEMENT_UNKNOWN");
        // Deferred by mistake, and again; something is repaid, then the settlement is reversed.
        let of = hospital.defer(&settled).await.unwrap();
        assert_eq!(hospital.cancel(&of).await.unwrap().state(), State::Cancelled);
        let of = hospital.defer(&settled).await.unwrap();
        let of = agency.repay(&of, 5_000, "").await.unwrap();
        assert_eq!(refused(hospital.cancel(&of).await).reason, "REPAYMENTS_STAND");
        let reversal = platform.reverse("X1", &settled).await.unwrap();
        assert_eq!(refused(hospital.defer(&reversal).await).reason, "IS_A_REVERSAL");
        assert_eq!(refused(hospital.defer(&settled).await).reason, "ALREADY_REVERSED");
        let fell = hospital.list("P", false).await.unwrap().pop().unwrap();
        assert_eq!((fell.state(), fell.owed_fen, fell.refund_fen), (State::Reversed, 0, 5_000));
        for account in ["cash/P", "deferred/P", "repayment/999900"] {
            assert_eq!(booked(&platform, account).await, 0, "{account}");
        }
        assert_books_balance(&platform).await;

        // P2 is the same person: what both owe counts together, and so do two visits that are deferred at once.
        let other = platform.settle("R2", clinic("P2", "2026-02-01", "900")).await.unwrap();
        assert_eq!(refused(hospital.defer(&other).await).reason, "PAY_LATER_NOT_OPEN");
        platform.merge("P", "P2").await;
        let one = platform.settle("R3", clinic("P", "2026-02-01", "710")).await.unwrap();
        let two = platform.settle("R4", clinic("P", "2026-02-01", "720")).await.unwrap();
        let all = [&other, &one, &two];
        let cash: Vec<i64> = all.iter().map(|settled| info(settled).psn_cash_pay_fen).collect();
        let answers = futures::future::join_all(all.map(|settled| hospital.defer(settled))).await;
        let deferred: i64 = answers.iter().flatten().map(|of| of.amount_fen).sum();
        let refusals: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        let reasons: Vec<&str> = refusals.iter().map(|refusal| refusal.reason.as_str()).collect();
        assert_eq!(reasons, ["PAY_LATER_LIMIT"], "{cash:?} {deferred}");
        assert!(deferred <= 100_000);
        assert_eq!(hospital.stands("P").await.0, deferred);
        let next_day = platform.settle("R5", clinic("P", "2026-01-31", "10")).await.unwrap();
        platform.clock.advance(TimeDelta::days(1));
        assert_eq!(refused(hospital.defer(&next_day).await).reason, "DEFER_TOO_LATE");
        assert_books_balance(&platform).await;
    }

    /// Where the area has no rule nothing is deferred, and everything wrong is told at once.
    async fn without_a_rule_nothing_is_deferred(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P")).start().await;
        let person = By::of(&platform, "person:P");
        person.set("P", true, &[]).await.unwrap();
        let settled = platform.settle("R1", clinic("P", "2026-02-01", "700")).await.unwrap();
        assert_eq!(refused(person.defer(&settled).await).reason, "PAY_LATER_NOT_OFFERED");
        assert_eq!(person.stands("P").await, (0, 0, "PAY_LATER_NOT_OFFERED".to_owned()));
        let wrong = refused(person.set("P", true, &[("P", "2026-02-31"), ("C", "2026-01-31")]).await);
        assert_eq!(violations(&wrong), [
            ("payers[0].psn_no", "DUPLICATE"),
            ("payers[0].until_date", "DATE_INVALID"),
            ("payers[1].until_date", "DATE_INVALID"),
        ]);
        assert_eq!(refused(person.set("P", true, &[("C", "2026-12-31")]).await).reason, "PERSON_UNKNOWN");
        let unsigned = refused(By::of(&platform, "agency:999900").set("P", false, &[]).await);
        assert_eq!(violations(&unsigned), [("consent_reference", "REQUIRED")]);
    }
}
