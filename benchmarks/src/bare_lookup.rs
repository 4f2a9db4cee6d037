//! The ceiling of a lookup: a bare tonic server, a process of its own, that answers each question with what one Redis GET
//! gives.

use std::convert::Infallible;
use std::env;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use anyhow::Context as _;
use futures::future::BoxFuture;
use redis::AsyncTypedCommands;
use redis::aio::MultiplexedConnection;
use tokio::process::{Child, Command};
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;
use yizhan_proto::enrollment::v1::enrollment_service_server::SERVICE_NAME;
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest, GetEligibilityResponse};
use yizhan_testkit::free_port;

/// The first argument that makes this program the bare server; address and URL of Redis follow.
pub const COMMAND: &str = "bare-lookup";

/// The key of a value of this person's.
pub fn key(psn_no: &str) -> String {
    format!("bare:{psn_no}")
}

/// Starts this program as the bare server; gives where it listens.
pub async fn start(redis_url: &str) -> anyhow::Result<(Child, String)> {
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(env::current_exe()?);
    let child = command.args([COMMAND, &address, redis_url]).kill_on_drop(true).spawn()?;
    while tokio::net::TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Ok((child, format!("http://{address}")))
}

/// Serves until killed.
pub async fn serve(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let address: SocketAddr = arguments.next().context("an address")?.parse()?;
    let redis = redis::Client::open(arguments.next().context("the URL of Redis")?)?;
    let redis = redis.get_multiplexed_async_connection().await?;
    Server::builder().add_service(Bare(redis)).serve(address).await?;
    Ok(())
}

#[derive(Clone)]
struct Bare(MultiplexedConnection);

impl NamedService for Bare {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let bare = self.clone();
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(bare, request).await) })
    }
}

impl UnaryService<GetEligibilityRequest> for Bare {
    type Response = GetEligibilityResponse;
    type Future = BoxFuture<'static, Result<Response<GetEligibilityResponse>, Status>>;

    fn call(&mut self, request: Request<GetEligibilityRequest>) -> Self::Future {
        let mut redis = self.0.clone();
        Box::pin(async move {
            let found = redis.get(key(&request.get_ref().psn_no)).await;
            let found = found.map_err(|error| Status::unavailable(error.to_string()))?;
            let value = found.ok_or_else(|| Status::not_found("no such key"))?;
            let eligibility = Some(Eligibility { reason_text: value, ..Eligibility::default() });
            Ok(Response::new(GetEligibilityResponse { eligibility, ..GetEligibilityResponse::default() }))
        })
    }
}
