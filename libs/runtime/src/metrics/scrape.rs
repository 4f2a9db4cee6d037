//! `GET /metrics` over HTTP/1: what there is to read for Prometheus, and nothing else.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::{Encoder, Registry, TextEncoder};
use prost::bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Readers at once; more are turned away.
const MAX_READERS: usize = 8;
/// How long one may take.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// The port for readers: closed when dropped.
#[derive(Debug)]
pub(crate) struct Scrape {
    /// The real port, if the configured one was 0.
    pub address: SocketAddr,
    _stop: DropGuard,
}

/// Listens, inside the tokio runtime.
pub(crate) fn serve(address: SocketAddr, registry: Registry) -> anyhow::Result<Scrape> {
    let listener = TcpListener::bind(address)
        .with_context(|| format!("telemetry.metrics_listen: cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let stop = CancellationToken::new();
    tokio::spawn(stop.clone().run_until_cancelled_owned(accept(listener, registry)));
    tracing::info!(%address, "metrics");
    Ok(Scrape { address, _stop: stop.drop_guard() })
}

async fn accept(listener: tokio::net::TcpListener, registry: Registry) {
    let places = Arc::new(Semaphore::new(MAX_READERS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // It would fail again at once.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let registry = registry.clone();
        tokio::spawn(async move {
            let _ = timeout(READ_WITHIN, answer(stream, &registry)).await;
            drop(place);
        });
    }
}

async fn answer(stream: TcpStream, registry: &Registry) -> Result<(), hyper::Error> {
    let service = service_fn(|request: Request<hyper::body::Incoming>| async move {
        let whole = match (request.method(), request.uri().path()) {
            (&Method::GET, "/metrics") => text(registry),
            _ => status(StatusCode::NOT_FOUND),
        };
        Ok::<_, Infallible>(whole)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

fn text(registry: &Registry) -> Response<Full<Bytes>> {
    let (encoder, mut text) = (TextEncoder::new(), Vec::new());
    if let Err(error) = encoder.encode(&registry.gather(), &mut text) {
        tracing::warn!(%error, "metrics cannot be told");
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let mut response = Response::new(Full::new(text.into()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    response
}

fn status(code: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = code;
    response
}
