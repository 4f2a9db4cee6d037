//! Settlement and audit killed (-9) again and again while decisions are made and followed: each is booked once, and every case ends.

use std::time::Duration;

use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::CaseState;
use yizhan_proto::settlement::v1::RecoveryKind;
use yizhan_testkit::{ServiceProcess, TestDatabase};

use super::desk::{Office, Recoveries};
use crate::support::{assert_books_balance, clinic};

/// Cases that are decided.
const CASES: usize = 24;

async fn survives(db: TestDatabase, kills: u64) {
    let others = [(); 3].map(|()| TestDatabase::of(db.backend()));
    let quiet = |binary, db: &TestDatabase| {
        ServiceProcess::of(binary)
            .env("YIZHAN_DATABASE_URL", db.url())
            .env("YIZHAN_TELEMETRY_LOG_FILTER", "off")
    };
    let settlement = quiet("yizhan-settlement", &db);
    let enrollment = quiet("yizhan-enrollment", &others[0]).start().await;
    let filing = quiet("yizhan-filing", &others[1]).env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", enrollment.url());
    let filing = filing.start().await;
    let audit = quiet("yizhan-audit", &others[2])
        .env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", enrollment.url())
        .env("YIZHAN_PEERS_SETTLEMENT_ADDRESS", settlement.url());
    let mut audit = audit.start().await;
    let settlement = settlement
        .env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", enrollment.url())
        .env("YIZHAN_PEERS_FILING_ADDRESS", filing.url())
        .env("YIZHAN_PEERS_AUDIT_ADDRESS", audit.url());
    let mut settlement = settlement.start().await;
    let client =
        Client::new([settlement.url(), enrollment.url(), filing.url(), audit.url(), NOBODY.to_owned()]);
    client.import_institutions("places", standard_institutions()).await.unwrap();
    client.import_catalogue("items", standard_catalogue()).await.unwrap();
    let persons: Vec<Person> = (0..CASES).map(|number| Person::employee(&format!("P{number}"))).collect();
    client.enrol(&persons).await;
    let office = Office::of(&client);
    let mut cases = Vec::new();
    for number in 0..CASES {
        let visit = clinic(&format!("P{number}"), "2024-03-01", "1000");
        let settled = client.settle(&format!("R{number}"), visit).await.unwrap();
        cases.push(office.confirmed(&settled).await);
    }
    for kill in 0..kills {
        let share = CASES / kills as usize;
        for case in &cases[kill as usize * share..][..share] {
            office.announced(case).await;
        }
        tokio::time::sleep(Duration::from_millis(5 + kill * 37 % 60)).await;
        settlement.kill_9().await;
        if kill % 2 == 1 {
            audit.kill_9().await;
            audit.restart().await;
        }
        settlement.restart().await;
    }
    let mut recovered = 0;
    for case in &cases {
        let case = office.until(case, |case| case.state() == CaseState::Archived).await;
        let booked = client.recoveries(&case.case_id).await;
        assert_eq!(booked.len(), 1, "{booked:?}");
        assert_eq!(
            (booked[0].kind(), booked[0].recovered_fen),
            (RecoveryKind::Booked, case.recoveries[0].recovered_fen)
        );
        recovered += booked[0].recovered_fen;
    }
    assert!(recovered > 0);
    assert!(office.verify(None).await.intact);
    assert_books_balance(&client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    survives(TestDatabase::postgres_durable(), 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    survives(TestDatabase::sqlite(), 4).await;
}
