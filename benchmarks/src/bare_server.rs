//! What gRPC alone can do here: a tonic server that answers every preview with the same bytes.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::settlement_service_server::SERVICE_NAME;
use yizhan_proto::settlement::v1::{PreviewRequest, PreviewResponse, Visit};

use crate::load::{Rate, Until, closed_loop};
use crate::platform::channel;

/// Answers a second to a question of real size with an answer of real size. Server and client are this one process.
pub async fn rate(
    visit: Visit,
    answer: PreviewResponse,
    in_flight: usize,
    time: Duration,
) -> anyhow::Result<Rate> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let incoming = TcpListenerStream::new(listener);
    let server = tokio::spawn(Server::builder().add_service(Canned(answer)).serve_with_incoming(incoming));
    let client = SettlementServiceClient::new(channel(&url)?);
    let job = move || {
        let (mut client, visit) = (client.clone(), visit.clone());
        async move {
            client.preview(PreviewRequest { visit: Some(visit) }).await?;
            Ok(())
        }
    };
    let rate = closed_loop(in_flight, Until::Elapsed(time), job).await;
    server.abort();
    rate
}

#[derive(Clone)]
struct Canned(PreviewResponse);

impl NamedService for Canned {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<http::Request<Body>> for Canned {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = self.clone();
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(answer, request).await) })
    }
}

impl UnaryService<PreviewRequest> for Canned {
    type Response = PreviewResponse;
    type Future = Ready<Result<Response<PreviewResponse>, Status>>;

    fn call(&mut self, _: Request<PreviewRequest>) -> Self::Future {
        ready(Ok(Response::new(self.0.clone())))
    }
}
