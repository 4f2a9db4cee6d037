//! The tools by which faults are made do what they say.

use std::fs;
use std::time::Duration;

use yizhan_integration_tests::database::{number, open};
use yizhan_testkit::{PostgresServer, Proxy, ServiceProcess, SmallDisk, TestDatabase};

/// In which an answer would have come.
const A_WHILE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_behind_a_network_that_breaks() {
    let mut server = PostgresServer::own();
    let proxy = Proxy::before(&server.create_database()).await;
    let db = open(proxy.url()).await;
    let ask = "SELECT 1::bigint AS value";
    assert_eq!(number(&db, ask).await, 1);

    proxy.blackhole();
    {
        let asked = number(&db, ask);
        tokio::pin!(asked);
        assert!(tokio::time::timeout(A_WHILE, &mut asked).await.is_err(), "nothing comes through");
        proxy.forward();
        assert_eq!(asked.await, 1, "it was only late");
    }
    server.pause();
    {
        let asked = number(&db, ask);
        tokio::pin!(asked);
        assert!(tokio::time::timeout(A_WHILE, &mut asked).await.is_err(), "it stands still");
        server.resume();
        assert_eq!(asked.await, 1);
    }
    server.kill_9();
    server.start_again();
    let again = open(proxy.url()).await;
    assert_eq!(number(&again, ask).await, 1);
    proxy.cut();
    let db = open(proxy.url()).await;
    assert_eq!(number(&db, ask).await, 1, "a new connection is carried");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_disk_is_full_and_has_room_again() {
    let (disk, registry) = (SmallDisk::of_mib(8), TestDatabase::sqlite());
    let process = ServiceProcess::of("yizhan-enrollment").env("YIZHAN_DATABASE_URL", registry.url());
    let process = process.env("YIZHAN_TELEMETRY_LOG_FILTER", "error").descriptors(200).start().await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.pid())).unwrap();
    let descriptors = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(descriptors.split_whitespace().nth(3), Some("200"));

    disk.fill(&process);
    let write = || fs::write(disk.path().join("something"), [0; 8192]);
    assert_eq!(
        write().is_err(),
        disk.is_mounted(),
        "where mounting is not allowed, only the process is limited"
    );
    disk.make_room(&process);
    write().unwrap();
}
