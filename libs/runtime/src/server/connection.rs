//! The life of one connection: it says soon that it speaks HTTP/2, is closed when nothing is asked over it, and ends in good order:
//! what is under way is answered first.

use std::convert::Infallible;
use std::io::{self, Cursor};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prost::bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, ServerConnection};
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tonic::Status;
use tonic::body::Body;
use tower::{Service, ServiceExt};
use uuid::Uuid;

use super::connections::{Admitted, Connection, Unread};
use super::stream::Stream;
use crate::identity::{Inside, Names};
use crate::kept::Kept;
use crate::request_layer::{ConnectionId, is_answered_once, is_infrastructure};

/// Requests and streams at once on one connection: what has not arrived whole, too.
const MAX_STREAMS_PER_CONNECTION: u32 = 256;
/// Bytes of request metadata.
const MAX_METADATA_BYTES: u32 = 16 * 1024;
/// How often a quiet connection is tested.
const TEST_EVERY: Duration = Duration::from_secs(30);
/// How long it may take to answer that.
const TEST_ANSWER: Duration = Duration::from_secs(10);
/// How every client begins.
const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long what may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Until TLS is agreed on and HTTP/2 begun.
    pub handshake: Duration,
    /// Without any request.
    pub idle: Duration,
    /// For an answer to be read.
    pub unread: Duration,
    /// For what was under way on a connection that is too old.
    pub grace: Duration,
    /// For the client's own goodbye, before and after ours.
    pub goodbye: Duration,
}

/// How long a new connection may take until it speaks HTTP/2.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection may be there without any request.
const IDLE_CONNECTION: Duration = Duration::from_secs(300);
/// How long a client may take to read an answer.
const UNREAD: Duration = Duration::from_secs(60);
/// How long what is under way on a connection that is too old may go on.
const GRACE: Duration = Duration::from_secs(300);
/// How long a client without requests may take to close a connection that ends.
const GOODBYE: Duration = Duration::from_millis(500);

impl Default for Patience {
    fn default() -> Self {
        Patience {
            handshake: HANDSHAKE,
            idle: IDLE_CONNECTION,
            unread: UNREAD,
            grace: GRACE,
            goodbye: GOODBYE,
        }
    }
}

/// What the connections of a server have alike.
#[derive(Clone)]
pub(super) struct Door<S> {
    pub service: S,
    pub tls: Option<Arc<Kept<ServerConfig>>>,
    /// It is for the services of this process.
    pub inside: bool,
    pub age: Duration,
    pub patience: Patience,
    /// The server stops: what is under way is answered.
    pub stopping: CancellationToken,
    /// It has stopped.
    pub stopped: CancellationToken,
}

impl<S> Door<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    /// Serves a connection to its end.
    pub async fn serve(self, stream: TcpStream, connection: Admitted) {
        let stream = Stream::of(stream);
        let served = async {
            let ended = self.secured(stream.clone(), &connection).await;
            if ended.is_ok() {
                stream.end(self.patience.goodbye).await;
            }
            ended
        };
        let ended = tokio::select! {
            () = connection.cut.cancelled() => Ok(()),
            () = self.stopped.cancelled() => Ok(()),
            ended = served => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(connection = connection.number, %error, "a connection broke");
        }
    }

    async fn secured(&self, stream: Stream, connection: &Arc<Connection>) -> io::Result<()> {
        let soon = Instant::now() + self.patience.handshake;
        match &self.tls {
            None => self.spoken(stream.clone(), stream, connection, None, soon).await,
            Some(tls) => {
                let accept = TlsAcceptor::from(tls.current()).accept(stream);
                let accepted = self.stopping.run_until_cancelled(timeout_at(soon, accept));
                let Some(stream) = accepted.await else { return Ok(()) };
                let stream = stream?.inspect_err(|error| {
                    tracing::debug!(%error, "TLS was not agreed on");
                })?;
                let names = shown(stream.get_ref().1);
                let (reading, writing) = tokio::io::split(stream);
                self.spoken(reading, writing, connection, names, soon).await
            }
        }
    }

    async fn spoken(
        &self,
        mut reading: impl AsyncRead + Send + Unpin + 'static,
        writing: impl AsyncWrite + Send + Unpin + 'static,
        connection: &Arc<Connection>,
        names: Option<Arc<Names>>,
        soon: Instant,
    ) -> io::Result<()> {
        let mut preface = [0; PREFACE.len()];
        let read = self.stopping.run_until_cancelled(timeout_at(soon, reading.read_exact(&mut preface)));
        let Some(read) = read.await else { return Ok(()) };
        read??;
        if preface != PREFACE {
            return Err(io::Error::other("it does not speak HTTP/2"));
        }
        let begun = Cursor::new(preface).chain(reading);
        self.answered(TokioIo::new(tokio::io::join(begun, writing)), connection, names).await
    }

    async fn answered<IO>(
        &self,
        io: IO,
        connection: &Arc<Connection>,
        names: Option<Arc<Names>>,
    ) -> io::Result<()>
    where
        IO: hyper::rt::Read + hyper::rt::Write + Unpin,
    {
        let service = service_fn(|request| self.answer(request, connection, names.clone()));
        let mut serving = pin!(http2().serve_connection(io, service));
        let patience = tokio::select! {
            ended = &mut serving => return ended.map_err(io::Error::other),
            () = self.stopping.cancelled() => self.patience.grace,
            () = sleep(give_or_take_a_tenth(self.age)) => self.patience.grace,
            () = connection.quiet_for(self.patience.idle) => self.patience.goodbye,
            () = connection.unread_for(self.patience.unread) => {
                return Err(io::Error::other("the client does not read its answers"));
            }
        };
        serving.as_mut().graceful_shutdown();
        tokio::select! {
            ended = &mut serving => ended.map_err(io::Error::other),
            () = connection.quiet_for(self.patience.goodbye) => Ok(()),
            () = sleep(patience) => Ok(()),
        }
    }

    /// Health and reflection are not waited for: who watches health does so for ever.
    fn answer(
        &self,
        request: Request<Incoming>,
        connection: &Arc<Connection>,
        names: Option<Arc<Names>>,
    ) -> impl Future<Output = Result<Response<Sent>, Infallible>> + Send + use<S> {
        let under_way = connection.ask(!is_infrastructure(&request));
        let answered_once = is_answered_once(&request).then(|| connection.clone());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectionId(connection.number));
        if let Some(names) = names {
            request.extensions_mut().insert(names);
        }
        if self.inside {
            request.extensions_mut().insert(Inside);
        }
        let answer = self.service.clone().oneshot(request);
        async move {
            let answer = answer.await?;
            let unread = answered_once.map(|connection| connection.send());
            Ok(answer.map(|body| Sent { body, _under_way: under_way, _unread: unread }))
        }
    }
}

/// The names in the certificate that a client has shown; one that cannot be read is nobody's.
fn shown(session: &ServerConnection) -> Option<Arc<Names>> {
    let first = session.peer_certificates()?.first()?;
    Some(Arc::new(Names::of(first).unwrap_or_default()))
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut http2 = http2::Builder::new(TokioExecutor::new());
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS_PER_CONNECTION)
        .max_header_list_size(MAX_METADATA_BYTES)
        .keep_alive_interval(TEST_EVERY)
        .keep_alive_timeout(TEST_ANSWER);
    http2
}

/// So that connections that began together do not end together.
fn give_or_take_a_tenth(time: Duration) -> Duration {
    let tenth = u64::try_from(time.as_millis() / 10).unwrap_or(u64::MAX / 4);
    let (drawn, _) = Uuid::new_v4().as_u64_pair();
    (time + Duration::from_millis(drawn % (2 * tenth + 1))).saturating_sub(Duration::from_millis(tenth))
}

/// The body of an answer: its request is under way until it is sent, or given up.
struct Sent {
    body: Body,
    _under_way: Option<TaskTrackerToken>,
    _unread: Option<Unread>,
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio_util::task::TaskTracker;
    use tonic::service::Routes;
    use tonic::transport::Endpoint;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;

    use super::*;
    use crate::server::connections::CONNECTIONS;

    const QUICK: Patience = Patience {
        handshake: Duration::from_millis(200),
        idle: Duration::from_millis(400),
        unread: Duration::from_millis(400),
        grace: Duration::from_secs(5),
        goodbye: Duration::from_millis(100),
    };

    /// Health behind a door of this patience; where it is.
    async fn open(patience: Patience, age: Duration) -> (String, Door<Routes>) {
        let (_, health) = tonic_health::server::health_reporter();
        let (stopping, stopped) = (CancellationToken::new(), CancellationToken::new());
        let door =
            Door { service: Routes::new(health), tls: None, inside: false, age, patience, stopping, stopped };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let at_door = door.clone();
        tokio::spawn(async move {
            let connections = TaskTracker::new();
            while let Ok((stream, from)) = listener.accept().await {
                connections.spawn(at_door.clone().serve(stream, CONNECTIONS.admit(from.ip()).unwrap()));
            }
        });
        (address, door)
    }

    /// How long after it began the other side closes.
    async fn closed_after(begun: Instant, mut socket: TcpStream) -> Duration {
        let mut said = Vec::new();
        let _ = socket.read_to_end(&mut said).await;
        begun.elapsed()
    }

    #[tokio::test]
    async fn who_is_silent_is_closed() {
        let (address, _door) = open(QUICK, Duration::from_secs(60)).await;
        // Before the first is there: the door's patience begins no earlier.
        let begun = Instant::now();
        let silent = TcpStream::connect(&address).await.unwrap();
        let mut half = TcpStream::connect(&address).await.unwrap();
        half.write_all(&PREFACE[..10]).await.unwrap();
        let mut idle = TcpStream::connect(&address).await.unwrap();
        idle.write_all(&[&PREFACE[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat()).await.unwrap();
        let (silent, half, idle) =
            tokio::join!(closed_after(begun, silent), closed_after(begun, half), closed_after(begun, idle));
        assert!(silent >= QUICK.handshake && half >= QUICK.handshake, "{silent:?} {half:?}");
        assert!(idle >= QUICK.idle, "{idle:?}");
    }

    #[tokio::test]
    async fn who_does_not_speak_http_2_is_not_waited_for_and_nobody_by_a_server_that_stops() {
        let patience = Patience { handshake: Duration::from_secs(60), ..QUICK };
        let (address, door) = open(patience, patience.handshake).await;
        let begun = Instant::now();
        let silent = TcpStream::connect(&address).await.unwrap();
        let mut other = TcpStream::connect(&address).await.unwrap();
        other.write_all(b"GET /index.html HTTP/1.1\r\n\r\n").await.unwrap();
        assert!(closed_after(begun, other).await < patience.handshake / 2);
        // It was accepted before the other.
        door.stopping.cancel();
        assert!(
            closed_after(begun, silent).await < patience.handshake / 2,
            "a server that stops does not wait"
        );
    }

    #[tokio::test]
    async fn who_does_not_read_answers_is_closed() {
        let (address, _door) = open(QUICK, Duration::from_secs(60)).await;
        let socket = TcpStream::connect(&address).await.unwrap();
        let (mut requests, connection) =
            h2::client::Builder::new().initial_window_size(0).handshake::<_, Bytes>(socket).await.unwrap();
        let broken = tokio::spawn(connection);
        let request = Request::post(format!("http://{address}/grpc.health.v1.Health/Check"));
        let request = request.header("content-type", "application/grpc").body(()).unwrap();
        let (answer, mut body) = requests.send_request(request, false).unwrap();
        body.send_data(Bytes::from_static(b"\0\0\0\0\0"), true).unwrap();
        let begun = Instant::now();
        let mut answer = answer.await.unwrap().into_body();
        assert!(answer.data().await.is_none_or(|data| data.is_err()), "there is no room for it");
        assert!(begun.elapsed() >= QUICK.unread);
        let _ = broken.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_is_too_old_ends_without_a_request_lost() {
        let age = Duration::from_millis(100);
        let (address, _door) = open(QUICK, age).await;
        let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy();
        let begun = Instant::now();
        let (mut asked, mut lost) = (0, Vec::new());
        while begun.elapsed() < 20 * age {
            asked += 1;
            if let Err(status) = HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await
            {
                lost.push(status);
            }
        }
        assert!(lost.is_empty(), "{} of {asked}: {:?}", lost.len(), lost[0]);
        assert!(
            CONNECTIONS.admit([127, 0, 0, 1].into()).unwrap().number > 10,
            "it was another connection again and again"
        );
    }

    #[test]
    fn ages_differ_by_a_tenth_at_most() {
        let age = Duration::from_secs(100);
        let ages: Vec<Duration> = (0..50).map(|_| give_or_take_a_tenth(age)).collect();
        assert!(ages.iter().all(|drawn| age.abs_diff(*drawn) <= age / 10), "{ages:?}");
        assert!(ages.iter().any(|drawn| *drawn != ages[0]));
        assert_eq!(give_or_take_a_tenth(Duration::ZERO), Duration::ZERO);
    }
}
