//! Whatever is wrong with a setting that holds a secret, only the setting is named: nothing of the secret is printed.

use std::time::Duration;

use yizhan_testkit::{ServiceProcess, TestDatabase};

const BINARIES: [&str; 4] = ["yizhan-enrollment", "yizhan-filing", "yizhan-settlement", "yizhan"];

fn process(binary: &str) -> ServiceProcess {
    let process = ServiceProcess::of(binary).env("YIZHAN_SERVER_DRAIN_SECONDS", "1");
    if binary == "yizhan" { process.arg("serve") } else { process }
}

/// What a process says that is not to serve: its exit code, and which setting it names how often. Passwords are parts of "s3cret…w0rd".
async fn says_nothing_of_it(process: ServiceProcess, what: &str) -> (Option<i32>, String) {
    let (code, said) = tokio::time::timeout(Duration::from_secs(60), process.run_to_end()).await.expect(what);
    assert!(!said.contains("s3cret") && !said.contains("w0rd"), "{what}: {said}");
    (code, said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_settings_are_named_once_and_their_secrets_never() {
    let urls = [
        ("YIZHAN_DATABASE_URL", "postgres://yizhan:s3cret#w0rd@127.0.0.1:1/x"),
        ("YIZHAN_DATABASE_URL", "postgres://yizhan:s3cret/w0rd@127.0.0.1:1/x"),
        ("YIZHAN_DATABASE_URL", "postgres://yizhan:s3cret?w0rd@127.0.0.1:1/x"),
        ("YIZHAN_DATABASE_URL", "postgres://yizhan:s3cret@w0rd@127.0.0.1:1/x"),
        ("YIZHAN_DATABASE_URL", "postgres://127.0.0.1:5432/s3cret@w0rd"),
        ("YIZHAN_DATABASE_URL", "postgres://yizhan:1234/w0rd@127.0.0.1:1/x"),
        ("YIZHAN_DATABASE_URL", "postgres://yizhan:s3cretw0rd"),
        ("YIZHAN_DATABASE_URL", "postgres://127.0.0.1:1/x?pasword=s3cretw0rd"),
        ("YIZHAN_DATABASE_URL", "postgres://127.0.0.1:1/x?sslmode=s3cretw0rd"),
        ("YIZHAN_DATABASE_URL", "postgres:/yizhan:s3cretw0rd@127.0.0.1/x"),
        ("YIZHAN_DATABASE_URL", "mysql://yizhan:s3cretw0rd@127.0.0.1/x"),
        ("YIZHAN_CACHE_URL", "redis://:s3cret/w0rd@127.0.0.1:1"),
        ("YIZHAN_CACHE_URL", "redis://u:1234#w0rd@127.0.0.1:1"),
        ("YIZHAN_CACHE_URL", "redis-sentinel://:s3cret?w0rd@127.0.0.1:1,127.0.0.1:2/main"),
        ("YIZHAN_CACHE_URL", "redis-cluster://:s3cret#w0rd@127.0.0.1:1,127.0.0.1:2"),
        ("YIZHAN_TELEMETRY_OTLP_ENDPOINT", "http://u:s3cret#w0rd@127.0.0.1:1"),
        ("YIZHAN_TELEMETRY_OTLP_ENDPOINT", "http://u:s3cret w0rd@127.0.0.1:1"),
        ("YIZHAN_PEERS_ENROLLMENT_ADDRESS", "http://u:s3cretw0rd@127.0.0.1:1"),
        ("YIZHAN_ENROLLMENT_LOG_KEY", "s3cretw0rd"),
        ("YIZHAN_ENROLLMENT_DATA_KEYS", "a:s3cretw0rd"),
    ];
    for (number, (name, url)) in urls.into_iter().enumerate() {
        for binary in [BINARIES[number % 3], "yizhan"] {
            let reads = match name {
                "YIZHAN_CACHE_URL" => binary != "yizhan-settlement",
                "YIZHAN_PEERS_ENROLLMENT_ADDRESS" => !["yizhan-enrollment", "yizhan"].contains(&binary),
                "YIZHAN_ENROLLMENT_LOG_KEY" | "YIZHAN_ENROLLMENT_DATA_KEYS" => {
                    !["yizhan-filing", "yizhan-settlement"].contains(&binary)
                }
                _ => true,
            };
            if !reads {
                continue;
            }
            for printing in [false, true] {
                let process = process(binary).env(name, url);
                let process = if printing { process.arg("--print-config") } else { process };
                let what = format!("{binary} with {name} = {url}");
                let (code, said) = says_nothing_of_it(process, &what).await;
                assert_eq!(code, Some(64), "{what}: {said}");
                assert_eq!(said.matches(name).count(), 1, "{what}: {said}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_file_is_told_without_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("yizhan.toml");
    for line in [
        "url = postgres://yizhan:s3cret@w0rd/x",
        "url = \"postgres://yizhan:s3cret@w0rd/x",
        "url: \"postgres://yizhan:s3cret@w0rd/x\"",
        "url = 'a' 'postgres://yizhan:s3cretw0rd@db/x'",
        "url = \"postgres://yizhan:s3cret\\w0rd@db/x\"",
        "url = 'sqlite://x'\nurl = 'postgres://yizhan:s3cretw0rd@db/x'",
        "url.s3cret = 'w0rd'\nurl = 'w0rd'",
    ] {
        std::fs::write(&file, format!("[database]\n{line}\n")).unwrap();
        let process = process("yizhan-filing").env("YIZHAN_CONFIG", file.to_str().unwrap());
        let (code, said) = says_nothing_of_it(process, line).await;
        assert_eq!(code, Some(64), "{line}: {said}");
        assert_eq!(said.matches("not valid TOML: line").count(), 1, "{line}: {said}");
    }
}

/// Everything is away, or sends the login away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_be_reached_is_told_without_the_login() {
    let refusing = TestDatabase::postgres();
    let (_, place) = refusing.url().split_once('@').expect("a login");
    for url in
        ["postgres://yizhan:s3cret%2Fw0rd@127.0.0.1:1/x", &format!("postgres://nobody:s3cret%2Fw0rd@{place}")]
    {
        let (code, said) =
            says_nothing_of_it(process("yizhan-settlement").env("YIZHAN_DATABASE_URL", url), url).await;
        assert_eq!(code, Some(1), "{said}");
        let told = said.lines().filter(|line| line.starts_with("yizhan-settlement:")).collect::<Vec<_>>();
        assert_eq!(told.len(), 1, "{said}");
        assert!(
            told[0].matches("onnection refused").count() <= 1
                && told[0].matches("does not exist").count() <= 1,
            "{said}"
        );
    }
    let database = TestDatabase::sqlite();
    for cache in [
        "redis://:s3cret%23w0rd@127.0.0.1:1",
        "redis-sentinel://:s3cret%23w0rd@127.0.0.1:1/main",
        "redis-cluster://:s3cret%23w0rd@127.0.0.1:1",
    ] {
        let process = process("yizhan-filing")
            .env("YIZHAN_DATABASE_URL", database.url())
            .env("YIZHAN_CACHE_URL", cache)
            .env("YIZHAN_TELEMETRY_OTLP_ENDPOINT", "http://u:s3cret%23w0rd@127.0.0.1:1")
            .env("YIZHAN_TELEMETRY_LOG_FILTER", "info");
        let said = process.said_within(Duration::from_millis(1500)).await;
        assert!(
            said.contains("serving") && !said.contains("s3cret") && !said.contains("w0rd"),
            "{cache}: {said}"
        );
    }
}
