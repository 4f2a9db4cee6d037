//! Ledgers and worklists.

use std::collections::BTreeMap;

use tonic::Code;
use yizhan_proto::enrollment::v1::ledger_service_client::LedgerServiceClient;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

type Ledgers = LedgerServiceClient<tonic::transport::Channel>;

const AGENCY: &str = "agency:430200";
const VILLAGES: [&str; 4] = ["", "430202001001", "430202001002", "430203002001"];

async fn ledgers(service: &TestService) -> Ledgers {
    LedgerServiceClient::connect(service.server.url()).await.unwrap()
}

fn identity(psn_no: &str, name: &str, begndate: &str, enddate: &str) -> IdentityRow {
    IdentityRow {
        psn_no: psn_no.to_owned(),
        name: name.to_owned(),
        begndate: begndate.to_owned(),
        enddate: enddate.to_owned(),
        ..IdentityRow::default()
    }
}

async fn import_identities(service: &mut TestService, rows: Vec<IdentityRow>) {
    let request = ImportIdentitiesRequest { request_id: new_id(), rows };
    service.client.import_identities(request).await.unwrap();
}

/// Forty residents in four villages, one of them "none"; every kind of insured and not.
async fn forty_residents(service: &mut TestService) {
    let row = |number: usize| PersonRow {
        resd_code: VILLAGES[number % 4].to_owned(),
        ..person(&format!("P{number:02}"))
    };
    service.import_persons(persons((0..40).map(row))).await.unwrap();
    let mut rows = Vec::new();
    for number in 0..40 {
        let psn_no = format!("P{number:02}");
        let here = |insutype| coverage(&psn_no, insutype, "2024-01-01", "");
        match number % 9 {
            0 | 1 => rows.push(here("310")),
            2 => rows.push(coverage(&psn_no, "390", "2024-01-01", "2024-12-31")),
            3 => rows.push(here("340")),
            4 => rows.push(CoverageRow { poolarea_no: "430100".into(), ..here("310") }),
            5 => rows.push(CoverageRow { psn_insu_stas: "2".into(), ..here("310") }),
            6 => rows.push(coverage(&psn_no, "390", "2023-01-01", "2023-12-31")),
            7 => rows.push(here("510")),
            _ => {}
        }
    }
    service.import_coverages(coverages(rows)).await.unwrap();
    let named = (0..40).flat_map(|number: usize| {
        let psn_no = format!("P{number:02}");
        let poor = (number.is_multiple_of(3)).then(|| identity(&psn_no, "低保", "2024-01-01", ""));
        let twice = (number.is_multiple_of(6)).then(|| identity(&psn_no, "低保", "2024-02-01", ""));
        let past = (number.is_multiple_of(5)).then(|| identity(&psn_no, "特困", "2023-01-01", "2024-06-14"));
        [poor, twice, past].into_iter().flatten()
    });
    let named = named.collect();
    import_identities(service, named).await;
}

fn ask(level: LedgerLevel) -> GetLedgerRequest {
    GetLedgerRequest { poolarea_no: "430200".into(), level: level.into(), ..GetLedgerRequest::default() }
}

async fn all_lines(ledgers: &mut Ledgers, mut request: GetLedgerRequest) -> (LedgerLine, Vec<LedgerLine>) {
    let (mut total, mut lines) = (None, Vec::new());
    loop {
        let page = ledgers.get_ledger(as_caller(AGENCY, request.clone())).await.unwrap().into_inner();
        assert_eq!(
            page.total.is_some(),
            request.page_token.is_empty(),
            "the total is on the first page only"
        );
        total = total.or(page.total);
        lines.extend(page.lines);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return (total.unwrap(), lines);
        }
    }
}

fn insured(line: &LedgerLine) -> i64 {
    line.insured_310 + line.insured_390 + line.insured_other + line.insured_elsewhere
}

both_databases! {
    /// Lines of every page size add up to the total, and the total is what the rows say.
    async fn lines_add_up_to_the_area(db: TestDatabase) {
        let mut service = start(&db).await;
        forty_residents(&mut service).await;
        let dead = PersonRow { die_date: "2024-06-14".into(), ..person("D1") };
        let died_today = PersonRow { die_date: "2024-06-15".into(), ..person("D2") };
        let elsewhere = PersonRow { poolarea_no: "430100".into(), ..person("E1") };
        service.import_persons(persons([dead, died_today, elsewhere])).await.unwrap();
        let mut ledgers = ledgers(&service).await;
        for (level, codes) in [
            (LedgerLevel::Village, VILLAGES.map(str::to_owned).to_vec()),
            (LedgerLevel::Township, vec!["".into(), "430202001".into(), "430203002".into()]),
        ] {
            for page_size in [1, 2, 3, 0] {
                let (total, lines) = all_lines(&mut ledgers, GetLedgerRequest { page_size, ..ask(level) }).await;
                assert_eq!(lines.iter().map(|line| line.code.clone()).collect::<Vec<_>>(), codes);
                let sum = |read: fn(&LedgerLine) -> i64| lines.iter().map(read).sum::<i64>();
                assert_eq!(sum(|line| line.residents), total.residents);
                assert_eq!(sum(|line| line.insured_310), total.insured_310);
                assert_eq!(sum(|line| line.insured_390), total.insured_390);
                assert_eq!(sum(|line| line.insured_other), total.insured_other);
                assert_eq!(sum(|line| line.insured_elsewhere), total.insured_elsewhere);
                assert_eq!(sum(|line| line.not_insured), total.not_insured);
                for line in lines.iter().chain([&total]) {
                    assert_eq!(line.residents, insured(line) + line.not_insured, "{line:?}");
                }
                let mut groups: BTreeMap<String, (i64, i64, i64)> = BTreeMap::new();
                for group in lines.iter().flat_map(|line| &line.groups) {
                    let sum = groups.entry(group.name.clone()).or_default();
                    *sum = (sum.0 + group.persons, sum.1 + group.insured, sum.2 + group.not_insured);
                }
                let told = total.groups.iter().map(|group| {
                    (group.name.clone(), (group.persons, group.insured, group.not_insured))
                });
                assert_eq!(groups, told.collect::<BTreeMap<_, _>>());
                // By hand: 40 of the area and who died today; 0..40 by number % 9.
                let by_rest = |rest: &[usize]| (0..40).filter(|number| rest.contains(&(number % 9))).count() as i64;
                assert_eq!(total.residents, 41);
                assert_eq!(
                    (total.insured_310, total.insured_390, total.insured_other, total.insured_elsewhere),
                    (by_rest(&[0, 1]), by_rest(&[2]), by_rest(&[3]), by_rest(&[4])),
                );
                assert_eq!(total.not_insured, by_rest(&[5, 6, 7, 8]) + 1);
                assert_eq!(groups.keys().collect::<Vec<_>>(), ["低保"], "特困 ended the day before");
                let poor = (0..40usize).filter(|number| number.is_multiple_of(3));
                let poor_insured = poor.clone().filter(|number| number % 9 < 5).count() as i64;
                assert_eq!(groups["低保"], (14, poor_insured, 14 - poor_insured));
                assert_eq!(total.rate, format!("0.{:04}", insured(&total) * 10_000 / 41));
            }
        }
    }

    async fn a_part_and_another_day(db: TestDatabase) {
        let mut service = start(&db).await;
        forty_residents(&mut service).await;
        let mut ledgers = ledgers(&service).await;
        let part = GetLedgerRequest { code_prefix: "430202".into(), ..ask(LedgerLevel::Village) };
        let (total, lines) = all_lines(&mut ledgers, part).await;
        assert_eq!((total.residents, lines.len()), (20, 2));
        let one = GetLedgerRequest { code_prefix: "430202001002".into(), ..ask(LedgerLevel::Township) };
        let (total, lines) = all_lines(&mut ledgers, one).await;
        assert_eq!((total.residents, lines[0].code.as_str()), (10, "430202001"));
        let last_year = GetLedgerRequest { as_of: "2023-12-31".into(), ..ask(LedgerLevel::Township) };
        let (total, _) = all_lines(&mut ledgers, last_year).await;
        assert_eq!((insured(&total), total.insured_390), (4, 4));
        let names: Vec<_> = total.groups.iter().map(|group| (group.name.as_str(), group.persons)).collect();
        assert_eq!(names, [("特困", 8)]);
    }

    async fn the_worklist_says_who_and_why_not(db: TestDatabase) {
        let mut service = start(&db).await;
        forty_residents(&mut service).await;
        let mut ledgers = ledgers(&service).await;
        let request = ListUnenrolledRequest { poolarea_no: "430200".into(), page_size: 3, ..Default::default() };
        let all = worklist(&mut ledgers, request.clone()).await;
        let mut expected: Vec<(&str, String)> = (0..40)
            .filter(|number| number % 9 > 4)
            .map(|number: usize| (VILLAGES[number % 4], format!("P{number:02}")))
            .collect();
        expected.sort();
        let found: Vec<_> = all.iter().map(|found| (found.resd_code.as_str(), found.psn_no.clone())).collect();
        assert_eq!(found, expected, "everybody once, those without a code first");
        for found in &all {
            let number: usize = found.psn_no[1..].parse().unwrap();
            let expected = match number % 9 {
                5 => ("COVERAGE_PAUSED", "", ""),
                6 => ("COVERAGE_ENDED", "390", "2023-12-31"),
                _ => ("NO_COVERAGE", "", ""),
            };
            let told = (found.reason.as_str(), found.last_insutype.as_str(), found.last_insured_date.as_str());
            assert_eq!(told, expected, "{number}");
            assert!(!found.reason_text.is_empty() && !found.way_out.is_empty());
            assert_eq!(found.psn_name_masked, "张**");
            assert!(found.certno_masked.contains("***"));
            let poor: &[&str] = if number.is_multiple_of(3) { &["低保"] } else { &[] };
            assert_eq!(found.identity_names, poor);
        }
        let poor = ListUnenrolledRequest { identity_name: "低保".into(), ..request.clone() };
        let poor = worklist(&mut ledgers, poor).await;
        assert_eq!(poor.len(), (0..40usize).filter(|number| number % 9 > 4 && number.is_multiple_of(3)).count());
        let part = ListUnenrolledRequest { code_prefix: "430203".into(), ..request };
        let part = worklist(&mut ledgers, part).await;
        assert!(!part.is_empty() && part.iter().all(|found| found.resd_code == VILLAGES[3]));
    }

    async fn who_may_ask_and_what_is_wrong(db: TestDatabase) {
        let mut service = start(&db).await;
        service.import_persons(persons([person("P1")])).await.unwrap();
        let mut ledgers = ledgers(&service).await;
        for caller in ["agency:430200", "department:430200", "department:430000", "local-administrator"] {
            ledgers.get_ledger(as_caller(caller, ask(LedgerLevel::Village))).await.unwrap();
        }
        for caller in
            ["agency:430100", "service:settlement", "person:P1", "institution:H43020000001", "operator:alice", "insurer:X"]
        {
            let refused = error(ledgers.get_ledger(as_caller(caller, ask(LedgerLevel::Village))).await.unwrap_err());
            assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"), "{caller}");
            let list = ListUnenrolledRequest { poolarea_no: "430200".into(), ..Default::default() };
            let refused = error(ledgers.list_unenrolled(as_caller(caller, list)).await.unwrap_err());
            assert_eq!(refused.reason, "AREA_NOT_OWNED", "{caller}");
        }
        let wrong = GetLedgerRequest {
            poolarea_no: "43".into(),
            as_of: "2024-02-30".into(),
            code_prefix: "4302020010011".into(),
            ..GetLedgerRequest::default()
        };
        let refused = error(ledgers.get_ledger(as_caller(AGENCY, wrong)).await.unwrap_err());
        assert_eq!(
            refused.violation_reasons(),
            ["AREA_INVALID", "RESD_CODE_INVALID", "DATE_INVALID", "LEVEL_UNKNOWN"]
        );
        let wrong = ListUnenrolledRequest {
            poolarea_no: "430200".into(),
            code_prefix: "43%".into(),
            identity_name: "低".repeat(51),
            ..Default::default()
        };
        let refused = error(ledgers.list_unenrolled(as_caller(AGENCY, wrong)).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["RESD_CODE_INVALID", "TEXT_INVALID"]);
        let negative = GetLedgerRequest { page_size: -1, ..ask(LedgerLevel::Village) };
        let refused = error(ledgers.get_ledger(as_caller(AGENCY, negative)).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["PAGE_SIZE_NEGATIVE"]);
        let foreign = GetLedgerRequest { page_token: "ABC".into(), ..ask(LedgerLevel::Village) };
        let refused = error(ledgers.get_ledger(as_caller(AGENCY, foreign)).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["PAGE_TOKEN_INVALID"]);
    }
}

async fn worklist(ledgers: &mut Ledgers, mut request: ListUnenrolledRequest) -> Vec<UnenrolledPerson> {
    let mut all = Vec::new();
    loop {
        let page = ledgers.list_unenrolled(as_caller(AGENCY, request.clone())).await.unwrap().into_inner();
        assert!(page.persons.len() <= 3);
        all.extend(page.persons);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return all;
        }
    }
}
