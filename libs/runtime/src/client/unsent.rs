//! Requests that nobody took are sent again: those that waited for their turn on a connection, or were on their way, when the peer gave it
//! up in good order. They were not begun there, so they cannot be done twice, and the next connection is there or made at once. Other gRPC
//! libraries do the same (“transparent retry”); tonic does not, and where a process is replaced under load some calls would fail for nothing.

use std::error::Error;
use std::mem;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, BodyStream, StreamBody};
use hyper::body::Bytes;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{Service, ServiceExt};

/// How often at most: every time it was another connection that had just been given up.
const TIMES: u32 = 4;

/// A channel over which a request that nobody took is sent again.
#[derive(Clone, Debug)]
pub struct Resending(Channel);

impl Resending {
    /// Over this one: without a caller and without a deadline.
    pub fn over(channel: Channel) -> Resending {
        Resending(channel)
    }
}

impl Service<Request<Body>> for Resending {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, tonic::transport::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that is ready.
        let next = self.0.clone();
        let mut channel = mem::replace(&mut self.0, next);
        async move {
            let (head, body) = request.into_parts();
            let (mut body, whole) = gathered(body);
            for _ in 0..TIMES {
                match (channel.call(Request::from_parts(head.clone(), body)).await, &whole) {
                    (Err(error), Some(bytes)) if nobody_took(&error) => {
                        body = of_one_piece(bytes.clone());
                        channel.ready().await?;
                    }
                    (answer, _) => return answer,
                }
            }
            channel.call(Request::from_parts(head, body)).await
        }
        .boxed()
    }
}

/// The body, and all of it where it is there already: what is sent once, not bit by bit.
fn gathered(mut body: Body) -> (Body, Option<Bytes>) {
    let mut frames: Vec<Result<Frame<Bytes>, tonic::Status>> = Vec::new();
    while let Some(next) = body.frame().now_or_never() {
        match next {
            Some(frame) => frames.push(frame),
            None => {
                return match whole(&frames) {
                    Some(bytes) => (of_one_piece(bytes.clone()), Some(bytes)),
                    None => (Body::new(StreamBody::new(stream::iter(frames))), None),
                };
            }
        }
    }
    let rest = BodyStream::new(body);
    (Body::new(StreamBody::new(stream::iter(frames).chain(rest))), None)
}

/// Without a length told before it, as tonic sends a message.
fn of_one_piece(bytes: Bytes) -> Body {
    Body::new(StreamBody::new(stream::iter([Ok::<_, tonic::Status>(Frame::data(bytes))])))
}

/// A message is one piece; more than one are copied together.
fn whole(frames: &[Result<Frame<Bytes>, tonic::Status>]) -> Option<Bytes> {
    let pieces: Option<Vec<&Bytes>> =
        frames.iter().map(|frame| frame.as_ref().ok().and_then(Frame::data_ref)).collect();
    match pieces?.as_slice() {
        [one] => Some((*one).clone()),
        many => Some(many.iter().flat_map(|piece| piece.iter().copied()).collect()),
    }
}

/// Hyper cancels what it had not begun to send when the connection ended, and nothing else. A connection that is given up without an error
/// (GOAWAY, NO_ERROR) tells the last stream that the peer took; this error is that of streams behind it, and of those that were not begun
/// (RFC 9113, 6.8). What the peer had taken, and what broke, ends with other errors.
fn nobody_took(error: &tonic::transport::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled) {
            return true;
        }
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR);
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use futures::future::join_all;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;

    use crate::caller::Caller;
    use crate::client::channel;
    use crate::config::{PeerConfig, ServerConfig};
    use crate::server::{Server, Services};

    /// Who asks at the same time.
    const ASKING: usize = 48;
    /// How old a connection grows.
    const AGE: Duration = Duration::from_millis(40);

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nobody_notices_that_connections_are_given_up() {
        let config = ServerConfig { max_connection_age: AGE, ..ServerConfig::loopback() };
        let server = Server::bind(config).unwrap().serve(Services::default()).await.unwrap();
        let channel = channel(&PeerConfig::at(server.url()), &Caller::LocalAdministrator).unwrap();
        let (begun, asked) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let asking = (0..ASKING).map(|_| {
            let (mut health, asked) = (HealthClient::new(channel.clone()), asked.clone());
            tokio::spawn(async move {
                while begun.elapsed() < 40 * AGE {
                    health.check(HealthCheckRequest::default()).await?;
                    asked.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, tonic::Status>(())
            })
        });
        let ended: Vec<_> = join_all(asking.collect::<Vec<_>>()).await;
        let failed: Vec<_> = ended.into_iter().filter_map(|ended| ended.unwrap().err()).collect();
        let asked = asked.load(Ordering::Relaxed);
        assert!(failed.is_empty(), "{} of {asked}: {:?}", failed.len(), failed[0]);
        assert!(asked > 10 * ASKING, "hardly anybody asked: {asked}");
    }
}
