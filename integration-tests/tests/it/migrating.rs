//! `--migrate` of every service: what is done before an upgrade, while older processes serve.

use yizhan_testkit::{ServiceProcess, TestDatabase, both_databases};

both_databases! {
    async fn every_service_brings_its_database_up_to_date_and_ends(one: TestDatabase) {
        let other = || if one.url().starts_with("sqlite") { TestDatabase::sqlite() } else { TestDatabase::postgres() };
        for service in ["enrollment", "filing", "audit", "credit", "settlement"] {
            let db = other();
            let migrate = || {
                let process = ServiceProcess::of(&format!("yizhan-{service}")).env("YIZHAN_DATABASE_URL", db.url());
                process.arg("--migrate").run_to_end()
            };
            for turn in ["the first", "again"] {
                let (code, said) = migrate().await;
                assert_eq!(code, Some(0), "{service}, {turn}: {said}");
            }
            let serving = ServiceProcess::of(&format!("yizhan-{service}"))
                .env("YIZHAN_DATABASE_URL", db.url())
                .env("YIZHAN_TELEMETRY_LOG_FILTER", "error")
                .start()
                .await;
            let (code, said) = migrate().await;
            assert_eq!(code, Some(0), "{service}, while it serves: {said}");
            drop(serving);
        }
    }
}
