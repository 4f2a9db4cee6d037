//! What gRPC alone can do here: a tonic server that answers every preview with the same bytes.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Status;
use tonic::transport::Server;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::settlement_service_server::SERVICE_NAME;
use yizhan_proto::settlement::v1::{PreviewRequest, PreviewResponse, Visit};

use crate::bare::{Answers, Bare};
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
    let server =
        tokio::spawn(Server::builder().add_service(Bare(Canned(answer))).serve_with_incoming(incoming));
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

impl Answers for Canned {
    const SERVICE: &'static str = SERVICE_NAME;
    type Question = PreviewRequest;
    type Answer = PreviewResponse;

    async fn answer(self, _: PreviewRequest) -> Result<PreviewResponse, Status> {
        Ok(self.0)
    }
}
