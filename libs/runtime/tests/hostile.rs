//! What somebody can do to a server who speaks HTTP/2 as no client does: it costs them their connection, or their time, and nobody else
//! anything.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::{Code, Status};
use tower::Service;
use yizhan_runtime::config::ServerConfig;
use yizhan_runtime::server::{RunningServer, Server, Services};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Types of frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
/// Flags of them.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// What the other side is told that does too much of something.
const ENHANCE_YOUR_CALM: u32 = 11;
/// Everything here takes less.
const SOON: Duration = Duration::from_secs(10);

/// Answers `Fast`, takes its time for `Slow`; how many were begun, and are under way.
#[derive(Clone, Default)]
struct Test {
    begun: Arc<AtomicUsize>,
    under_way: Arc<AtomicUsize>,
}

struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl NamedService for Test {
    const NAME: &'static str = "test.Test";
}

impl Service<Request<Body>> for Test {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.begun.fetch_add(1, SeqCst);
        self.under_way.fetch_add(1, SeqCst);
        let under_way = UnderWay(self.under_way.clone());
        Box::pin(async move {
            if request.uri().path().ends_with("Slow") {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            drop(under_way);
            Ok(Status::ok("").into_http())
        })
    }
}

async fn serve() -> (RunningServer, Test) {
    let test = Test::default();
    let server = Server::bind(ServerConfig::loopback()).unwrap();
    (server.serve(Services::default().with(test.clone())).await.unwrap(), test)
}

/// What an ordinary client is told, and how long that took.
async fn ask(address: SocketAddr, path: &str, message: &[u8], encoding: Option<&str>) -> (Code, Duration) {
    let begun = Instant::now();
    let asked = async {
        let socket = TcpStream::connect(address).await.unwrap();
        let (mut requests, connection) = h2::client::handshake(socket).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::post(format!("http://{address}{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if let Some(encoding) = encoding {
            request = request.header("grpc-encoding", encoding);
        }
        let (answer, mut body) = requests.send_request(request.body(()).unwrap(), false).unwrap();
        body.send_data(message.to_vec().into(), true).unwrap();
        let mut answer = answer.await.unwrap();
        if let Some(status) = Status::from_header_map(answer.headers()) {
            return status.code();
        }
        while let Some(data) = answer.body_mut().data().await {
            data.unwrap();
        }
        let trailers = answer.body_mut().trailers().await.unwrap().unwrap_or_default();
        Status::from_header_map(&trailers).map_or(Code::Unknown, |status| status.code())
    };
    (timeout(SOON, asked).await.expect("an answer"), begun.elapsed())
}

/// Somebody else is answered as always.
async fn others_are_served(address: SocketAddr) {
    let (code, took) = ask(address, "/test.Test/Fast", b"\0\0\0\0\0", None).await;
    assert_eq!(code, Code::Ok);
    assert!(took < SOON / 2, "{took:?}");
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Headers as they are written without any compression.
fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    headers.iter().flat_map(|(name, value)| [&[0][..], &text(name), &text(value)].concat()).collect()
}

fn request(path: &str) -> Vec<u8> {
    block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "test"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ])
}

async fn connect(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
    socket
}

/// The type of the next frame and what it holds; nothing when the connection ends.
async fn next_frame(socket: &mut (impl AsyncReadExt + Unpin)) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 9];
    socket.read_exact(&mut head).await.ok()?;
    let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
    socket.read_exact(&mut payload).await.ok()?;
    Some((head[3], payload))
}

/// Reads until the server closes: what it said at last, and how many frames of a kind came.
async fn told_until_closed(mut socket: impl AsyncReadExt + Unpin, kind: u8) -> (Option<u32>, usize) {
    let (mut code, mut frames) = (None, 0);
    let read = async {
        while let Some((said, payload)) = next_frame(&mut socket).await {
            frames += usize::from(said == kind);
            if said == GOAWAY {
                code = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
        }
    };
    let _ = timeout(SOON, read).await;
    (code, frames)
}

/// CVE-2023-44487: requests that are taken back at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rapid_resets_end_the_connection() {
    let (server, test) = serve().await;
    let (reading, mut writing) = connect(server.address()).await.into_split();
    let told = tokio::spawn(told_until_closed(reading, HEADERS));
    let reset: Vec<u8> = (0..10_000)
        .flat_map(|number| {
            let stream = 2 * number + 1;
            let begin = frame(HEADERS, END_HEADERS | END_STREAM, stream, &request("/test.Test/Slow"));
            [begin, frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
        })
        .collect();
    let begun = Instant::now();
    let _ = writing.write_all(&reset).await;
    let (code, _) = told.await.unwrap();
    println!("rapid reset: {code:?} after {:?}, {} begun", begun.elapsed(), test.begun.load(SeqCst));
    assert_eq!(code, Some(ENHANCE_YOUR_CALM));
    assert!(test.begun.load(SeqCst) < 1000, "{} were begun", test.begun.load(SeqCst));
    others_are_served(server.address()).await;
}

/// The same by somebody who waits until each is begun: nothing of them stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_taken_back_when_they_are_begun_leave_nothing() {
    const TIMES: usize = 1000;
    let (server, test) = serve().await;
    let (reading, mut writing) = connect(server.address()).await.into_split();
    let told = tokio::spawn(told_until_closed(reading, HEADERS));
    for number in 0..TIMES {
        let stream = u32::try_from(2 * number + 1).unwrap();
        let begin = frame(HEADERS, END_HEADERS | END_STREAM, stream, &request("/test.Test/Slow"));
        writing.write_all(&begin).await.unwrap();
        let begun = async {
            while test.begun.load(SeqCst) <= number {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, begun).await.expect("it is begun: the place of the one before is free again");
        writing.write_all(&frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])).await.unwrap();
    }
    let ended = async {
        while test.under_way.load(SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, ended).await.expect("none is under way");
    others_are_served(server.address()).await;
    drop((writing, told));
}

/// Sends the same for as long as the server takes it, and does not read what it answers: how much it took.
async fn flood(address: SocketAddr, piece: Vec<u8>) -> usize {
    const PIECES: usize = 2_000_000;
    let mut socket = connect(address).await;
    let many = piece.repeat(1000);
    for sent in 0..PIECES / 1000 {
        match timeout(Duration::from_secs(1), socket.write_all(&many)).await {
            Ok(Ok(())) => {}
            // It waits for us to read, or has closed.
            Err(_) | Ok(Err(_)) => return sent * 1000,
        }
        if sent.is_multiple_of(50) {
            others_are_served(address).await;
        }
    }
    PIECES
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_floods_with_pings_or_settings_and_does_not_read_is_read_no_further() {
    let (server, _) = serve().await;
    let address = server.address();
    let (pings, settings) = tokio::join!(
        flood(address, frame(PING, 0, 0, &[7; 8])),
        flood(address, frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255])),
    );
    println!("taken of a flood: {pings} pings, {settings} settings");
    assert!(pings < 2_000_000 && settings < 2_000_000, "{pings} pings, {settings} settings");
    others_are_served(address).await;
}

/// CVE-2024-27316: headers that never end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_never_end_end_the_connection() {
    let (server, test) = serve().await;
    let (reading, mut writing) = connect(server.address()).await.into_split();
    let told = tokio::spawn(told_until_closed(reading, HEADERS));
    let mut sent = writing.write(&frame(HEADERS, END_STREAM, 1, &request("/test.Test/Fast"))).await.unwrap();
    let more = frame(CONTINUATION, 0, 1, &block(&[("x-filler", &"x".repeat(100))]).repeat(10));
    while sent < 64 * 1024 * 1024 && writing.write_all(&more).await.is_ok() {
        sent += more.len();
    }
    let (code, _) = told.await.unwrap();
    println!("CONTINUATION: {code:?} after {} KiB", sent / 1024);
    assert!(sent < 16 * 1024 * 1024, "{sent} bytes were taken");
    assert_eq!((code, test.begun.load(SeqCst)), (Some(ENHANCE_YOUR_CALM), 0));
    others_are_served(server.address()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_headers_are_taken_as_long_as_they_are_small() {
    let (server, test) = serve().await;
    let headers = |length: usize| {
        let named: Vec<String> = (0..300).map(|number| format!("x-{number}")).collect();
        let value = "v".repeat(length);
        let headers: Vec<(&str, &str)> = named.iter().map(|name| (name.as_str(), value.as_str())).collect();
        let body = frame(DATA, END_STREAM, 1, b"\0\0\0\0\0");
        let block = [request("/test.Test/Fast"), block(&headers)].concat();
        // A frame holds 16 KiB at most.
        let mut pieces = block.chunks(16_000).peekable();
        let mut frames = frame(HEADERS, 0, 1, pieces.next().unwrap());
        while let Some(piece) = pieces.next() {
            frames.extend(frame(
                CONTINUATION,
                if pieces.peek().is_none() { END_HEADERS } else { 0 },
                1,
                piece,
            ));
        }
        if block.len() <= 16_000 {
            frames[4] |= END_HEADERS;
        }
        [frames, body].concat()
    };
    for (length, begun) in [(1, 1), (100, 1)] {
        let mut socket = connect(server.address()).await;
        socket.write_all(&headers(length)).await.unwrap();
        // Settings, their acknowledgement, windows, then the answer or the refusal.
        let answered = async {
            while let Some((kind, _)) = next_frame(&mut socket).await {
                if [HEADERS, RST_STREAM, GOAWAY].contains(&kind) {
                    return;
                }
            }
        };
        timeout(SOON, answered).await.expect("an answer");
        assert_eq!(test.begun.load(SeqCst), begun, "300 headers of {length}");
    }
    others_are_served(server.address()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_unpacks_what_is_compressed_or_waits_for_four_gigabytes() {
    let (server, _) = serve().await;
    let check = "/grpc.health.v1.Health/Check";
    // A gzip of zeros: 1,000 times as long when it is unpacked.
    let packed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0; 1000]].concat();
    let bomb = [&[1][..], &u32::try_from(packed.len()).unwrap().to_be_bytes(), &packed].concat();
    let (code, took) = ask(server.address(), check, &bomb, Some("gzip")).await;
    assert_eq!(code, Code::Unimplemented, "compressed messages are not taken");
    assert!(took < SOON / 2, "{took:?}");
    let (code, took) = ask(server.address(), check, b"\0\xff\xff\xff\xffabc", None).await;
    assert_eq!(code, Code::OutOfRange, "what is declared is refused, not waited for");
    assert!(took < SOON / 2, "{took:?}");
    others_are_served(server.address()).await;
}
