//! ImportFilings: filings of an earlier system, all rows or none.

use tonic::Code;
use yizhan_proto::filing::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

/// The agency of 南昌.
const AGENCY: &str = "agency:360100";

fn row(foreign_id: &str, psn_no: &str, kind: &str, place: &str, days: (&str, &str)) -> FilingRow {
    FilingRow {
        foreign_id: foreign_id.into(),
        psn_no: psn_no.into(),
        insutype: "310".into(),
        out_fil_type: kind.into(),
        rloc_admdvs: place.into(),
        begndate: days.0.into(),
        enddate: days.1.into(),
    }
}

fn rows(rows: impl IntoIterator<Item = FilingRow>) -> ImportFilingsRequest {
    let rows = rows.into_iter().collect();
    ImportFilingsRequest { request_id: new_id(), poolarea_no: "360100".into(), rows }
}

async fn import(
    service: &TestService,
    caller: &str,
    request: ImportFilingsRequest,
) -> Result<ImportFilingsResponse, RemoteError> {
    told(service.client.clone().import_filings(by(caller, request)).await)
}

async fn list(service: &TestService, psn_no: &str) -> Vec<Filing> {
    let request = ListFilingsRequest { psn_no: psn_no.into(), ..Default::default() };
    told(service.client.clone().list_filings(by(AGENCY, request)).await).unwrap().filings
}

fn counts(answer: &ImportFilingsResponse) -> (i32, i32, i32, bool) {
    (answer.row_count, answer.created_count, answer.unchanged_count, answer.replayed)
}

both_databases! {
    async fn rows_become_filings_in_force(db: TestDatabase) {
        let service = start(&db).await;
        let request = rows([
            row("A1", "P1", "09", "310115", ("2020-03-01", "")),
            row("A2", "P1", "10", "330106", ("2025-05-01", "2025-10-31")),
            row("A3", "P2", "06", "110000", ("2025-06-01", "2025-11-30")),
        ]);
        let answer = import(&service, AGENCY, request.clone()).await.unwrap();
        assert_eq!(counts(&answer), (3, 3, 0, false));
        let filings = list(&service, "P1").await;
        let told: Vec<_> = filings
            .iter()
            .map(|filing| (filing.out_fil_type.as_str(), filing.rloc_admdvs.as_str(), filing.begndate.as_str(), filing.enddate.as_str()))
            .collect();
        assert_eq!(told, [
            ("10", "330100", "2025-05-01", "2025-10-31"),
            ("09", "310000", "2020-03-01", ""),
        ]);
        let old = &filings[1];
        assert_eq!((old.state(), old.version, old.locked_until.as_str()), (FilingState::InForce, 1, ""));
        assert_eq!((old.poolarea_no.as_str(), old.handling_area.as_str()), ("360100", "360100"));
        assert!(!old.rule_id.is_empty() && !old.citation.is_empty() && old.missing.is_empty(), "{old:?}");
        // A kind that is offered cites its own rule.
        assert!(list(&service, "P2").await[0].rule_id.ends_with("#06"));
        // Nobody asked enrollment, which knows none of them, and settlement finds them at once.
        let found = service.find(stay("P1", "2025-06-01", "2025-06-18")).await.unwrap();
        assert_eq!((found.filing_class(), found.filings_version), (FilingClass::LongTerm, 1));
        assert_eq!(found.filing_id, old.filing_id);

        assert_eq!(counts(&import(&service, AGENCY, request).await.unwrap()), (3, 3, 0, true));
    }

    async fn known_rows_change_nothing_and_other_content_is_refused(db: TestDatabase) {
        let service = start(&db).await;
        let known = row("A1", "P1", "07", "310000", ("2020-03-01", ""));
        import(&service, AGENCY, rows([known.clone()])).await.unwrap();
        let again = rows([known.clone(), row("A2", "P2", "07", "310000", ("2020-03-01", ""))]);
        assert_eq!(counts(&import(&service, AGENCY, again).await.unwrap()), (2, 1, 1, false));
        assert_eq!(service.find(stay("P1", "2025-06-01", "")).await.unwrap().filings_version, 1);

        let other = FilingRow { begndate: "2021-03-01".into(), rloc_admdvs: "330100".into(), ..known.clone() };
        let refused = import(&service, AGENCY, rows([other, row("A3", "P3", "07", "310000", ("2020-03-01", ""))])).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, Code::InvalidArgument);
        assert_eq!(violations(&refused), [("rows[0].rloc_admdvs", "ROW_DIFFERS"), ("rows[0].begndate", "ROW_DIFFERS")]);
        assert!(list(&service, "P3").await.is_empty(), "nothing was written");

        // The same id in another area is another filing.
        let elsewhere = ImportFilingsRequest { poolarea_no: "330600".into(), ..rows([FilingRow { rloc_admdvs: "310000".into(), ..known }]) };
        assert_eq!(counts(&import(&service, "agency:330600", elsewhere).await.unwrap()), (1, 1, 0, false));
    }

    async fn everything_wrong_is_told_at_once_and_nothing_is_written(db: TestDatabase) {
        let service = start(&db).await;
        let good = row("G", "P1", "07", "310000", ("2020-03-01", ""));
        let wrong = rows([
            good.clone(),
            FilingRow { insutype: "999".into(), psn_no: "张".into(), ..row("", "", "12", "100000", ("2020-02-30", "x")) },
            row("A2", "P1", "07", "360102", ("2020-03-01", "2021-01-01")),
            row("A2", "P1", "11", "330000", ("2020-03-02", "2020-03-01")),
            row("A4", "P1", "10", "330100", ("2020-03-02", "")),
        ]);
        let refused = import(&service, AGENCY, wrong).await.unwrap_err();
        assert_eq!(violations(&refused), [
            ("rows[1].foreign_id", "FOREIGN_ID_INVALID"),
            ("rows[1].psn_no", "PSN_NO_INVALID"),
            ("rows[1].insutype", "CODE_UNKNOWN"),
            ("rows[1].out_fil_type", "CODE_UNKNOWN"),
            ("rows[1].rloc_admdvs", "PLACE_INVALID"),
            ("rows[1].begndate", "DATE_INVALID"),
            ("rows[1].enddate", "DATE_INVALID"),
            ("rows[2].rloc_admdvs", "PLACE_AT_HOME"),
            ("rows[2].enddate", "ENDDATE_NOT_FOR_KIND"),
            ("rows[3].foreign_id", "DUPLICATE_ROW"),
            ("rows[3].rloc_admdvs", "PLACE_INVALID"),
            ("rows[3].enddate", "DATES_REVERSED"),
            ("rows[4].enddate", "REQUIRED"),
        ]);
        assert!(list(&service, "P1").await.is_empty());

        let refused = import(&service, AGENCY, ImportFilingsRequest { request_id: "".into(), ..rows([]) }).await.unwrap_err();
        assert_eq!(violations(&refused), [("request_id", "REQUEST_ID_INVALID"), ("rows", "ROWS_EMPTY")]);
        let many = |number: usize| rows((0..number).map(|at| FilingRow { foreign_id: format!("M{at}"), psn_no: format!("M{}", at % 700), ..good.clone() }));
        let refused = import(&service, AGENCY, many(1001)).await.unwrap_err();
        assert_eq!(violations(&refused), [("rows", "TOO_MANY_ROWS")]);
        assert_eq!(counts(&import(&service, AGENCY, many(1000)).await.unwrap()), (1000, 1000, 0, false));
        let request = ImportFilingsRequest { poolarea_no: "36".into(), ..rows([good]) };
        assert_eq!(violations(&import(&service, "local-administrator", request).await.unwrap_err()), [("poolarea_no", "AREA_INVALID")]);
    }

    async fn only_the_agency_of_the_home_area_imports(db: TestDatabase) {
        let service = start(&db).await;
        let good = || rows([row("G", "P1", "07", "310000", ("2020-03-01", ""))]);
        for caller in ["agency:330600", "department:360100", "person:P1", "institution:H36010000001", "service:settlement"] {
            let refused = import(&service, caller, good()).await.unwrap_err();
            assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"), "{caller}");
        }
        import(&service, "agency:360000", good()).await.unwrap();
    }

    async fn imports_of_the_same_rows_at_once_write_them_once(db: TestDatabase) {
        let service = start(&db).await;
        let all: Vec<_> = (0..60).map(|at| row(&format!("A{at}"), &format!("P{}", at % 20), "07", "310000", ("2020-03-01", ""))).collect();
        let at_once = (0..8).map(|turn| {
            let mut mine = all.clone();
            mine.rotate_left(turn * 7);
            import(&service, AGENCY, rows(mine))
        });
        let created: i32 = futures::future::join_all(at_once).await.into_iter().map(|answer| answer.unwrap().created_count).sum();
        assert_eq!(created, 60);
        for at in 0..20 {
            assert_eq!(list(&service, &format!("P{at}")).await.len(), 3);
        }
    }
}
