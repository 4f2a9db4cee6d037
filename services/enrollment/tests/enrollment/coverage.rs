//! Coverages as they live: enrolled, paid for, switched, paused, repaired, ended by death.

use tonic::Code;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use yizhan_proto::enrollment::v1::coverage_service_client::CoverageServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::support::*;

pub type Coverages = CoverageServiceClient<
    InterceptedService<Channel, fn(tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status>>,
>;

/// Noon of 2026-05-20 in Shanghai, with P1, born 1949, registered.
pub async fn start_in_2026(db: &TestDatabase) -> (TestService, Coverages) {
    let mut service = start(db).await;
    service.hand.set("2026-05-20T04:00:00Z".parse().unwrap());
    service.import_persons(persons([person("P1")])).await.unwrap();
    let channel = Channel::from_shared(service.server.url()).unwrap().connect().await.unwrap();
    let as_is: fn(tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> = |mut request| {
        if !request.metadata().contains_key("yizhan-caller") {
            request.metadata_mut().insert("yizhan-caller", "local-administrator".parse().unwrap());
        }
        Ok(request)
    };
    (service, Coverages::new(InterceptedService::new(channel, as_is)))
}

pub fn paid(psn_no: &str, insutype: &str, accrym: &str, amount_fen: i64, paid_date: &str) -> Contribution {
    Contribution {
        psn_no: psn_no.into(),
        insutype: insutype.into(),
        accrym: accrym.into(),
        amount_fen,
        clct_type: "10".into(),
        clct_flag: "1".into(),
        paid_date: paid_date.into(),
        ..Default::default()
    }
}

pub fn due(psn_no: &str, insutype: &str, accrym: &str, amount_fen: i64) -> Contribution {
    Contribution { clct_flag: "0".into(), ..paid(psn_no, insutype, accrym, amount_fen, "") }
}

pub async fn record(
    client: &mut Coverages,
    rows: impl IntoIterator<Item = Contribution>,
) -> Result<RecordContributionsResponse, RemoteError> {
    let request = RecordContributionsRequest { request_id: new_id(), rows: rows.into_iter().collect() };
    Ok(client.record_contributions(request).await.map_err(error)?.into_inner())
}

pub fn change(psn_no: &str, insutype: &str, psn_chg_type: &str, chg_date: &str) -> ChangeCoverageRequest {
    ChangeCoverageRequest {
        request_id: new_id(),
        psn_no: psn_no.into(),
        insutype: insutype.into(),
        psn_chg_type: psn_chg_type.into(),
        chg_date: chg_date.into(),
        ..Default::default()
    }
}

/// Enrols by 11 and pays with it.
pub fn enrol(psn_no: &str, insutype: &str, chg_date: &str, paid_date: &str) -> ChangeCoverageRequest {
    let accrym = if insutype == "390" { &chg_date[..4] } else { &chg_date[..7] };
    ChangeCoverageRequest {
        psn_type: if insutype == "390" { "15" } else { "1101" }.into(),
        payment: Some(paid("", "", accrym, 40000, paid_date)),
        ..change(psn_no, insutype, "11", chg_date)
    }
}

pub async fn done(
    client: &mut Coverages,
    request: ChangeCoverageRequest,
) -> Result<ChangeCoverageResponse, RemoteError> {
    Ok(client.change_coverage(request).await.map_err(error)?.into_inner())
}

/// `310 1 2026-05-01.. 11`, each stretch of the person.
pub async fn told(service: &mut TestService, psn_no: &str) -> Vec<String> {
    let person = service.get_person(psn_no).await.unwrap();
    let tell = |held: CoverageRow| {
        format!(
            "{} {} {}..{} {}",
            held.insutype, held.psn_insu_stas, held.begndate, held.enddate, held.psn_chg_type
        )
    };
    person.coverages.into_iter().map(tell).collect()
}

both_databases! {
    /// Pay within the centralised period, and the coverage year is covered; pay late, and it waits; repair, and it waits less.
    async fn a_resident_pays_waits_and_repairs(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_coverages(coverages([coverage("P1", "390", "2024-01-01", "2024-12-31")])).await.unwrap();
        let answer = record(&mut client, [paid("P1", "390", "2026", 40000, "2026-05-19")]).await.unwrap();
        assert_eq!((answer.row_count, answer.changed_person_count), (1, 1));
        let decided = &answer.coverages[0];
        assert_eq!(decided.rule, "national-entitlement@2024.38/resident_waiting/2025-01-01");
        assert!(decided.citation.contains("国办发〔2024〕38号"));
        let waiting = decided.waiting.clone().unwrap();
        assert_eq!((waiting.fixed_months, waiting.variable_months), (3, 1));
        assert_eq!((waiting.begndate.as_str(), waiting.enddate.as_str()), ("2026-05-20", "2026-09-19"));
        assert_eq!(decided.coverage.as_ref().unwrap().psn_type, "11", "as before");
        assert_eq!(service.eligibility("P1", "2026-09-19").await.reason, "WAITING_PERIOD");
        assert!(service.eligibility("P1", "2026-09-20").await.entitled);

        let repair = RepairWaitingRequest {
            request_id: new_id(), psn_no: "P1".into(), years: vec![2025], amount_per_year_fen: 40000,
            paid_date: "2026-05-20".into(), clct_way: "02".into(),
        };
        let first = client.repair_waiting(repair.clone()).await.unwrap().into_inner();
        let repaired = first.coverage.clone().unwrap().waiting.unwrap();
        assert_eq!((repaired.repaired_months, repaired.enddate.as_str()), (1, "2026-08-19"));
        assert!(service.eligibility("P1", "2026-08-20").await.entitled);
        let again = client.repair_waiting(repair.clone()).await.unwrap().into_inner();
        assert_eq!(again, RepairWaitingResponse { replayed: true, ..first });
        let more = RepairWaitingRequest { request_id: new_id(), ..repair.clone() };
        let refused = error(client.repair_waiting(more).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["YEAR_PAID_BEFORE"]);
        let wrong = RepairWaitingRequest { request_id: new_id(), years: vec![2024, 2026], ..repair };
        let refused = error(client.repair_waiting(wrong).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["YEAR_NOT_A_GAP", "YEAR_NOT_A_GAP"]);
        let list = ListContributionsRequest { psn_no: "P1".into(), ..Default::default() };
        let listed = client.list_contributions(list).await.unwrap().into_inner();
        let rows: Vec<_> = listed.contributions.iter().map(|row| (row.accrym.as_str(), row.clct_type.as_str())).collect();
        assert_eq!(rows, [("2026", "10"), ("2025", "30")], "what was refused is not recorded");
        assert_eq!(listed.arrears_fen, 0);

        // In time for the next year: nothing to wait for, and nothing to repair.
        service.hand.set("2026-10-08T04:00:00Z".parse().unwrap());
        let next = record(&mut client, [paid("P1", "390", "2027", 40000, "2026-10-08")]).await.unwrap();
        assert_eq!((next.coverages[0].waiting.clone(), next.coverages[0].rule.as_str()), (None, "national-entitlement@2024.38/resident_enrolment/2025-01-01"));
        assert!(service.eligibility("P1", "2027-01-01").await.entitled);
        let nothing = RepairWaitingRequest {
            request_id: new_id(), psn_no: "P1".into(), years: vec![2025], amount_per_year_fen: 1,
            paid_date: "2026-10-08".into(), clct_way: String::new(),
        };
        assert_eq!(error(client.repair_waiting(nothing).await.unwrap_err()).reason, "NOTHING_TO_REPAIR");
        assert_eq!(told(&mut service, "P1").await, ["390 1 2024-01-01..2024-12-31 ", "390 1 2026-05-19..2026-12-31 12", "390 1 2027-01-01..2027-12-31 12"]);
    }

    /// Due, partly paid, paid off; an interruption of three months paid back is made good, a longer one is not.
    async fn arrears_paid_back_in_time_are_made_good(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        done(&mut client, enrol("P1", "310", "2025-01-01", "2025-01-15")).await.unwrap();
        done(&mut client, change("P1", "310", "22", "2026-03-01")).await.unwrap();
        let months = ["2026-03", "2026-04", "2026-05"];
        record(&mut client, months.map(|month| due("P1", "310", month, 50000))).await.unwrap();
        assert_eq!(service.eligibility("P1", "2026-04-10").await.reason, "COVERAGE_PAUSED");
        let list = || ListContributionsRequest { psn_no: "P1".into(), ..Default::default() };
        assert_eq!(client.list_contributions(list()).await.unwrap().into_inner().arrears_fen, 150_000);

        // Two of three months: still paused, and the third is owed.
        let two = record(&mut client, ["2026-03", "2026-04"].map(|month| paid("P1", "310", month, 50000, "2026-05-20"))).await.unwrap();
        assert_eq!((two.changed_person_count, two.coverages.len()), (0, 0));
        let listed = client.list_contributions(list()).await.unwrap().into_inner();
        assert_eq!(listed.arrears, [Arrears { insutype: "310".into(), accrym: "2026-05".into(), amount_fen: 50_000 }]);
        let last = record(&mut client, [paid("P1", "310", "2026-05", 50000, "2026-05-20")]).await.unwrap();
        assert_eq!(last.coverages[0].coverage.as_ref().unwrap().begndate, "2026-03-01");
        assert!(last.coverages[0].citation.contains("医保办发〔2021〕43号"));
        assert!(service.eligibility("P1", "2026-04-10").await.entitled, "made good");
        assert_eq!(client.list_contributions(list()).await.unwrap().into_inner().arrears_fen, 0);

        // From June on again; paid back in October: too late for that, and resumed from the month paid.
        done(&mut client, change("P1", "310", "22", "2026-06-01")).await.unwrap();
        service.hand.set("2026-10-20T04:00:00Z".parse().unwrap());
        let months = ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"];
        let late = record(&mut client, months.map(|month| paid("P1", "310", month, 50000, "2026-10-20"))).await.unwrap();
        assert_eq!(late.coverages.len(), 0);
        let resumed = done(&mut client, change("P1", "310", "12", "2026-10-01")).await.unwrap();
        assert_eq!(resumed.coverages[0].waiting, None, "the area set no waiting for longer gaps");
        assert_eq!(resumed.coverages[0].coverage.as_ref().unwrap().entitled_begndate, "2026-10-01");
        assert_eq!(told(&mut service, "P1").await, [
            "310 1 2025-01-01..2026-02-28 11", "310 1 2026-03-01..2026-05-31 12",
            "310 2 2026-06-01..2026-09-30 22", "310 1 2026-10-01.. 12",
        ]);
    }

    async fn a_second_basic_scheme_is_refused_or_switched(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_coverages(coverages([coverage("P1", "310", "2024-01-01", "")])).await.unwrap();
        let before = service.get_person("P1").await.unwrap();
        let refused = done(&mut client, enrol("P1", "390", "2026-06-01", "2026-05-20")).await.unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "SECOND_BASIC_SCHEME"));
        assert_eq!((refused.metadata["insutype"].as_str(), refused.metadata["begndate"].as_str()), ("310", "2024-01-01"));
        let refused = record(&mut client, [paid("P1", "390", "2026", 40000, "2026-05-20")]).await.unwrap_err();
        assert_eq!(refused.violation_reasons(), ["SECOND_BASIC_SCHEME"]);
        let refused = service.import_coverages(coverages([coverage("P1", "390", "2025-01-01", "2025-12-31")])).await.unwrap_err();
        assert_eq!((refused.violation_reasons(), refused.violations[0].field.as_str()), (vec!["SECOND_BASIC_SCHEME"], "rows[0].insutype"));
        assert_eq!(service.get_person("P1").await.unwrap(), before, "nothing was written");

        // 职工 → 居民 the day after, two years behind: no gap, no waiting.
        let switch = ChangeCoverageRequest { switch_from: "310".into(), ..enrol("P1", "390", "2026-05-01", "2026-05-01") };
        let switched = done(&mut client, switch.clone()).await.unwrap();
        assert_eq!((switched.coverages.len(), switched.coverages[0].waiting.clone()), (1, None));
        assert!(done(&mut client, switch).await.unwrap().replayed);
        assert_eq!(told(&mut service, "P1").await, ["310 1 2024-01-01..2026-04-30 ", "390 1 2026-05-01..2026-12-31 11"]);
        assert!(service.eligibility("P1", "2026-05-01").await.entitled);
        // And back: resumed, the resident coverage ends.
        let back = ChangeCoverageRequest { switch_from: "390".into(), payment: Some(paid("", "", "2026-05", 50000, "2026-05-20")), ..change("P1", "310", "12", "2026-05-15") };
        done(&mut client, back).await.unwrap();
        assert_eq!(told(&mut service, "P1").await, ["310 1 2024-01-01..2026-04-30 ", "310 1 2026-05-15.. 12", "390 1 2026-05-01..2026-05-14 11"]);
    }

    async fn a_change_that_cannot_happen_says_what_can(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let refused = done(&mut client, change("P1", "310", "22", "2026-05-01")).await.unwrap_err();
        assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "CHANGE_NOT_ALLOWED"));
        assert_eq!((refused.metadata["standing"].as_str(), refused.metadata["allowed"].as_str()), ("not_insured", "11,13,14"));
        let unpaid = ChangeCoverageRequest { payment: None, ..enrol("P1", "310", "2026-05-01", "") };
        let refused = done(&mut client, unpaid).await.unwrap_err();
        assert_eq!((refused.reason.as_str(), refused.metadata["accrym"].as_str()), ("CONTRIBUTION_MISSING", "2026-05"));
        done(&mut client, enrol("P1", "310", "2026-01-01", "2026-01-20")).await.unwrap();
        done(&mut client, change("P1", "310", "31", "2026-03-01")).await.unwrap();
        assert_eq!(service.eligibility("P1", "2026-03-01").await.reason, "COVERAGE_FROZEN");
        let refused = done(&mut client, change("P1", "310", "21", "2026-04-01")).await.unwrap_err();
        assert_eq!((refused.metadata["standing"].as_str(), refused.metadata["allowed"].as_str()), ("frozen", "32"));
        done(&mut client, change("P1", "310", "32", "2026-04-01")).await.unwrap();
        let retire = ChangeCoverageRequest { psn_type: "1201".into(), ..change("P1", "310", "25", "2026-05-01") };
        let retired = done(&mut client, retire).await.unwrap();
        assert_eq!(retired.coverages[0].coverage.as_ref().unwrap().psn_type, "1201");
        assert_eq!(service.eligibility("P1", "2026-05-01").await.psn_type, "1201");
        assert_eq!(service.eligibility("P1", "2026-04-30").await.psn_type, "1101");
        let ended = done(&mut client, change("P1", "310", "21", "2026-06-01")).await.unwrap();
        assert_eq!(ended.coverages[0].coverage.as_ref().unwrap().enddate, "2026-05-31");
    }

    /// What was paid for the year goes on after a pause, with the waiting that is left; a year that is over is not enrolled for.
    async fn a_paused_coverage_year_goes_on(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let enrolled = done(&mut client, enrol("P1", "390", "2026-01-01", "2026-03-15")).await.unwrap();
        assert_eq!(enrolled.coverages[0].waiting.clone().unwrap().enddate, "2026-06-15");
        done(&mut client, change("P1", "390", "22", "2026-04-01")).await.unwrap();
        let resumed = done(&mut client, change("P1", "390", "12", "2026-05-01")).await.unwrap();
        assert_eq!(resumed.coverages[0].waiting.clone().unwrap().enddate, "2026-06-15");
        assert_eq!(told(&mut service, "P1").await, [
            "390 1 2026-03-15..2026-03-31 11", "390 2 2026-04-01..2026-04-30 22", "390 1 2026-05-01..2026-12-31 12",
        ]);
        service.import_persons(persons([person("P2")])).await.unwrap();
        let over = done(&mut client, enrol("P2", "390", "2025-06-01", "2026-05-20")).await.unwrap_err();
        assert_eq!((over.violation_reasons(), over.violations[0].field.as_str()), (vec!["COVERAGE_YEAR_OVER"], "chg_date"));
        let nothing = record(&mut client, [paid("P2", "390", "2025", 40000, "2026-05-20")]).await.unwrap();
        assert_eq!((nothing.row_count, nothing.changed_person_count), (1, 0), "recorded only");
    }

    /// A payment for another month is none, a resident's year is never free, and a switch can be made ahead.
    async fn what_is_paid_is_what_is_enrolled_for(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let other_month = ChangeCoverageRequest { payment: Some(paid("", "", "2020-01", 40000, "2026-05-20")), ..enrol("P1", "310", "2026-05-01", "2026-05-20") };
        let refused = done(&mut client, other_month).await.unwrap_err();
        assert_eq!((refused.violation_reasons(), refused.violations[0].field.as_str()), (vec!["PAYMENT_OF_ANOTHER_PERIOD"], "payment.accrym"));
        let free = ChangeCoverageRequest { psn_type: "1201".into(), payment: None, ..enrol("P1", "390", "2026-05-01", "") };
        assert_eq!(done(&mut client, free).await.unwrap_err().reason, "CONTRIBUTION_MISSING");
        service.import_coverages(coverages([coverage("P1", "310", "2020-01-01", "")])).await.unwrap();
        let ahead = ChangeCoverageRequest { switch_from: "310".into(), ..enrol("P1", "390", "2026-07-01", "2026-05-20") };
        done(&mut client, ahead).await.unwrap();
        assert_eq!(told(&mut service, "P1").await, ["310 1 2020-01-01..2026-06-30 ", "390 1 2026-07-01..2026-12-31 11"]);
    }

    /// What this service decided stays decided when the same is imported again, and goes when something else is.
    async fn an_import_replaces_a_decision_only_by_another_day(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        done(&mut client, enrol("P1", "390", "2026-01-01", "2026-03-15")).await.unwrap();
        let held = service.get_person("P1").await.unwrap().coverages.remove(0);
        let same = service.import_coverages(coverages([held.clone()])).await.unwrap();
        assert_eq!((same.unchanged_count, same.changed_person_count), (1, 0));
        let at_once = CoverageRow { entitled_begndate: String::new(), ..held };
        assert_eq!(service.import_coverages(coverages([at_once])).await.unwrap().updated_count, 1);
        assert!(service.eligibility("P1", "2026-05-20").await.entitled);
        let repair = RepairWaitingRequest { request_id: new_id(), psn_no: "P1".into(), years: vec![2025], amount_per_year_fen: 1, paid_date: "2026-05-20".into(), clct_way: String::new() };
        assert_eq!(error(client.repair_waiting(repair).await.unwrap_err()).reason, "NOTHING_TO_REPAIR");
    }

    async fn the_day_of_death_is_the_last(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_coverages(coverages([coverage("P1", "390", "2026-01-01", "2026-12-31"), coverage("P1", "510", "2020-01-01", "")])).await.unwrap();
        let death = RecordDeathRequest { request_id: new_id(), psn_no: "P1".into(), die_date: "2026-05-18".into() };
        let first = client.record_death(death.clone()).await.unwrap().into_inner();
        assert_eq!(first.ended_count, 2);
        assert!(client.record_death(death.clone()).await.unwrap().into_inner().replayed);
        assert!(service.eligibility("P1", "2026-05-18").await.entitled);
        assert_eq!(service.eligibility("P1", "2026-05-19").await.reason, "DECEASED");
        let person = service.get_person("P1").await.unwrap();
        assert_eq!(person.die_date, "2026-05-18");
        assert!(person.coverages.iter().all(|held| held.enddate == "2026-05-18"));
        let other = RecordDeathRequest { request_id: new_id(), die_date: "2026-05-17".into(), ..death.clone() };
        assert_eq!(error(client.record_death(other).await.unwrap_err()).reason, "ALREADY_DECEASED");
        for (die_date, reason) in [("2026-05-21", "IN_THE_FUTURE"), ("1949-12-30", "DATES_REVERSED"), ("2026-02-29", "DATE_INVALID")] {
            let wrong = RecordDeathRequest { request_id: new_id(), die_date: die_date.into(), ..death.clone() };
            assert_eq!(error(client.record_death(wrong).await.unwrap_err()).violation_reasons(), [reason]);
        }
    }

    /// One call makes the child a person, covered from birth on day 90; on day 91 from the day of payment, without waiting.
    async fn a_newborn_is_entitled_from_birth_until_day_ninety(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let newborn = |psn_no: &str, paid_date: &str| RegisterNewbornRequest {
            request_id: new_id(),
            person: Some(PersonRow {
                psn_no: psn_no.into(), psn_cert_type: "99".into(), certno: format!("O43{psn_no}"), psn_name: "张宝宝".into(),
                gend: "1".into(), brdy: "2026-02-10".into(), poolarea_no: "430200".into(), ..Default::default()
            }),
            guardian_psn_no: "P1".into(),
            payments: vec![paid("", "", "2026", 40000, paid_date)],
        };
        let on_day_90 = newborn("N90", "2026-05-11");
        let first = client.register_newborn(on_day_90.clone()).await.unwrap().into_inner();
        let held = first.coverages[0].coverage.clone().unwrap();
        assert_eq!((held.begndate.as_str(), held.enddate.as_str(), held.psn_type.as_str(), held.psn_chg_type.as_str()), ("2026-02-10", "2026-12-31", "1401", "11"));
        assert!(first.coverages[0].rule.contains("/newborn/"));
        assert!(service.eligibility("N90", "2026-02-10").await.entitled);
        assert_eq!(service.eligibility("N90", "2026-02-09").await.reason, "NOT_BORN");
        assert!(client.register_newborn(on_day_90).await.unwrap().into_inner().replayed);
        let late = client.register_newborn(newborn("N91", "2026-05-12")).await.unwrap().into_inner();
        assert_eq!((late.coverages[0].waiting.clone(), late.coverages[0].citation.contains("38号")), (None, true));
        assert_eq!(service.eligibility("N91", "2026-05-11").await.reason, "COVERAGE_NOT_STARTED");
        assert!(service.eligibility("N91", "2026-05-12").await.entitled);
        let refused = error(client.register_newborn(newborn("N90", "2026-05-11")).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["PERSON_REGISTERED"]);
        let mut wrong = newborn("N1", "2026-02-09");
        wrong.guardian_psn_no = "N1".into();
        wrong.payments.push(paid("", "310", "2025", -1, "2026-05-21"));
        let refused = error(client.register_newborn(wrong).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), [
            "PSN_NO_INVALID", "DATES_REVERSED", "PAYMENT_OF_ANOTHER", "AMOUNT_OUT_OF_RANGE", "IN_THE_FUTURE", "ACCRYM_INVALID",
        ]);
        let mut orphan = newborn("N2", "2026-05-11");
        orphan.guardian_psn_no = "P9".into();
        assert_eq!(error(client.register_newborn(orphan).await.unwrap_err()).violation_reasons(), ["PERSON_UNKNOWN"]);
        assert_eq!(service.get_person("N2").await.unwrap_err().reason, "PERSON_UNKNOWN", "nothing was written");
    }
}
