//! Filings follow their persons: records that are merged, insurance that moves. With the real enrollment.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Statement};
use yizhan_proto::enrollment::v1::merge_service_client::MergeServiceClient;
use yizhan_proto::enrollment::v1::transfer_service_client::TransferServiceClient;
use yizhan_proto::enrollment::v1::{
    AdvanceTransferRequest, FinishTerms, MergePersonsRequest, StartTransferRequest, TransferAction,
    UnmergePersonsRequest,
};
use yizhan_proto::filing::v1::*;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::ids::{base32hex, new_id};
use yizhan_testkit::{TestDatabase, both_databases};

use crate::support::*;

/// The agency of 南昌.
const AGENCY: &str = "agency:360100";

async fn list(service: &TestService, psn_no: &str) -> Vec<Filing> {
    let request = ListFilingsRequest { psn_no: psn_no.into(), ..Default::default() };
    told(service.client.clone().list_filings(by(AGENCY, request)).await).unwrap().filings
}

async fn steps(service: &TestService, filing: &Filing) -> Vec<FilingStep> {
    let request = GetFilingRequest { filing_id: filing.filing_id.clone() };
    told(service.client.clone().get_filing(by(AGENCY, request)).await).unwrap().steps
}

/// Waits until the person's filings are as they should be, newest first.
async fn until(service: &TestService, psn_no: &str, hold: impl Fn(&[Filing]) -> bool) -> Vec<Filing> {
    let begun = Instant::now();
    loop {
        let filings = list(service, psn_no).await;
        if hold(&filings) {
            return filings;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never so: {filings:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn take_over(service: &TestService, psn_no: &str, kind: &str, place: &str, enddate: &str) {
    let row = FilingRow {
        foreign_id: new_id(),
        psn_no: psn_no.into(),
        insutype: "310".into(),
        out_fil_type: kind.into(),
        rloc_admdvs: place.into(),
        begndate: "2025-01-01".into(),
        enddate: enddate.into(),
    };
    let request =
        ImportFilingsRequest { request_id: new_id(), poolarea_no: "360100".into(), rows: vec![row] };
    told(service.client.clone().import_filings(by(AGENCY, request)).await).unwrap();
}

async fn merge(service: &TestService, keep: &str, merged: &str) {
    merge_at(&service.enrollment.url(), keep, merged).await;
}

async fn merge_at(enrollment: &str, keep: &str, merged: &str) {
    let mut merges = MergeServiceClient::connect(enrollment.to_owned()).await.unwrap();
    let merge = MergePersonsRequest {
        request_id: new_id(),
        keep_psn_no: keep.into(),
        merged_psn_no: merged.into(),
        reason: "重复建档".into(),
    };
    merges.merge_persons(merge).await.unwrap();
}

/// Moves an employee from 南昌 to 绍兴, from a day on.
async fn transfer(service: &TestService, psn_no: &str, begndate: &str) {
    let mut transfers = TransferServiceClient::connect(service.enrollment.url()).await.unwrap();
    let opening = StartTransferRequest {
        request_id: new_id(),
        biz_prcs_codg: "T21".into(),
        psn_no: psn_no.into(),
        from_poolarea_no: "360100".into(),
        to_poolarea_no: "330600".into(),
        traf_prot_dirc: "11".into(),
        trans_mode: "99".into(),
        reason: String::new(),
    };
    let opened = transfers.start_transfer(opening).await.unwrap().into_inner().transfer.unwrap();
    for action in [TransferAction::GenerateStatement, TransferAction::Accept, TransferAction::Finish] {
        let finish = (action == TransferAction::Finish).then(|| FinishTerms {
            begndate: begndate.into(),
            psn_type: "11".into(),
            ..FinishTerms::default()
        });
        let step = AdvanceTransferRequest {
            request_id: new_id(),
            transfer_id: opened.transfer_id.clone(),
            action: action.into(),
            reason: String::new(),
            finish,
        };
        transfers.advance_transfer(step).await.unwrap();
    }
}

both_databases! {
    async fn filings_of_a_merged_record_go_over(db: TestDatabase) {
        let service = start(&db).await;
        for psn_no in ["P1", "P2", "P3"] {
            service.insure(psn_no).await;
        }
        take_over(&service, "P1", "07", "330100", "").await;
        service.submit("person:P2", temporary("P2")).await.unwrap();
        take_over(&service, "P2", "10", "110000", "2025-12-31").await;
        take_over(&service, "P3", "07", "310000", "").await;
        let found = service.find(stay("P2", "2025-06-18", "")).await.unwrap();
        assert_eq!((found.filing_class(), found.filings_version), (FilingClass::Temporary, 2));
        assert_eq!(service.find(stay("P1", "2025-06-18", "")).await.unwrap().filing_class(), FilingClass::Unfiled);

        merge(&service, "P1", "P2").await;
        let filings = until(&service, "P1", |filings| filings.len() == 3).await;
        assert!(list(&service, "P2").await.is_empty());
        let gone_over = &filings[1];
        assert_eq!((gone_over.out_fil_type.as_str(), gone_over.state()), ("11", FilingState::InForce));
        let last = steps(&service, gone_over).await.pop().unwrap();
        assert_eq!((last.step_no, last.action(), last.actor.as_str()), (3, FilingAction::Follow, "enrollment"));
        assert_eq!((last.from_state(), last.to_state()), (FilingState::InForce, FilingState::InForce));
        assert_eq!(filings[2].version, 1, "what was theirs already took no step");

        // Both numbers are answered as of now, by the cache too.
        let begun = Instant::now();
        while service.find(stay("P2", "2025-06-18", "")).await.unwrap().filing_class() != FilingClass::Unfiled {
            assert!(begun.elapsed() < Duration::from_secs(20));
        }
        let found = service.find(stay("P1", "2025-06-18", "")).await.unwrap();
        assert_eq!((found.filing_class(), found.filings_version), (FilingClass::Temporary, 2));
        assert_eq!(found.filing_id, gone_over.filing_id);
        assert_eq!(service.find(stay("P2", "2025-06-18", "")).await.unwrap().filings_version, 3);
        let twice = service.submit("person:P1", temporary("P1")).await.unwrap_err();
        assert_eq!(twice.reason, "FILING_OVERLAPS");

        // Those who follow hear it of both.
        let request = WatchFilingsRequest::default();
        let mut feed = service.client.clone().watch_filings(by("service:settlement", request)).await.unwrap().into_inner();
        let mut followed = Vec::new();
        while followed.len() < 4 {
            let event = tokio::time::timeout(Duration::from_secs(10), feed.message()).await.unwrap().unwrap().unwrap();
            if event.action() == FilingAction::Follow {
                followed.push((event.psn_no, event.filings_version, event.version));
            }
        }
        let told = |psn_no: &str, filings_version, version| (psn_no.to_owned(), filings_version, version);
        assert_eq!(followed, [told("P2", 3, 3), told("P1", 2, 3), told("P2", 3, 2), told("P1", 2, 2)]);

        // On to a third record.
        merge(&service, "P3", "P1").await;
        assert_eq!(until(&service, "P3", |filings| filings.len() == 4).await[1].filing_id, filings[0].filing_id);

        // They were three persons: each has their own again, the last merge first.
        let mut merges = MergeServiceClient::connect(service.enrollment.url()).await.unwrap();
        for (psn_no, count) in [("P1", 3), ("P2", 2)] {
            let (request_id, reason) = (new_id(), "非同一人".into());
            let apart = UnmergePersonsRequest { request_id, psn_no: psn_no.into(), reason, ..Default::default() };
            merges.unmerge_persons(apart).await.unwrap();
            until(&service, psn_no, |filings| filings.len() == count).await;
        }
        let kinds = async |psn_no: &str| {
            list(&service, psn_no).await.into_iter().map(|filing| filing.out_fil_type).collect::<Vec<_>>()
        };
        assert_eq!((kinds("P1").await, kinds("P2").await), (vec!["07".to_owned()], vec!["10".to_owned(), "11".to_owned()]));
        assert_eq!(kinds("P3").await, ["07"]);
        let begun = Instant::now();
        while service.find(stay("P2", "2025-06-18", "")).await.unwrap().filing_class() != FilingClass::Temporary {
            assert!(begun.elapsed() < Duration::from_secs(20));
        }
    }

    async fn insurance_that_moves_ends_the_old_areas_filings(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        service.insure("P2").await;
        take_over(&service, "P2", "07", "310000", "").await;
        take_over(&service, "P1", "07", "310000", "").await;
        take_over(&service, "P1", "10", "110000", "2025-12-31").await;
        take_over(&service, "P1", "10", "120000", "2025-06-20").await;
        take_over(&service, "P1", "10", "500000", "2025-06-01").await;
        let open = SubmitFilingRequest { rloc_admdvs: "440100".into(), opter: "e1".into(), dcla_souc: "02".into(), ..temporary("P1") };
        let open = service.submit("agency:440100", open).await.unwrap();
        assert_eq!(open.state(), FilingState::Accepted);

        // From July on 绍兴 pays; until then, and for that long, 南昌.
        transfer(&service, "P1", "2025-07-01").await;
        let filings = until(&service, "P1", |filings| filings.iter().any(|filing| filing.state() == FilingState::Withdrawn)).await;
        let now: Vec<_> = filings.iter().map(|filing| (filing.rloc_admdvs.as_str(), filing.state(), filing.ended_on.as_str())).collect();
        assert_eq!(now, [
            ("440100", FilingState::Withdrawn, ""),
            ("500000", FilingState::Expired, ""),
            ("120000", FilingState::InForce, ""),
            ("110000", FilingState::Cancelled, "2025-06-30"),
            ("310000", FilingState::Cancelled, "2025-06-30"),
        ]);
        let taken = steps(&service, &filings[4]).await;
        assert_eq!(taken.len(), 2, "the move is told to both areas, and taken once");
        assert_eq!((taken[1].action(), taken[1].actor.as_str()), (FilingAction::Follow, "enrollment"));
        assert_eq!(taken[1].reason, "参保关系已转移至其他统筹区");
        assert_eq!(list(&service, "P2").await[0].state(), FilingState::InForce, "nobody else is touched");

        let class = async |begndate: &str| service.find(stay("P1", begndate, "")).await.unwrap().filing_class();
        assert_eq!(class("2025-06-18").await, FilingClass::LongTerm);
        service.hand.set("2025-07-02T04:00:00Z".parse().unwrap());
        assert_eq!(class("2025-06-30").await, FilingClass::LongTerm);
        assert_eq!(class("2025-07-01").await, FilingClass::Unfiled);
        // Nothing of the old area stands in the way of the new one's.
        let new = service.submit("person:P1", temporary("P1")).await.unwrap();
        assert_eq!((new.poolarea_no.as_str(), new.state()), ("330600", FilingState::InForce));
    }

    async fn what_happened_while_filing_was_away_is_caught_up_with(db: TestDatabase) {
        let mut kept = None;
        let service = start_with(&db, |config| kept = Some(config.clone())).await;
        for psn_no in ["P1", "P2"] {
            service.insure(psn_no).await;
        }
        take_over(&service, "P2", "07", "310000", "").await;
        let service = service.restarted(kept.unwrap(), async |enrollment| merge_at(enrollment, "P1", "P2").await).await;
        until(&service, "P1", |filings| filings.len() == 1).await;
    }

    /// Gone on behind once, and then behind one of today's form.
    async fn the_token_of_an_older_version_is_good(db: TestDatabase) {
        let mut kept = None;
        let service = start_with(&db, |config| kept = Some(config.clone())).await;
        for psn_no in ["P1", "P2"] {
            service.insure(psn_no).await;
        }
        take_over(&service, "P2", "07", "310000", "").await;
        let enrollment = open(&service.enrollment_database).await;
        let service = service.restarted(kept.unwrap(), async |address| {
            let sql = "SELECT txid, seq FROM change_log ORDER BY txid DESC, seq DESC LIMIT 1";
            let last = enrollment.query_one_raw(Statement::from_string(enrollment.get_database_backend(), sql)).await;
            let last = last.unwrap().unwrap();
            let number = |column: &str| last.try_get::<i64>("", column).unwrap();
            let old = format!("feed\u{1f}{}\u{1f}{}", number("txid"), number("seq"));
            put_token(&db, &base32hex(old.as_bytes())).await;
            let older = "UPDATE seaql_migrations SET applied_at = applied_at - 100000 WHERE version LIKE '%change_log'";
            enrollment.execute_unprepared(older).await.unwrap();
            merge_at(address, "P1", "P2").await;
        }).await;
        let filings = until(&service, "P1", |filings| filings.len() == 1).await;
        assert_eq!(steps(&service, &filings[0]).await.len(), 2, "taken over, and followed once");
    }

    /// Of a register that was restored, say: nothing is followed, and nothing is lost, until the token is put right.
    async fn a_token_that_is_refused_holds_up_until_it_is_put_right(db: TestDatabase) {
        let mut kept = None;
        let service = start_with(&db, |config| kept = Some(config.clone())).await;
        for psn_no in ["P1", "P2"] {
            service.insure(psn_no).await;
        }
        take_over(&service, "P2", "07", "310000", "").await;
        let service = service.restarted(kept.unwrap(), async |address| {
            put_token(&db, &base32hex(&[1; 37])).await;
            merge_at(address, "P1", "P2").await;
        }).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(list(&service, "P2").await.len(), 1, "nothing is followed behind a token that says nothing");
        put_token(&db, "").await;
        let filings = until(&service, "P1", |filings| filings.len() == 1).await;
        assert_eq!(steps(&service, &filings[0]).await.len(), 2);
    }
}

async fn open(test: &TestDatabase) -> DatabaseConnection {
    yizhan_runtime::db::connect(&DatabaseConfig::at(test.url())).await.unwrap()
}

/// As an operator would.
async fn put_token(filing: &TestDatabase, token: &str) {
    let sql = format!("UPDATE followed_feed SET resume_token = '{token}' WHERE feed = 'enrollment.register'");
    assert_eq!(open(filing).await.execute_unprepared(&sql).await.unwrap().rows_affected(), 1);
}
