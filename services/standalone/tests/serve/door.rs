//! Nobody holds everybody up: neither by messages that never end nor by connections over which nothing comes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use h2::SendStream;
use h2::client::SendRequest;
use http::Request;
use tokio::net::{TcpSocket, TcpStream};
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::settlement::v1::SettleRequest;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_runtime::config::PeerConfig;
use yizhan_testkit::free_port;

use crate::support::{channel, insured_and_visiting, register_and_ask, serve_on};

/// What the process may have open, connections and files.
const DESCRIPTORS: u32 = 1024;
/// Connections over which nothing comes.
const SILENT: usize = 1100;

/// The test itself holds the other ends.
fn may_hold_them() {
    let limit = format!("--nofile={}:", 2 * DESCRIPTORS);
    let raised = std::process::Command::new("prlimit")
        .args(["--pid", &std::process::id().to_string(), &limit])
        .status();
    assert!(raised.unwrap().success());
}

/// Requests of three bytes that never end, as many as one connection takes.
async fn never_ending(port: u16, path: &str) -> (SendRequest<bytes::Bytes>, Vec<SendStream<bytes::Bytes>>) {
    let socket = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await.unwrap();
    let (requests, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    let mut open = Vec::new();
    for _ in 0..512 {
        let ready = tokio::time::timeout(Duration::from_millis(100), requests.clone().ready()).await;
        let Ok(ready) = ready else { break };
        let mut requests = ready.unwrap();
        let request = Request::post(format!("http://127.0.0.1:{port}{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        let (answer, mut body) = requests.send_request(request.body(()).unwrap(), false).unwrap();
        body.send_data(bytes::Bytes::from_static(b"\0\0\0"), false).unwrap();
        tokio::spawn(answer);
        open.push(body);
    }
    (requests, open)
}

/// A connection from an address, which has asked for health once and stays.
async fn asked_for_health(from: [u8; 4], port: u16) -> Option<SendRequest<bytes::Bytes>> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let stream = socket.connect(SocketAddr::from(([127, 0, 0, 1], port))).await.ok()?;
    let (requests, connection) = h2::client::handshake(stream).await.ok()?;
    tokio::spawn(connection);
    let mut ready = requests.clone().ready().await.ok()?;
    let request = Request::post(format!("http://127.0.0.1:{port}/grpc.health.v1.Health/Check"));
    let request =
        request.header("content-type", "application/grpc").header("te", "trailers").body(()).unwrap();
    let (answer, mut body) = ready.send_request(request, false).unwrap();
    body.send_data(bytes::Bytes::from_static(b"\0\0\0\0\0"), true).ok()?;
    answer.await.ok().map(|_| requests)
}

/// One call each, of health, makes nobody silent: who holds nearly all connections gives way to others all the same.
#[tokio::test]
async fn connections_of_one_address_keep_nobody_else_out() {
    may_hold_them();
    let folder = tempfile::tempdir().unwrap();
    let mut process = serve_on(&folder, free_port()).descriptors(DESCRIPTORS).start().await;
    let port = process.url().rsplit(':').next().unwrap().parse().unwrap();
    let mut held = Vec::new();
    while let Some(connection) = asked_for_health([127, 0, 0, 2], port).await {
        held.push(connection);
        assert!(held.len() <= DESCRIPTORS as usize, "there is no limit");
    }
    assert!(held.len() > DESCRIPTORS as usize / 4, "only {} were let in", held.len());
    for _ in 0..8 {
        let other = asked_for_health([127, 0, 0, 3], port).await;
        held.push(other.expect("let in for one of who holds most"));
    }
    assert!(asked_for_health([127, 0, 0, 2], port).await.is_none(), "who holds most stays where they are");
    assert!(process.terminate().await.success());
    drop(held);
}

#[tokio::test]
async fn messages_that_never_end_and_silent_connections_hold_up_nobody() {
    may_hold_them();
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let mut process = serve_on(&folder, port).descriptors(DESCRIPTORS).start().await;
    let enrollment = channel(&PeerConfig::at(process.url()));
    let settlement = format!("http://127.0.0.1:{port}");
    register_and_ask(&mut EnrollmentServiceClient::new(enrollment.clone())).await;
    let visit = insured_and_visiting(
        enrollment,
        channel(&PeerConfig::at(settlement.clone())),
        "H43020000001",
        "430200",
    )
    .await;

    let method = "/yizhan.settlement.v1.SettlementService/Settle";
    let held = [
        never_ending(port, method).await,
        never_ending(port, method).await,
        never_ending(port, method).await,
    ];
    let many: usize = held.iter().map(|(_, open)| open.len()).sum();
    assert!(many > 512, "more than there are places: {many}");
    let enrollment_port = process.url().rsplit(':').next().unwrap().parse().unwrap();
    let mut silent = Vec::new();
    for port in [port, enrollment_port].into_iter().cycle().take(SILENT) {
        silent.push(TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await.unwrap());
    }

    // Over new connections, so that those are taken, and the services reach each other and their databases.
    for request_id in ["s1", "s1"] {
        let mut client = SettlementServiceClient::new(channel(&PeerConfig::at(settlement.clone())));
        let request = SettleRequest {
            request_id: request_id.into(),
            visit: Some(visit.clone()),
            ..SettleRequest::default()
        };
        client.settle(request).await.unwrap();
    }
    let open = std::fs::read_dir(format!("/proc/{}/fd", process.pid())).unwrap().count();
    assert!(open < DESCRIPTORS as usize, "{open} descriptors");
    let asked = Instant::now();
    assert!(process.terminate().await.success());
    assert!(asked.elapsed() < Duration::from_secs(9), "what has not arrived is not waited for");
    drop((held, silent));
}
