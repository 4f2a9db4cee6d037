//! A client in another language, generated from `proto/` by others' tools.

use std::path::Path;
use std::process::Command;

use yizhan_integration_tests::TestPlatform;
use yizhan_testkit::both_databases;

/// Runs a command in the repository; its output when it succeeds.
fn run(program: &Path, arguments: &[&str]) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let output = Command::new(program).args(arguments).current_dir(repository).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{} {arguments:?}:\n{said}{complained}", program.display());
    said.into_owned()
}

both_databases! {
    /// Needs python3 with venv and pip; `integration-tests/run` installs them.
    async fn a_python_client_settles_a_visit(db: TestDatabase) {
        let platform = TestPlatform::on(&db).bare().start().await;
        let (settlement, enrollment) = platform.urls();
        let said = tokio::task::spawn_blocking(move || {
            run(Path::new("integration-tests/python/prepare"), &[]);
            let addresses = [settlement, enrollment].map(|url| url.trim_start_matches("http://").to_owned());
            let script = "integration-tests/python/settle_a_visit.py";
            run(Path::new("target/python/bin/python"), &[script, &addresses[0], &addresses[1]])
        });
        let said = said.await.expect("the client ran");
        assert!(said.starts_with("settled ") && said.contains("refused with DISCHARGE_BEFORE_ADMISSION"), "{said}");
    }
}
