//! What several behaviours share.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use futures::future::join_all;
use sha2::{Digest, Sha256};
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::roster_service_client::RosterServiceClient;
use yizhan_proto::enrollment::v1::{
    LoadRosterRequest, RosterAction, RosterHeader, RosterMode, RosterRow, RosterRows, RosterSeal,
    load_roster_request, load_roster_response,
};
use yizhan_proto::settlement::v1::{SettleRequest, Settlement};
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;

use crate::who_may::by;

/// The policy year of the visits below.
pub const YEAR_2024: &str = "2024-01-01";

/// Somebody for whom all seven payers pay.
pub fn everybodys_insured(psn_no: &str) -> Person {
    Person::employee(psn_no)
        .identity("低收入")
        .union_member()
        .civil_servant("科级")
        .veteran("参战参试")
        .commercially_insured("惠衢保2021")
}

/// A stay of 182500.00: 145500 甲类, 5000 乙类 with 10 %, 30000 drugs and 2000 services of 丙类.
pub fn seven_payer_stay(psn_no: &str) -> VisitBuilder {
    visit(psn_no)
        .inpatient("2024-05-06", "2024-05-20")
        .line(CARE, "14", "20")
        .line(FACTOR_VIII, "100", "993.00")
        .line(FACTOR_VIII, "40", "1148")
        .line(ALTEPLASE, "2", "2500")
        .line(BOTULINUM, "25", "1200.00")
        .line(SINGLE_ROOM, "20", "100")
}

/// A stay that costs so much, all of it in scope.
pub fn stay(psn_no: &str, begndate: &str, enddate: &str, yuan: &str) -> VisitBuilder {
    visit(psn_no).inpatient(begndate, enddate).line(CARE, "1", yuan)
}

/// An outpatient visit that costs so much, all of it in scope.
pub fn clinic(psn_no: &str, day: &str, yuan: &str) -> VisitBuilder {
    visit(psn_no).outpatient(day).line(CARE, "1", yuan)
}

/// Settles everything at the same time, each request by one of the clients in turn.
pub async fn settle_at_once(clients: &[Client], requests: Vec<SettleRequest>) -> Vec<Settlement> {
    let tasks = requests.into_iter().enumerate().map(|(number, request)| {
        let client = clients[number % clients.len()].clone();
        tokio::spawn(async move { client.settle_stubbornly(request).await })
    });
    let answers = join_all(tasks.collect::<Vec<_>>()).await;
    answers
        .into_iter()
        .map(|answer| answer.expect("no panic").expect("settled").settlement.expect("a settlement"))
        .collect()
}

/// Ids of settlements, each once.
pub fn ids<'s>(settlements: impl IntoIterator<Item = &'s Settlement>) -> BTreeSet<String> {
    settlements.into_iter().map(|settlement| info(settlement).setl_id.clone()).collect()
}

/// The books of the composite area balance.
pub async fn assert_books_balance(client: &Client) {
    let books = client.check_books(COMPOSITE_AREA).await;
    assert_eq!(books.discrepancies, Vec::<String>::new());
    assert!(books.settlements > 0 && books.postings > 0, "{books:?}");
}

/// Field and reason of everything that is wrong with a request.
pub fn violations(error: &RemoteError) -> Vec<(&str, &str)> {
    error.violations.iter().map(|violation| (violation.field.as_str(), violation.reason.as_str())).collect()
}

/// A department of the composite area says of one person that they have a kind of identity, and the register answers by it.
pub async fn load_roster(platform: &TestPlatform, department: &str, kind: &str, psn_no: &str) {
    let row = RosterRow {
        psn_no: psn_no.to_owned(),
        name: kind.to_owned(),
        action: RosterAction::Add.into(),
        begndate: "2020-01-01".to_owned(),
        ..RosterRow::default()
    };
    let text = ["1", psn_no, "", "", "", kind, "1", "2020-01-01", ""].join("\u{1f}");
    let digest = Sha256::new().chain_update([0; 32]).chain_update(text).finalize();
    let header = RosterHeader {
        roster_id: new_id(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        department: department.to_owned(),
        mode: RosterMode::Changes.into(),
        effective_date: "2024-01-01".to_owned(),
        total_rows: 1,
        ..RosterHeader::default()
    };
    let parts = [
        load_roster_request::Part::Header(header),
        load_roster_request::Part::Rows(RosterRows { first_row_number: 1, rows: vec![row] }),
        load_roster_request::Part::Seal(RosterSeal { row_count: 1, digest: HEXLOWER.encode(&digest) }),
    ];
    let said = futures::stream::iter(parts.map(|part| LoadRosterRequest { part: Some(part) }));
    let mut rosters = RosterServiceClient::connect(platform.url_of("enrollment")).await.unwrap();
    let mut told = rosters.load_roster(by("local-administrator", said)).await.unwrap().into_inner();
    while let Some(answer) = told.message().await.unwrap() {
        if let Some(load_roster_response::Part::Summary(summary)) = answer.part {
            assert_eq!(summary.added_count, 1, "{summary:?}");
        }
    }
    // It answers with what was recorded two seconds ago.
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
}
