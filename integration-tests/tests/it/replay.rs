//! Replay: a stored settlement computed again is the same to the byte, also after the policy has a new version.

use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_testkit::both_databases;

use crate::support::{clinic, everybodys_insured, seven_payer_stay, stay};

/// The composite policy with another version and a third-level ratio of 80 instead of 85 % for the employed.
pub fn next_composite_version() -> String {
    let (_, document) = yizhan_policy::embedded()
        .iter()
        .find(|(_, text)| text.contains("policy: composite-seven-payers"))
        .unwrap();
    let next = document.replace("version: \"2022.2\"", "version: \"2022.3\"").replace(
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
        assert_eq!(after.trace.as_ref().unwrap().policy.as_ref().unwrap().version, "2022.3");
        assert_eq!(info(&after).hifp_pay_fen, yuan("119120"));
        settled.push(after);
        // A reversal of what the old version settled takes back what the old version gave.
        settled.push(platform.reverse("V5", &settled[4]).await.unwrap());
        assert_replays(&platform, &settled).await;
    }
}
