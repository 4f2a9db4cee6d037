//! The message of a request on its way: whole before anything is begun for it. Who sends slowly, or never ends, holds up nobody.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::Frame;
use http_body_util::{BodyExt, Full};
use prost::bytes::{Bytes, BytesMut};
use tokio::time::{Instant, Sleep, sleep};
use tonic::Status;
use tonic::body::Body;

use super::overloaded;
use super::places::{Holder, Place, Places};
use crate::server::MAX_MESSAGE_BYTES;

/// gRPC puts before a message whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// Reads a body until its message is there, mostly one piece: then as it came, else put together, of `bytes` at once in
/// all. A message longer than allowed is read no further: its length says so to whoever decodes it.
pub(super) async fn whole(mut body: Body, bytes: &Arc<Places>, holder: &Holder) -> Result<Body, Status> {
    let Some(first) = piece(&mut body).await? else { return Ok(Body::empty()) };
    if is_whole(&first) {
        return Ok(Body::new(Full::new(first)));
    }
    let mut room = bytes.take(holder, first.len()).ok_or_else(|| overloaded(bytes))?;
    let mut message = BytesMut::from(first);
    while !is_whole(&message) {
        let Some(piece) = piece(&mut body).await? else { break };
        if !room.grow(piece.len()) {
            return Err(overloaded(bytes).into());
        }
        message.extend_from_slice(&piece);
    }
    Ok(Body::new(Full::new(message.freeze())))
}

/// The next piece with something in it.
async fn piece(body: &mut Body) -> Result<Option<Bytes>, Status> {
    while let Some(frame) = body.frame().await.transpose()? {
        match frame.into_data() {
            Ok(data) if !data.is_empty() => return Ok(Some(data)),
            _ => {}
        }
    }
    Ok(None)
}

/// Whether the message is all there, or longer than will be read.
fn is_whole(body: &[u8]) -> bool {
    let Some((prefix, message)) = body.split_first_chunk::<PREFIX_BYTES>() else { return false };
    let [_, length @ ..] = *prefix;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    length > MAX_MESSAGE_BYTES || message.len() >= length
}

/// The body of a request that is a stream: it keeps its place as long as it is read, and breaks when it is silent for too long.
struct Stream {
    body: Body,
    silence: Duration,
    until: Pin<Box<Sleep>>,
    _place: Place,
}

/// A body with this place, and so much silence allowed.
pub(super) fn stream(body: Body, place: Place, silence: Duration) -> Body {
    Body::new(Stream { body, silence, until: Box::pin(sleep(silence)), _place: place })
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.until.as_mut().reset(Instant::now() + this.silence);
            return Poll::Ready(frame);
        }
        ready!(this.until.as_mut().poll(cx));
        Poll::Ready(Some(Err(Status::cancelled("nothing was said for too long"))))
    }
}
