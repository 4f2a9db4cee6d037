//! A settlement that has a feed, and nothing else.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{Stream, stream};
use tonic::{Request, Response, Status};
use yizhan_proto::settlement::v1::settlement_service_server::{SettlementService, SettlementServiceServer};
use yizhan_proto::settlement::v1::*;
use yizhan_runtime::config::ServerConfig;
use yizhan_runtime::server::{RunningServer, Server};
use yizhan_runtime::services;

/// What was settled: the token behind the n-th is n.
#[derive(Clone, Default)]
pub struct FakeSettlement(Arc<Mutex<Vec<SettlementInfo>>>);

impl FakeSettlement {
    /// Starts it.
    pub async fn start(&self) -> RunningServer {
        let server = Server::bind(ServerConfig::loopback()).unwrap();
        server.serve(services![SettlementServiceServer::new(self.clone())]).await.unwrap()
    }

    /// Settles.
    pub fn settle(&self, info: SettlementInfo) {
        self.0.lock().unwrap().push(info);
    }

    /// The event behind so many.
    fn event(&self, behind: usize) -> Option<WatchSettlementsResponse> {
        let info = self.0.lock().unwrap().get(behind).cloned()?;
        let settlement = Settlement { setlinfo: Some(info), ..Settlement::default() };
        Some(WatchSettlementsResponse {
            resume_token: (behind + 1).to_string(),
            settlement: Some(settlement),
            ..WatchSettlementsResponse::default()
        })
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn not_here<T>() -> Answer<T> {
    Err(Status::unimplemented("not in this test"))
}

#[tonic::async_trait]
impl SettlementService for FakeSettlement {
    type WatchSettlementsStream =
        Pin<Box<dyn Stream<Item = Result<WatchSettlementsResponse, Status>> + Send>>;

    async fn watch_settlements(
        &self,
        request: Request<WatchSettlementsRequest>,
    ) -> Answer<Self::WatchSettlementsStream> {
        let behind: usize = request.into_inner().resume_token.parse().unwrap_or(0);
        let events = stream::unfold((self.clone(), behind), async |(settlement, behind)| {
            loop {
                if let Some(event) = settlement.event(behind) {
                    return Some((Ok(event), (settlement, behind + 1)));
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Ok(Response::new(Box::pin(events)))
    }

    async fn get_accumulators(&self, _: Request<GetAccumulatorsRequest>) -> Answer<GetAccumulatorsResponse> {
        not_here()
    }

    async fn preview(&self, _: Request<PreviewRequest>) -> Answer<PreviewResponse> {
        not_here()
    }

    async fn settle(&self, _: Request<SettleRequest>) -> Answer<SettleResponse> {
        not_here()
    }

    async fn reverse(&self, _: Request<ReverseRequest>) -> Answer<ReverseResponse> {
        not_here()
    }

    async fn get_benefits(&self, _: Request<GetBenefitsRequest>) -> Answer<GetBenefitsResponse> {
        not_here()
    }

    async fn get_settlement(&self, _: Request<GetSettlementRequest>) -> Answer<GetSettlementResponse> {
        not_here()
    }

    async fn list_settlements(&self, _: Request<ListSettlementsRequest>) -> Answer<ListSettlementsResponse> {
        not_here()
    }

    async fn get_statement(&self, _: Request<GetStatementRequest>) -> Answer<GetStatementResponse> {
        not_here()
    }

    async fn replay_settlement(
        &self,
        _: Request<ReplaySettlementRequest>,
    ) -> Answer<ReplaySettlementResponse> {
        not_here()
    }

    async fn check_books(&self, _: Request<CheckBooksRequest>) -> Answer<CheckBooksResponse> {
        not_here()
    }
}
