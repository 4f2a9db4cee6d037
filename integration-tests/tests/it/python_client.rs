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

/// An example, by the README's commands; twice, as it promises.
fn run_twice(example: &str, urls: &[String]) -> String {
    run(Path::new("integration-tests/python/prepare"), &[]);
    let generated = tempfile::tempdir().expect("a folder");
    let folder = generated.path().display();
    let addresses: Vec<&str> = urls.iter().map(|url| url.trim_start_matches("http://")).collect();
    let script = format!(
        "target/python/bin/python -m grpc_tools.protoc -I proto --python_out={folder} \
         --grpc_python_out={folder} $(cd proto && find yizhan -name '*.proto') && \
         export PYTHONPATH={folder} && example() {{ target/python/bin/python docs/examples/{example} {}; }} && \
         example && example",
        addresses.join(" "),
    );
    run(Path::new("bash"), &["-c", &script])
}

both_databases! {
    /// Needs python3 with venv and pip; `integration-tests/run` installs them.
    async fn a_python_client_settles_a_visit(db: TestDatabase) {
        let platform = TestPlatform::on(&db).bare().with_one_caller().start().await;
        let (settlement, enrollment) = platform.urls();
        let said = tokio::task::spawn_blocking(move || {
            run(Path::new("integration-tests/python/prepare"), &[]);
            let addresses = [settlement, enrollment].map(|url| url.trim_start_matches("http://").to_owned());
            let script = "integration-tests/python/settle_a_visit.py";
            run(Path::new("target/python/bin/python"), &[script, &addresses[0], &addresses[1]])
        });
        let said = said.await.expect("the client ran");
        assert!(said.starts_with("settled ") && said.contains("refused with DATES_REVERSED"), "{said}");
    }

    /// The README's example.
    async fn the_example_of_the_readme_runs(db: TestDatabase) {
        let platform = TestPlatform::on(&db).bare().with_one_caller().start().await;
        let (settlement, enrollment) = platform.urls();
        let said = tokio::task::spawn_blocking(move || run_twice("settle.py", &[enrollment, settlement]));
        let said = said.await.expect("the example ran");
        assert_eq!(said.matches("医疗费用“一站式”结算单").count(), 2, "{said}");
        assert!(said.contains("INVALID_REQUEST"), "{said}");
    }

    /// The README's example for departments: the same roster again is answered as before.
    async fn the_example_of_a_roster_runs(db: TestDatabase) {
        let platform = TestPlatform::on(&db).bare().with_one_caller().start().await;
        let (_, enrollment) = platform.urls();
        let said = tokio::task::spawn_blocking(move || run_twice("roster.py", &[enrollment]));
        let said = said.await.expect("the example ran");
        assert_eq!(said.matches("refused [(4, 'PERSON_UNKNOWN')]").count(), 2, "{said}");
        assert_eq!(said.matches("added_count: 3").count(), 2, "{said}");
    }
}
