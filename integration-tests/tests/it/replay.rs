//! Replay: a stored settlement computed again is the same to the byte, also after the policy has a new version.

use prost::Message;
use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_policy::Case;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_testkit::{Backend, TestDatabase, both_databases};

use crate::support::{clinic, everybodys_insured, seven_payer_stay, stay};

/// A policy of 南昌 as policies were before there was a register of filings: 5 % 先行自付 for who is filed to live elsewhere, by its own
/// table.
fn policy_with_its_own_numbers() -> tempfile::TempDir {
    let texts = yizhan_policy::embedded();
    let (_, document) = texts.iter().find(|(_, text)| text.contains("policy: nanchang-employee")).unwrap();
    let table = "extra_prepay: { source: project, rows: [ { when: { filing: [long_term] }, ratio: 5% }, { otherwise: true, ratio: 0% } ] }\n";
    let earlier = document.replace("extra_prepay: remote\n", table).replace("filing_at_home: asked\n", "");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("nanchang-employee.yaml"), earlier).expect("a file");
    folder
}

/// Rewrites a stored settlement as it was stored when institutions declared the filing.
async fn as_stored_before(platform: &TestPlatform, db: &TestDatabase, settlement: &Settlement) {
    let setl_id = &info(settlement).setl_id;
    let mut stored = settlement.clone();
    stored.setlinfo.as_mut().unwrap().filing = None;
    stored.trace.as_mut().unwrap().remote = None;
    let cases = database::query(
        platform.rows(),
        &format!("SELECT case_json FROM settlements WHERE setl_id = '{setl_id}'"),
    )
    .await;
    let case_json: String = cases[0].try_get("", "case_json").expect("a case");
    let mut case: Case = serde_json::from_str(&case_json).expect("a case");
    assert!(case.visit.remote.take().is_some(), "filing was asked");
    let case_json = serde_json::to_string(&case).expect("JSON");
    let answer: String = stored.encode_to_vec().iter().map(|byte| format!("{byte:02x}")).collect();
    let answer = match db.backend() {
        Backend::Postgres => format!("'\\x{answer}'::bytea"),
        Backend::Sqlite => format!("X'{answer}'"),
    };
    let rewrite = format!(
        "UPDATE settlements SET case_json = '{case_json}', answer = {answer} WHERE setl_id = '{setl_id}'"
    );
    database::tamper(platform.rows(), &rewrite).await;
    assert_eq!(platform.get(setl_id).await.unwrap(), stored);
}

/// The composite policy with another version and a third-level ratio of 80 instead of 85 % for the employed.
pub fn next_composite_version() -> String {
    let (_, document) = yizhan_policy::embedded()
        .iter()
        .find(|(_, text)| text.contains("policy: composite-seven-payers"))
        .unwrap();
    let next = document.replace("version: \"2022.4\"", "version: \"2022.5\"").replace(
        "{ when: { level: [third], status: [in_service] }, ratio: 85% }",
        "{ when: { level: [third], status: [in_service] }, ratio: 80% }",
    );
    assert_ne!(next, *document);
    next
}

async fn assert_replays(platform: &TestPlatform, settled: &[Settlement]) {
    for settlement in settled {
        let replayed = platform.replay(&info(settlement).setl_id).await.unwrap();
        assert!(replayed.identical, "{:?}", info(settlement));
        assert_eq!(replayed.stored_digest, replayed.recomputed_digest);
        assert_eq!(replayed.stored_digest.len(), 64);
    }
}

both_databases! {
    async fn everything_replays_to_the_byte(db: TestDatabase) {
        let relative = everybodys_insured("P1").may_use_account_of("P2");
        let platform = TestPlatform::on(&db)
            .with_persons([Person::employee("P2").retired(), relative, Person::employee("Q1").of_area(QUZHOU)])
            .start()
            .await;
        platform.deposit("P1", COMPOSITE_AREA, yuan("123.45")).await;
        platform.deposit("P2", COMPOSITE_AREA, yuan("1000")).await;
        let mut settled = Vec::new();
        for (request_id, visit) in [
            ("R1", seven_payer_stay("P1").with_account()),
            ("R2", clinic("P1", "2024-06-01", "777.77").helped_by("P2")),
            ("R3", clinic("P2", "2024-06-02", "0.01")),
            ("R4", clinic("P2", "2024-06-02", "0")),
            ("R5", stay("P2", "2023-12-20", "2024-01-10", "33333.33")),
            ("R6", stay("Q1", "2018-05-20", "2018-06-01", "400000").at(QUZHOU_HOSPITAL)),
            ("R7", stay("Q1", "2019-05-20", "2019-06-01", "700000").at(QUZHOU_HOSPITAL)),
            ("R8", visit("P1").on_days("15", "2024-07-01", "2024-07-01").line(ALTEPLASE, "0.3333", "99.999999").at(SECOND_LEVEL)),
        ] {
            let settlement = platform.settle(request_id, visit).await.unwrap();
            checks::assert_adds_up(&settlement);
            settled.push(settlement);
        }
        settled.push(platform.reverse("V1", &settled[1]).await.unwrap());
        settled.push(platform.reverse("V2", &settled[0]).await.unwrap());
        assert_replays(&platform, &settled).await;

        platform.publish_policy(&next_composite_version()).await.unwrap();
        let after = platform.settle("R9", seven_payer_stay("P1")).await.unwrap();
        assert_eq!(after.trace.as_ref().unwrap().policy.as_ref().unwrap().version, "2022.5");
        assert_eq!(info(&after).hifp_pay_fen, yuan("119120"));
        settled.push(after);
        // A reversal of what the old version settled takes back what the old version gave.
        settled.push(platform.reverse("V5", &settled[4]).await.unwrap());
        assert_replays(&platform, &settled).await;
    }

    /// (10000 - 500 - 800) × 85 % = 7395.
    async fn what_was_settled_before_filing_was_asked_is_read_replayed_and_reversed(db: TestDatabase) {
        let policies = policy_with_its_own_numbers();
        let setup = TestPlatform::on(&db).with_distant_institutions().with_policies_of(policies.path());
        let platform = setup.with_person(Person::employee("P1").of_area(NANCHANG)).start().await;
        platform.file_long_term("P1", "310", SHANGHAI, NANCHANG).await;
        let visit = stay("P1", "2026-01-20", "2026-02-01", "10000").at(SHANGHAI_HOSPITAL);
        let settled = platform.settle("R1", visit.clone()).await.unwrap();
        assert_eq!((info(&settled).preselfpay_amt_fen, info(&settled).hifp_pay_fen), (yuan("500"), yuan("7395")));
        as_stored_before(&platform, &db, &settled).await;

        let stored = platform.get(&info(&settled).setl_id).await.unwrap();
        assert_eq!(info(&stored).out_filing, "long_term");
        assert_replays(&platform, std::slice::from_ref(&stored)).await;
        platform.statement(&info(&stored).setl_id).await.unwrap();
        let retried = platform.answer_to(settle_request("R1", visit)).await.unwrap();
        assert_eq!((retried.replayed, retried.settlement.as_ref()), (true, Some(&stored)));
        let reversal = platform.reverse("V1", &stored).await.unwrap();
        assert_eq!((info(&reversal).out_filing.as_str(), info(&reversal).hifp_pay_fen), ("long_term", -yuan("7395")));
        assert_replays(&platform, &[stored, reversal]).await;
    }
}
