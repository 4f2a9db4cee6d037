//! Figures: a small month worked out by hand, what is taken back, what is noted by hand, and who may know.

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;
use tonic::Code;
use yizhan_filing::figures::store::{Addend, VISITS};
use yizhan_money::MAX_FEN;
use yizhan_proto::filing::v1::filing_figures_service_client::FilingFiguresServiceClient;
use yizhan_proto::filing::v1::*;
use yizhan_proto::settlement::v1::SettlementInfo;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig};
use yizhan_runtime::db::connect;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::fake_settlement::FakeSettlement;
use crate::support::*;

/// The agency of 南昌.
const AGENCY: &str = "agency:360100";

fn asked(area: &str, begin_month: &str, end_month: &str) -> GetFilingFiguresRequest {
    GetFilingFiguresRequest {
        area: area.into(),
        begin_month: begin_month.into(),
        end_month: end_month.into(),
        ..Default::default()
    }
}

async fn get(
    service: &TestService,
    caller: &str,
    request: GetFilingFiguresRequest,
) -> Result<GetFilingFiguresResponse, RemoteError> {
    let mut figures = FilingFiguresServiceClient::connect(service.server.url()).await.unwrap();
    told(figures.get_filing_figures(by(caller, request)).await)
}

/// Those of June 2025 in 南昌.
async fn june(service: &TestService) -> FilingFigures {
    let found = get(service, AGENCY, asked("360100", "2025-06", "2025-06")).await.unwrap().figures;
    found.into_iter().next().unwrap_or_default()
}

async fn record(
    service: &TestService,
    caller: &str,
    bill: RecordManualReimbursementRequest,
) -> Result<RecordManualReimbursementResponse, RemoteError> {
    let mut figures = FilingFiguresServiceClient::connect(service.server.url()).await.unwrap();
    told(figures.record_manual_reimbursement(by(caller, bill)).await)
}

/// A stay in 上海 that somebody of 南昌 paid for.
fn bill(mdtrt_id: &str) -> RecordManualReimbursementRequest {
    RecordManualReimbursementRequest {
        request_id: new_id(),
        poolarea_no: "360100".into(),
        psn_no: "P1".into(),
        mdtrtarea_admvs: "310115".into(),
        mdtrt_id: mdtrt_id.into(),
        fixmedins_code: "H31011500001".into(),
        med_type: "21".into(),
        enddate: "2025-06-10".into(),
        medfee_sumamt_fen: 300_000,
    }
}

fn settled(
    setl_id: &str,
    home: &str,
    place: &str,
    med_type: &str,
    enddate: &str,
    fen: i64,
) -> SettlementInfo {
    SettlementInfo {
        setl_id: setl_id.into(),
        poolarea_no: home.into(),
        mdtrtarea_admvs: place.into(),
        med_type: med_type.into(),
        enddate: enddate.into(),
        medfee_sumamt_fen: fen,
        ..SettlementInfo::default()
    }
}

async fn until(service: &TestService, hold: impl Fn(&FilingFigures) -> bool) -> FilingFigures {
    let begun = Instant::now();
    loop {
        let figures = june(service).await;
        if hold(&figures) {
            return figures;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never so: {figures:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// At an agency's window, by officer e1.
fn at_window(request: SubmitFilingRequest) -> SubmitFilingRequest {
    SubmitFilingRequest { opter: "e1".into(), dcla_souc: "02".into(), ..request }
}

async fn advance(service: &TestService, filing: &Filing, action: FilingAction, reason: &str) {
    let request = AdvanceFilingRequest {
        request_id: new_id(),
        filing_id: filing.filing_id.clone(),
        action: action.into(),
        opter: "e2".into(),
        reason: reason.into(),
        ..Default::default()
    };
    told(service.client.clone().advance_filing(by(AGENCY, request)).await).unwrap();
}

both_databases! {
    async fn filings_are_counted_by_kind(db: TestDatabase) {
        let mut config = None;
        let service = start_with(&db, |settings| config = Some(settings.clone())).await;
        for psn_no in ["P1", "P2", "P3", "P4", "P5"] {
            service.insure(psn_no).await;
        }
        // Wednesday: P1 alone, and at once; the others at the window. P4 on a commitment.
        service.submit("person:P1", temporary("P1")).await.unwrap();
        let second = service.submit(AGENCY, at_window(temporary("P2"))).await.unwrap();
        let third = service.submit(AGENCY, at_window(temporary("P3"))).await.unwrap();
        let fourth = service.submit(AGENCY, at_window(resident("P4", &["commitment_letter"]))).await.unwrap();
        advance(&service, &fourth, FilingAction::Complete, "").await;
        service.submit(AGENCY, at_window(temporary("P5"))).await.unwrap();
        // Friday, the second working day, is in time; Monday is not.
        service.hand.set("2025-06-20T04:00:00Z".parse().unwrap());
        advance(&service, &second, FilingAction::Complete, "").await;
        service.hand.set("2025-06-23T04:00:00Z".parse().unwrap());
        advance(&service, &third, FilingAction::Reject, "不符合条件").await;
        // Taken over: neither submitted nor decided here.
        let row = FilingRow {
            foreign_id: "A1".into(), psn_no: "P9".into(), insutype: "310".into(), out_fil_type: "10".into(),
            rloc_admdvs: "310000".into(), begndate: "2025-06-01".into(), enddate: "2025-12-01".into(),
        };
        let request = ImportFilingsRequest { request_id: new_id(), poolarea_no: "360100".into(), rows: vec![row] };
        told(service.client.clone().import_filings(by(AGENCY, request)).await).unwrap();

        let figures = june(&service).await;
        assert_eq!((figures.poolarea_no.as_str(), figures.month.as_str()), ("360100", "2025-06"));
        let resident = KindFigures {
            out_fil_type: "07".into(), submitted: 1, completed: 1, provisional: 1, in_time: 1,
            average_hours: "0.00".into(), ..Default::default()
        };
        // 0 + 2 days + 5 days, over three decided.
        let temporary = KindFigures {
            out_fil_type: "11".into(), submitted: 4, completed: 2, self_service: 1, rejected: 1, in_time: 2, late: 1,
            seconds_to_decide: 7 * 86_400, average_hours: "56.00".into(), ..Default::default()
        };
        assert_eq!(figures.kinds, [resident, temporary]);
        assert_eq!((figures.in_province, figures.cross_province), (None, None));

        // What P4 promised does not come in 180 days.
        service.hand.set("2025-12-16T04:00:00Z".parse().unwrap());
        yizhan_filing::sweep(&yizhan_filing::open(&config.unwrap()).await.unwrap()).await.unwrap();
        let found = get(&service, AGENCY, asked("360100", "2025-07", "2025-12")).await.unwrap().figures;
        let lapsed: Vec<_> = found.iter().map(|row| (row.month.as_str(), row.kinds[0].out_fil_type.as_str(), row.kinds[0].lapsed, row.kinds.len())).collect();
        assert_eq!(lapsed, [("2025-12", "07", 1, 1)]);
    }

    /// What settlement's books say was paid by hand counts as noted by hand, and a bill that is known both ways counts once.
    async fn what_is_paid_by_hand_is_followed_and_a_bill_counts_once(db: TestDatabase) {
        let settlement = FakeSettlement::default();
        let feed = settlement.start().await;
        let service = start_with(&db, |settings| settings.settlement = Some(PeerConfig::at(feed.url()))).await;
        let by_hand = |setl_id: &str, mdtrt_id: &str, fen| SettlementInfo {
            psn_no: "P1".into(),
            fixmedins_code: "H31011500001".into(),
            mdtrt_id: mdtrt_id.into(),
            setl_type: "1".into(),
            setl_time: yizhan_testkit::moment("2025-06-18T04:00:00Z"),
            ..settled(setl_id, "360100", "310115", "21", "2025-06-10", fen)
        };
        record(&service, AGENCY, bill("M1")).await.unwrap();
        settlement.settle(by_hand("S1", "M1", 300_000));
        settlement.settle(by_hand("S2", "M2", 200_000));
        let paid = |stays_manual, manual_medfee_fen| RemoteFigures {
            stays_manual, stays_direct_rate: "0.0000".into(), manual_medfee_fen, ..Default::default()
        };
        let figures = until(&service, |figures| figures.cross_province.as_ref().is_some_and(|cross| cross.stays_manual == 2)).await;
        assert_eq!(figures.cross_province.unwrap(), paid(2, 500_000));
        let again = record(&service, AGENCY, bill("M2")).await.unwrap_err();
        assert_eq!((again.code, again.reason.as_str()), (Code::AlreadyExists, "REIMBURSEMENT_KNOWN"));
        // Taken back: what was followed is taken off; what was noted here stays noted.
        settlement.settle(SettlementInfo { reverses_setl_id: "S1".into(), ..by_hand("S3", "M1", -300_000) });
        settlement.settle(SettlementInfo { reverses_setl_id: "S2".into(), ..by_hand("S4", "M2", -200_000) });
        let figures = until(&service, |figures| figures.cross_province.as_ref().is_some_and(|cross| cross.stays_manual == 1)).await;
        assert_eq!(figures.cross_province.unwrap(), paid(1, 300_000));
        record(&service, AGENCY, bill("M2")).await.unwrap();
        assert_eq!(june(&service).await.cross_province.unwrap(), paid(2, 600_000));
    }

    async fn direct_settlements_are_counted_once_and_reversals_taken_off(db: TestDatabase) {
        let settlement = FakeSettlement::default();
        let feed = settlement.start().await;
        let mut config = None;
        let service = start_with(&db, |settings| {
            settings.settlement = Some(PeerConfig::at(feed.url()));
            config = Some(settings.clone());
        })
        .await;
        let cross = |setl_id: &str, fen| settled(setl_id, "360100", "310115", "21", "2025-06-10", fen);
        settlement.settle(cross("S1", 1_000_000));
        settlement.settle(cross("S2", 500_000));
        settlement.settle(settled("S3", "360100", "360103", "21", "2025-06-10", 77));
        settlement.settle(settled("S4", "360100", "360402", "11", "2025-06-30", 20_000));
        settlement.settle(settled("S5", "330600", "310115", "21", "2025-06-10", 66));
        settlement.settle(settled("S6", "360100", "310115", "21", "2025-07-01", 55));
        let mut reimbursed = bill("M1");
        record(&service, AGENCY, reimbursed.clone()).await.unwrap();
        assert!(record(&service, AGENCY, reimbursed.clone()).await.unwrap().replayed);
        let figures = until(&service, |figures| figures.in_province.is_some()).await;
        assert_eq!(figures.cross_province.unwrap(), RemoteFigures {
            stays_direct: 2, stays_manual: 1, stays_direct_rate: "0.6667".into(),
            direct_medfee_fen: 1_500_000, manual_medfee_fen: 300_000, ..Default::default()
        });
        assert_eq!(figures.in_province.unwrap(), RemoteFigures {
            visits_direct: 1, visits_direct_rate: "1.0000".into(), direct_medfee_fen: 20_000, ..Default::default()
        });

        // While filing is away, one is taken back and another made.
        let config = config.unwrap();
        let service = service.restarted(config.clone(), async |_| {
            settlement.settle(SettlementInfo { reverses_setl_id: "S2".into(), ..cross("S7", -500_000) });
            settlement.settle(settled("S8", "360100", "310115", "41", "2025-06-11", 5_000));
        })
        .await;
        let counted = |figures: &FilingFigures| figures.cross_province.as_ref().is_some_and(|cross| cross.visits_direct == 1);
        let figures = until(&service, counted).await;
        let cross_province = RemoteFigures {
            stays_direct: 1, stays_manual: 1, stays_direct_rate: "0.5000".into(),
            visits_direct: 1, visits_direct_rate: "1.0000".into(),
            direct_medfee_fen: 1_005_000, manual_medfee_fen: 300_000, ..Default::default()
        };
        assert_eq!(figures.cross_province.unwrap(), cross_province);

        // Counted anew, as an operator does after settlement was restored.
        let page = include_str!("../../../../docs/OPERATIONS.md");
        let (_, statements) = page.split_once("```sql\n").unwrap();
        let (statements, _) = statements.split_once("```").unwrap();
        let service = service.restarted(config, async |_| {
            let connection = connect(&DatabaseConfig::at(db.url())).await.unwrap();
            connection.execute_unprepared(statements).await.unwrap();
        })
        .await;
        let figures = until(&service, counted).await;
        assert_eq!(figures.cross_province.unwrap(), cross_province);
        let all = get(&service, "local-administrator", asked("100000", "2025-06", "2025-07")).await.unwrap();
        let keys: Vec<_> = all.figures.iter().map(|row| (row.poolarea_no.as_str(), row.month.as_str())).collect();
        assert_eq!(keys, [("330600", "2025-06"), ("360100", "2025-06"), ("360100", "2025-07")]);

        reimbursed.request_id = new_id();
        let twice = record(&service, AGENCY, reimbursed).await.unwrap_err();
        assert_eq!((twice.code, twice.reason.as_str()), (Code::AlreadyExists, "REIMBURSEMENT_KNOWN"));
    }

    async fn folding_changes_no_figure(db: TestDatabase) {
        let service = start(&db).await;
        let connection = connect(&DatabaseConfig::at(db.url())).await.unwrap();
        let fold = async || {
            for _ in 0..30 {
                VISITS.fold(&connection).await.unwrap();
            }
        };
        let bills = async || {
            for at in 0..120 {
                record(&service, AGENCY, bill(&format!("M{at}"))).await.unwrap();
                if at % 20 == 0 {
                    assert_eq!(june(&service).await.cross_province.unwrap().stays_manual, at + 1);
                }
            }
        };
        futures::join!(fold(), bills(), fold());
        fold().await;
        let figures = june(&service).await.cross_province.unwrap();
        assert_eq!((figures.stays_manual, figures.manual_medfee_fen), (120, 120 * 300_000));
        let sql = "SELECT count(*) AS addends FROM visit_figure";
        let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
        let addends: i64 = connection.query_one_raw(statement).await.unwrap().unwrap().try_get("", "addends").unwrap();
        assert!(addends < 50, "{addends}");
    }

    /// Neither bills that are larger than any amount, nor more of the largest than 64 bits can add up.
    async fn no_bill_makes_figures_unreadable(db: TestDatabase) {
        let service = start(&db).await;
        for fen in [i64::MAX, MAX_FEN + 1, i64::MIN] {
            let bill = RecordManualReimbursementRequest { medfee_sumamt_fen: fen, ..bill("M1") };
            let refused = record(&service, AGENCY, bill).await.unwrap_err();
            assert_eq!(violations(&refused), [("medfee_sumamt_fen", "AMOUNT_TOO_LARGE")], "{fen}");
        }
        assert_eq!(june(&service).await, FilingFigures::default(), "nothing was counted");
        // What came in before there was a limit.
        let connection = connect(&DatabaseConfig::at(db.url())).await.unwrap();
        let before = |sums| Addend { poolarea_no: "360100".into(), month: "2025-06".into(), subject: "cross".into(), sums };
        let huge = vec![before([0, 1, 0, 0, 0, i64::MAX]); 60];
        VISITS.add(&connection, &huge).await.unwrap();
        VISITS.fold(&connection).await.unwrap();
        let figures = june(&service).await.cross_province.unwrap();
        assert_eq!((figures.stays_manual, figures.manual_medfee_fen), (60, i64::MAX));
        // They can be taken off again, and what is left is exact.
        VISITS.add(&connection, &vec![before([0, -1, 0, 0, 0, -i64::MAX]); 60]).await.unwrap();
        record(&service, AGENCY, RecordManualReimbursementRequest { medfee_sumamt_fen: MAX_FEN, ..bill("M1") }).await.unwrap();
        let figures = june(&service).await.cross_province.unwrap();
        assert_eq!((figures.stays_manual, figures.manual_medfee_fen), (1, MAX_FEN));
    }

    async fn figures_come_in_pages(db: TestDatabase) {
        let service = start(&db).await;
        for (at, (home, enddate)) in [("360100", "2025-05-01"), ("360100", "2025-06-01"), ("360400", "2025-04-01")].into_iter().enumerate() {
            let bill = RecordManualReimbursementRequest { poolarea_no: home.into(), enddate: enddate.into(), ..bill(&format!("M{at}")) };
            record(&service, "agency:360000", bill).await.unwrap();
        }
        let first = GetFilingFiguresRequest { page_size: 2, ..asked("360000", "2025-01", "2025-12") };
        let page = get(&service, "department:360000", first.clone()).await.unwrap();
        let keys = |page: &GetFilingFiguresResponse| page.figures.iter().map(|row| format!("{} {}", row.poolarea_no, row.month)).collect::<Vec<_>>();
        assert_eq!(keys(&page), ["360100 2025-05", "360100 2025-06"]);
        let page = get(&service, "department:360000", GetFilingFiguresRequest { page_token: page.next_page_token, ..first }).await.unwrap();
        assert_eq!((keys(&page), page.next_page_token), (vec!["360400 2025-04".to_owned()], String::new()));
        let page = get(&service, AGENCY, asked("360100", "2025-06", "2025-06")).await.unwrap();
        assert_eq!(keys(&page), ["360100 2025-06"]);
    }

    async fn wrong_questions_and_callers(db: TestDatabase) {
        let service = start(&db).await;
        for caller in ["agency:330600", "person:P1", "institution:H36010000001", "insurer:X"] {
            let refused = get(&service, caller, asked("360100", "2025-06", "2025-06")).await.unwrap_err();
            assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"), "{caller}");
            let refused = record(&service, caller, bill("M1")).await.unwrap_err();
            assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"), "{caller}");
        }
        // A city does not see the province.
        let refused = get(&service, AGENCY, asked("360000", "2025-06", "2025-06")).await.unwrap_err();
        assert_eq!(refused.reason, "AREA_NOT_OWNED");
        let refused = record(&service, "department:360100", bill("M1")).await.unwrap_err();
        assert_eq!(refused.reason, "AREA_NOT_OWNED");

        let wrong = async |area: &str, begin: &str, end: &str| get(&service, AGENCY, asked(area, begin, end)).await.unwrap_err();
        assert_eq!(violations(&wrong("36", "2025-13", "25-01").await), [("area", "AREA_INVALID"), ("begin_month", "MONTH_INVALID"), ("end_month", "MONTH_INVALID")]);
        assert_eq!(violations(&wrong("360100", "2025-02", "2025-01").await), [("end_month", "DATES_REVERSED")]);
        assert_eq!(violations(&wrong("360100", "2022-06", "2025-06").await), [("end_month", "TOO_MANY_MONTHS")]);
        assert!(get(&service, AGENCY, asked("360100", "2022-07", "2025-06")).await.unwrap().figures.is_empty());

        let all_wrong = RecordManualReimbursementRequest {
            request_id: String::new(), poolarea_no: "360100".into(), psn_no: "张".into(), mdtrtarea_admvs: "360103".into(), mdtrt_id: "".into(),
            fixmedins_code: "H1".into(), med_type: "77".into(), enddate: "2025-06-19".into(), medfee_sumamt_fen: 0,
        };
        assert_eq!(violations(&record(&service, AGENCY, all_wrong.clone()).await.unwrap_err()), [
            ("request_id", "REQUEST_ID_INVALID"),
            ("psn_no", "PSN_NO_INVALID"),
            ("mdtrtarea_admvs", "PLACE_AT_HOME"),
            ("mdtrt_id", "MDTRT_ID_INVALID"),
            ("fixmedins_code", "INSTITUTION_INVALID"),
            ("med_type", "CODE_UNKNOWN"),
            ("enddate", "IN_THE_FUTURE"),
            ("medfee_sumamt_fen", "AMOUNT_INVALID"),
        ]);
        let wrong = RecordManualReimbursementRequest { poolarea_no: "3601".into(), mdtrtarea_admvs: "上海".into(), enddate: "2025-06-31".into(), ..bill("M1") };
        assert_eq!(violations(&record(&service, AGENCY, wrong).await.unwrap_err()), [
            ("poolarea_no", "AREA_INVALID"), ("mdtrtarea_admvs", "PLACE_INVALID"), ("enddate", "DATE_INVALID"),
        ]);
        assert_eq!(june(&service).await, FilingFigures::default(), "nothing was counted");
    }
}
