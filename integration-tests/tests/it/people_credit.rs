//! People in credit: conduct that is entered and objected to, defaults that settlement tells, and what a person may pay later by both.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tonic::Code;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::credit::v1::person_credit_service_client::PersonCreditServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_proto::settlement::v1::Deferral;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::deferrals::{By, RULES};
use crate::support::{clinic, violations};

const HOSPITAL: &str = "institution:H99990000003";
const AGENCY: &str = "agency:999900";
/// The limit of the area, fen.
const LIMIT: i64 = 100_000;

fn credit(client: &Client) -> PersonCreditServiceClient<PeerChannel> {
    PersonCreditServiceClient::new(client.to_credit())
}

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

fn conduct(psn_no: &str, item: &str) -> RecordPersonConductRequest {
    RecordPersonConductRequest {
        request_id: new_id(),
        psn_no: psn_no.into(),
        poolarea_no: COMPOSITE_AREA.into(),
        item: item.into(),
        basis: "试医保信〔2026〕1号".into(),
        file_ids: vec!["F1".into()],
        occurred_on: "2026-01-20".into(),
        noticed_on: String::new(),
        opter: "A1".into(),
    }
}

async fn record(client: &Client, request: RecordPersonConductRequest) -> Answer<PersonMatter> {
    told(credit(client).record_person_conduct(request).await).map(|answer| answer.matter.unwrap())
}

async fn object(client: &Client, matter: &PersonMatter, day: &str) -> Answer<PersonMatter> {
    let request = ObjectToConductRequest {
        request_id: new_id(),
        matter_id: matter.matter_id.clone(),
        reason: "并非本人".into(),
        file_ids: vec!["F2".into()],
        day: day.into(),
        opter: "A1".into(),
    };
    told(credit(client).object_to_conduct(request).await).map(|answer| answer.matter.unwrap())
}

async fn decide(client: &Client, matter: &PersonMatter, upheld: bool) -> Answer<PersonMatter> {
    let request = DecideObjectionRequest {
        request_id: new_id(),
        matter_id: matter.matter_id.clone(),
        upheld,
        reason: "据实".into(),
        version: matter.version,
        opter: "A2".into(),
    };
    told(credit(client).decide_objection(request).await).map(|answer| answer.matter.unwrap())
}

async fn take_back(client: &Client, matter: &PersonMatter) -> Answer<PersonMatter> {
    let request = TakeBackConductRequest {
        request_id: new_id(),
        matter_id: matter.matter_id.clone(),
        version: matter.version,
        reason: "误操作".into(),
        opter: "A2".into(),
    };
    told(credit(client).take_back_conduct(request).await).map(|answer| answer.matter.unwrap())
}

async fn list(client: &Client, psn_no: &str, day: &str) -> Answer<Vec<PersonMatter>> {
    let request = ListPersonConductRequest { psn_no: psn_no.into(), day: day.into(), ..Default::default() };
    told(credit(client).list_person_conduct(request).await).map(|answer| answer.matters)
}

async fn terms_on(client: &Client, psn_no: &str, day: &str) -> Answer<PayLaterTerms> {
    let request = GetPayLaterTermsRequest {
        psn_nos: vec![psn_no.into()],
        poolarea_no: COMPOSITE_AREA.into(),
        day: day.into(),
        base_fen: LIMIT,
    };
    told(credit(client).get_pay_later_terms(request).await).map(|mut answer| answer.terms.remove(0))
}

/// The limit, and when it is whole again.
async fn terms(client: &Client, psn_no: &str) -> (i64, String) {
    let terms = terms_on(client, psn_no, "").await.unwrap();
    assert_eq!(terms.allowed, terms.limit_fen > 0);
    (terms.limit_fen, terms.restored_on)
}

/// Waits until what credit tells is so.
async fn until(client: &Client, psn_no: &str, limit_fen: i64) -> PayLaterTerms {
    let begun = Instant::now();
    loop {
        let told = terms_on(client, psn_no, "").await.unwrap();
        if told.limit_fen == limit_fen {
            return told;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never {limit_fen}: {told:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn start(db: &TestDatabase) -> TestPlatform {
    let persons = ["P", "C", "P2"].map(Person::employee);
    let platform = TestPlatform::on(db).with_persons(persons).asking_credit().start().await;
    platform.publish_settlement_rules(RULES).await.unwrap();
    platform
}

/// The kinds of entries of a person, in their order.
async fn kinds(platform: &TestPlatform, psn_no: &str) -> Vec<i64> {
    let mut all = Vec::new();
    let of = format!("FROM ledger_entry WHERE subject_kind = 3 AND subject_code = '{psn_no}'");
    let count = database::number(platform.credit_rows(), &format!("SELECT COUNT(*) AS value {of}")).await;
    for at in 0..count {
        let sql = format!("SELECT CAST(kind AS bigint) AS value {of} ORDER BY entry_id LIMIT 1 OFFSET {at}");
        all.push(database::number(platform.credit_rows(), &sql).await);
    }
    all
}

/// A visit of a person, deferred.
async fn defer(platform: &TestPlatform, request: &str, psn_no: &str, price: &str) -> Answer<Deferral> {
    let settled = platform.settle(request, clinic(psn_no, "2026-02-01", price)).await.unwrap();
    assert!(info(&settled).psn_cash_pay_fen > 0);
    By::of(platform, HOSPITAL).defer(&settled).await
}

both_databases! {
    /// Entered, it halves the limit; an objection that is upheld undoes it from the beginning, and what was decided by mistake is taken back.
    async fn conduct_counts_unless_the_objection_is_right(db: TestDatabase) {
        let platform = start(&db).await;
        let (agency, person) = (platform.as_caller(AGENCY), platform.as_caller("person:P"));
        assert_eq!(terms(&agency, "P").await, (LIMIT, String::new()));
        let matter = record(&agency, conduct("P", "lent-credential")).await.unwrap();
        assert_eq!((matter.state(), matter.counts, matter.lowers_percent.as_str()), (ConductState::Recorded, true, "50"));
        assert_eq!((matter.from_date.as_str(), matter.until_date.as_str()), ("2026-02-01", "2027-01-31"));
        assert_eq!(terms(&agency, "P").await, (LIMIT / 2, "2027-02-01".to_owned()));
        let told = terms_on(&person, "P", "").await.unwrap();
        assert_eq!(told.why, "有 1 条失信行为记录，信用支付额度降低，2027-02-01 起恢复");
        assert_eq!(terms_on(&agency, "P", "2026-01-31").await.unwrap().limit_fen, LIMIT, "not before the person was told");
        assert_eq!(terms_on(&agency, "P", "2027-02-01").await.unwrap().limit_fen, LIMIT);
        let again = refused(record(&agency, conduct("P", "lent-credential")).await);
        assert_eq!((again.code, again.reason.as_str()), (Code::AlreadyExists, "CONDUCT_ENTERED"));
        // Another lowers it further: together they close it.
        let other = record(&agency, conduct("P", "repeated-benefit")).await.unwrap();
        assert_eq!(terms(&agency, "P").await, (0, "2027-02-01".to_owned()));
        let gone = take_back(&agency, &other).await.unwrap();
        assert_eq!((gone.state(), gone.counts), (ConductState::Withdrawn, false));
        record(&agency, conduct("P", "repeated-benefit")).await.unwrap();
        let seen = list(&person, "P", "").await.unwrap();
        let seen: Vec<_> = seen.iter().map(|one| (one.item.as_str(), one.counts, one.allowed_actions.len())).collect();
        assert_eq!(seen, [("repeated-benefit", true, 1), ("repeated-benefit", false, 0), ("lent-credential", true, 1)]);
        let latest = list(&agency, "P", "").await.unwrap().remove(0);
        take_back(&agency, &latest).await.unwrap();

        let objected = object(&person, &matter, "").await.unwrap();
        assert_eq!((objected.state(), objected.counts), (ConductState::Objected, true), "it counts until it is decided");
        let twice = refused(object(&person, &matter, "").await);
        assert_eq!((twice.reason.as_str(), twice.metadata["state"].as_str()), ("CONDUCT_STEP_REFUSED", "OBJECTED"));
        assert_eq!(refused(decide(&person, &objected, true).await).reason, "CONDUCT_STEP_REFUSED");
        let stale = decide(&agency, &matter, true).await;
        assert_eq!(refused(stale).reason, "CASE_VERSION_STALE");
        let struck = decide(&agency, &objected, true).await.unwrap();
        assert_eq!((struck.state(), struck.counts, struck.due_date.as_str()), (ConductState::Struck, false, ""));
        assert_eq!(terms_on(&agency, "P", "2026-02-01").await.unwrap().limit_fen, LIMIT, "it never counted");
        let back = take_back(&agency, &struck).await.unwrap();
        assert_eq!((back.state(), terms(&agency, "P").await.0), (ConductState::Objected, LIMIT / 2));
        let refused_it = decide(&agency, &back, false).await.unwrap();
        assert_eq!((refused_it.state(), terms(&agency, "P").await.0), (ConductState::Settled, LIMIT / 2));
        // The history is whole, and what is shown is whose it is.
        assert_eq!(kinds(&platform, "P").await, [60, 60, 1, 60, 1, 61, 62, 1, 63]);
        for stranger in ["person:C", "agency:430200", "department:999900.civil-affairs", HOSPITAL, "insurer:X"] {
            let client = platform.as_caller(stranger);
            assert_eq!(refused(list(&client, "P", "").await).reason, "PERSON_NOT_OWN", "{stranger}");
            assert_eq!(refused(terms_on(&client, "P", "").await).reason, "PERSON_NOT_OWN", "{stranger}");
            assert_eq!(refused(object(&client, &matter, "").await).reason, "CONDUCT_UNKNOWN", "{stranger}");
            assert_eq!(refused(take_back(&client, &matter).await).reason, "CONDUCT_UNKNOWN", "{stranger}");
        }
    }

    /// Too late, a day before nothing was told, and what else is refused, all at once.
    async fn an_objection_comes_in_time_and_a_record_is_whole(db: TestDatabase) {
        let platform = start(&db).await;
        let (agency, person) = (platform.as_caller(AGENCY), platform.as_caller("person:P"));
        let request = RecordPersonConductRequest { noticed_on: "2026-01-26".into(), ..conduct("P", "forged-papers") };
        let matter = record(&agency, request.clone()).await.unwrap();
        let again = told(credit(&agency).record_person_conduct(request).await).unwrap();
        assert!(again.replayed && again.matter == Some(matter.clone()));
        assert_eq!(terms(&agency, "P").await, (0, "2028-01-26".to_owned()), "two years without any restore what counts for three");
        assert_eq!(terms_on(&agency, "P", "2028-01-26").await.unwrap().limit_fen, LIMIT);
        let last_day: chrono::NaiveDate = matter.due_date.parse().unwrap();
        let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
        platform.clock.advance(last_day - day("2026-02-01"));
        let in_time = object(&person, &matter, "").await.unwrap();
        take_back(&agency, &in_time).await.unwrap();
        platform.clock.advance(TimeDelta::days(1));
        let late = refused(object(&person, &matter, "").await);
        assert_eq!((late.reason.as_str(), late.metadata["last_day"].as_str()), ("OBJECTION_TOO_LATE", matter.due_date.as_str()));
        assert_eq!(list(&person, "P", "").await.unwrap()[0].state(), ConductState::Settled);
        // What the agency received in time, and enters late, is in time.
        let early = refused(object(&agency, &matter, "2026-01-25").await);
        assert_eq!(violations(&early), [("day", "DATES_REVERSED")]);
        assert_eq!(violations(&refused(object(&person, &matter, &matter.due_date).await)), [("day", "FIELD_NOT_EXPECTED")]);
        object(&agency, &matter, &matter.due_date).await.unwrap();

        let wrong = RecordPersonConductRequest {
            psn_no: "?".into(),
            item: "unheard-of".into(),
            basis: String::new(),
            file_ids: Vec::new(),
            noticed_on: "2026-01-19".into(),
            opter: String::new(),
            ..conduct("P", "")
        };
        let wrong = refused(record(&agency, wrong).await);
        let fields: Vec<&str> = violations(&wrong).iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["opter", "basis", "file_ids", "psn_no", "noticed_on", "item"]);
        assert_eq!(refused(record(&agency, conduct("X", "resold-drugs")).await).reason, "PERSON_UNKNOWN");
        let foreign = platform.as_caller("agency:430200");
        assert_eq!(refused(record(&foreign, conduct("P", "resold-drugs")).await).reason, "AREA_NOT_OWNED");
        for caller in ["service:settlement", "person:P", HOSPITAL] {
            let answer = record(&platform.as_caller(caller), conduct("P", "resold-drugs")).await;
            assert_eq!(refused(answer).reason, "AREA_NOT_OWNED", "{caller}");
        }
        let many = GetPayLaterTermsRequest {
            psn_nos: vec!["P".into(); 201],
            poolarea_no: "?".into(),
            day: "?".into(),
            base_fen: -1,
        };
        let many = refused(told(credit(&agency).get_pay_later_terms(many).await));
        let fields: Vec<&str> = violations(&many).iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["psn_nos", "poolarea_no", "day", "base_fen"]);
    }

    /// Not repaid: nothing more is deferred. Repaid late: half, for a year. Paid in time and told late: it never was. Heard again from the beginning:
    /// nothing new.
    async fn a_default_closes_it_and_its_repayment_gives_it_back(db: TestDatabase) {
        let mut platform = start(&db).await;
        let (agency, teller) = (platform.as_caller(AGENCY), By::of(&platform, AGENCY));
        By::of(&platform, "person:P").set("P", true, &[]).await.unwrap();
        let debt = defer(&platform, "R1", "P", "700").await.unwrap();
        assert!(debt.terms.starts_with("national-pay-later@"), "{}", debt.terms);
        platform.clock.advance(TimeDelta::days(16));
        assert_eq!(teller.declare().await, std::slice::from_ref(&debt.deferral_id));
        let closed = until(&agency, "P", 0).await;
        assert_eq!(closed.why, "有 1 笔违约未还，不能使用信用支付");
        let default = &closed.matters[0];
        assert_eq!((default.kind(), default.deferral_id.as_str(), default.owed_fen), (EntryKind::PersonDefaulted, debt.deferral_id.as_str(), debt.amount_fen));
        assert_eq!((default.occurred_on.as_str(), default.from_date.as_str(), default.until_date.as_str()), ("2026-02-16", "2026-02-17", ""));

        let late = teller.repay(&debt, debt.amount_fen, "").await.unwrap();
        let half = until(&agency, "P", LIMIT / 2).await;
        assert_eq!((half.restored_on.as_str(), half.matters[0].repaid_on.as_str()), ("2027-02-17", "2026-02-17"));
        assert_eq!(kinds(&platform, "P").await, [64, 65]);
        // The money went back: owed again. Then it is told that it was paid on the last day of grace: no default at all.
        let back = teller.take_back(&late).await.unwrap();
        until(&agency, "P", 0).await;
        let in_time = teller.repay(&back, debt.amount_fen, "2026-02-16").await.unwrap();
        until(&agency, "P", LIMIT).await;
        assert_eq!(list(&agency, "P", "").await.unwrap()[0].state(), ConductState::Withdrawn);
        let back = teller.take_back(&in_time).await.unwrap();
        until(&agency, "P", 0).await;
        teller.repay(&back, debt.amount_fen, "2026-02-17").await.unwrap();
        until(&agency, "P", LIMIT / 2).await;
        let written = [64, 65, 1, 1, 64, 65];
        assert_eq!(kinds(&platform, "P").await, written);
        assert_eq!(list(&agency, "P", "").await.unwrap().len(), 1, "one debt, one matter");

        // Settlement's own days are over, credit's year is not: half the limit is left, and it says why.
        platform.clock.advance(TimeDelta::days(31));
        assert_eq!(By::of(&platform, HOSPITAL).stands("P").await, (0, LIMIT / 2, String::new()));
        let small = defer(&platform, "R2", "P", "700").await;
        let large = defer(&platform, "R3", "P", "900").await;
        let answers: Vec<_> = [small, large].into_iter().filter_map(Result::err).collect();
        let limit = answers.iter().find(|error| error.reason == "PAY_LATER_LIMIT").unwrap();
        assert_eq!(limit.metadata["limit_fen"], (LIMIT / 2).to_string());
        assert_eq!(limit.metadata["why"], "有 1 笔曾经违约，信用支付额度降低，2027-02-17 起恢复");

        // From the beginning again.
        platform.stop_credit().await;
        database::tamper(platform.credit_rows(), "DELETE FROM followed_feed WHERE feed = 'settlement.deferrals'").await;
        platform.start_credit().await;
        let begun = Instant::now();
        let place = "SELECT COUNT(*) AS value FROM followed_feed WHERE feed = 'settlement.deferrals'";
        while database::number(platform.credit_rows(), place).await == 0 {
            assert!(begun.elapsed() < Duration::from_secs(20), "never followed again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        until(&agency, "P", LIMIT / 2).await;
        assert_eq!(kinds(&platform, "P").await, written);
        platform.clock.advance(TimeDelta::days(365));
        assert_eq!(terms(&agency, "P").await, (LIMIT, String::new()));
    }

    /// What stands under the number that went counts with the one that stays; what closes it is told at the counter, and credit that is away refuses.
    async fn two_numbers_of_a_person_are_one(db: TestDatabase) {
        let mut platform = start(&db).await;
        let agency = platform.as_caller(AGENCY);
        By::of(&platform, "person:P").set("P", true, &[]).await.unwrap();
        let matter = record(&agency, conduct("P2", "resold-drugs")).await.unwrap();
        assert_eq!(terms(&agency, "P").await.0, LIMIT);
        platform.merge("P", "P2").await;
        assert_eq!(terms(&agency, "P").await.0, 0);
        assert_eq!(terms(&agency, "P2").await.0, 0, "asked by the number that went, it is the person's");
        assert_eq!(refused(record(&agency, conduct("P2", "forged-papers")).await).reason, "PERSON_MERGED");
        let person = platform.as_caller("person:P");
        let (limit, hospital) = (refused(defer(&platform, "R1", "P", "700").await), By::of(&platform, HOSPITAL));
        assert_eq!((limit.code, limit.reason.as_str()), (Code::FailedPrecondition, "PAY_LATER_CONDUCT"));
        assert_eq!(limit.metadata["why"], "有 1 条失信行为记录，不能使用信用支付，2028-02-01 起恢复");
        assert_eq!(hospital.stands("P").await, (0, 0, "PAY_LATER_CONDUCT".to_owned()));
        // It is the person's to object to, by the number that stays.
        let objected = object(&person, &matter, "").await.unwrap();
        decide(&agency, &objected, true).await.unwrap();
        defer(&platform, "R2", "P", "710").await.unwrap();
        platform.stop_credit().await;
        let away = refused(defer(&platform, "R3", "P", "10").await);
        assert_eq!((away.code, away.reason.as_str()), (Code::Unavailable, "CREDIT_AWAY"));
        assert_eq!(hospital.stands("P").await.2, "CREDIT_AWAY");
        // Where the person has not opened it, that is the reason, whatever credit says.
        assert_eq!(refused(defer(&platform, "R4", "C", "10").await).reason, "PAY_LATER_NOT_OPEN");
        platform.start_credit().await;
        let open = Instant::now();
        while By::of(&platform, HOSPITAL).stands("P").await.2 == "CREDIT_AWAY" {
            assert!(open.elapsed() < Duration::from_secs(20), "credit never came back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
